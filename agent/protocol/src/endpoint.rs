//! Where the gateway is reached from outside: an address or a name, and a UDP port. A name is kept as
//! a name, because the gateway's address may change; looking it up is the agent's work.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text is neither `address:port` nor `name:port`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is neither an address nor a name with a port, such as gateway.example.fr:51820")]
pub struct InvalidEndpoint(String);

/// Written `192.0.2.1:51820`, `[2001:db8::1]:51820` or `gateway.example.fr:51820`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Endpoint {
    Address(SocketAddr),
    Name { host: HostName, port: u16 },
}

impl Endpoint {
    /// Reads `host` or `host:port`; a host alone (an IPv6 address may stand without brackets) gets
    /// `default_port`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn with_default_port(text: &str, default_port: u16) -> Result<Self, InvalidEndpoint> {
        if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Ok(Self::Address(SocketAddr::new(address, default_port)));
        }
        match text.parse::<HostName>() {
            Ok(host) => Ok(Self::Name { host, port: default_port }),
            Err(_) => text.parse(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(out, "{address}"),
            Self::Name { host, port } => write!(out, "{host}:{port}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = || InvalidEndpoint(text.to_owned());
        if let Ok(address) = text.parse::<SocketAddr>() {
            return if address.port() == 0 { Err(invalid()) } else { Ok(Self::Address(address)) };
        }
        let (host, port) = text.rsplit_once(':').ok_or_else(invalid)?;
        let host = host.parse().map_err(|_| invalid())?;
        match port.parse() {
            Ok(0) | Err(_) => Err(invalid()),
            Ok(port) => Ok(Self::Name { host, port }),
        }
    }
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidEndpoint;

    fn try_from(text: String) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

/// The text is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a host name (letters, digits and hyphens between dots, at most 253 characters)")]
pub struct InvalidHostName;

/// A DNS host name (RFC 1123 section 2.1) in lower case, and never something that reads as an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostName(String);

impl HostName {
    /// The longest name, in bytes (RFC 1035 section 2.3.4, less the root).
    pub const MAX: usize = 253;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = InvalidHostName;

    fn from_str(text: &str) -> Result<Self, InvalidHostName> {
        let name = text.to_ascii_lowercase();
        // A last label of digits would be an IPv4 address to most resolvers, whole or not.
        let reads_as_address =
            name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
        if name.len() > Self::MAX || reads_as_address || !name.split('.').all(is_label) {
            return Err(InvalidHostName);
        }
        Ok(Self(name))
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_read_and_written_the_same() {
        fn check(text: &str, written: Option<&str>) {
            let read = text.parse::<Endpoint>().ok().map(|endpoint| endpoint.to_string());
            assert_eq!(read.as_deref(), written, "{text}");
        }
        check("192.0.2.1:51820", Some("192.0.2.1:51820"));
        check("[2001:db8::1]:51820", Some("[2001:db8::1]:51820"));
        check("gateway.example.fr:51820", Some("gateway.example.fr:51820"));
        check("Gateway.Example.FR:443", Some("gateway.example.fr:443"));
        check("passerelle:1", Some("passerelle:1"));
        check("", None);
        check("gateway.example.fr", None);
        check("gateway.example.fr:", None);
        check("gateway.example.fr:0", None);
        check("gateway.example.fr:65536", None);
        check("192.0.2.1:0", None);
        check("192.0.2:51820", None);
        check("2001:db8::1:51820", None);
        check("passerelle d'ici:51820", None);
        check("-gateway.fr:51820", None);
        check("gateway..fr:51820", None);
        check("mairie.épouville.fr:51820", None);
    }

    #[test]
    fn a_host_alone_gets_the_default_port() {
        fn check(text: &str, written: &str) {
            let read = Endpoint::with_default_port(text, 51820).map(|endpoint| endpoint.to_string());
            assert_eq!(read.as_deref(), Ok(written), "{text}");
        }
        check("gateway.example.fr", "gateway.example.fr:51820");
        check("gateway.example.fr:1194", "gateway.example.fr:1194");
        check("192.0.2.1", "192.0.2.1:51820");
        check("192.0.2.1:1194", "192.0.2.1:1194");
        check("2001:db8::1", "[2001:db8::1]:51820");
        check("[2001:db8::1]", "[2001:db8::1]:51820");
        check("[2001:db8::1]:1194", "[2001:db8::1]:1194");
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let long = format!("{}.fr", vec!["a".repeat(60); 5].join("."));
        assert_eq!(long.parse::<HostName>(), Err(InvalidHostName));
        assert_eq!("a".repeat(64).parse::<HostName>(), Err(InvalidHostName));
    }
}
