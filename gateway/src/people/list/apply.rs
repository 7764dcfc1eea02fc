//! Makes the directory say what a list says, if it is still what the differences were shown of.

use std::collections::BTreeMap;
use std::fmt::Debug;

use jiff::civil::Date;

use super::{Answer, Differences, Kept, ListId, Mistake, Scope, entries, forget, kept, plan};
use crate::audit::Act;
use crate::directory::{self, Commune, Register};
use crate::people::Error;
use crate::people::acts::{self, By};
use crate::store::{Read, Write};
use crate::web::t_with;

/// A kept list, compared with the directory as it is.
#[derive(Debug)]
pub(in crate::people) struct Current {
    pub(in crate::people) kept: Kept,
    pub(in crate::people) communes: Vec<Commune>,
    pub(in crate::people) register: Register,
    pub(in crate::people) differences: Differences,
    /// By line.
    pub(in crate::people) mistakes: Vec<Mistake>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum Applied {
    /// Nothing of the list is left.
    Whole,
    /// Lines are still to be put right, or to be asked about.
    InPart,
}

pub(in crate::people) async fn current(
    tx: &impl Read,
    id: ListId,
    scope: Scope,
    today: Date,
) -> Result<Current, Error> {
    let kept = kept(tx, id).await?.ok_or(Error::NoSuchList)?;
    let (communes, register) = (directory::communes(tx).await?, directory::register(tx).await?);
    let (entries, mut mistakes) = entries(&kept.lines, &communes);
    let answers: BTreeMap<u64, Answer> = kept.answers.iter().copied().collect();
    let differences = plan(&entries, &answers, mistakes.is_empty(), scope, &register, today);
    mistakes.extend(differences.mistakes.iter().cloned());
    mistakes.sort_by_key(|mistake| mistake.line);
    Ok(Current { kept, communes, register, differences, mistakes })
}

/// # Errors
/// [`Error::Overtaken`] when the differences are others than those that were shown.
pub(in crate::people) async fn apply(
    tx: &mut impl Write,
    id: ListId,
    scope: Scope,
    shown: &str,
    by: &By,
    today: Date,
) -> Result<Applied, Error> {
    let current = current(tx, id, scope, today).await?;
    if stamp(&current.differences) != shown {
        return Err(Error::Overtaken);
    }
    let differences = &current.differences;
    for (person, mandate, post, term) in &differences.ended {
        acts::change_mandate(tx, *person, *mandate, *post, *term, by).await?;
    }
    for (person, mandate, post, _, term) in &differences.moved {
        acts::change_mandate(tx, *person, *mandate, *post, *term, by).await?;
    }
    for (person, _, details) in &differences.changed {
        acts::change_person(tx, *person, details, by).await?;
    }
    for (person, post, term) in &differences.begun {
        acts::give_mandate(tx, *person, *post, *term, by).await?;
    }
    for (details, mandates) in &differences.newcomers {
        let person = acts::add_person(tx, details, by).await?;
        for (post, term) in mandates {
            acts::give_mandate(tx, person, *post, *term, by).await?;
        }
    }
    let counts: [(&str, &dyn crate::web::Argument); 3] = [
        ("people", &differences.newcomers.len()),
        ("begun", &differences.begun.len()),
        ("ended", &differences.ended.len()),
    ];
    by.record(tx, Act::ListApplied, None, t_with("people-list-acted", &counts)).await?;
    if current.mistakes.is_empty() && differences.questions.is_empty() {
        forget(tx, id).await?;
        return Ok(Applied::Whole);
    }
    Ok(Applied::InPart)
}

/// By what it is known whether something is still as it was shown.
pub(in crate::people) fn stamp(shown: &impl Debug) -> String {
    blake3::hash(format!("{shown:?}").as_bytes()).to_hex()[..32].to_owned()
}
