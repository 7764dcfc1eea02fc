//! What both sides derive from the secret on the paper, without a word exchanged: the temporary key
//! pair, and the address that this key may use inside the tunnel until the machine has its own.
//!
//! The temporary network is 198.18.0.0/15 (RFC 2544: reserved, never routed on the internet). It
//! needs no agreement, works where IPv6 was switched off, and is seen inside the tunnel only.

use std::net::Ipv4Addr;

use hkdf::Hkdf;
use ipnet::Ipv4Net;
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{PresharedKey, PrivateKey, PublicKey};

/// Where invited machines are, inside the tunnel.
pub const NETWORK: Ipv4Net = Ipv4Net::new_assert(Ipv4Addr::new(198, 18, 0, 0), 15);
/// The gateway's address in [`NETWORK`].
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// TCP port of the enrolment service at [`GATEWAY`].
pub const PORT: u16 = 4710;

/// The 128 bits on the paper.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A new secret from the system's random source.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The temporary private key: HKDF-SHA256 (RFC 5869), with a salt and a purpose of its own, so
    /// that no other use of the secret can ever give the same bytes.
    pub fn key(&self) -> PrivateKey {
        PrivateKey::from_bytes(self.derive(b"temporary wireguard key"))
    }

    /// What is mixed into every handshake of the machine that the paper brings in: who breaks Curve25519
    /// one day and recorded the line today lacks it. It follows from the same secret, and is never sent.
    pub fn preshared(&self) -> PresharedKey {
        PresharedKey::from_bytes(self.derive(b"preshared wireguard key"))
    }

    fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        let mut bytes = [0; 32];
        Hkdf::<Sha256>::new(Some(b"beffroi/enrolment/1"), &self.0)
            .expand(purpose, &mut bytes)
            .expect("32 bytes are within what HKDF-SHA256 can give (8160)");
        bytes
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(hidden)")
    }
}

/// The address of the invited machine that holds this temporary key. Two keys may fall on the same
/// one of 131,000 addresses: the gateway draws another secret when that happens.
pub fn address(temporary: &PublicKey) -> Ipv4Addr {
    use sha2::Digest;
    let digest = Sha256::new()
        .chain_update(b"beffroi/enrolment/1 temporary address")
        .chain_update(temporary.as_bytes())
        .finalize();
    let drawn = u32::from_be_bytes([0, digest[0] & 1, digest[1], digest[2]]);
    // Neither the network, nor the gateway, nor the broadcast address.
    let host = 2 + drawn % ((1 << 17) - 3);
    Ipv4Addr::from(u32::from(NETWORK.network()) + host)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both sides of every version must agree for ever: these values never change.
    #[test]
    fn the_derivation_is_frozen() {
        let public = Secret::from_bytes([1; 16]).key().public();
        assert_eq!(public.to_string(), "5rDf71UxlRxVWw9CAkIyIL2IsBYVLDHdxyIrxO9Rg0c=");
        assert_eq!(address(&public).to_string(), "198.19.53.33");
        let preshared = String::from(Secret::from_bytes([1; 16]).preshared());
        assert_eq!(preshared, "Y3Md2SdOyd3KEdkM4ty382HsW/LRDU0s76KG11ceSUc=");
    }

    #[test]
    fn addresses_stay_in_the_network_and_spare_the_gateway() {
        for seed in 0..=255 {
            let address = address(&PublicKey::from_bytes([seed; 32]));
            assert!(NETWORK.contains(&address));
            assert!(![NETWORK.network(), GATEWAY, NETWORK.broadcast()].contains(&address));
        }
    }
}
