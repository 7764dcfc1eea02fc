//! A referent who has no password, or has forgotten it, and no other referent to turn to: whoever administers the
//! server has a code made, with which a password is set once.
//!
//! The code is good for one name. It makes the account if there is none of that name.

use jiff::{SignedDuration, Timestamp};

use super::account::{account_named, create, is_set_up};
use super::session::close_sessions_of;
use super::store::{ACCOUNTS, CODES, Code, SET_UP, SetUp};
use super::{Account, Error, Hash, PersonName, Referent, SetUpCode};
use crate::store::{Read, Write};

/// How long a code may be typed.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A code that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// As its bearer writes it.
    pub name: PersonName,
    /// Whether there is such an account already.
    pub is_known: bool,
    pub until: Timestamp,
}

/// What a code is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// The first account, of whatever name.
    First,
    /// The account of this name.
    Of(PersonName),
}

/// What came of a code.
#[derive(Debug)]
pub enum Done {
    Created(Referent),
    PasswordSet(Referent),
}

impl Done {
    pub fn referent(&self) -> &Referent {
        match self {
            Done::Created(who) | Done::PasswordSet(who) => who,
        }
    }
}

/// Gives a code for the account of that name, in the place of one that was given before.
pub async fn give_code(
    tx: &mut impl Write,
    name: &PersonName,
    fresh: &SetUpCode,
    now: Timestamp,
) -> Result<Given, Error> {
    let account = account_named(tx, &name.folded()).await?;
    let is_known = account.is_some();
    let name = account.map_or_else(|| name.clone(), |(_, account)| account.name);
    let until = now + LIFETIME;
    let code = Code { code: fresh.clone(), name: name.clone(), until };
    tx.put(&CODES, &name.folded(), &code).await?;
    Ok(Given { name, is_known, until })
}

/// The names of all accounts.
pub async fn names(tx: &impl Read) -> Result<Vec<PersonName>, Error> {
    Ok(tx.all(&ACCOUNTS).await?.into_iter().map(|(_, account)| account.name).collect())
}

/// Whether a code can be typed: there is no account yet, or one was given.
pub(super) async fn is_awaited(tx: &impl Read, now: Timestamp) -> Result<bool, Error> {
    let given = tx.all(&CODES).await?;
    Ok(!is_set_up(tx).await? || given.iter().any(|(_, code)| code.is_good(now)))
}

/// What that code is for. Asked before a password is hashed; asked again by [`set_up`].
pub(super) async fn purpose(tx: &impl Read, typed: &str, now: Timestamp) -> Result<Option<Purpose>, Error> {
    let first = tx.get(&SET_UP, &()).await?.is_some_and(|SetUp(code)| code.is(typed));
    if first && !is_set_up(tx).await? {
        return Ok(Some(Purpose::First));
    }
    let given = tx.all(&CODES).await?;
    let code = given.into_iter().map(|(_, code)| code).find(|code| code.is_good(now) && code.code.is(typed));
    Ok(code.map(|code| Purpose::Of(code.name)))
}

/// Sets a password with a code, and spends it: whoever was signed in to that account is no more.
///
/// # Errors
/// [`Error::WrongCode`], also for the code of another name; [`Error::SetUpIsOver`].
pub async fn set_up(
    tx: &mut impl Write,
    typed: &str,
    name: &PersonName,
    password: &Hash,
    now: Timestamp,
) -> Result<Done, Error> {
    if !is_awaited(tx, now).await? {
        return Err(Error::SetUpIsOver);
    }
    match purpose(tx, typed, now).await? {
        Some(Purpose::First) => {
            tx.remove(&SET_UP, &()).await?;
            Ok(Done::Created(create(tx, name, password, now).await?))
        }
        Some(Purpose::Of(whose)) if whose.is(name) => {
            tx.remove(&CODES, &name.folded()).await?;
            // A gateway whose first account is made so needs the code of its first start no more.
            tx.remove(&SET_UP, &()).await?;
            let Some((id, account)) = account_named(tx, &name.folded()).await? else {
                return Ok(Done::Created(create(tx, name, password, now).await?));
            };
            let account = Account { password: password.clone(), ..account };
            tx.put(&ACCOUNTS, &id, &account).await?;
            close_sessions_of(tx, id).await?;
            Ok(Done::PasswordSet(Referent::of(id, &account)))
        }
        Some(Purpose::Of(_)) | None => Err(Error::WrongCode),
    }
}

impl Code {
    /// A code of the future was given while the clock was wrong.
    fn is_good(&self, now: Timestamp) -> bool {
        now < self.until && self.until.duration_since(now) <= LIFETIME
    }
}
