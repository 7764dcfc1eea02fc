//! `beffroi-gateway account`: a code with which a referent sets a password, for when there is nobody to turn to.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Told, ask, say};
use crate::access::{self, Given, PersonName, SetUpCode};
use crate::audit::{self, About, Act, Entry};
use crate::config::Config;
use crate::control::Subject;
use crate::journal::chain;
use crate::store::{self as ground, ReadTx, Store, WriteTx};
use crate::web::{self, Argument, t, t_with};

/// What the running gateway answers: to a name, a code; to none, the names that there are.
#[derive(Serialize, Deserialize)]
enum Answer {
    Names(Vec<String>),
    Given { name: String, is_known: bool, code: String, until: Timestamp },
}

pub(super) fn run(config: &Config, name: &str) -> Result<(), Told> {
    let answer = ask(config, Subject::Account, name.as_bytes())?;
    match serde_json::from_slice(&answer).map_err(|error| failed(&error))? {
        Answer::Names(names) if names.is_empty() => say(&t("command-account-none")),
        Answer::Names(names) => say(&t_with("command-account-names", &[("names", &names.join("\n  "))])),
        Answer::Given { name, is_known, code, until } => {
            // The configuration was checked with the same time zones a moment ago.
            let zone = TimeZone::get(&config.community.time_zone).unwrap_or(TimeZone::UTC);
            let address = config.admin.listen.first().map(|address| format!("https://{address}"));
            let address = format!("{}{}", address.unwrap_or_default(), access::SET_UP);
            let until = web::dates::moment(until, &zone);
            let told: [(&str, &dyn Argument); 4] =
                [("name", &name), ("address", &address), ("code", &code), ("until", &until)];
            say(&t_with(if is_known { "command-account-code" } else { "command-account-new" }, &told));
        }
    }
    Ok(())
}

/// In the running gateway: gives a code, and writes down that it was given.
pub(super) async fn answer(store: &Store, name: &[u8], now: Timestamp) -> Result<Vec<u8>, String> {
    let name = String::from_utf8_lossy(name).trim().to_owned();
    let answer = if name.is_empty() {
        store.read(async |tx: &ReadTx| access::names(tx).await).await.map(|names| {
            let names = names.iter().map(|name| name.as_str().to_owned());
            Answer::Names(names.collect())
        })
    } else {
        let name = PersonName::parse(&name).map_err(|_| t("command-account-not-a-name"))?;
        return given(store, name, now).await.map(|answer| json(&answer));
    };
    answer.map(|answer| json(&answer)).map_err(|error| failed(&error))
}

async fn given(store: &Store, name: PersonName, now: Timestamp) -> Result<Answer, String> {
    let fresh = SetUpCode::random();
    let code = fresh.to_string();
    let give = async move |tx: &mut WriteTx| -> Result<Given, Error> {
        let given = access::give_code(tx, &name, &fresh, now).await?;
        let about = About { detail: Some(given.name.as_str().to_owned()), ..About::default() };
        audit::record(tx, Entry { at: now, who: t("command-by"), act: Act::CodeGiven, about }).await?;
        Ok(given)
    };
    let given = store.write(give).await.map_err(|error| failed(&error))?;
    log::info!("a code with which a referent sets a password was given at the terminal");
    log::debug!("the code is for {}", given.name.as_str());
    let name = given.name.as_str().to_owned();
    Ok(Answer::Given { name, is_known: given.is_known, code, until: given.until })
}

/// A code that could not be given and recorded.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the account cannot be looked up")]
    Access(#[from] access::Error),
    #[error("the act cannot be recorded")]
    Audit(#[from] audit::Error),
    #[error("the store cannot be read or written")]
    Store(#[from] ground::Error),
}

fn json(answer: &Answer) -> Vec<u8> {
    serde_json::to_vec(answer).expect("these types have no unserialisable part")
}

fn failed(error: &dyn std::error::Error) -> Told {
    t_with("command-failed", &[("cause", &chain(error))])
}
