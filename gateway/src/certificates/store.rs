//! The tables of the authority and of what it has signed.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{AnyTable, Error, Read, Record, Table, Write};

/// One row.
const AUTHORITY: Table<(), StoredAuthority> = Table::new("certificates.authority");
/// By the name that each is for.
const SIGNED: Table<String, Certificate> = Table::new("certificates.signed");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&AUTHORITY, &SIGNED];

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredAuthority {
    pub(super) domain: String,
    /// What it may sign for beside the domain.
    pub(super) networks: Vec<IpNet>,
    pub(super) certificate_pem: String,
    pub(super) key_pem: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Certificate {
    pub(super) addresses: BTreeSet<IpAddr>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// The authority's key, by its hash.
    pub(super) signed_by: [u8; 32],
    pub(super) certificate: Vec<u8>,
    /// PKCS #8.
    pub(super) key: Vec<u8>,
}

impl Record for StoredAuthority {
    const VERSION: u8 = 1;
}

impl Record for Certificate {
    const VERSION: u8 = 1;
}

pub(super) async fn authority(tx: &impl Read) -> Result<Option<StoredAuthority>, Error> {
    tx.get(&AUTHORITY, &()).await
}

pub(super) async fn keep_authority(tx: &mut impl Write, authority: &StoredAuthority) -> Result<(), Error> {
    tx.put(&AUTHORITY, &(), authority).await
}

pub(super) async fn certificate(tx: &impl Read, name: &String) -> Result<Option<Certificate>, Error> {
    tx.get(&SIGNED, name).await
}

pub(super) async fn keep(tx: &mut impl Write, name: &String, certificate: &Certificate) -> Result<(), Error> {
    tx.put(&SIGNED, name, certificate).await
}
