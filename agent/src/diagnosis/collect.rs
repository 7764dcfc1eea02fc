//! Finds the facts: bounded in time and in traffic. While the link is up nothing is sent at all; while it is
//! not, one lookup, one datagram to each of two addresses, and one small request to the check address unless
//! that was asked already.

use std::time::{Duration, SystemTime};

use beffroi_protocol::code::Endpoint;
use tokio::time::timeout;

use super::check::Check;
use super::knock::knock;
use super::surroundings::surroundings;
use super::{Facts, Inside, Interface, Name, Service, Surroundings, Way, Web, web};
use crate::lookup;

/// A resolver that says nothing for so long will say nothing.
const LOOKUP: Duration = Duration::from_secs(6);

/// What is known already, and where to look.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) service: Service,
    pub(crate) inside: Inside,
    pub(crate) endpoint: Endpoint,
    /// Name of the tunnel's interface.
    pub(crate) tunnel: String,
    /// `None` when the web is not to be asked.
    pub(crate) check: Option<Check>,
    /// What the web said already, on this very network.
    pub(crate) web: Option<Web>,
}

pub(crate) async fn collect(question: Question) -> Facts {
    let Question { service, inside, endpoint, tunnel, check, web } = question;
    let surroundings = surroundings(&tunnel).await.unwrap_or_else(|error| {
        log::debug!("the network around cannot be read: {error}");
        // What cannot be seen is taken to be there: something farther will tell.
        Surroundings { has_link: true, has_route: true, ..Surroundings::default() }
    });
    let is_alone = !surroundings.has_link || surroundings.addresses.is_empty();
    let mut facts = Facts {
        service,
        interface: interface(service, &surroundings),
        surroundings,
        inside,
        name: Name::Unasked,
        way: Way::Unasked,
        web: Web::Unasked,
    };
    if facts.inside.is_answering || is_alone {
        return facts;
    }
    let (way, web) = tokio::join!(look_and_knock(&endpoint), ask(check.as_ref(), web));
    (facts.name, facts.way) = way;
    facts.web = web;
    facts
}

/// A device of the kernel's outlives the service, and an embedded one does not.
fn interface(service: Service, surroundings: &Surroundings) -> Interface {
    match service {
        Service::Stopped if surroundings.has_namesake => Interface::SomeoneElses,
        Service::Stopped | Service::Running => Interface::OursOrNone,
    }
}

async fn look_and_knock(endpoint: &Endpoint) -> (Name, Way) {
    let addresses = timeout(LOOKUP, lookup::lookup(endpoint)).await.unwrap_or_default();
    if addresses.is_empty() {
        return (Name::NotFound, Way::Unasked);
    }
    let name = if matches!(endpoint, Endpoint::Address(_)) { Name::Unasked } else { Name::Found };
    (name, knock(&addresses).await)
}

async fn ask(check: Option<&Check>, known: Option<Web>) -> Web {
    match (check, known) {
        (_, Some(known)) => known,
        (Some(check), None) => web::ask(check, SystemTime::now).await,
        (None, None) => Web::Unasked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_left_by_the_service_is_someone_else_s() {
        fn check(service: Service, has_namesake: bool, expected: Interface) {
            let surroundings = Surroundings { has_namesake, ..Surroundings::default() };
            assert_eq!(interface(service, &surroundings), expected, "{service:?} {has_namesake}");
        }
        check(Service::Running, true, Interface::OursOrNone);
        check(Service::Stopped, true, Interface::SomeoneElses);
        check(Service::Stopped, false, Interface::OursOrNone);
    }
}
