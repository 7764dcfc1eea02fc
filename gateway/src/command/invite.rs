//! `beffroi-gateway invite`: has the running gateway invite the communes of a list, and puts the codes, which
//! are not kept, into files or on the terminal.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use beffroi_protocol::code::Code;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Told, say};
use crate::config::Config;
use crate::control::{self, AskError};
use crate::directory::CommuneName;
use crate::enrolment::{self, Batch, Desk, Error, Mistake, Sheet};
use crate::journal::chain;
use crate::store::{Store, WriteTx};
use crate::web::{self, t, t_with};

pub(super) fn run(config: &Config, list: &Path, directory: Option<&Path>) -> Result<(), Told> {
    let path = list.display().to_string();
    let unreadable = |error: io::Error| {
        t_with("command-invite-unreadable", &[("path", &path), ("cause", &error.to_string())])
    };
    let list = fs::read(list).map_err(unreadable)?;
    let running = control::connect(&config.storage.socket).map_err(|error| failed(&error))?;
    let answer = running.ok_or_else(|| t("command-invite-stopped"))?.invite(&list);
    let answer = answer.map_err(|error| match error {
        AskError::Refused(sentence) => sentence,
        AskError::TooLong | AskError::Unanswered(_) => failed(&error),
    })?;
    match serde_json::from_slice(&answer).map_err(|error| failed(&error))? {
        Batch::Wrong(mistakes) => Err(explained(&path, &mistakes)),
        Batch::Made { sheets, passed_over } => {
            for commune in &passed_over {
                say(&t_with("command-invite-passed-over", &[("commune", commune)]));
            }
            let kept = sheets.iter().map(|sheet| keep(config, directory, sheet));
            let kept = kept.fold(Ok(()), Result::and);
            say(&t_with("command-invite-done", &[("count", &sheets.len())]));
            kept
        }
    }
}

/// In the running gateway: invites the communes of a list, and gives the answer for the command.
///
/// # Errors
/// One sentence for the person at the terminal; a failure of ours is in the journal.
pub async fn invite_list(store: &Store, desk: &Desk, list: Vec<u8>) -> Result<Vec<u8>, String> {
    let (endpoint, by, now) = (desk.endpoint.clone(), t("command-by"), Timestamp::now());
    let invite = async move |tx: &mut WriteTx| enrolment::invite_list(tx, &list, &endpoint, &by, now).await;
    match store.write(invite).await {
        Ok(batch) => {
            desk.changes.announce();
            Ok(serde_json::to_vec(&batch).expect("these types have no unserialisable part"))
        }
        Err(Error::NoGatewayKey) => Err(t("enrolment-no-gateway-key")),
        Err(error) => {
            log::error!("the communes of a list could not be invited: {}", chain(&error));
            Err(failed(&error))
        }
    }
}

/// A code that cannot be put into a file is shown, because nothing else has it.
fn keep(config: &Config, directory: Option<&Path>, sheet: &Sheet) -> Result<(), Told> {
    let commune = CommuneName::parse(&sheet.commune).map_err(|error| failed(&error))?;
    let show = || {
        say(&t_with("command-invite-code", &[("town_hall", &commune.town_hall()), ("code", &sheet.code)]));
    };
    let Some(directory) = directory else {
        show();
        return Ok(());
    };
    let path = directory.join(format!("bon-{}.beffroi", commune.slug()));
    let written = file(config, &commune, sheet).and_then(|text| {
        write(directory, &path, &text).map_err(|error| {
            let path = path.display().to_string();
            t_with("command-invite-unwritable", &[("path", &path), ("cause", &error.to_string())])
        })
    });
    match &written {
        Ok(()) => {
            let path = path.display().to_string();
            say(&t_with("command-invite-file", &[("town_hall", &commune.town_hall()), ("path", &path)]));
        }
        Err(_) => show(),
    }
    written
}

fn file(config: &Config, commune: &CommuneName, sheet: &Sheet) -> Result<String, Told> {
    let code = Code::parse(&sheet.code).map_err(|error| failed(&error))?;
    // The configuration was checked with the same time zones a moment ago.
    let zone = TimeZone::get(&config.community.time_zone).unwrap_or(TimeZone::UTC);
    let comment = t_with(
        "enrolment-file-comment",
        &[
            ("community", &config.community.name),
            ("town_hall", &commune.town_hall()),
            ("until", &web::dates::moment(sheet.expires, &zone)),
        ],
    );
    Ok(code.file(&comment))
}

/// For its owner alone: who has it can enrol a machine.
fn write(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn explained(path: &str, mistakes: &[Mistake]) -> Told {
    let wrong = t_with("command-invite-wrong", &[("path", &path), ("count", &mistakes.len())]);
    let lines = mistakes.iter().map(|Mistake { line, text, wrong }| {
        let place = t_with("enrolment-list-line", &[("line", line), ("text", text)]);
        format!("{place} {}", wrong.explain())
    });
    std::iter::once(wrong).chain(lines).collect::<Vec<_>>().join("\n")
}

fn failed(error: &dyn std::error::Error) -> Told {
    t_with("command-invite-failed", &[("cause", &chain(error))])
}
