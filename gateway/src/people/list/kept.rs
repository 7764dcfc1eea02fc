//! The lists that are not yet applied whole: what stands in them, and what was answered about them.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::columns::{Line, Listing};
use super::{Answer, Candidate};
use crate::directory::{Person, PersonId, PersonName};
use crate::people::Error;
use crate::people::list::Column;
use crate::store::{AnyTable, Key, Read, Record, Table, Write};

/// It holds people's details, and is not a second directory.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

const LISTS: Table<ListId, ListRecord> = Table::new("people.lists");
/// By list and number of the line.
const LINES: Table<(ListId, u64), LineRecord> = Table::new("people.lines");

/// For the check of a database, which reads every row as its owner would.
pub const TABLES: &[&dyn AnyTable] = &[&LISTS, &LINES];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(in crate::people) struct ListId(u32);

/// A list, as it is now.
#[derive(Debug, Clone)]
pub(in crate::people) struct Kept {
    pub(in crate::people) by: String,
    pub(in crate::people) at: Timestamp,
    /// Titles of columns that mean nothing here.
    pub(in crate::people) passed_over: Vec<String>,
    pub(in crate::people) answers: Vec<(u64, Answer)>,
    pub(in crate::people) lines: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct ListRecord {
    by: String,
    at: Timestamp,
    passed_over: Vec<String>,
    answers: Vec<(u64, AnswerRecord)>,
}

#[derive(Serialize, Deserialize)]
enum AnswerRecord {
    New,
    Known(PersonId),
    Line(u64),
}

#[derive(Serialize, Deserialize)]
struct LineRecord([String; 10]);

impl Record for ListRecord {
    const VERSION: u8 = 1;
}

impl Record for LineRecord {
    const VERSION: u8 = 1;
}

/// Keeps a list; those that are too old go.
pub(in crate::people) async fn keep(
    tx: &mut impl Write,
    listing: &Listing,
    by: &str,
    now: Timestamp,
) -> Result<ListId, Error> {
    for (id, record) in tx.all(&LISTS).await? {
        if now.duration_since(record.at) > KEPT {
            forget(tx, id).await?;
        }
    }
    let id = ListId(tx.next_id(&LISTS).await?);
    let passed_over = listing.passed_over.clone();
    let record = ListRecord { by: by.to_owned(), at: now, passed_over, answers: Vec::new() };
    tx.put(&LISTS, &id, &record).await?;
    for line in &listing.lines {
        tx.put(&LINES, &(id, line.number), &LineRecord(line.cells.clone())).await?;
    }
    Ok(id)
}

pub(in crate::people) async fn kept(tx: &impl Read, id: ListId) -> Result<Option<Kept>, Error> {
    let Some(record) = tx.get(&LISTS, &id).await? else { return Ok(None) };
    let lines = lines(tx, id).await?;
    let answers = record.answers.into_iter().map(|(line, answer)| (line, answer.into())).collect();
    Ok(Some(Kept { by: record.by, at: record.at, passed_over: record.passed_over, answers, lines }))
}

/// Who sent which list, the last one first.
pub(in crate::people) async fn lists(tx: &impl Read) -> Result<Vec<(ListId, String, Timestamp)>, Error> {
    let records = tx.all(&LISTS).await?;
    Ok(records.into_iter().rev().map(|(id, record)| (id, record.by, record.at)).collect())
}

/// Notes whom lines mean; what was answered before about other lines stays.
pub(in crate::people) async fn answer(
    tx: &mut impl Write,
    id: ListId,
    answers: &[(u64, Answer)],
) -> Result<(), Error> {
    let mut record = tx.get(&LISTS, &id).await?.ok_or(Error::NoSuchList)?;
    for (line, answer) in answers {
        record.answers.retain(|(answered, _)| answered != line);
        record.answers.push((*line, AnswerRecord::from(*answer)));
    }
    Ok(tx.put(&LISTS, &id, &record).await?)
}

/// Puts lines in the place of those that they correct; one that corrects none comes behind the last.
pub(in crate::people) async fn correct(
    tx: &mut impl Write,
    id: ListId,
    corrected: &[Line],
) -> Result<(), Error> {
    tx.get(&LISTS, &id).await?.ok_or(Error::NoSuchList)?;
    let known: Vec<u64> = lines(tx, id).await?.iter().map(|line| line.number).collect();
    let mut last = known.last().copied().unwrap_or(1);
    for line in corrected {
        let number = match known.contains(&line.number) {
            true => line.number,
            false => {
                last += 1;
                last
            }
        };
        tx.put(&LINES, &(id, number), &LineRecord(line.cells.clone())).await?;
    }
    Ok(())
}

pub(in crate::people) async fn forget(tx: &mut impl Write, id: ListId) -> Result<(), Error> {
    for line in lines(tx, id).await? {
        tx.remove(&LINES, &(id, line.number)).await?;
    }
    tx.remove(&LISTS, &id).await?;
    Ok(())
}

/// Takes out of every list the lines that name somebody who is to be forgotten.
pub(in crate::people) async fn forget_person(tx: &mut impl Write, person: &Person) -> Result<(), Error> {
    let folded = person.details.name.folded();
    for (id, ..) in lists(tx).await? {
        for line in lines(tx, id).await? {
            let name = PersonName::parse(line.cell(Column::Family), line.cell(Column::Given));
            if name.is_ok_and(|name| name.folded() == folded) {
                tx.remove(&LINES, &(id, line.number)).await?;
            }
        }
    }
    Ok(())
}

async fn lines(tx: &impl Read, id: ListId) -> Result<Vec<Line>, Error> {
    let (mut lines, mut from) = (Vec::new(), 0);
    loop {
        let page = tx.page(&LINES, (id, from)..=(id, u64::MAX), 256).await?;
        lines.extend(page.rows.into_iter().map(|((_, number), LineRecord(cells))| Line { number, cells }));
        let Some((_, next)) = page.next else { return Ok(lines) };
        from = next;
    }
}

impl From<Answer> for AnswerRecord {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::New => Self::New,
            Answer::Candidate(Candidate::Known(id)) => Self::Known(id),
            Answer::Candidate(Candidate::Line(line)) => Self::Line(line),
        }
    }
}

impl From<AnswerRecord> for Answer {
    fn from(record: AnswerRecord) -> Self {
        match record {
            AnswerRecord::New => Self::New,
            AnswerRecord::Known(id) => Self::Candidate(Candidate::Known(id)),
            AnswerRecord::Line(line) => Self::Candidate(Candidate::Line(line)),
        }
    }
}

impl Key for ListId {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        u32::read(input).map(Self)
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}
