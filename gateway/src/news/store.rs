//! The table of notices. The current one is the last, unless it was withdrawn.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Draft, Notice, NoticeId};
use crate::store::{AnyTable, Error, Read, Record, Table, Write};

const NOTICES: Table<NoticeId, StoredNotice> = Table::new("news.notices");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&NOTICES];

#[derive(Serialize, Deserialize)]
struct StoredNotice {
    title: String,
    text: String,
    published: Timestamp,
    by: String,
    withdrawn: Option<Timestamp>,
}

impl Record for StoredNotice {
    const VERSION: u8 = 1;
}

impl StoredNotice {
    fn notice(self, id: NoticeId) -> Notice {
        let StoredNotice { title, text, published, by, withdrawn } = self;
        Notice { id, title, text, published, by, withdrawn }
    }
}

pub(super) async fn latest(tx: &impl Read) -> Result<Option<Notice>, Error> {
    Ok(history(tx, 1).await?.pop())
}

pub(super) async fn history(tx: &impl Read, limit: usize) -> Result<Vec<Notice>, Error> {
    let page = tx.page_back(&NOTICES, .., limit).await?;
    Ok(page.rows.into_iter().map(|(id, stored)| stored.notice(id)).collect())
}

pub(super) async fn add(
    tx: &mut impl Write,
    draft: &Draft,
    by: &str,
    now: Timestamp,
) -> Result<NoticeId, Error> {
    let id = NoticeId(tx.next_id(&NOTICES).await?);
    let (title, text, by) = (draft.title.clone(), draft.text.clone(), by.to_owned());
    let stored = StoredNotice { title, text, published: now, by, withdrawn: None };
    tx.put(&NOTICES, &id, &stored).await?;
    Ok(id)
}

/// The notice, when it was on the home page until now.
pub(super) async fn withdraw(
    tx: &mut impl Write,
    id: NoticeId,
    now: Timestamp,
) -> Result<Option<Notice>, Error> {
    let Some(stored) = tx.get(&NOTICES, &id).await?.filter(|stored| stored.withdrawn.is_none()) else {
        return Ok(None);
    };
    let stored = StoredNotice { withdrawn: Some(now), ..stored };
    tx.put(&NOTICES, &id, &stored).await?;
    Ok(Some(stored.notice(id)))
}
