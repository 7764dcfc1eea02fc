//! `beffroi-gateway invite`: has the running gateway invite the communes of a list, and puts the codes, which
//! are not kept, into files, on sheets to print or on the terminal.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use beffroi_protocol::code::Code;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::print::Print;
use super::{Told, ask, say};
use crate::config::Config;
use crate::control::Subject;
use crate::directory::CommuneName;
use crate::enrolment::{self, Batch, Desk, Error, Letterhead, Mistake, PaperSheet, Sheet};
use crate::journal::chain;
use crate::store::{Store, WriteTx};
use crate::web::{self, t, t_with};
use crate::whole_file;

/// Where the codes go, beside the terminal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// A file for each machine.
    pub(super) directory: Option<&'a Path>,
    /// All sheets as one PDF.
    pub(super) print: Option<&'a Path>,
}

pub(super) fn run(config: &Config, list: &Path, places: Places<'_>) -> Result<(), Told> {
    let print = places.print.map(Print::begin).transpose()?;
    let path = list.display().to_string();
    let unreadable = |error: io::Error| {
        t_with("command-invite-unreadable", &[("path", &path), ("cause", &error.to_string())])
    };
    let list = fs::read(list).map_err(unreadable)?;
    let answer = ask(config, Subject::Invite, &list)?;
    match serde_json::from_slice(&answer).map_err(|error| failed(&error))? {
        Batch::Wrong(mistakes) => Err(explained(&path, &mistakes)),
        Batch::Made { sheets, passed_over } => {
            for commune in &passed_over {
                say(&t_with("command-invite-passed-over", &[("commune", commune)]));
            }
            let kept = hand_out(config, places, print, &sheets);
            say(&t_with("command-invite-done", &[("count", &sheets.len())]));
            kept
        }
    }
}

/// In the running gateway: invites the communes of a list, and gives the answer for the command.
pub(super) async fn answer(store: &Store, desk: &Desk, list: Vec<u8>) -> Result<Vec<u8>, String> {
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

/// Puts every code where it was asked for. One that could not be put anywhere is shown, because nothing else has
/// it.
fn hand_out(config: &Config, places: Places<'_>, print: Option<Print>, sheets: &[Sheet]) -> Result<(), Told> {
    let printed = match print {
        Some(print) if !sheets.is_empty() => Some(printed(config, print, sheets)),
        Some(_) | None => None,
    };
    let is_printed = matches!(printed, Some(Ok(())));
    if let (true, Some(path)) = (is_printed, places.print) {
        say(&t_with("command-invite-printed", &[("path", &path.display().to_string())]));
    }
    let kept = sheets.iter().map(|sheet| match places.directory {
        Some(directory) => keep(config, directory, sheet),
        None if is_printed => Ok(()),
        None => show(sheet),
    });
    let kept = kept.fold(Ok(()), Result::and);
    printed.unwrap_or(Ok(())).and(kept)
}

fn printed(config: &Config, print: Print, sheets: &[Sheet]) -> Result<(), Told> {
    let head = Letterhead { community: config.community.name.clone(), help: config.community.help.clone() };
    let sheets = sheets.iter().map(|sheet| on_paper(config, sheet)).collect::<Result<Vec<_>, _>>()?;
    let pdf = enrolment::paper(&head, &sheets).map_err(|error| failed(&error))?;
    print.finish(&pdf)
}

fn on_paper(config: &Config, sheet: &Sheet) -> Result<PaperSheet, Told> {
    Ok(PaperSheet {
        number: sheet.number,
        town_hall: commune(sheet)?.town_hall(),
        replaces: None,
        code: Code::parse(&sheet.code).map_err(|error| failed(&error))?,
        until: until(config, sheet),
    })
}

fn show(sheet: &Sheet) -> Result<(), Told> {
    let town_hall = commune(sheet)?.town_hall();
    say(&t_with("command-invite-code", &[("town_hall", &town_hall), ("code", &sheet.code)]));
    Ok(())
}

fn keep(config: &Config, directory: &Path, sheet: &Sheet) -> Result<(), Told> {
    let commune = commune(sheet)?;
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
        Err(_) => show(sheet)?,
    }
    written
}

fn commune(sheet: &Sheet) -> Result<CommuneName, Told> {
    CommuneName::parse(&sheet.commune).map_err(|error| failed(&error))
}

/// As people read it.
fn until(config: &Config, sheet: &Sheet) -> String {
    // The configuration was checked with the same time zones a moment ago.
    let zone = TimeZone::get(&config.community.time_zone).unwrap_or(TimeZone::UTC);
    web::dates::moment(sheet.expires, &zone).to_string()
}

fn file(config: &Config, commune: &CommuneName, sheet: &Sheet) -> Result<String, Told> {
    let code = Code::parse(&sheet.code).map_err(|error| failed(&error))?;
    let comment = t_with(
        "enrolment-file-comment",
        &[
            ("community", &config.community.name),
            ("town_hall", &commune.town_hall()),
            ("until", &until(config, sheet)),
        ],
    );
    Ok(code.file(&comment))
}

/// For its owner alone: who has it can enrol a machine.
fn write(directory: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    whole_file::replace(path, text.as_bytes())
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
