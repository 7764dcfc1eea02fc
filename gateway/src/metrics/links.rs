//! The links and what is told of them, as figures: made anew each time they are read. Pure.

use std::collections::BTreeMap;

use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

use crate::directory::{CommuneId, CommuneName};
use crate::links::{Alert, Reading, Service, Standing, State};

const STATES: [(State, &str); 5] = [
    (State::Online, "online"),
    (State::Doubtful, "doubtful"),
    (State::Offline, "offline"),
    (State::Never, "never"),
    (State::Idle, "idle"),
];
/// Of one link.
const LABELS: [&str; 2] = ["commune", "machine"];

pub(super) fn families(readings: &[Reading], names: &BTreeMap<CommuneId, CommuneName>) -> Vec<MetricFamily> {
    let states = int_gauge(
        "beffroi_link_state",
        "1 for the state that a machine's link is in, 0 for the others.",
        &["commune", "machine", "state"],
    );
    let sign = gauge("beffroi_link_last_sign_age_seconds", "Since the last proof of life of a machine.");
    let handshake = gauge("beffroi_link_handshake_age_seconds", "Since WireGuard last agreed on keys.");
    let round_trip = gauge("beffroi_link_round_trip_seconds", "Median of the agent's last probes.");
    let loss = gauge("beffroi_link_loss_ratio", "Part of the agent's last probes that was not answered.");
    let handshakes = counter("beffroi_link_handshakes_total", "Handshakes since the gateway started.");
    let received = counter("beffroi_link_received_bytes_total", "Bytes from a machine.");
    let sent = counter("beffroi_link_sent_bytes_total", "Bytes to a machine.");
    for reading in readings {
        let commune = names.get(&reading.commune).map_or("", CommuneName::as_str);
        let machine = reading.machine.to_string();
        let labels = [commune, machine.as_str()];
        let link = &reading.link;
        for (state, name) in STATES {
            let is_so = i64::from(link.state == state);
            states.with_label_values(&[commune, machine.as_str(), name]).set(is_so);
        }
        let set = |gauge: &GaugeVec, value: Option<f64>| {
            if let Some(value) = value {
                gauge.with_label_values(&labels).set(value);
            }
        };
        set(&sign, link.age.map(|age| age.as_secs_f64()));
        set(&handshake, reading.handshake_age.map(|age| age.as_secs_f64()));
        set(&round_trip, link.round_trip.map(|time| time.as_secs_f64()));
        set(&loss, link.loss.map(|loss| f64::from(loss.percent()) / 100.0));
        handshakes.with_label_values(&labels).inc_by(reading.handshakes);
        received.with_label_values(&labels).inc_by(link.received);
        sent.with_label_values(&labels).inc_by(link.sent);
    }
    collected(vec![
        Box::new(states),
        Box::new(sign),
        Box::new(handshake),
        Box::new(round_trip),
        Box::new(loss),
        Box::new(handshakes),
        Box::new(received),
        Box::new(sent),
    ])
}

pub(super) fn service(service: Service) -> Vec<MetricFamily> {
    let up =
        IntGauge::new("beffroi_netd_up", "Whether netd does what it is asked.").expect("the name is a name");
    up.set(i64::from(service == Service::Answers));
    collected(vec![Box::new(up)])
}

pub(super) fn alerts(standing: &[Standing]) -> Vec<MetricFamily> {
    let alerts = int_gauge("beffroi_alerts", "Alerts that stand, by what is the matter.", &["alert"]);
    for name in ["netd", "gateway_line", "town_hall"] {
        alerts.with_label_values(&[name]).set(0);
    }
    for one in standing {
        let name = match one.alert {
            Alert::Netd => "netd",
            Alert::GatewayLine { .. } => "gateway_line",
            Alert::TownHall(_) => "town_hall",
        };
        alerts.with_label_values(&[name]).inc();
    }
    collected(vec![Box::new(alerts)])
}

/// Sorted, and without figures of which there is no case yet.
fn collected(figures: Vec<Box<dyn Collector>>) -> Vec<MetricFamily> {
    let registry = Registry::new();
    for figure in figures {
        registry.register(figure).expect("every figure has a name of its own");
    }
    registry.gather()
}

fn gauge(name: &str, help: &str) -> GaugeVec {
    GaugeVec::new(Opts::new(name, help), &LABELS).expect("the names are names")
}

fn int_gauge(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect("the names are names")
}

fn counter(name: &str, help: &str) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), &LABELS).expect("the names are names")
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::encode;
    use super::*;
    use crate::links::{Carried, Link, Loss};

    fn text(families: &[MetricFamily]) -> String {
        String::from_utf8(encode(families).expect("it is written")).expect("it is text")
    }

    #[test]
    fn links_are_told_in_the_format_of_prometheus() {
        let reading = Reading {
            machine: "256".parse().expect("a number"),
            commune: "1".parse().expect("a number"),
            link: Link {
                state: State::Online,
                age: Some(Duration::from_millis(2500)),
                round_trip: Some(Duration::from_millis(45)),
                loss: Some(Loss { sent: 32, answered: 24 }),
                jitter: None,
                quality: None,
                probe_age: None,
                received: 1000,
                sent: 2000,
                endpoint: None,
                carrier: beffroi_protocol::probe::Carrier::Udp,
                version: None,
                two_holders: false,
                mtu: None,
            },
            carried: Carried::default(),
            handshake_age: None,
            handshakes: 3,
        };
        let name = CommuneName::parse(r#"L’Étang "du \ haut""#).expect("a name");
        let names = BTreeMap::from([(reading.commune, name)]);
        let labels = r#"commune="L’Étang \"du \\ haut\"",machine="256""#;
        let expected = format!(
            r#"# HELP beffroi_link_handshakes_total Handshakes since the gateway started.
# TYPE beffroi_link_handshakes_total counter
beffroi_link_handshakes_total{{{labels}}} 3
# HELP beffroi_link_last_sign_age_seconds Since the last proof of life of a machine.
# TYPE beffroi_link_last_sign_age_seconds gauge
beffroi_link_last_sign_age_seconds{{{labels}}} 2.5
# HELP beffroi_link_loss_ratio Part of the agent's last probes that was not answered.
# TYPE beffroi_link_loss_ratio gauge
beffroi_link_loss_ratio{{{labels}}} 0.25
# HELP beffroi_link_received_bytes_total Bytes from a machine.
# TYPE beffroi_link_received_bytes_total counter
beffroi_link_received_bytes_total{{{labels}}} 1000
# HELP beffroi_link_round_trip_seconds Median of the agent's last probes.
# TYPE beffroi_link_round_trip_seconds gauge
beffroi_link_round_trip_seconds{{{labels}}} 0.045
# HELP beffroi_link_sent_bytes_total Bytes to a machine.
# TYPE beffroi_link_sent_bytes_total counter
beffroi_link_sent_bytes_total{{{labels}}} 2000
# HELP beffroi_link_state 1 for the state that a machine's link is in, 0 for the others.
# TYPE beffroi_link_state gauge
beffroi_link_state{{{labels},state="doubtful"}} 0
beffroi_link_state{{{labels},state="idle"}} 0
beffroi_link_state{{{labels},state="never"}} 0
beffroi_link_state{{{labels},state="offline"}} 0
beffroi_link_state{{{labels},state="online"}} 1
"#
        );
        assert_eq!(text(&families(&[reading], &names)), expected);
        assert_eq!(text(&families(&[], &names)), "");
    }

    #[test]
    fn what_stands_is_counted_and_what_does_not_is_zero() {
        let since = Instant::now();
        let one = |alert| Standing { alert, since };
        let standing = [
            one(Alert::TownHall("1".parse().expect("a number"))),
            one(Alert::TownHall("2".parse().expect("a number"))),
        ];
        let told = text(&alerts(&standing));
        for line in ["{alert=\"netd\"} 0", "{alert=\"gateway_line\"} 0", "{alert=\"town_hall\"} 2"] {
            assert!(told.contains(line), "{told} lacks {line}");
        }
        assert!(text(&service(Service::Answers)).ends_with("beffroi_netd_up 1\n"));
        assert!(text(&service(Service::Unknown)).ends_with("beffroi_netd_up 0\n"));
    }
}
