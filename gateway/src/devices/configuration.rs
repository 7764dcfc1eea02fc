//! A configuration as WireGuard's own programs read it (wg-quick(8); its format is that of Windows, macOS, Android
//! and iOS too).
//!
//! It has no line `DNS`: with one, a telephone asks our gateway for every name of the internet.

use std::fmt;
use std::fmt::Write;

use beffroi_protocol::code::Endpoint;
use beffroi_protocol::{PresharedKey, PublicKey};
use data_encoding::BASE64;
use ipnet::IpNet;

use super::Keys;

/// A telephone behind a router is reached as long as it says something, in seconds.
const KEEPALIVE: u16 = 25;

/// What a device has to know. A secret.
#[derive(Clone)]
pub struct Configuration {
    pub title: String,
    pub keys: Keys,
    pub addresses: [IpNet; 2],
    pub mtu: u16,
    pub gateway: PublicKey,
    pub preshared: Option<PresharedKey>,
    pub endpoint: Endpoint,
    /// All that is reached through the tunnel: the gateway, and no machine behind it.
    pub allowed: [IpNet; 2],
}

impl Configuration {
    /// Whether the device needs nothing beside it.
    pub fn is_whole(&self) -> bool {
        matches!(self.keys, Keys::Made(_))
    }

    /// The file. Where the device has made its keys, the line of the private one is left for its program to keep.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("a string takes everything");
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# {}", self.title)?;
        writeln!(out, "[Interface]")?;
        if let Keys::Made(key) = &self.keys {
            writeln!(out, "PrivateKey = {}", BASE64.encode(key.as_bytes()))?;
        }
        let pair = |[ipv4, ipv6]: &[IpNet; 2]| format!("{ipv4}, {ipv6}");
        writeln!(out, "Address = {}", pair(&self.addresses))?;
        writeln!(out, "MTU = {}", self.mtu)?;
        writeln!(out)?;
        writeln!(out, "[Peer]")?;
        writeln!(out, "PublicKey = {}", self.gateway)?;
        if let Some(preshared) = &self.preshared {
            writeln!(out, "PresharedKey = {}", BASE64.encode(preshared.as_bytes()))?;
        }
        writeln!(out, "Endpoint = {}", self.endpoint)?;
        writeln!(out, "AllowedIPs = {}", pair(&self.allowed))?;
        writeln!(out, "PersistentKeepalive = {KEEPALIVE}")
    }
}

/// A secret is shown where that is meant, and nowhere by accident.
impl fmt::Debug for Configuration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Configuration({}, hidden)", self.title)
    }
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::PrivateKey;

    use super::*;

    #[test]
    fn the_programs_of_wireguard_read_it() {
        let net = |text: &str| text.parse::<IpNet>().expect("a network");
        let configuration = |keys| Configuration {
            title: "Mairie d’Alvimare, téléphone".to_owned(),
            keys,
            addresses: [net("10.66.1.4/32"), net("fd00::104/128")],
            mtu: 1280,
            gateway: PublicKey::from_bytes([9; 32]),
            preshared: Some(PresharedKey::from_bytes([7; 32])),
            endpoint: "passerelle.coeur-de-caux.fr:51820".parse().expect("an endpoint"),
            allowed: [net("10.66.0.1/32"), net("fd00::1/128")],
        };
        let made = configuration(Keys::Made(PrivateKey::from_bytes([8; 32])));
        let rest = "Address = 10.66.1.4/32, fd00::104/128\nMTU = 1280\n\n[Peer]\n\
                    PublicKey = CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n\
                    PresharedKey = BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\
                    Endpoint = passerelle.coeur-de-caux.fr:51820\n\
                    AllowedIPs = 10.66.0.1/32, fd00::1/128\nPersistentKeepalive = 25\n";
        assert_eq!(
            made.text(),
            format!(
                "# Mairie d’Alvimare, téléphone\n[Interface]\n\
                 PrivateKey = CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICEg=\n{rest}"
            )
        );
        let own = configuration(Keys::Own(PublicKey::from_bytes([7; 32])));
        assert_eq!(own.text(), format!("# Mairie d’Alvimare, téléphone\n[Interface]\n{rest}"));
        assert!(made.is_whole() && !own.is_whole());
        assert!(!format!("{made:?}").contains("CAgI"));
    }
}
