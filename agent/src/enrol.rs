//! Asks the gateway, over the temporary tunnel, to take this machine in: one HTTP request.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use beffroi_protocol::code::HostName;
use beffroi_protocol::enrolment::{self, NAME_MAX, Name, Refused, Request, Welcome};
use beffroi_protocol::temporary;
use hyper::StatusCode;
use ipnet::Ipv4Net;

use crate::channel::{self, Channel, Channels};
use crate::trust::bounds::is_bound;

#[derive(Debug)]
pub(crate) enum Answer {
    Welcome(Box<Welcome>),
    Refused(Refused),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Trying again, or elsewhere, may help.
    #[error(transparent)]
    NotAnswered(#[from] channel::Error),
    #[error("the gateway's answer is not understood: {0}")]
    NotUnderstood(String),
}

/// `from` is the machine's temporary address, `interface` the tunnel's: the request, and with it the
/// machine's key, cannot take another way. `patience` is for the two handshakes, the tunnel's and TCP's.
///
/// # Errors
/// When there is no answer, or one that is not of this protocol.
pub(crate) async fn ask(
    interface: &str,
    from: Ipv4Addr,
    request: &Request,
    patience: Duration,
) -> Result<Answer, Error> {
    let to = (temporary::GATEWAY, temporary::PORT).into();
    let channels = Channels::from_iter([Channel { interface: interface.to_owned(), from: from.into(), to }]);
    let (status, body) = channels.post(enrolment::PATH, request, patience).await?;
    read(status, &body)
}

/// What the machine calls itself: the first [`NAME_MAX`] characters of its host name.
pub(crate) fn machine_name() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let name: String = host.to_string_lossy().trim().chars().take(NAME_MAX).collect();
    if name.is_empty() { "poste".to_owned() } else { name }
}

fn read(status: StatusCode, body: &[u8]) -> Result<Answer, Error> {
    if status == StatusCode::OK {
        let welcome: Welcome =
            serde_json::from_slice(body).map_err(|error| Error::NotUnderstood(error.to_string()))?;
        check(&welcome)?;
        return Ok(Answer::Welcome(Box::new(welcome)));
    }
    serde_json::from_slice(body)
        .map(Answer::Refused)
        .map_err(|error| Error::NotUnderstood(format!("status {status}: {error}")))
}

/// What the rest of the program relies on. A gateway that was taken over gets no further than the tunnel: it can give
/// neither addresses nor names of the internet, nor an authority for these.
///
/// # Errors
/// Names what it cannot be.
pub(crate) fn check(welcome: &Welcome) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::NotUnderstood(what.to_owned()));
    let Welcome { addresses, gateway, probe, names, .. } = welcome;
    if addresses.is_empty() || gateway.is_empty() || probe.is_empty() {
        return wrong("it has no addresses");
    }
    if !addresses.iter().all(|own| own.prefix_len() == own.max_prefix_len() && is_inside(own.addr())) {
        return wrong("one of the machine's addresses is none of a tunnel");
    }
    if !gateway.iter().copied().all(is_inside) {
        return wrong("one of the gateway's addresses is none of a tunnel");
    }
    if !probe.iter().all(|service| gateway.contains(&service.ip())) {
        return wrong("its probe service is not at the gateway");
    }
    if welcome.mtu < 576 {
        return wrong("its MTU is less than any network has");
    }
    if !names.iter().all(|name| name.name.parse::<HostName>().is_ok()) {
        return wrong("one of its names is no host name");
    }
    if !names.iter().flat_map(|name| &name.addresses).all(|address| gateway.contains(address)) {
        return wrong("one of its names is not the gateway's");
    }
    let Some(domain) = domain(names) else { return wrong("its names are not of one domain") };
    if !is_bound(&welcome.authority, domain) {
        return wrong("its authority may vouch for more than its own names");
    }
    Ok(())
}

/// Addresses that the internet does not lead to: private ones (RFC 1918), those of a provider's own network (RFC 6598),
/// unique local ones (RFC 4193).
fn is_inside(address: IpAddr) -> bool {
    let shared = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
    match address {
        IpAddr::V4(address) => address.is_private() || shared.contains(&address),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// Below which all of them are, each by one label.
fn domain(names: &[Name]) -> Option<&str> {
    let mut domains = names.iter().map(|name| name.name.split_once('.').map(|(_, domain)| domain));
    let domain = domains.next()??;
    (domain.contains('.') && domains.all(|other| other == Some(domain))).then_some(domain)
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::enrolment::Reason;

    use super::*;
    use crate::state::tests::joined;

    fn welcome() -> Welcome {
        let authority = include_str!("fixtures/authorities/bound.pem").to_owned();
        Welcome { authority, ..joined().welcome }
    }

    #[test]
    fn a_welcome_and_a_refusal_are_told_apart() {
        let welcome = welcome();
        let body = serde_json::to_vec(&welcome).expect("plain data");
        assert!(matches!(read(StatusCode::OK, &body), Ok(Answer::Welcome(read)) if *read == welcome));
        let body = r#"{"reason": "expired", "message": "Ce bon a expiré."}"#.as_bytes();
        let refused = read(StatusCode::FORBIDDEN, body);
        assert!(
            matches!(refused, Ok(Answer::Refused(Refused { reason: Reason::Expired, .. }))),
            "{refused:?}"
        );
        let body = r#"{"reason": "moon_phase", "message": "Pas ce soir."}"#.as_bytes();
        let refused = read(StatusCode::CONFLICT, body);
        assert!(matches!(refused, Ok(Answer::Refused(Refused { reason: Reason::Other, .. }))), "{refused:?}");
    }

    #[test]
    fn an_answer_that_cannot_be_relied_on_is_not_accepted() {
        type Spoil = fn(&mut Welcome);
        let spoils: [Spoil; 14] = [
            |welcome| welcome.addresses.clear(),
            |welcome| welcome.gateway.clear(),
            |welcome| welcome.probe.clear(),
            |welcome| welcome.probe[0] = ([192, 0, 2, 1], 4711).into(),
            |welcome| welcome.mtu = 0,
            |welcome| welcome.names[0].name = "intranet.fr\n192.0.2.1 bank.example".into(),
            |welcome| welcome.addresses[0] = "10.66.1.0/24".parse().expect("a network"),
            |welcome| welcome.addresses[0] = "192.0.2.1/32".parse().expect("a network"),
            |welcome| welcome.gateway[0] = "2001:db8::1".parse().expect("an address"),
            |welcome| welcome.names[0].name = "fr".into(),
            |welcome| welcome.names[0].name = "example.fr".into(),
            |welcome| welcome.names[0].addresses = vec!["10.66.0.2".parse().expect("an address")],
            |welcome| {
                let other = Name { name: "www.bank.example".into(), addresses: welcome.gateway.clone() };
                welcome.names.push(other);
            },
            |welcome| welcome.authority = include_str!("fixtures/authorities/unbound.pem").into(),
        ];
        for spoil in spoils {
            let mut welcome = welcome();
            spoil(&mut welcome);
            let body = serde_json::to_vec(&welcome).expect("plain data");
            assert!(matches!(read(StatusCode::OK, &body), Err(Error::NotUnderstood(_))), "{welcome:?}");
        }
        assert!(matches!(read(StatusCode::OK, b"<html>"), Err(Error::NotUnderstood(_))));
        assert!(matches!(read(StatusCode::BAD_GATEWAY, b"<html>"), Err(Error::NotUnderstood(_))));
    }

    #[test]
    fn a_machine_always_has_a_name() {
        assert!((1..=NAME_MAX).contains(&machine_name().chars().count()));
    }
}
