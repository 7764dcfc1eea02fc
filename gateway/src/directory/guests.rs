//! Those who hold an invitation: their temporary key brings them as far as the enrolment port.
//!
//! It does not know what an invitation says; `enrolment` does.

use std::net::Ipv4Addr;

use beffroi_protocol::{PublicKey, temporary};
use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::store::{GUESTS, GuestRecord};
use crate::store::{Read, Write};

/// Nobody is let in for longer. Who seems to be was admitted while the clock was ahead, and waits until the time is
/// near again, or the clock.
pub const LONGEST_STAY: SignedDuration = SignedDuration::from_hours(21 * 24);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// The temporary public key.
    pub key: PublicKey,
    /// The temporary address, which follows from the key.
    pub address: Ipv4Addr,
    /// When it stops being let in as far as that.
    pub until: Timestamp,
}

/// Those who are let in now.
pub async fn guests(tx: &impl Read, now: Timestamp) -> Result<Vec<Guest>, Error> {
    let mut guests = Vec::new();
    for (address, record) in tx.all(&GUESTS).await? {
        let guest = record.guest(address)?;
        if guest.until > now && guest.until.duration_since(now) <= LONGEST_STAY {
            guests.push(guest);
        }
    }
    Ok(guests)
}

/// Whether this is the temporary key of someone who is let in now, or may be again.
pub(super) async fn is_guest(tx: &impl Read, key: &PublicKey, now: Timestamp) -> Result<bool, Error> {
    let address = temporary::address(key).octets();
    let Some(record) = tx.get(&GUESTS, &address).await? else {
        return Ok(false);
    };
    let guest = record.guest(address)?;
    Ok(guest.key == *key && guest.until > now)
}

/// Lets a temporary key in.
///
/// # Errors
/// [`Error::AddressTaken`] when the key falls on the address of another: another one must be drawn.
pub async fn admit(
    tx: &mut impl Write,
    key: &PublicKey,
    until: Timestamp,
    now: Timestamp,
) -> Result<Guest, Error> {
    let address = temporary::address(key);
    if let Some(record) = tx.get(&GUESTS, &address.octets()).await? {
        let other = record.guest(address.octets())?;
        if other.key != *key && other.until > now {
            return Err(Error::AddressTaken(address));
        }
    }
    let record = GuestRecord { key: *key.as_bytes(), until: until.as_millisecond() };
    tx.put(&GUESTS, &address.octets(), &record).await?;
    Ok(Guest { key: *key, address, until })
}

/// Forgets those whose time is over.
pub async fn sweep_guests(tx: &mut impl Write, now: Timestamp) -> Result<(), Error> {
    for (address, record) in tx.all(&GUESTS).await? {
        if record.guest(address)?.until <= now {
            tx.remove(&GUESTS, &address).await?;
        }
    }
    Ok(())
}
