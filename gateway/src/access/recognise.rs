//! Whether a name and a password are somebody's.

use std::net::IpAddr;
use std::sync::{LazyLock, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::account::account_named;
use super::slowdown::{Slowdown, Verdict};
use super::spare::{Purpose, purpose};
use super::store::ACCOUNTS;
use super::{Access, Error, Hash, Password, PersonName, Referent};
use crate::store::{self as ground, Read, ReadTx};

/// Where mistakes with the set-up code are counted: no name folds to this.
const SET_UP_CODE: &str = "set-up code";

/// A name that nobody has takes as long to refuse as a wrong password.
static NOBODY: LazyLock<Hash> = LazyLock::new(|| {
    let name = PersonName::parse("nobody").expect("a word is a name");
    let mut unknown = [0; 32];
    getrandom::fill(&mut unknown).expect("the kernel gives random bytes once the machine has started");
    Password::parse(&data_encoding::HEXLOWER.encode(&unknown), &name)
        .expect("64 random digits are not a common password")
        .hash()
});

/// Why nobody was recognised.
#[derive(Debug, thiserror::Error)]
pub enum Unrecognised {
    #[error("the name or the password is wrong")]
    Wrong,
    #[error("this origin must wait {} s", .0.as_secs())]
    Wait(Duration),
    #[error("nobody can be recognised")]
    Broken(#[from] Error),
}

impl From<ground::Error> for Unrecognised {
    fn from(error: ground::Error) -> Unrecognised {
        Unrecognised::Broken(error.into())
    }
}

/// Somebody who has just typed their password, and what it was compared with: it may be changed before anything
/// is done in their name.
#[derive(Clone)]
pub struct Recognised {
    referent: Referent,
    password: Hash,
}

impl Recognised {
    pub fn referent(&self) -> &Referent {
        &self.referent
    }
}

/// That the password is still the one that was typed. To be asked in the transaction that does something about it.
///
/// # Errors
/// [`Error::NoAccount`], [`Error::PasswordChanged`].
pub async fn is_still_right(tx: &impl Read, who: &Recognised) -> Result<(), Error> {
    let account = tx.get(&ACCOUNTS, &who.referent.id()).await?.ok_or(Error::NoAccount)?;
    if account.password == who.password { Ok(()) } else { Err(Error::PasswordChanged) }
}

/// One try at a password or a code. It counts as a mistake until it turns out to be none, also when whoever tries
/// hangs up before the answer.
struct Try<'a> {
    access: &'a Access,
    origin: IpAddr,
    account: &'a str,
}

impl Try<'_> {
    fn succeeded(self) {
        self.access.mistakes(|slowdown| slowdown.succeeded(self.origin, self.account));
    }

    fn failed(self, now: Instant) {
        self.access.mistakes(|slowdown| slowdown.failed(self.origin, self.account, now));
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        self.access.mistakes(|slowdown| slowdown.ended(self.origin));
    }
}

impl Access {
    /// Who has this name and this password. `now` is a clock, because looking takes time.
    pub async fn recognise(
        &self,
        origin: IpAddr,
        name: &str,
        password: &str,
        now: fn() -> Instant,
    ) -> Result<Recognised, Unrecognised> {
        // What nobody can be called is neither looked up nor remembered.
        let Ok(name) = PersonName::parse(name) else { return Err(Unrecognised::Wrong) };
        let name = name.folded();
        let attempt = self.begin(origin, &name, now()).await?;
        let named = name.clone();
        let account = self.store.read(async move |tx: &ReadTx| account_named(tx, &named).await).await?;
        let hash = account.as_ref().map_or_else(|| NOBODY.clone(), |(_, account)| account.password.clone());
        let right = self.check(hash, password.to_owned()).await;
        match account {
            Some((id, account)) if right => {
                attempt.succeeded();
                Ok(Recognised { referent: Referent::of(id, &account), password: account.password })
            }
            _ => {
                attempt.failed(now());
                Err(Unrecognised::Wrong)
            }
        }
    }

    /// What that code is for; guessing one is slowed down like guessing a password.
    pub async fn recognise_code(
        &self,
        origin: IpAddr,
        typed: &str,
        at: Timestamp,
        now: fn() -> Instant,
    ) -> Result<Purpose, Unrecognised> {
        let attempt = self.begin(origin, SET_UP_CODE, now()).await?;
        let code = typed.to_owned();
        let purpose = self.store.read(async move |tx: &ReadTx| purpose(tx, &code, at).await).await?;
        if let Some(purpose) = purpose {
            attempt.succeeded();
            return Ok(purpose);
        }
        attempt.failed(now());
        Err(Unrecognised::Wrong)
    }

    /// Whether that is this person's password now.
    pub async fn recognise_again(
        &self,
        origin: IpAddr,
        who: &Referent,
        password: &str,
        now: fn() -> Instant,
    ) -> Result<Recognised, Unrecognised> {
        let found = self.recognise(origin, who.name(), password, now).await?;
        if found.referent.id() == who.id() { Ok(found) } else { Err(Unrecognised::Wrong) }
    }

    /// Hashes a new password, beside the requests that do not wait for it.
    pub async fn hash(&self, password: Password) -> Hash {
        self.beside(move || password.hash()).await
    }

    async fn check(&self, hash: Hash, typed: String) -> bool {
        self.beside(move || hash.is_of(&typed)).await
    }

    /// The place is held until the work is done, whether or not somebody still waits for it.
    async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let place = self.checks.clone().acquire_owned().await.expect("the semaphore is never closed");
        let held = move || {
            let _place = place;
            work()
        };
        match tokio::task::spawn_blocking(held).await {
            Ok(done) => done,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    async fn begin<'a>(
        &'a self,
        origin: IpAddr,
        account: &'a str,
        now: Instant,
    ) -> Result<Try<'a>, Unrecognised> {
        match self.mistakes(|slowdown| slowdown.begin(origin, account, now)) {
            Verdict::Refused(wait) => {
                let level = self.level("guesses", origin, now);
                log::log!(level, "somebody guesses passwords and has to wait {} s", wait.as_secs());
                log::debug!("{origin} guesses passwords");
                Err(Unrecognised::Wait(wait))
            }
            Verdict::Looked(delay) => {
                let attempt = Try { access: self, origin, account };
                tokio::time::sleep(delay).await;
                Ok(attempt)
            }
        }
    }

    fn mistakes<T>(&self, change: impl FnOnce(&mut Slowdown) -> T) -> T {
        change(&mut self.slowdown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::access::account::create;
    use crate::access::change_password;
    use crate::directory::Network;
    use crate::store::{Store, WriteTx};

    fn password(text: &str) -> Hash {
        let name = PersonName::parse("Jeanne Lefèvre").expect("a name");
        Password::parse(text, &name).expect("long enough").hash()
    }

    #[tokio::test]
    async fn who_typed_a_password_that_is_changed_meanwhile_is_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let network =
            Network::new("10.66.0.0/16".parse().expect("a network"), "fd00::/64".parse().expect("a network"));
        let access = Access::new(store.clone(), network);
        let first = password("trois vaches au pré");
        let made = store
            .write(async move |tx: &mut WriteTx| {
                let name = PersonName::parse("Jeanne Lefèvre").expect("a name");
                create(tx, &name, &first, Timestamp::UNIX_EPOCH).await
            })
            .await
            .expect("an account");
        let origin = Ipv4Addr::LOCALHOST.into();
        let typed = access.recognise(origin, "Jeanne Lefèvre", "trois vaches au pré", Instant::now).await;
        let typed = typed.expect("it is right");
        let ask = async |who: Recognised| store.read(async move |tx| is_still_right(tx, &who).await).await;
        ask(typed.clone()).await.expect("nothing has changed");

        let second = password("la brume du mardi");
        store
            .write(async move |tx: &mut WriteTx| change_password(tx, made.id(), &second).await)
            .await
            .expect("it is changed");
        assert!(matches!(ask(typed).await, Err(Error::PasswordChanged)));
    }
}
