//! A line with a rate, a delay, losses and a queue, which many kernels cannot imitate (`tc netem` is often missing).
//!
//! Two tun devices, one at each end, and a relay between them in this process. Each direction has a queue of its own
//! in front of a sender of limited rate, then the delay; a packet that finds the queue full is lost, as on a modem.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::namespaces::Namespaces;

/// What a line is like, in both directions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    /// Bits per second.
    pub rate: u64,
    /// One way.
    pub delay: Duration,
    /// The share of packets that get lost, from 0 to 1.
    pub loss: f64,
    /// Bytes that wait for the sender before the next packet is lost.
    pub queue: usize,
}

impl Quality {
    /// The telephone line of 2004: 56 kbit/s, 150 ms each way, 2 % of packets lost.
    pub const MODEM: Quality =
        Quality { rate: 56_000, delay: Duration::from_millis(150), loss: 0.02, queue: 16 * 1024 };
    /// So good that it is not noticed.
    pub const FAST: Quality =
        Quality { rate: 1_000_000_000, delay: Duration::ZERO, loss: 0.0, queue: 16 << 20 };
    /// Nothing passes any more.
    pub const CUT: Quality = Quality { rate: 56_000, delay: Duration::ZERO, loss: 1.0, queue: 16 * 1024 };
}

/// A line in use. It lasts as long as the scenario.
#[derive(Debug)]
pub struct Line {
    quality: Arc<Mutex<Quality>>,
}

struct Packet {
    arrives: Instant,
    bytes: Vec<u8>,
}

impl Line {
    /// Makes the interface `name` here, and `eth0` in the network at the other end.
    pub(crate) fn new(name: &str, other_end: &Namespaces, quality: Quality) -> Result<Line> {
        let here = Arc::new(device(name)?);
        let there = Arc::new(other_end.inside(|| device("eth0"))?);
        let quality = Arc::new(Mutex::new(quality));
        relay(Arc::clone(&here), Arc::clone(&there), Arc::clone(&quality), 1);
        relay(there, here, Arc::clone(&quality), 2);
        Ok(Line { quality })
    }

    /// From now on the line is like this; packets already on their way arrive as they would have.
    pub fn becomes(&self, quality: Quality) {
        *self.quality.lock().expect("no one panics while reading a quality") = quality;
    }
}

fn device(name: &str) -> Result<tun::Device> {
    let mut configuration = tun::Configuration::default();
    configuration.tun_name(name).platform_config(|platform| {
        // Addresses and state are set with `ip`, like everywhere else in the rig.
        platform.ensure_root_privileges(false);
    });
    tun::create(&configuration).with_context(|| format!("cannot make the device {name}"))
}

/// One direction. The threads end with the process: a read from a device cannot be called off.
fn relay(from: Arc<tun::Device>, to: Arc<tun::Device>, quality: Arc<Mutex<Quality>>, seed: u64) {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || take(&from, &sender, &quality, seed));
    thread::spawn(move || deliver(&receiver, &to));
}

fn take(from: &tun::Device, sender: &Sender<Packet>, quality: &Mutex<Quality>, seed: u64) {
    let mut buffer = vec![0; 65_536];
    let mut queue = Queue { free: Instant::now(), dice: Dice(seed) };
    while let Ok(length) = from.recv(&mut buffer) {
        let quality = *quality.lock().expect("no one panics while writing a quality");
        let Some(arrives) = queue.arrival(length, &quality, Instant::now()) else { continue };
        if sender.send(Packet { arrives, bytes: buffer[..length].to_vec() }).is_err() {
            return;
        }
    }
}

fn deliver(receiver: &Receiver<Packet>, to: &tun::Device) {
    for packet in receiver {
        thread::sleep(packet.arrives.saturating_duration_since(Instant::now()));
        // The interface may be down at the other end: then the packet is lost, like on any line.
        let _ = to.send(&packet.bytes);
    }
}

/// The sender of one direction.
struct Queue {
    /// When everything accepted so far will have been sent.
    free: Instant,
    dice: Dice,
}

impl Queue {
    /// When a packet that comes `now` arrives at the other end; None when it is lost.
    fn arrival(&mut self, length: usize, quality: &Quality, now: Instant) -> Option<Instant> {
        let bits = |bytes: usize| bytes as f64 * 8.0;
        let waiting = self.free.saturating_duration_since(now);
        if waiting.as_secs_f64() * quality.rate as f64 > bits(quality.queue)
            || self.dice.throw() < quality.loss
        {
            return None;
        }
        self.free = self.free.max(now) + Duration::from_secs_f64(bits(length) / quality.rate as f64);
        Some(self.free + quality.delay)
    }
}

/// Chance that is the same at every run (xorshift64*, Vigna 2016).
struct Dice(u64);

impl Dice {
    /// From 0 to below 1.
    fn throw(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_arrive_at_the_rate_of_the_line() {
        let check = |quality: Quality, lengths: &[usize], expected: &[Option<u64>]| {
            let now = Instant::now();
            let mut queue = Queue { free: now, dice: Dice(1) };
            let arrivals: Vec<_> = lengths
                .iter()
                .map(|length| queue.arrival(*length, &quality, now).map(|at| (at - now).as_millis() as u64))
                .collect();
            assert_eq!(arrivals, expected, "{quality:?}");
        };
        let line = Quality { rate: 8_000, delay: Duration::from_millis(100), loss: 0.0, queue: 1_500 };
        check(line, &[1_000], &[Some(1_100)]);
        check(line, &[1_000, 500], &[Some(1_100), Some(1_600)]);
        check(line, &[1_000, 1_000, 1_000], &[Some(1_100), Some(2_100), None]);
        check(Quality { delay: Duration::ZERO, ..line }, &[10], &[Some(10)]);
        check(Quality { loss: 1.0, ..line }, &[10, 10], &[None, None]);
    }

    #[test]
    fn the_share_of_lost_packets_is_the_wanted_one() {
        let mut dice = Dice(1);
        let lost = (0..100_000).filter(|_| dice.throw() < 0.02).count();
        assert!((1_800..2_200).contains(&lost), "{lost} of 100,000");
    }
}
