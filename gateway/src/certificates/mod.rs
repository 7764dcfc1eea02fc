//! TLS from the first day: a private authority made at first start, and the certificates of the two doors.
//!
//! The authority can sign for the communauté's own domain and addresses and for nothing else, whoever gets hold
//! of its key: that is written in its certificate. It does not know who trusts it; enrolment hands it over.

mod authority;
mod shown;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use crate::store::{self as ground, ReadTx, Store, WriteTx};
use authority::Authority;

pub use shown::Shown;
pub use store::TABLES;

/// A server certificate's length of life, and how long before its end it is replaced.
const LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
const RENEWED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The clock of a town hall's machine may be late by this much.
const BACKDATED: SignedDuration = SignedDuration::from_hours(24);
/// How often ends are looked at. A clock that was put right is noticed as soon.
const LOOKED_AT: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a certificate cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("a certificate cannot be used")]
    Use(#[from] rustls::Error),
    #[error("a certificate's key cannot be read")]
    Key(&'static str),
    #[error("the certificates cannot be read or written")]
    Store(#[from] ground::Error),
}

/// For what certificates are wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The communauté's own domain, below which are `intranet` and `admin`.
    pub domain: String,
    /// The networks inside the tunnel.
    pub networks: Vec<IpNet>,
    /// The addresses at which the intranet is opened beside its name, by devices that do not know it.
    pub intranet: Vec<IpAddr>,
    /// The addresses at which the admin page is opened beside its name.
    pub admin: Vec<IpAddr>,
}

/// One server certificate: for which door, with which names.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Names {
    name: String,
    addresses: BTreeSet<IpAddr>,
}

/// The authority and what it has signed. Clones share it.
#[derive(Clone)]
pub struct Certificates {
    store: Store,
    authority: Arc<Authority>,
    doors: Arc<[(Names, Arc<Shown>); 2]>,
}

impl Certificates {
    /// Reads the authority, or makes it at the first start, and sees to it that both doors have a certificate.
    pub async fn open(store: Store, wanted: &Wanted, now: Timestamp) -> Result<Certificates, Error> {
        let authority = authority(&store, wanted, now).await?;
        let intranet = Names {
            name: format!("intranet.{}", wanted.domain),
            addresses: nameable(&authority, &wanted.intranet),
        };
        let admin = Names {
            name: format!("admin.{}", wanted.domain),
            addresses: nameable(&authority, &wanted.admin),
        };
        let doors = Arc::new([intranet, admin].map(|names| (names, Arc::new(Shown::default()))));
        let certificates = Certificates { store, authority: Arc::new(authority), doors };
        certificates.renew(now).await?;
        Ok(certificates)
    }

    /// What the intranet shows to browsers, now and after each renewal.
    pub fn intranet(&self) -> Arc<Shown> {
        self.doors[0].1.clone()
    }

    /// What the admin page shows to browsers.
    pub fn admin(&self) -> Arc<Shown> {
        self.doors[1].1.clone()
    }

    /// The authority's certificate, for the machines that join.
    pub fn authority_pem(&self) -> &str {
        self.authority.pem()
    }

    /// Renews what nears its end, for as long as the process lives.
    pub async fn keep(&self, clock: impl Fn() -> Timestamp) -> Error {
        loop {
            tokio::time::sleep(LOOKED_AT).await;
            if let Err(error) = self.renew(clock()).await {
                return error;
            }
        }
    }

    /// Replaces each certificate that is missing, nears its end, has other names or is of tomorrow.
    async fn renew(&self, now: Timestamp) -> Result<(), Error> {
        for (names, shown) in self.doors.iter() {
            if shown.until().is_some_and(|(from, until)| !is_due(from, until, now)) {
                continue;
            }
            let certificate = self.certificate(names, now).await?;
            shown.show(&certificate)?;
        }
        Ok(())
    }

    /// The one in the store if it will do, else a new one.
    async fn certificate(&self, names: &Names, now: Timestamp) -> Result<store::Certificate, Error> {
        let name = names.name.clone();
        let kept = self.store.read(async move |tx: &ReadTx| store::certificate(tx, &name).await).await?;
        if let Some(kept) = kept
            && kept.addresses == names.addresses
            && self.authority.has_signed(&kept)
            && !is_due(kept.from, kept.until, now)
        {
            return Ok(kept);
        }
        let made = self.authority.sign(names, now)?;
        let (name, kept) = (names.name.clone(), made.clone());
        self.store.write(async move |tx: &mut WriteTx| store::keep(tx, &name, &kept).await).await?;
        log::info!(CERTIFICATE = names.name.as_str(); "the certificate of {} is good until {}", names.name, made.until);
        Ok(made)
    }
}

/// The clock may have been wrong when the certificate was made, either way.
fn is_due(from: Timestamp, until: Timestamp, now: Timestamp) -> bool {
    now < from || until.duration_since(now) < RENEWED
}

async fn authority(store: &Store, wanted: &Wanted, now: Timestamp) -> Result<Authority, Error> {
    let kept = store.read(async |tx: &ReadTx| store::authority(tx).await).await?;
    match kept {
        Some(kept) if kept.domain == wanted.domain => return Authority::of(kept),
        Some(kept) => log::warn!(
            "the domain was {} and is {}: a new authority is made, and machines that trust the old one have to join again",
            kept.domain,
            wanted.domain
        ),
        None => {}
    }
    let made = Authority::make(wanted, now)?;
    let kept = made.clone();
    store.write(async move |tx: &mut WriteTx| store::keep_authority(tx, &kept).await).await?;
    log::info!("the private authority of {} was made", wanted.domain);
    Authority::of(made)
}

/// The addresses that the authority may sign for. The others still serve, under the name alone.
fn nameable(authority: &Authority, addresses: &[IpAddr]) -> BTreeSet<IpAddr> {
    let (may, may_not): (BTreeSet<IpAddr>, BTreeSet<IpAddr>) = addresses
        .iter()
        .filter(|address| !address.is_unspecified())
        .partition(|address| authority.may_sign_for(**address));
    for address in may_not {
        log::warn!(
            "the authority was made before {address} was configured: browsers accept the admin page there \
             under its name only"
        );
    }
    may
}
