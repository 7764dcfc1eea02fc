//! Finds the addresses of the gateway's endpoint, in the order in which they are worth trying.

use std::net::SocketAddr;

use beffroi_protocol::code::Endpoint;

/// Asks the system's resolver, and so the machine's own `/etc/hosts` too. Empty when it knows none.
pub(crate) async fn lookup(endpoint: &Endpoint) -> Vec<SocketAddr> {
    match endpoint {
        Endpoint::Address(address) => vec![*address],
        Endpoint::Name { host, port } => match tokio::net::lookup_host((host.as_str(), *port)).await {
            Ok(found) => alternating(found.collect()),
            Err(error) => {
                log::debug!("{endpoint} is not found: {error}");
                Vec::new()
            }
        },
    }
}

/// The resolver's order (RFC 6724), families in turn: when one family leads nowhere, the next try is
/// already in the other.
fn alternating(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = found.first().map(SocketAddr::is_ipv6) else {
        return Vec::new();
    };
    let (preferred, other): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|address| address.is_ipv6() == first);
    let mut other = other.into_iter();
    let mut all: Vec<SocketAddr> =
        preferred.into_iter().flat_map(|address| [Some(address), other.next()]).flatten().collect();
    all.extend(other);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        fn check(found: &[&str], expected: &[&str]) {
            let read = |all: &[&str]| -> Vec<SocketAddr> {
                all.iter().map(|text| text.parse().expect("an address")).collect()
            };
            assert_eq!(alternating(read(found)), read(expected));
        }
        check(&[], &[]);
        check(&["192.0.2.1:1"], &["192.0.2.1:1"]);
        check(&["[::1]:1", "[::2]:1", "192.0.2.1:1"], &["[::1]:1", "192.0.2.1:1", "[::2]:1"]);
        check(&["192.0.2.1:1", "[::1]:1", "[::2]:1"], &["192.0.2.1:1", "[::1]:1", "[::2]:1"]);
    }
}
