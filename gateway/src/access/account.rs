//! Accounts: what is kept of a person who signs in.

use jiff::Timestamp;

use super::store::{ACCOUNTS, Account, NAMES, Named, SET_UP, SetUp};
use super::{AccountId, Error, Hash, PersonName, Referent, Role, SetUpCode};
use crate::store::{Read, Write};

/// Whether somebody has an account.
pub async fn is_set_up(tx: &impl Read) -> Result<bool, Error> {
    Ok(!tx.page(&ACCOUNTS, .., 1).await?.rows.is_empty())
}

/// The code to print at this start, as long as nobody has an account: the one of the start before, if there was
/// one, else `fresh`.
pub async fn open_set_up(tx: &mut impl Write, fresh: &SetUpCode) -> Result<Option<SetUpCode>, Error> {
    if is_set_up(tx).await? {
        return Ok(None);
    }
    if let Some(SetUp(code)) = tx.get(&SET_UP, &()).await? {
        return Ok(Some(code));
    }
    tx.put(&SET_UP, &(), &SetUp(fresh.clone())).await?;
    Ok(Some(fresh.clone()))
}

/// Makes an account; that its name is free is the caller's to know.
pub(super) async fn create(
    tx: &mut impl Write,
    name: &PersonName,
    password: &Hash,
    now: Timestamp,
) -> Result<Referent, Error> {
    let id = AccountId(tx.next_id(&ACCOUNTS).await?);
    let account =
        Account { name: name.clone(), role: Role::Referent, password: password.clone(), created: now };
    tx.put(&ACCOUNTS, &id, &account).await?;
    tx.put(&NAMES, &name.folded(), &Named(id)).await?;
    Ok(Referent::of(id, &account))
}

/// Replaces a password; sessions are the caller's to close.
///
/// # Errors
/// [`Error::NoAccount`].
pub async fn change_password(tx: &mut impl Write, id: AccountId, password: &Hash) -> Result<(), Error> {
    let Some(account) = tx.get(&ACCOUNTS, &id).await? else { return Err(Error::NoAccount) };
    tx.put(&ACCOUNTS, &id, &Account { password: password.clone(), ..account }).await?;
    Ok(())
}

pub(super) async fn account_named(
    tx: &impl Read,
    folded: &String,
) -> Result<Option<(AccountId, Account)>, Error> {
    let Some(Named(id)) = tx.get(&NAMES, folded).await? else { return Ok(None) };
    Ok(tx.get(&ACCOUNTS, &id).await?.map(|account| (id, account)))
}
