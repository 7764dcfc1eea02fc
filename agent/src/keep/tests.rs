//! A keeper in a world of its own: the test says what the gateway does, and time passes at once.

use super::*;

/// What the tunnel takes for the gateway when the carrier is used.
const CARRIER: &str = "127.0.0.1:9";

struct World {
    keeper: Keeper,
    start: Instant,
    now: Instant,
    /// Every action, with the milliseconds since the start.
    done: Vec<(u128, Action)>,
    /// Where a gateway answers probes, and after how long.
    alive_at: Option<SocketAddr>,
    round_trip: Duration,
    /// Probe services to which this machine has no way.
    no_way: Vec<SocketAddr>,
    /// Where the name leads.
    name: Vec<SocketAddr>,
    /// What the last renewal pointed the tunnel at.
    tunnel: Option<SocketAddr>,
    /// Whether the gateway's carrier can be reached, and whether there is a connection.
    carrier_is_open: bool,
    is_connected: bool,
    arriving: Vec<(Instant, Event)>,
    /// Whether other packets come through the tunnel all the time.
    is_busy: bool,
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

impl World {
    fn new(name: &[&str]) -> Self {
        let now = Instant::now();
        let services = vec![address("10.66.0.1:4711"), address("[fd00::1]:4711")];
        let name: Vec<SocketAddr> = name.iter().copied().map(address).collect();
        Self {
            keeper: Keeper::new(services, Probe::default(), Jitter::new(7), now),
            start: now,
            now,
            done: Vec::new(),
            alive_at: name.first().copied(),
            round_trip: Duration::from_millis(40),
            no_way: Vec::new(),
            name,
            tunnel: None,
            carrier_is_open: false,
            is_connected: false,
            arriving: Vec::new(),
            is_busy: false,
        }
    }

    fn is_answered(&self) -> bool {
        match self.tunnel {
            Some(at) if at == address(CARRIER) => self.is_connected,
            at => at.is_some() && at == self.alive_at,
        }
    }

    fn handle(&mut self, event: Event) {
        let mut actions = std::collections::VecDeque::from(self.keeper.handle(event, self.now));
        while let Some(action) = actions.pop_front() {
            match &action {
                Action::Probe(probe, service) if self.no_way.contains(service) => {
                    actions.extend(self.keeper.handle(Event::Unsent(probe.sequence), self.now));
                }
                Action::Lookup => {
                    let at = self.now + Duration::from_millis(20);
                    self.arriving.push((at, Event::Found(self.name.clone())));
                }
                Action::Renew(endpoint) | Action::Try(endpoint) => self.tunnel = Some(*endpoint),
                Action::Ride | Action::Return => self.tunnel = Some(address(CARRIER)),
                Action::OpenCarrier if self.carrier_is_open => {
                    self.is_connected = true;
                    self.arriving.push((self.now + Duration::from_millis(200), Event::Connected(true)));
                }
                Action::CloseCarrier => self.is_connected = false,
                Action::Probe(probe, _) if self.is_answered() => {
                    self.arriving.push((self.now + self.round_trip, Event::Answered(probe.sequence)));
                }
                Action::Probe(..)
                | Action::OpenCarrier
                | Action::Reconcile
                | Action::Examine
                | Action::Tell(_) => {}
            }
            self.done.push(((self.now - self.start).as_millis(), action));
        }
    }

    fn run(&mut self, seconds: u64) -> Vec<(u128, Action)> {
        let end = self.now + Duration::from_secs(seconds);
        let before = self.done.len();
        loop {
            self.arriving.sort_by_key(|(at, _)| *at);
            let wake = self.keeper.wake().max(self.now);
            let first = self.arriving.first().map(|(at, _)| *at).filter(|at| *at <= wake);
            if first.unwrap_or(wake) > end {
                self.now = end;
                return self.done[before..].to_vec();
            }
            self.now = first.unwrap_or(wake);
            let event = if first.is_some() { self.arriving.remove(0).1 } else { Event::Woken };
            if event == Event::Woken && self.keeper.is_missing(self.now) {
                self.keeper.hears(self.is_busy);
            }
            self.handle(event);
        }
    }
}

fn probes(done: &[(u128, Action)]) -> Vec<u128> {
    done.iter().filter(|(_, action)| matches!(action, Action::Probe(..))).map(|(at, _)| *at).collect()
}

fn asked(done: &[(u128, Action)]) -> Vec<SocketAddr> {
    done.iter()
        .filter_map(|(_, action)| match action {
            Action::Probe(_, service) => Some(*service),
            _ => None,
        })
        .collect()
}

fn renewals(done: &[(u128, Action)]) -> Vec<(u128, SocketAddr)> {
    done.iter()
        .filter_map(|(at, action)| match action {
            Action::Renew(endpoint) => Some((*at, *endpoint)),
            _ => None,
        })
        .collect()
}

fn told(done: &[(u128, Action)]) -> Vec<(u128, Link)> {
    done.iter()
        .filter_map(|(at, action)| match action {
            Action::Tell(link) => Some((*at, *link)),
            _ => None,
        })
        .collect()
}

#[test]
fn at_the_start_the_name_is_looked_up_and_the_gateway_asked_at_once() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    let done = world.run(1);
    assert_eq!(done[0], (0, Action::Lookup));
    assert_eq!(renewals(&done), [(20, address("192.0.2.1:51820"))]);
    assert_eq!(probes(&done), [20]);
    assert_eq!(told(&done), [(60, Link::Online)]);
    assert_eq!(world.keeper.seen().round_trip, Some(Duration::from_millis(40)));
}

#[test]
fn a_living_link_is_probed_every_10_to_15_seconds_and_otherwise_left_in_peace() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    let done = world.run(600);
    let times = probes(&done);
    for pair in times.windows(2) {
        assert!((10_000..=15_100).contains(&(pair[1] - pair[0])), "{pair:?}");
    }
    let reconciled = done.iter().filter(|(_, action)| *action == Action::Reconcile).count();
    assert_eq!(reconciled, 10);
    assert_eq!(done.len(), times.len() + reconciled, "{done:?}");
}

#[test]
fn two_misses_start_the_recovery() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    let done = world.run(25);
    let times = probes(&done);
    assert_eq!(times[1] - times[0], 2_000, "asked again 2 s after a miss");
    let (first, to) = renewals(&done)[0];
    assert_eq!((first, to), (times[0] + 4_000, address("192.0.2.1:51820")));
    assert!(done.contains(&(first, Action::Lookup)));
}

#[test]
fn a_session_through_which_something_comes_is_kept_although_nobody_answers() {
    let mut world = World::new(&["192.0.2.1:51820", "[2001:db8::1]:51820"]);
    world.run(60);
    let alive_at = world.alive_at.take();
    world.is_busy = true;
    let done = world.run(120);
    assert_eq!(renewals(&done), []);
    assert!(done.iter().any(|(_, action)| *action == Action::Examine), "what is wrong is looked for");
    // The gateway dies as well: it is called where it was, then elsewhere.
    world.is_busy = false;
    let called: Vec<_> = renewals(&world.run(150)).into_iter().map(|(_, endpoint)| endpoint).collect();
    assert_eq!(called[..2], [address("192.0.2.1:51820"), address("[2001:db8::1]:51820")]);
    world.alive_at = alive_at;
    world.run(120);
    assert!(world.keeper.seen().is_answering);
}

#[test]
fn one_miss_is_only_a_bad_line() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    while world.keeper.flying.is_none() {
        world.run(1);
    }
    world.alive_at = Some(address("192.0.2.1:51820"));
    assert_eq!(renewals(&world.run(60)), []);
    assert!(world.keeper.seen().loss > Some(0));
}

#[test]
fn the_recovery_tries_every_address_and_backs_off() {
    let mut world = World::new(&["[2001:db8::1]:51820", "192.0.2.1:51820"]);
    world.alive_at = None;
    let done = world.run(600);
    let tried = renewals(&done);
    let families: Vec<bool> = tried.iter().map(|(_, endpoint)| endpoint.is_ipv6()).collect();
    assert_eq!(families[..4], [true, false, true, false]);
    let pauses: Vec<u128> = tried.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    for (pause, expected) in pauses.iter().zip([4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]) {
        assert!((expected * 3 / 4 - 50..=expected * 5 / 4).contains(pause), "{pauses:?}");
    }
}

#[test]
fn the_other_address_family_serves_when_the_first_is_dead() {
    let mut world = World::new(&["[2001:db8::1]:51820", "192.0.2.1:51820"]);
    world.alive_at = Some(address("192.0.2.1:51820"));
    assert!(matches!(told(&world.run(8))[..], [(_, Link::Online)]));
    assert_eq!(world.keeper.seen().loss, Some(0), "looking for the gateway is no loss of the line");
}

#[test]
fn a_new_address_of_the_gateway_is_found() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(30);
    world.name = vec![address("198.51.100.1:51820")];
    world.alive_at = Some(address("198.51.100.1:51820"));
    world.run(25);
    assert_eq!(world.keeper.seen().endpoint, Some(address("198.51.100.1:51820")));
    assert_eq!(world.keeper.misses, 0);
}

#[test]
fn a_resolver_that_lies_does_not_kill_a_living_link() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(60);
    world.name = vec![address("203.0.113.80:51820")];
    world.handle(Event::NetworkChanged);
    assert_eq!(renewals(&world.run(600)), [], "the session goes on");
}

#[test]
fn the_gateway_is_found_although_the_resolver_lies() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(60);
    world.name = vec![address("203.0.113.80:51820"), address("203.0.113.81:51820")];
    world.alive_at = None;
    world.run(300);
    world.alive_at = Some(address("192.0.2.1:51820"));
    world.run(200);
    assert!(world.keeper.seen().is_answering);
    assert_eq!(world.keeper.seen().endpoint, world.alive_at);
}

#[test]
fn a_name_that_leads_nowhere_is_looked_up_again() {
    let mut world = World::new(&[]);
    assert_eq!(renewals(&world.run(10)), []);
    world.name = vec![address("192.0.2.1:51820")];
    world.alive_at = world.name.first().copied();
    assert!(matches!(told(&world.run(20))[..], [(_, Link::Online)]));
}

#[test]
fn a_lost_resolver_does_not_lose_the_gateway() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(5);
    world.name = Vec::new();
    world.alive_at = None;
    world.run(60);
    world.alive_at = Some(address("192.0.2.1:51820"));
    world.run(90);
    assert_eq!(world.keeper.misses, 0);
}

#[test]
fn a_burst_of_changes_of_the_network_is_one_quiet_question() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(5);
    let before = world.done.len();
    for _ in 0..3 {
        world.handle(Event::NetworkChanged);
        world.now += Duration::from_millis(50);
    }
    world.run(1);
    let done = &world.done[before..];
    assert_eq!(probes(done).len(), 1);
    assert_eq!(renewals(done), [], "the session goes on");
}

#[test]
fn a_network_that_never_rests_is_not_waited_for() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(5);
    let before = world.done.len();
    for _ in 0..12 {
        world.handle(Event::NetworkChanged);
        world.run(0);
        world.now += Duration::from_millis(100);
        world.run(0);
    }
    assert!(!probes(&world.done[before..]).is_empty());
}

#[test]
fn a_session_that_did_not_survive_the_change_is_renewed_within_two_seconds() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(5);
    world.tunnel = None;
    world.handle(Event::NetworkChanged);
    let done = world.run(2);
    assert_eq!(renewals(&done), [(6_200, address("192.0.2.1:51820"))]);
    assert_eq!(world.keeper.misses, 0, "answered");
}

#[test]
fn a_change_of_the_network_starts_a_long_recovery_over() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.alive_at = None;
    world.run(500);
    world.handle(Event::NetworkChanged);
    let done = world.run(6);
    assert_eq!(renewals(&done).first().map(|(at, _)| *at), Some(500_200));
    assert!(renewals(&done).len() > 1, "the pause is short again");
}

#[test]
fn the_state_of_the_link_follows_its_age() {
    fn check(seconds: Option<u64>, expected: Link) {
        assert_eq!(Link::of_age(seconds.map(Duration::from_secs)), expected, "{seconds:?}");
    }
    check(None, Link::Never);
    check(Some(0), Link::Online);
    check(Some(180), Link::Online);
    check(Some(181), Link::Doubtful);
    check(Some(300), Link::Doubtful);
    check(Some(301), Link::Offline);

    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    let done = world.run(400);
    assert_eq!(
        told(&done).iter().map(|(_, link)| *link).collect::<Vec<_>>(),
        [Link::Doubtful, Link::Offline]
    );
    let offline = told(&done)[1].0;
    let late: Vec<u128> = probes(&done).into_iter().filter(|at| *at > offline + 15_000).collect();
    assert!(late.windows(2).all(|pair| pair[1] - pair[0] > 2_000), "an offline link is asked less often");
}

#[test]
fn a_slow_line_is_given_time() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.round_trip = Duration::from_millis(1_900);
    world.run(30);
    world.round_trip = Duration::from_millis(3_000);
    world.run(60);
    assert_eq!(renewals(&world.done).len(), 1, "the one at the start");
}

#[test]
fn a_slow_line_is_given_time_when_the_network_changes() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.round_trip = Duration::from_millis(1_800);
    world.run(30);
    for _ in 0..20 {
        world.handle(Event::NetworkChanged);
        world.run(7);
    }
    // Changes that come faster than answers.
    for _ in 0..20 {
        world.handle(Event::NetworkChanged);
        world.run(1);
    }
    world.run(10);
    assert_eq!(renewals(&world.done).len(), 1, "the one at the start");
}

#[test]
fn a_lost_probe_is_asked_again_at_the_same_service() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    let asked = asked(&world.run(30));
    let services = ["10.66.0.1:4711", "10.66.0.1:4711", "[fd00::1]:4711", "[fd00::1]:4711"].map(address);
    assert_eq!(asked[..4], services, "then at the other one");
}

#[test]
fn a_service_that_answers_is_kept() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.no_way = vec![address("10.66.0.1:4711")];
    world.run(30);
    world.no_way.clear();
    assert!(asked(&world.run(60)).iter().all(SocketAddr::is_ipv6));
}

#[test]
fn a_service_without_a_way_to_it_is_no_loss_of_the_line() {
    for service in ["10.66.0.1:4711", "[fd00::1]:4711"] {
        let mut world = World::new(&["192.0.2.1:51820"]);
        world.no_way = vec![address(service)];
        let done = world.run(600);
        assert_eq!(renewals(&done).len(), 1, "the one at the start");
        assert_eq!(world.keeper.seen().loss, Some(0));
    }
}

#[test]
fn a_machine_without_any_way_recovers_when_it_has_one() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.no_way = world.keeper.services.clone();
    let done = world.run(400);
    assert!(matches!(told(&done)[..], [(_, Link::Doubtful), (_, Link::Offline)]));
    assert!(renewals(&done).len() > 3, "{:?}", renewals(&done));
    world.no_way.clear();
    assert!(matches!(told(&world.run(90))[..], [(_, Link::Online)]));
}

#[test]
fn a_gateway_that_was_never_heard_is_asked_less_often_after_five_minutes() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.alive_at = None;
    world.run(310);
    let late = probes(&world.run(600));
    // One round of 2 s of patience and 10 to 15 s of pause each, and one for each call.
    assert!((30..=70).contains(&late.len()), "{} probes in ten minutes", late.len());
}

#[test]
fn a_line_that_was_cut_has_lost_nothing() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    let done = world.run(60);
    let examined = done.iter().filter(|(_, action)| *action == Action::Examine).count();
    assert!((3..=5).contains(&examined), "looked for the cause {examined} times in a minute");
    assert!(!world.keeper.seen().is_answering);
    world.alive_at = world.tunnel;
    world.run(60);
    let seen = world.keeper.seen();
    assert_eq!((seen.is_answering, seen.loss), (true, Some(0)));
}

#[test]
fn a_machine_that_has_slept_asks_at_once_and_trusts_no_old_answer() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    let before = world.done.len();
    world.handle(Event::Awake(Duration::from_secs(3_600)));
    let done = world.done[before..].to_vec();
    let now = (world.now - world.start).as_millis();
    assert_eq!(probes(&done), [now]);
    assert_eq!(told(&done), [(now, Link::Offline)]);
    let (renewed, _) = renewals(&world.run(5))[0];
    assert!(renewed - now <= 1_000, "called anew after {} ms", renewed - now);
}

#[test]
fn a_link_that_outlived_the_sleep_is_left_in_peace() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.handle(Event::Awake(Duration::from_secs(60)));
    let done = world.run(9);
    assert_eq!((renewals(&done), probes(&done)), (vec![], vec![]));
    assert_eq!(world.keeper.seen().loss, Some(0));
}

#[test]
fn a_recovery_starts_over_after_a_sleep() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(1);
    world.alive_at = None;
    world.run(240);
    let before = world.done.len();
    world.alive_at = world.tunnel;
    world.handle(Event::Awake(Duration::from_secs(3_600)));
    assert_eq!(renewals(&world.done[before..]).len(), 1, "at once, not when its minute is over");
    world.run(1);
    assert!(world.keeper.seen().is_answering);
}

#[test]
fn a_process_that_was_stopped_counts_no_loss() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.run(60);
    world.now += Duration::from_secs(45);
    world.arriving.clear();
    world.handle(Event::Woken);
    world.run(1);
    let seen = world.keeper.seen();
    assert_eq!((seen.is_answering, seen.loss), (true, Some(0)));
}

#[test]
fn a_process_that_was_stopped_catches_up_once() {
    fn check(mut world: World, seconds: u64) {
        world.run(seconds);
        world.now += Duration::from_secs(45);
        world.arriving.clear();
        world.handle(Event::Woken);
        assert!(world.keeper.wake() >= world.now, "stopped at {seconds} s, it would be woken for ever");
        let done = world.run(1);
        assert!(probes(&done).len() <= 2, "stopped at {seconds} s: {done:?}");
    }
    for seconds in 60..130 {
        check(World::new(&["192.0.2.1:51820"]), seconds);
        check(blocked(), seconds);
    }
}

/// A world that is online by UDP, which is then blocked.
fn blocked() -> World {
    let mut world = World::new(&["192.0.2.1:51820", "[2001:db8::1]:51820"]);
    world.carrier_is_open = true;
    world.run(60);
    world.alive_at = None;
    world
}

#[test]
fn the_carrier_is_taken_when_udp_does_not_answer() {
    let mut world = blocked();
    let done = world.run(25);
    let rides = done.iter().filter(|(_, action)| *action == Action::Ride).count();
    assert_eq!(rides, 1, "{done:?}");
    assert_eq!(world.keeper.seen().carrier, Carrier::Tls);
    assert!(world.keeper.seen().is_answering);
    let last = done.iter().rev().find_map(|(_, action)| match action {
        Action::Probe(probe, _) => Some(probe.carrier),
        _ => None,
    });
    assert_eq!(last, Some(Carrier::Tls));
}

#[test]
fn a_line_that_works_knows_no_carrier() {
    let mut world = World::new(&["192.0.2.1:51820"]);
    world.carrier_is_open = true;
    let done = world.run(3_600);
    assert!(!done.iter().any(|(_, action)| matches!(action, Action::OpenCarrier | Action::Ride)));
}

#[test]
fn a_trial_that_fails_costs_a_second_and_is_no_loss() {
    let mut world = blocked();
    world.run(25);
    let done = world.run(60);
    let at = |wanted: fn(&Action) -> bool| done.iter().find(|(_, action)| wanted(action)).map(|(at, _)| *at);
    let tried = at(|action| matches!(action, Action::Try(_))).expect("UDP is tried again");
    let returned = at(|action| *action == Action::Return).expect("in vain");
    assert!((1..=1_000).contains(&(returned - tried)), "{tried} to {returned}");
    assert!(world.keeper.seen().is_answering);
    assert_eq!(world.keeper.seen().carrier, Carrier::Tls);
    assert_eq!(told(&done), [], "the link stays what it was");
}

#[test]
fn the_carrier_is_left_when_udp_answers_again() {
    let mut world = blocked();
    world.run(25);
    world.alive_at = world.name.first().copied();
    let done = world.run(200);
    assert_eq!(world.keeper.seen().carrier, Carrier::Udp);
    assert!(!world.is_connected, "nothing is kept open that is not used");
    assert_eq!(renewals(&done), [], "the session goes on");
}

#[test]
fn another_network_is_tried_by_udp_at_once() {
    let mut world = blocked();
    world.run(40);
    world.alive_at = world.name.first().copied();
    world.handle(Event::NetworkChanged);
    world.run(4);
    world.handle(Event::NetworkChanged);
    world.run(4);
    assert_eq!(world.keeper.seen().carrier, Carrier::Udp);
}

#[test]
fn a_carrier_that_breaks_is_used_again() {
    let mut world = blocked();
    world.run(25);
    world.is_connected = false;
    world.handle(Event::Connected(false));
    world.run(3);
    world.is_connected = true;
    world.handle(Event::Connected(true));
    world.run(5);
    assert!(world.keeper.seen().is_answering);
    assert_eq!(world.keeper.seen().carrier, Carrier::Tls);
}

#[test]
fn other_keys_do_not_put_off_the_recovery() {
    let mut world = blocked();
    world.run(25);
    world.is_connected = false;
    let mut done = Vec::new();
    for _ in 0..20 {
        done.extend(world.run(3));
        world.handle(Event::KeysChanged);
    }
    assert!(!renewals(&done).is_empty(), "UDP has its turn: {done:?}");
}

#[test]
fn a_gateway_whose_carrier_is_closed_is_called_by_udp_for_ever() {
    let mut world = blocked();
    world.carrier_is_open = false;
    world.is_connected = false;
    let done = world.run(120);
    let opened = done.iter().filter(|(_, action)| *action == Action::OpenCarrier).count();
    assert_eq!(opened, 1, "whoever keeps it goes on trying");
    assert!(!done.iter().any(|(_, action)| *action == Action::Ride));
    assert!(renewals(&done).len() > 3);
}
