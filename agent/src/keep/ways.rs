//! Which way the datagrams take: by themselves, or in the carrier where they do not arrive. Pure.

use std::time::{Duration, Instant};

use beffroi_protocol::probe::Carrier;

/// While the carrier is used, UDP is tried again after the first; each time that it fails, after twice as long,
/// up to the second.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));

#[derive(Debug)]
pub(super) struct Ways {
    used: Carrier,
    connection: Connection,
    /// Until the next trial of UDP, and when it is due.
    pause: Duration,
    trial: Option<Instant>,
}

/// Of the carrier, to the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    /// Not wanted.
    Closed,
    /// Wanted; whoever keeps it goes on trying.
    Awaited,
    Ready,
}

impl Ways {
    pub(super) const fn new() -> Self {
        Self { used: Carrier::Udp, connection: Connection::Closed, pause: TRY_AGAIN.0, trial: None }
    }

    pub(super) const fn used(&self) -> Carrier {
        self.used
    }

    /// The carrier stands ready and is not used.
    pub(super) fn can_change(&self) -> bool {
        (self.used, self.connection) == (Carrier::Udp, Connection::Ready)
    }

    /// Which one an attempt to recover goes by: the first one by the way that was used, further ones in turn.
    pub(super) fn turn(&self, attempt: u32) -> Carrier {
        let is_ready = self.connection == Connection::Ready;
        match (self.used, attempt) {
            (Carrier::Tls, 0) | (Carrier::Udp, 1..) if is_ready => Carrier::Tls,
            _ => Carrier::Udp,
        }
    }

    /// `true` when the carrier is to be opened now.
    pub(super) fn want_carrier(&mut self) -> bool {
        let is_new = self.connection == Connection::Closed;
        if is_new {
            self.connection = Connection::Awaited;
        }
        is_new
    }

    /// `true` when it is to be closed now.
    pub(super) fn give_up_carrier(&mut self) -> bool {
        std::mem::replace(&mut self.connection, Connection::Closed) != Connection::Closed
    }

    pub(super) fn connected(&mut self, is_ready: bool) {
        if self.connection != Connection::Closed {
            self.connection = if is_ready { Connection::Ready } else { Connection::Awaited };
        }
    }

    pub(super) fn use_carrier(&mut self, now: Instant) {
        if self.used == Carrier::Udp {
            self.pause = TRY_AGAIN.0;
        }
        self.used = Carrier::Tls;
        self.trial.get_or_insert(now + self.pause);
    }

    pub(super) fn use_udp(&mut self) {
        self.used = Carrier::Udp;
        self.trial = None;
    }

    /// When UDP is to be tried again.
    pub(super) const fn trial(&self) -> Option<Instant> {
        self.trial
    }

    pub(super) fn try_soon(&mut self, now: Instant) {
        self.pause = TRY_AGAIN.0;
        self.trial = Some(now);
    }

    pub(super) fn trial_failed(&mut self, now: Instant) {
        self.pause = (self.pause * 2).min(TRY_AGAIN.1);
        self.trial = Some(now + self.pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_take_turns_once_the_carrier_is_ready() {
        let now = Instant::now();
        let mut ways = Ways::new();
        assert!(ways.want_carrier());
        assert!(!ways.want_carrier(), "it is opened once");
        assert_eq!([0, 1, 2].map(|attempt| ways.turn(attempt)), [Carrier::Udp; 3]);
        ways.connected(true);
        assert_eq!([0, 1].map(|attempt| ways.turn(attempt)), [Carrier::Udp, Carrier::Tls]);
        ways.use_carrier(now);
        assert_eq!([0, 1].map(|attempt| ways.turn(attempt)), [Carrier::Tls, Carrier::Udp]);
        ways.connected(false);
        assert_eq!([0, 1].map(|attempt| ways.turn(attempt)), [Carrier::Udp; 2]);
    }

    #[test]
    fn udp_is_tried_again_less_and_less_often() {
        let mut now = Instant::now();
        let mut ways = Ways::new();
        ways.use_carrier(now);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let due = ways.trial().expect("the carrier is used");
            pauses.push((due - now).as_secs());
            now = due;
            ways.trial_failed(now);
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        ways.try_soon(now);
        assert_eq!(ways.trial(), Some(now));
        ways.use_udp();
        assert_eq!(ways.trial(), None);
    }
}
