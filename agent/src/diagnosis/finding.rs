//! One finding, and what a person reads of it: a sentence that says what is wrong, and one that says what to
//! do.

use beffroi_protocol::diagnosis::Cause;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::texts::{Value, t_with};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) cause: Cause,
    /// Whom or what it concerns: a host, an interface.
    about: String,
    network: Option<IpNet>,
    /// Of the clock, in seconds.
    off: i64,
}

/// A finding as it is handed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) cause: Cause,
    pub(crate) sentence: String,
    pub(crate) remedy: String,
}

impl Finding {
    pub(crate) fn new(cause: Cause) -> Self {
        Self { cause, about: String::new(), network: None, off: 0 }
    }

    pub(crate) fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    pub(super) fn within(self, network: IpNet) -> Self {
        Self { network: Some(network), ..self }
    }

    /// `off` is by how many seconds the clock is ahead.
    pub(super) fn about_time(self, off: i64) -> Self {
        Self { off, ..self }
    }

    pub(crate) fn told(&self) -> Told {
        let values: [(&'static str, Value<'_>); 3] = [
            ("about", self.about.as_str().into()),
            ("network", self.network.map(|network| network.trunc().to_string()).unwrap_or_default().into()),
            ("time", duration(self.off.unsigned_abs()).into()),
        ];
        let (sentence, remedy) = match self.cause {
            Cause::Captive if !self.about.is_empty() => ("finding-captive-named", "remedy-captive"),
            cause => texts(cause),
        };
        Told { cause: self.cause, sentence: t_with(sentence, &values), remedy: t_with(remedy, &values) }
    }
}

impl Told {
    /// For a terminal.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}", self.sentence, self.remedy)
    }
}

/// "3 hours": rounded, in the largest unit that fits.
fn duration(seconds: u64) -> String {
    let (id, count) = match seconds {
        0..3_570 => ("time-minutes", (seconds + 30) / 60),
        3_570..171_000 => ("time-hours", (seconds + 1_800) / 3_600),
        _ => ("time-days", (seconds + 43_200) / 86_400),
    };
    t_with(id, &[("count", count.into())])
}

const fn texts(cause: Cause) -> (&'static str, &'static str) {
    match cause {
        Cause::ServiceStopped => ("finding-service-stopped", "remedy-service-stopped"),
        Cause::InterfaceTaken => ("finding-interface-taken", "remedy-interface-taken"),
        Cause::NoLink => ("finding-no-link", "remedy-no-link"),
        Cause::NoAddress => ("finding-no-address", "remedy-box"),
        Cause::NoRoute => ("finding-no-route", "remedy-box"),
        Cause::Captive => ("finding-captive", "remedy-captive"),
        Cause::NoNames => ("finding-no-names", "remedy-box"),
        Cause::NameUnknown => ("finding-name-unknown", "remedy-name-unknown"),
        Cause::NoInternet => ("finding-no-internet", "remedy-no-internet"),
        Cause::ClockBehind => ("finding-clock-behind", "remedy-clock"),
        Cause::ClockAhead => ("finding-clock-ahead", "remedy-clock"),
        Cause::Overlap => ("finding-overlap", "remedy-overlap"),
        Cause::Revoked => ("finding-revoked", "remedy-revoked"),
        Cause::GatewayProgramStopped => ("finding-gateway-program-stopped", "remedy-gateway"),
        Cause::GatewayStopped => ("finding-gateway-stopped", "remedy-gateway"),
        Cause::GatewayUnreachable => ("finding-gateway-unreachable", "remedy-gateway"),
        Cause::UdpBlocked => ("finding-udp-blocked", "remedy-udp-blocked"),
        Cause::GatewaySilent => ("finding-gateway-silent", "remedy-gateway-silent"),
        Cause::Narrow => ("finding-narrow", "remedy-narrow"),
        Cause::Lossy => ("finding-lossy", "remedy-line"),
        Cause::Slow => ("finding-slow", "remedy-slow"),
        Cause::Unsteady => ("finding-unsteady", "remedy-line"),
        Cause::ServesNobody => ("finding-serves-nobody", "remedy-serves-nobody"),
        Cause::CannotServe => ("finding-cannot-serve", "remedy-cannot-serve"),
        Cause::PortHidden => ("finding-port-hidden", "remedy-port-hidden"),
        Cause::NoResolver => ("finding-no-resolver", "remedy-no-resolver"),
        Cause::Other => ("finding-other", "remedy-gateway"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded() {
        fn check(seconds: u64, expected: &str) {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
        check(60, "1 minute");
        check(3_569, "59 minutes");
        check(3_599, "1 heure");
        check(7_199, "2 heures");
        check(86_400, "24 heures");
        check(1_295_999, "15 jours");
    }
}
