//! Whether a name and a password are somebody's.

use std::net::IpAddr;
use std::sync::{LazyLock, PoisonError};
use std::time::{Duration, Instant};

use super::account::{account_named, is_set_up_code};
use super::slowdown::{Slowdown, Verdict};
use super::{Access, Error, Hash, Password, PersonId, PersonName, Referent};
use crate::store::{self as ground, ReadTx};

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

impl Access {
    /// Who has this name and this password.
    pub async fn recognise(
        &self,
        origin: IpAddr,
        name: &str,
        password: &str,
        now: Instant,
    ) -> Result<Referent, Unrecognised> {
        // What nobody can be called is neither looked up nor remembered.
        let Ok(name) = PersonName::parse(name) else { return Err(Unrecognised::Wrong) };
        let name = name.folded();
        self.slow_down(origin, &name, now).await?;
        let named = name.clone();
        let account = self.store.read(async move |tx: &ReadTx| account_named(tx, &named).await).await?;
        let hash = account.as_ref().map_or_else(|| NOBODY.clone(), |(_, account)| account.password.clone());
        let right = self.check(hash, password.to_owned()).await;
        match account {
            Some((id, account)) if right => {
                self.mistakes(|slowdown| slowdown.succeeded(origin, &name));
                Ok(Referent::of(id, &account))
            }
            _ => {
                self.mistakes(|slowdown| slowdown.failed(origin, &name, now));
                Err(Unrecognised::Wrong)
            }
        }
    }

    /// Whether that is the set-up code; guessing it is slowed down like guessing a password.
    pub async fn recognise_code(
        &self,
        origin: IpAddr,
        typed: &str,
        now: Instant,
    ) -> Result<(), Unrecognised> {
        self.slow_down(origin, SET_UP_CODE, now).await?;
        let code = typed.to_owned();
        if self.store.read(async move |tx: &ReadTx| is_set_up_code(tx, &code).await).await? {
            self.mistakes(|slowdown| slowdown.succeeded(origin, SET_UP_CODE));
            return Ok(());
        }
        self.mistakes(|slowdown| slowdown.failed(origin, SET_UP_CODE, now));
        Err(Unrecognised::Wrong)
    }

    /// Whether that is this person's password now.
    pub async fn recognise_again(
        &self,
        origin: IpAddr,
        who: &Referent,
        password: &str,
        now: Instant,
    ) -> Result<(), Unrecognised> {
        let same: PersonId = self.recognise(origin, who.name(), password, now).await?.id();
        if same == who.id() { Ok(()) } else { Err(Unrecognised::Wrong) }
    }

    /// Hashes a new password, beside the requests that do not wait for it.
    pub async fn hash(&self, password: Password) -> Hash {
        self.beside(move || password.hash()).await
    }

    async fn check(&self, hash: Hash, typed: String) -> bool {
        self.beside(move || hash.is_of(&typed)).await
    }

    async fn beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let _place = self.checks.acquire().await.expect("the semaphore is never closed");
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    async fn slow_down(&self, origin: IpAddr, account: &str, now: Instant) -> Result<(), Unrecognised> {
        match self.mistakes(|slowdown| slowdown.judge(origin, account, now)) {
            Verdict::Refused(wait) => {
                let level = self.level("guesses", origin, now);
                log::log!(level, "somebody guesses passwords and has to wait {} s", wait.as_secs());
                log::debug!("{origin} guesses passwords");
                Err(Unrecognised::Wait(wait))
            }
            Verdict::Looked(delay) => {
                tokio::time::sleep(delay).await;
                Ok(())
            }
        }
    }

    fn mistakes<T>(&self, change: impl FnOnce(&mut Slowdown) -> T) -> T {
        change(&mut self.slowdown.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
