//! Facts, and the cause that comes first of them.

use super::*;

/// A machine on a network that it knows, whose gateway does not answer and of which nothing else is wrong.
fn silent() -> Facts {
    Facts {
        service: Service::Running,
        interface: Interface::OursOrNone,
        surroundings: Surroundings {
            has_link: true,
            addresses: vec![("eth0".into(), "192.168.1.20/24".parse().expect("a network"))],
            has_route: true,
            network: Some("192.168.1.1".into()),
            has_namesake: true,
        },
        inside: Inside {
            last_answer: Some(Duration::from_secs(60)),
            handshake: Some(Duration::from_secs(130)),
            clock: Some(0),
            is_known_network: true,
            addresses: vec!["10.66.1.0/32".parse().expect("a network")],
            gateway: vec!["10.66.0.1".parse().expect("an address")],
            endpoint: "passerelle.caux.test:51820".into(),
            ..Inside::default()
        },
        name: Name::Found,
        way: Way::Silent,
        web: Web::Open { clock: Some(0) },
    }
}

/// The same while all is well.
fn fine() -> Facts {
    let mut facts = silent();
    facts.inside.is_answering = true;
    facts.inside.quality = Some(Quality::Good);
    (facts.name, facts.way, facts.web) = (Name::Unasked, Way::Unasked, Web::Unasked);
    facts
}

fn check(mut facts: Facts, change: fn(&mut Facts), expected: &[Cause]) {
    change(&mut facts);
    let causes: Vec<Cause> = diagnose(&facts).iter().map(|finding| finding.cause).collect();
    assert_eq!(causes, expected, "{facts:#?}");
}

#[test]
fn what_is_near_hides_what_is_far() {
    check(silent(), |_| {}, &[Cause::GatewaySilent]);
    let no_link: fn(&mut Facts) = |facts| {
        facts.surroundings = Surroundings::default();
        (facts.name, facts.way, facts.web) = (Name::Unasked, Way::Unasked, Web::Unasked);
    };
    check(silent(), no_link, &[Cause::NoLink]);
    let no_address: fn(&mut Facts) = |facts| {
        facts.surroundings = Surroundings { has_link: true, ..Surroundings::default() };
        (facts.name, facts.way, facts.web) = (Name::Unasked, Way::Unasked, Web::Unasked);
    };
    check(silent(), no_address, &[Cause::NoAddress]);
    check(silent(), |facts| facts.way = Way::NoRoute, &[Cause::NoRoute]);
    let no_way_out: fn(&mut Facts) = |facts| {
        facts.surroundings.has_route = false;
        (facts.name, facts.way, facts.web) = (Name::NotFound, Way::Unasked, Web::NoName);
    };
    check(silent(), no_way_out, &[Cause::NoRoute]);
    check(silent(), |facts| facts.web = Web::Captive { to: None }, &[Cause::Captive]);
    check(silent(), |facts| facts.interface = Interface::SomeoneElses, &[Cause::InterfaceTaken]);
    check(silent(), |facts| facts.service = Service::Stopped, &[Cause::ServiceStopped]);
}

#[test]
fn a_name_that_is_not_found_is_told_from_a_resolver_that_finds_none() {
    let unfound = || Facts { name: Name::NotFound, way: Way::Unasked, ..silent() };
    check(unfound(), |_| {}, &[Cause::NameUnknown]);
    check(unfound(), |facts| facts.web = Web::NoName, &[Cause::NoNames]);
    check(unfound(), |facts| facts.web = Web::Silent, &[Cause::NoInternet]);
    check(unfound(), |facts| facts.web = Web::Unasked, &[Cause::NameUnknown]);
}

#[test]
fn a_silent_gateway_is_told_by_what_else_is_seen() {
    check(silent(), |facts| facts.inside.is_revoked = true, &[Cause::Revoked]);
    let shaken: fn(&mut Facts) = |facts| facts.inside.handshake = Some(Duration::from_secs(20));
    check(silent(), shaken, &[Cause::GatewayProgramStopped]);
    check(silent(), |facts| facts.inside.is_heard = true, &[Cause::GatewayProgramStopped]);
    let never: fn(&mut Facts) = |facts| (facts.inside.handshake, facts.inside.last_answer) = (None, None);
    check(silent(), never, &[Cause::GatewaySilent]);
    check(silent(), |facts| facts.way = Way::Refused, &[Cause::GatewayStopped]);
    check(silent(), |facts| facts.way = Way::Unreachable, &[Cause::GatewayUnreachable]);
    check(silent(), |facts| facts.web = Web::Silent, &[Cause::NoInternet]);
    check(silent(), |facts| facts.inside.is_known_network = false, &[Cause::UdpBlocked]);
    let unasked: fn(&mut Facts) = |facts| {
        facts.inside.is_known_network = false;
        facts.web = Web::Unasked;
    };
    check(silent(), unasked, &[Cause::GatewaySilent]);
}

#[test]
fn a_clock_that_is_behind_stops_the_link_and_one_that_is_ahead_does_not() {
    check(silent(), |facts| facts.inside.clock = Some(-59), &[Cause::GatewaySilent]);
    check(silent(), |facts| facts.inside.clock = Some(-60), &[Cause::ClockBehind]);
    check(silent(), |facts| facts.inside.clock = Some(4_000), &[Cause::GatewaySilent, Cause::ClockAhead]);
    let by_the_web: fn(&mut Facts) = |facts| {
        facts.inside.clock = None;
        facts.web = Web::Open { clock: Some(-86_400) };
    };
    check(silent(), by_the_web, &[Cause::ClockBehind]);
    check(fine(), |facts| facts.inside.clock = Some(-299), &[]);
    check(fine(), |facts| facts.inside.clock = Some(-300), &[Cause::ClockBehind]);
    check(fine(), |facts| facts.inside.clock = Some(300), &[Cause::ClockAhead]);
}

#[test]
fn addresses_of_another_interface_overlap_the_tunnel_s() {
    let neighbour: fn(&mut Facts) = |facts| {
        facts.surroundings.addresses.push(("wlan0".into(), "10.66.0.77/16".parse().expect("a network")));
    };
    check(silent(), neighbour, &[Cause::Overlap]);
    check(fine(), neighbour, &[Cause::Overlap]);
    let twin: fn(&mut Facts) = |facts| {
        facts.surroundings.addresses.push(("tun0".into(), "10.66.1.0/32".parse().expect("a network")));
    };
    check(fine(), twin, &[Cause::Overlap]);
    let stranger: fn(&mut Facts) = |facts| {
        facts.surroundings.addresses.push(("tun0".into(), "10.8.0.2/24".parse().expect("a network")));
    };
    check(fine(), stranger, &[]);
}

#[test]
fn of_a_link_that_is_up_its_quality_is_told() {
    check(fine(), |_| {}, &[]);
    check(fine(), |facts| facts.inside.quality = Some(Quality::Lossy), &[Cause::Lossy]);
    check(fine(), |facts| facts.inside.longest = Some(1232), &[Cause::Narrow]);
    check(fine(), |facts| facts.inside.quality = Some(Quality::Slow), &[Cause::Slow]);
    check(fine(), |facts| facts.inside.quality = Some(Quality::Unsteady), &[Cause::Unsteady]);
    check(silent(), |facts| facts.inside.quality = Some(Quality::Lossy), &[Cause::GatewaySilent]);
}

#[test]
fn a_finding_says_what_it_is_about_and_what_to_do() {
    fn check(change: fn(&mut Facts), sentence: &str, remedy: &str) {
        let mut facts = silent();
        change(&mut facts);
        let told = diagnose(&facts).first().expect("something is wrong").told();
        assert!(told.sentence.contains(sentence), "{told:?}");
        assert!(told.remedy.contains(remedy), "{told:?}");
    }
    let portal: fn(&mut Facts) = |facts| facts.web = Web::Captive { to: Some("portail.test".into()) };
    check(portal, "page d’accueil (portail.test)", "navigateur");
    check(|facts| facts.inside.clock = Some(-7_300), "retarde de 2 heures", "heure");
    check(|facts| facts.name = Name::NotFound, "passerelle.caux.test:51820", "référent");
    check(|_| {}, "ne répond pas", "référent");
    let neighbour: fn(&mut Facts) = |facts| {
        facts.surroundings.addresses.push(("wlan0".into(), "10.66.0.77/16".parse().expect("a network")));
    };
    check(neighbour, "« wlan0 » (10.66.0.0/16)", "réf");
}
