//! Telephones, tablets and computers that join with WireGuard's own program: a machine of a commune, without our
//! agent. It reaches what every machine reaches, and is revoked like every machine.
//!
//! How its link is doing is for `links`. What it does not know: which program reads the configuration.

mod configuration;
mod pages;

use beffroi_protocol::{PresharedKey, PrivateKey, PublicKey};

use crate::audit::{self, About, Act, Entry};
use crate::directory::{self, CommuneId, Machine, MachineId, Network, NewMachine};
use crate::store::{Read, Write};
use crate::web::t;

pub use configuration::Configuration;
pub use pages::{Desk, routes};

/// Who makes the pair of keys.
#[derive(Debug, Clone)]
pub enum Keys {
    /// The device, as every machine does; its program shows the public half.
    Own(PublicKey),
    /// The gateway, for a device that takes a picture of its configuration. Not kept.
    Made(PrivateKey),
}

impl Keys {
    /// # Errors
    /// When the system has no randomness to give.
    pub fn make() -> Result<Self, Error> {
        PrivateKey::generate().map(Self::Made).map_err(Error::NoRandomness)
    }

    pub fn public(&self) -> PublicKey {
        match self {
            Self::Own(key) => *key,
            Self::Made(key) => key.public(),
        }
    }
}

/// What both ends mix into their handshakes.
///
/// # Errors
/// When the system has no randomness to give.
pub fn draw_preshared() -> Result<PresharedKey, Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::NoRandomness)?;
    Ok(PresharedKey::from_bytes(bytes))
}

/// Records a device as a machine of a commune.
///
/// # Errors
/// Those of [`directory::add_machine`].
pub async fn add(
    tx: &mut impl Write,
    network: &Network,
    new: NewMachine,
    preshared: Option<&PresharedKey>,
    by: &str,
) -> Result<Machine, Error> {
    let at = new.at;
    let machine = directory::add_machine(tx, network, new).await?;
    directory::mark_without_agent(tx, machine.id).await?;
    directory::set_preshared(tx, machine.id, preshared).await?;
    let commune = directory::commune(tx, machine.commune).await?;
    let commune = commune.map(|commune| commune.name.to_string());
    let about =
        About::machine(commune, machine.name.to_string(), machine.id.number()).with_detail(t("devices-mark"));
    audit::record(tx, Entry { at, who: by.to_owned(), act: Act::MachineEnrolled, about }).await?;
    Ok(machine)
}

/// A device that has not been revoked.
///
/// # Errors
/// [`Error::NoSuchDevice`], and those of the store.
pub async fn device(tx: &impl Read, id: MachineId) -> Result<Machine, Error> {
    let machine = directory::machine(tx, id).await?.filter(Machine::is_active);
    let machine = machine.ok_or(Error::NoSuchDevice(id))?;
    if directory::is_without_agent(tx, id).await? { Ok(machine) } else { Err(Error::NoSuchDevice(id)) }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no commune {0}")]
    NoSuchCommune(CommuneId),
    #[error("machine {0} is not there, or has an agent")]
    NoSuchDevice(MachineId),
    #[error("beffroi-netd has not told the gateway's public key yet")]
    NoGatewayKey,
    #[error("the system has no randomness to give")]
    NoRandomness(#[source] getrandom::Error),
    #[error(transparent)]
    Directory(#[from] directory::Error),
    #[error(transparent)]
    Audit(#[from] audit::Error),
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}
