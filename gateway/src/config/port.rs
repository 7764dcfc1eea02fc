//! A port of this machine, as the configuration and the firewall speak of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Port {
    Tcp(u16),
    Udp(u16),
}

/// These words are no port.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a port")]
pub struct NoPort;

impl FromStr for Port {
    type Err = NoPort;

    /// `tcp 22`, `UDP 500`.
    fn from_str(text: &str) -> Result<Self, NoPort> {
        let (protocol, number) = text.trim().split_once(char::is_whitespace).ok_or(NoPort)?;
        let number = number.trim().parse().ok().filter(|number| *number > 0).ok_or(NoPort)?;
        match protocol.to_ascii_lowercase().as_str() {
            "tcp" => Ok(Self::Tcp(number)),
            "udp" => Ok(Self::Udp(number)),
            _ => Err(NoPort),
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(number) => write!(out, "tcp {number}"),
            Self::Udp(number) => write!(out, "udp {number}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_a_protocol_and_a_number() {
        fn check(text: &str, expected: Option<Port>) {
            assert_eq!(text.parse().ok(), expected, "{text}");
        }
        check("tcp 22", Some(Port::Tcp(22)));
        check(" UDP  500 ", Some(Port::Udp(500)));
        check("tcp 65535", Some(Port::Tcp(65535)));
        check("tcp 0", None);
        check("tcp 65536", None);
        check("22", None);
        check("22 tcp", None);
        check("tcp/22", None);
        check("sctp 22", None);
        check("", None);
    }
}
