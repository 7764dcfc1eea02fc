//! The gateway's one configuration file, wholly checked before anything is bound.
//!
//! Everything has a default but the communauté's name and domain; `gateway.example.toml` shows the
//! defaults and a test holds it to them. A wrong file is explained problem by problem: key, value,
//! remedy, in the words of the catalogue.

mod port;
mod reader;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use beffroi_protocol::code::Endpoint;
use beffroi_protocol::release::ReleaseKey;
use ipnet::{Ipv4Net, Ipv6Net};

pub use port::Port;
use reader::{Reader, Section};

use crate::web::t_with;

/// Where the file is unless `--config` says otherwise.
pub const DEFAULT_PATH: &str = "/etc/beffroi/gateway.toml";
/// The port on which WireGuard listens unless the file says otherwise.
pub const DEFAULT_PORT: u16 = 51820;
/// TCP port of the intranet, inside the tunnel.
pub const PORTAL_PORT: u16 = 443;
/// TCP port of the admin page, inside the tunnel.
pub const ADMIN_PORT: u16 = 8443;
/// TCP port on which members are told what is wanted of them, inside the tunnel.
pub const MEMBERS_PORT: u16 = beffroi_protocol::membership::PORT;
/// TCP port of the carrier, on every address.
pub const CARRIER_PORT: u16 = beffroi_protocol::carrier::PORT;
/// UDP port that answers probes, inside the tunnel.
pub const PROBE_PORT: u16 = 4711;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub community: Community,
    pub network: Network,
    pub admin: Admin,
    pub alerts: Alerts,
    pub metrics: Metrics,
    pub storage: Storage,
    pub netd: Netd,
    pub backup: Backup,
    pub updates: Updates,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Community {
    /// As people say it: "Communauté de communes Cœur de Caux".
    pub name: String,
    /// The communauté's own domain, below which are `intranet` and `admin`.
    pub domain: String,
    /// IANA name of the time zone in which dates are shown.
    pub time_zone: String,
    /// What a person in need rings or writes to; shown under "help".
    pub help: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Where town halls find the gateway from outside; printed on every invitation.
    pub endpoint: Endpoint,
    /// UDP port of WireGuard: the one open port.
    pub port: u16,
    /// Addresses inside the tunnel; the gateway has the first one.
    pub ipv4: Ipv4Net,
    pub ipv6: Ipv6Net,
    /// Largest packet inside the tunnel, in bytes.
    pub mtu: u16,
    /// Name of the network interface.
    pub interface: String,
    /// Whether machines that enrol from now on mix a preshared key into their handshakes.
    pub preshared: bool,
    /// What the internet may reach of this machine besides WireGuard's port.
    pub open: Vec<Port>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// The server's local addresses on which the admin page listens, beside the tunnel.
    pub listen: Vec<SocketAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// A town hall whose link is down for so long while it is open is told of.
    pub down_for: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// The server's local address at which a Prometheus reads the figures; none, and nothing listens.
    pub listen: Option<SocketAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// The database and the blobs.
    pub directory: PathBuf,
    /// The socket on which commands such as `backup` reach the running gateway.
    pub socket: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Netd {
    /// The socket between `beffroi-gateway` and `beffroi-netd`.
    pub socket: PathBuf,
    /// netd's own directory: the private key and the last wanted state.
    pub directory: PathBuf,
    /// The user whose processes may speak to netd, beside root.
    pub user: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    pub directory: PathBuf,
    /// The `age` recipient to which backups are sealed; without one they are in clear and lack the
    /// gateway's private key.
    pub recipient: Option<String>,
    /// How many backups are kept.
    pub keep: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updates {
    /// The folder of releases of the agent.
    pub directory: PathBuf,
    /// Whose releases are offered; without it, nobody's.
    pub key: Option<ReleaseKey>,
}

/// One thing to put right in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Full name of the key, such as `network.port`; empty when the file as a whole is meant.
    pub key: String,
    /// What stands there now.
    pub value: String,
    /// Name of the sentence in the catalogue that says what to do.
    pub remedy: &'static str,
    /// What the sentence fills in, beyond key and value.
    pub detail: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} wrong in {path}", .problems.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>().join(", "))]
    Wrong { path: PathBuf, problems: Vec<Problem> },
}

impl ConfigError {
    /// The same for the person at the terminal: each problem on a line, with what to do.
    pub fn explain(&self) -> String {
        match self {
            Self::Unreadable { path, source } => t_with(
                "config-unreadable",
                &[("path", &path.display().to_string()), ("cause", &source.to_string())],
            ),
            Self::Wrong { path, problems } => {
                let head = t_with("config-wrong", &[("path", &path.display().to_string())]);
                let lines = problems.iter().map(|problem| format!("\n  {}", problem.explain()));
                std::iter::once(head).chain(lines).collect()
            }
        }
    }
}

impl Problem {
    fn explain(&self) -> String {
        let Self { key, value, remedy, detail } = self;
        let remedy = t_with(remedy, &[("key", key), ("value", value), ("detail", detail)]);
        match (key.is_empty(), value.is_empty()) {
            (true, _) => remedy,
            (false, true) => t_with("config-problem-missing", &[("key", key), ("remedy", &remedy)]),
            (false, false) => {
                t_with("config-problem-key", &[("key", key), ("value", value), ("remedy", &remedy)])
            }
        }
    }
}

impl Config {
    /// # Errors
    /// When the file cannot be read, or with every problem that it has.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|problems| ConfigError::Wrong { path: path.to_owned(), problems })
    }

    /// # Errors
    /// Every problem that the text has, in the order of the sections.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(text)?;

        let mut section = reader.section("community");
        // Defaults below are made from the domain: a wrong one is reported, and replaced by one that
        // no name can have (RFC 6761), so that it is reported once.
        let domain = section
            .required("domain", "config-domain", domain_name)
            .unwrap_or_else(|| "domain.invalid".to_owned());
        let community = Community {
            name: section.required("name", "config-name", line_of_text).unwrap_or_default(),
            time_zone: section.optional("time_zone", "config-time-zone", "Europe/Paris", time_zone),
            help: section.optional("help", "config-help", "", short_text),
            domain: domain.clone(),
        };
        section.end();

        let mut section = reader.section("network");
        let network = network(&mut section, &domain);
        section.end();

        let mut section = reader.section("admin");
        let admin = Admin {
            listen: section.optional_list("listen", "config-listen", &["127.0.0.1:8443"], local_address),
        };
        if admin.listen.is_empty() {
            section.refuse("listen", "config-listen");
        }
        section.end();

        let mut section = reader.section("alerts");
        let minutes: u32 = section.optional_number("minutes", "config-minutes", 15, 1..=1440);
        let alerts = Alerts { down_for: Duration::from_secs(60 * u64::from(minutes)) };
        section.end();

        let mut section = reader.section("metrics");
        let metrics = Metrics {
            listen: section.optional("listen", "config-metrics", "127.0.0.1:9586", local_address_or_none),
        };
        section.end();

        let mut section = reader.section("storage");
        let storage = Storage {
            directory: section.optional("directory", "config-path", "/var/lib/beffroi", absolute_path),
            socket: section.optional("socket", "config-path", "/run/beffroi/control.sock", absolute_path),
        };
        section.end();

        let mut section = reader.section("netd");
        let netd = Netd {
            socket: section.optional("socket", "config-path", "/run/beffroi-netd/netd.sock", absolute_path),
            directory: section.optional("directory", "config-path", "/var/lib/beffroi-netd", absolute_path),
            user: section.optional("user", "config-user", "beffroi", line_of_text),
        };
        section.end();

        let mut section = reader.section("backup");
        let backup = Backup {
            directory: section.optional("directory", "config-path", "/var/backups/beffroi", absolute_path),
            recipient: section.optional("recipient", "config-recipient", "", age_recipient),
            keep: section.optional_number("keep", "config-keep", 14, 1..=1000),
        };
        section.end();

        let mut section = reader.section("updates");
        // Who builds packages says whose releases they follow.
        let built_with = option_env!("BEFFROI_RELEASE_KEY").unwrap_or_default();
        let updates = Updates {
            directory: section.optional(
                "directory",
                "config-path",
                "/usr/share/beffroi/releases",
                absolute_path,
            ),
            key: section.optional("key", "config-release-key", built_with, release_key),
        };
        section.end();

        reader.end()?;
        Ok(Self { community, network, admin, alerts, metrics, storage, netd, backup, updates })
    }

    /// The name of the intranet, as typed in a browser.
    pub fn intranet_name(&self) -> String {
        format!("intranet.{}", self.community.domain)
    }

    /// The name of the admin page.
    pub fn admin_name(&self) -> String {
        format!("admin.{}", self.community.domain)
    }
}

fn network(section: &mut Section<'_>, domain: &str) -> Network {
    let port = section.optional_number("port", "config-port", DEFAULT_PORT, 1..=65535);
    let endpoint = section.optional("endpoint", "config-endpoint", &format!("passerelle.{domain}"), |text| {
        endpoint(text, port)
    });
    let ipv6 = section.optional("ipv6", "config-ipv6", &own_prefix(domain).to_string(), |text| {
        let net = text.parse::<Ipv6Net>().ok().filter(|net| net.prefix_len() == 64)?.trunc();
        // Agents take no others.
        net.network().is_unique_local().then_some(net)
    });
    Network {
        endpoint,
        port,
        ipv4: section.optional("ipv4", "config-ipv4", "10.66.0.0/16", private_network),
        ipv6,
        mtu: section.optional_number("mtu", "config-mtu", 1280, 1280..=1420),
        interface: section.optional("interface", "config-interface", "beffroi", interface_name),
        preshared: section.optional_switch("preshared", true),
        open: section.optional_list("open", "config-open", &[], |text| text.parse().ok()),
    }
}

/// The communauté's own prefix (RFC 4193): 40 bits drawn from the domain, so that every gateway of
/// the same domain, a restored one too, has the same.
fn own_prefix(domain: &str) -> Ipv6Net {
    let drawn = blake3::hash(domain.as_bytes());
    let mut octets = [0; 16];
    octets[0] = 0xfd;
    octets[1..6].copy_from_slice(&drawn.as_bytes()[..5]);
    Ipv6Net::new_assert(Ipv6Addr::from(octets), 64)
}

fn domain_name(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches('.').to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (text.len() <= 200 && text.contains('.') && text.split('.').all(label)).then_some(text)
}

fn line_of_text(text: &str) -> Option<String> {
    short_text(text).filter(|text| !text.is_empty())
}

fn short_text(text: &str) -> Option<String> {
    let text = text.trim();
    (text.chars().count() <= 200 && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn time_zone(text: &str) -> Option<String> {
    jiff::tz::TimeZone::get(text).ok().map(|_| text.to_owned())
}

/// A name without a dot is known on a local network at best, not to a town hall.
fn endpoint(text: &str, port: u16) -> Option<Endpoint> {
    Endpoint::with_default_port(text, port).ok().filter(|endpoint| match endpoint {
        Endpoint::Name { host, .. } => host.as_str().contains('.'),
        Endpoint::Address(_) => true,
    })
}

/// Any address, or one of the internet's, would open the admin page to the internet; the first would take the
/// tunnel's own address, too.
fn local_address(text: &str) -> Option<SocketAddr> {
    let shared = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
    text.parse().ok().filter(|address: &SocketAddr| match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local() || shared.contains(&ip),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    })
}

/// Empty means none.
fn local_address_or_none(text: &str) -> Option<Option<SocketAddr>> {
    if text.is_empty() { Some(None) } else { local_address(text).map(Some) }
}

fn private_network(text: &str) -> Option<Ipv4Net> {
    let network = text.parse::<Ipv4Net>().ok()?.trunc();
    let shared = Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10);
    let private = network.network().is_private() || shared.contains(&network);
    (private && (8..=22).contains(&network.prefix_len())).then_some(network)
}

/// At most 15 bytes (IFNAMSIZ of the kernel, less the final zero).
fn interface_name(text: &str) -> Option<String> {
    let fits = (1..=15).contains(&text.len());
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (fits && plain).then(|| text.to_owned())
}

fn absolute_path(text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    path.is_absolute().then_some(path)
}

/// Empty means none.
fn release_key(text: &str) -> Option<Option<ReleaseKey>> {
    if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
}

/// Empty means none.
fn age_recipient(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    text.parse::<age::x25519::Recipient>().ok().map(|_| Some(text.to_owned()))
}
