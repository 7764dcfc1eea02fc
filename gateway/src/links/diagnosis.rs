//! What is wrong with a link, as a referent reads it: what the gateway sees itself, and what the machine has told
//! of its last cut once the link was back.

use std::time::Duration;

use beffroi_protocol::diagnosis::{Cause, Told};
use beffroi_protocol::quality::Quality;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Error, Link, State, words};
use crate::directory::MachineId;
use crate::store::{Read, Record, Table, Write, WriteTx};
use crate::web::Text;

pub(super) const OUTAGES: Table<MachineId, OutageRecord> = Table::new("links.outages");

/// An agent asks every 10 to 15 s; one that is so late has stopped asking.
const SILENT: Duration = Duration::from_secs(120);
/// What a machine says of the past is not taken for longer ago than this.
const LONGEST: u64 = 366 * 24 * 60 * 60;

/// The last cut that a machine has told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) cause: Cause,
    pub(super) lasted: Duration,
    /// When the gateway was reached again.
    pub(super) until: Timestamp,
}

/// What is wrong, and what to do.
#[derive(Debug, Clone)]
pub(super) struct Advice {
    pub(super) sentence: Text,
    pub(super) remedy: Text,
}

/// Writes down what a machine has told.
///
/// # Errors
/// When the store fails.
pub async fn note(tx: &mut WriteTx, machine: MachineId, told: Told, now: Timestamp) -> Result<(), Error> {
    let ago = SignedDuration::from_secs(i64::try_from(told.ago.min(LONGEST)).unwrap_or_default());
    let until = now.checked_sub(ago).unwrap_or(now);
    let row = OutageRecord { cause: word(told.cause), lasted: told.lasted.min(LONGEST), until };
    Ok(tx.put(&OUTAGES, &machine, &row).await?)
}

pub(super) async fn outage(tx: &impl Read, machine: MachineId) -> Result<Option<Outage>, Error> {
    let row = tx.get(&OUTAGES, &machine).await?;
    Ok(row.map(|row| Outage {
        cause: cause(&row.cause),
        lasted: Duration::from_secs(row.lasted),
        until: row.until,
    }))
}

/// What there is to say of a link now. Pure. `None` of a machine that the board has not heard of yet.
pub(super) fn advice(link: Option<&Link>) -> Option<Advice> {
    let (sentence, remedy) = match link.map_or(State::Never, |link| link.state) {
        State::Never => ("links-advice-never", "links-advice-never-remedy"),
        State::Offline => ("links-advice-offline", "links-advice-offline-remedy"),
        State::Doubtful => ("links-advice-doubtful", "links-advice-doubtful-remedy"),
        // A machine without the agent: it calls when somebody uses it.
        State::Idle => return None,
        State::Online => {
            let link = link?;
            if link.probe_age.is_some_and(|age| age > SILENT) {
                ("links-advice-no-probe", "links-advice-no-probe-remedy")
            } else {
                match link.quality? {
                    Quality::Good => return None,
                    Quality::Slow => ("links-advice-slow", "links-advice-slow-remedy"),
                    Quality::Unsteady => ("links-advice-unsteady", "links-advice-line-remedy"),
                    Quality::Lossy => ("links-advice-lossy", "links-advice-line-remedy"),
                }
            }
        }
    };
    Some(Advice { sentence: Text::new(sentence), remedy: Text::new(remedy) })
}

/// The word for a line's quality.
pub(super) const fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "links-quality-good",
        Quality::Slow => "links-quality-slow",
        Quality::Unsteady => "links-quality-unsteady",
        Quality::Lossy => "links-quality-lossy",
    }
}

impl Outage {
    /// "the cable was out, for 3 h": a clock that is off cuts nothing and lasts no time.
    pub(super) fn text(&self) -> Text {
        let cause = Text::new(said(self.cause));
        if self.lasted.is_zero() {
            return cause;
        }
        Text::new("links-outage-lasted").with("cause", &cause).with("time", &words::duration(self.lasted))
    }
}

pub(super) const fn said(cause: Cause) -> &'static str {
    match cause {
        Cause::ServesNobody => "links-cause-serves-nobody",
        Cause::CannotServe => "links-cause-cannot-serve",
        Cause::PortHidden => "links-cause-port-hidden",
        Cause::NoResolver => "links-cause-no-resolver",
        Cause::ServiceStopped | Cause::Other => "links-cause-other",
        Cause::InterfaceTaken => "links-cause-interface-taken",
        Cause::NoLink => "links-cause-no-link",
        Cause::NoAddress => "links-cause-no-address",
        Cause::NoRoute => "links-cause-no-route",
        Cause::Captive => "links-cause-captive",
        Cause::NoNames => "links-cause-no-names",
        Cause::NameUnknown => "links-cause-name-unknown",
        Cause::NoInternet => "links-cause-no-internet",
        Cause::ClockBehind => "links-cause-clock-behind",
        Cause::ClockAhead => "links-cause-clock-ahead",
        Cause::Overlap => "links-cause-overlap",
        Cause::Revoked => "links-cause-revoked",
        Cause::GatewayProgramStopped => "links-cause-gateway-program-stopped",
        Cause::GatewayStopped => "links-cause-gateway-stopped",
        Cause::GatewayUnreachable => "links-cause-gateway-unreachable",
        Cause::UdpBlocked => "links-cause-udp-blocked",
        Cause::GatewaySilent => "links-cause-gateway-silent",
        Cause::Narrow => "links-cause-narrow",
        Cause::Lossy => "links-advice-lossy",
        Cause::Slow => "links-advice-slow",
        Cause::Unsteady => "links-advice-unsteady",
    }
}

/// A cause is kept by its name: their order may change, and there will be more.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OutageRecord {
    cause: String,
    /// Seconds.
    lasted: u64,
    until: Timestamp,
}

impl Record for OutageRecord {
    const VERSION: u8 = 1;
}

pub(super) fn word(cause: Cause) -> String {
    serde_json::to_string(&cause).expect("plain data")
}

pub(super) fn cause(word: &str) -> Cause {
    serde_json::from_str(word).unwrap_or(Cause::Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::links::Loss;

    fn link(state: State) -> Link {
        Link {
            state,
            age: None,
            round_trip: Some(Duration::from_millis(45)),
            jitter: None,
            loss: Some(Loss { sent: 32, answered: 32 }),
            quality: Some(Quality::Good),
            probe_age: Some(Duration::from_secs(12)),
            received: 0,
            sent: 0,
            endpoint: None,
            carrier: beffroi_protocol::probe::Carrier::Udp,
            version: None,
            two_holders: false,
            mtu: None,
        }
    }

    #[test]
    fn what_is_seen_is_said_with_what_to_do() {
        fn check(link: Option<&Link>, expected: Option<&str>) {
            let advice = advice(link).map(|advice| format!("{} {}", advice.sentence, advice.remedy));
            assert_eq!(advice.is_some(), expected.is_some(), "{link:?}");
            let said = advice.unwrap_or_default();
            assert!(said.contains(expected.unwrap_or_default()), "{said}");
        }
        check(None, Some("jamais appelé"));
        check(Some(&link(State::Never)), Some("jamais appelé"));
        check(Some(&link(State::Offline)), Some("beffroi-agent doctor"));
        check(Some(&link(State::Doubtful)), Some("Attendez"));
        check(Some(&link(State::Online)), None);
        let quiet = Link { probe_age: Some(Duration::from_secs(121)), ..link(State::Online) };
        check(Some(&quiet), Some("systemctl restart beffroi-agent"));
        let never_asked = Link { probe_age: None, quality: None, ..link(State::Online) };
        check(Some(&never_asked), None);
        for (quality, expected) in
            [(Quality::Lossy, "perd"), (Quality::Slow, "lente"), (Quality::Unsteady, "instable")]
        {
            check(Some(&Link { quality: Some(quality), ..link(State::Online) }), Some(expected));
        }
    }

    #[test]
    fn an_outage_is_told_with_its_length() {
        let outage = |cause, lasted| Outage {
            cause,
            lasted: Duration::from_secs(lasted),
            until: Timestamp::UNIX_EPOCH,
        };
        let text = outage(Cause::NoLink, 7_500).text().to_string();
        assert!(text.contains("câble") && text.contains("2"), "{text}");
        let text = outage(Cause::ClockAhead, 0).text().to_string();
        assert!(text.contains("avance") && !text.contains("0"), "{text}");
    }

    #[test]
    fn causes_are_kept_by_name() {
        assert_eq!(cause(&word(Cause::UdpBlocked)), Cause::UdpBlocked);
        assert_eq!(cause("\"solar_flare\""), Cause::Other);
        assert_eq!(cause(""), Cause::Other);
    }
}
