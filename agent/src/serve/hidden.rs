//! The ports that other programs of this machine have: the computers that are let in do not reach them any more, because
//! what they send there is ours. Read from the kernel's lists (proc(5)).

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;

/// States of a socket that hears: TCP_LISTEN, and TCP_CLOSE for one of UDP that is bound (net/tcp_states.h).
const TCP: (&str, &str) = ("tcp", "0A");
const UDP: (&str, &str) = ("udp", "07");

/// Those of `ports` at which somebody listens, by TCP or UDP, at that address or at all.
pub(super) fn hidden(address: Ipv4Addr, ports: &BTreeSet<u16>) -> BTreeSet<u16> {
    let lists = [TCP, UDP].into_iter().flat_map(|(name, state)| {
        [name.to_owned(), format!("{name}6")].map(|name| (format!("/proc/self/net/{name}"), state))
    });
    // A list that is not there has nothing in it.
    let heard = lists
        .flat_map(|(path, state)| listening(&fs::read_to_string(path).unwrap_or_default(), state, address));
    heard.filter(|port| ports.contains(port)).collect()
}

fn listening(list: &str, state: &str, address: Ipv4Addr) -> BTreeSet<u16> {
    // The address is written as the machine has it in memory.
    let own = format!("{:08X}", u32::from_ne_bytes(address.octets()));
    let is_reached = |place: &str| place == own || place.bytes().all(|digit| digit == b'0');
    let sockets = list.lines().skip(1).filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (place, port) = words.next()?.split_once(':')?;
        (words.nth(1)? == state && is_reached(place)).then(|| u16::from_str_radix(port, 16).ok())?
    });
    sockets.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_at_the_address_or_at_all_is_found() {
        let hex = |octets| format!("{:08X}", u32::from_ne_bytes(octets));
        let [stub, own, other] = [[127, 0, 0, 53], [192, 168, 1, 5], [192, 168, 1, 1]].map(hex);
        let (any, any6) = ("0".repeat(8), "0".repeat(32));
        let list = format!(
            "  sl  local_address rem_address   st tx_queue
   0: {stub}:0035 {any}:0000 0A 00000000
   1: {any}:01BB {any}:0000 0A 00000000
   2: {own}:0050 {any}:0000 0A 00000000
   3: {own}:1F90 {other}:0016 01 00000000
   4: {any6}:0016 {any6}:0000 0A 00000000
"
        );
        let found = listening(&list, "0A", Ipv4Addr::new(192, 168, 1, 5));
        assert_eq!(found, BTreeSet::from([22, 80, 443]));
        assert_eq!(listening("", "0A", Ipv4Addr::LOCALHOST), BTreeSet::new());
    }
}
