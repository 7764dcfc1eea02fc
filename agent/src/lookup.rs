//! Finds the addresses of the gateway's endpoint, in the order in which they are worth trying.

use std::net::SocketAddr;

use beffroi_protocol::code::Endpoint;
use futures_util::future::join_all;

/// Where a gateway's endpoints lead.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The present one.
    pub(crate) present: Vec<SocketAddr>,
    /// All of them, each address once.
    pub(crate) all: Vec<SocketAddr>,
}

/// `endpoints` begin with the present one.
pub(crate) async fn find(endpoints: &[Endpoint]) -> Found {
    let mut found = join_all(endpoints.iter().map(lookup)).await.into_iter();
    let present = found.next().unwrap_or_default();
    let mut all = present.clone();
    for address in found.flatten() {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    Found { present, all }
}

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

    #[tokio::test]
    async fn each_address_is_found_once() {
        let [first, second] = ["192.0.2.1:1", "192.0.2.2:1"].map(|text| text.parse().expect("an endpoint"));
        let found = find(&[first, second, "192.0.2.1:1".parse().expect("an endpoint")]).await;
        assert_eq!(found.present, [([192, 0, 2, 1], 1).into()]);
        assert_eq!(found.all, [([192, 0, 2, 1], 1).into(), ([192, 0, 2, 2], 1).into()]);
    }

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
