//! What the communauté says on the home page of every town hall: one notice at a time, earlier ones kept.
//!
//! It does not know the page on which a notice is read.

mod pages;
mod store;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Referent;
use crate::audit::{self, About, Act, Entry};
use crate::store::{self as ground, Key, Read, Write};

pub use pages::{PATH, routes};
pub use store::TABLES;

/// Characters.
const TITLE_MAX: usize = 100;
/// Characters.
const TEXT_MAX: usize = 2000;

/// Counts notices from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoticeId(u32);

impl NoticeId {
    /// As a form carries it.
    pub fn number(self) -> u32 {
        self.0
    }
}

impl Key for NoticeId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(NoticeId)
    }
}

/// A notice that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub id: NoticeId,
    pub title: String,
    pub text: String,
    pub published: Timestamp,
    pub by: String,
    /// Since then it is no longer on the home page.
    pub withdrawn: Option<Timestamp>,
}

impl Notice {
    /// The text as paragraphs: what stands between empty lines.
    pub fn paragraphs(&self) -> impl Iterator<Item = &str> {
        self.text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty())
    }
}

/// What may be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    title: String,
    text: String,
}

/// Why a draft may not be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the title is empty")]
    NoTitle,
    #[error("the title has {over} characters too many")]
    LongTitle { over: usize },
    #[error("the text is empty")]
    NoText,
    #[error("the text has {over} characters too many")]
    LongText { over: usize },
}

impl Draft {
    pub fn parse(title: &str, text: &str) -> Result<Draft, Unfit> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = text.replace("\r\n", "\n").trim().to_owned();
        let over = |text: &str, most| text.chars().count().checked_sub(most).filter(|over| *over > 0);
        if title.is_empty() {
            return Err(Unfit::NoTitle);
        }
        if let Some(over) = over(&title, TITLE_MAX) {
            return Err(Unfit::LongTitle { over });
        }
        if text.is_empty() {
            return Err(Unfit::NoText);
        }
        if let Some(over) = over(&text, TEXT_MAX) {
            return Err(Unfit::LongText { over });
        }
        Ok(Draft { title, text })
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The writer has not seen what is there now.
    #[error("another notice was published meanwhile")]
    Overtaken(Box<Notice>),
    #[error("the notice cannot be recorded")]
    Audit(#[from] audit::Error),
    #[error("the notices cannot be read or written")]
    Store(#[from] ground::Error),
}

/// The notice on the home page, if there is one.
pub async fn current(tx: &impl Read) -> Result<Option<Notice>, ground::Error> {
    Ok(store::latest(tx).await?.filter(|notice| notice.withdrawn.is_none()))
}

/// Latest first.
pub async fn history(tx: &impl Read, limit: usize) -> Result<Vec<Notice>, ground::Error> {
    store::history(tx, limit).await
}

/// Puts a notice in the place of the current one. `seen` is the latest that the writer has seen.
///
/// # Errors
/// [`Error::Overtaken`].
pub async fn publish(
    tx: &mut impl Write,
    who: &Referent,
    draft: &Draft,
    seen: Option<NoticeId>,
    now: Timestamp,
) -> Result<(), Error> {
    let latest = store::latest(tx).await?;
    if let Some(latest) = latest
        && Some(latest.id) != seen
    {
        return Err(Error::Overtaken(Box::new(latest)));
    }
    store::add(tx, draft, who.name(), now).await?;
    let about = About { detail: Some(draft.title.clone()), ..About::default() };
    let entry = Entry { at: now, who: who.name().to_owned(), act: Act::NoticePublished, about };
    Ok(audit::record(tx, entry).await?)
}

/// Takes a notice from the home page; one that is not there any more is no error.
pub async fn withdraw(
    tx: &mut impl Write,
    who: &Referent,
    id: NoticeId,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(notice) = store::withdraw(tx, id, now).await? else { return Ok(()) };
    let about = About { detail: Some(notice.title), ..About::default() };
    let entry = Entry { at: now, who: who.name().to_owned(), act: Act::NoticeWithdrawn, about };
    Ok(audit::record(tx, entry).await?)
}
