//! One line of a list, understood or explained.

use jiff::civil::Date;

use super::{Column, Line};
use crate::directory::{Commune, CommuneId, Details, Function, PersonId, Post, fold};
use crate::people::typed::{TypedDetails, Wrong, date, known};

/// What a line says: a person and, but for one who is known by an identifier, what they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::people) struct Entry {
    pub(in crate::people) line: u64,
    pub(in crate::people) identifier: Option<PersonId>,
    pub(in crate::people) details: Details,
    pub(in crate::people) post: Option<Post>,
    pub(in crate::people) from: Option<Date>,
    pub(in crate::people) until: Option<Date>,
}

/// A line that is for its writer to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::people) struct Mistake {
    pub(in crate::people) line: u64,
    pub(in crate::people) wrong: Wrong,
}

/// The lines that can be understood, and the others.
pub(in crate::people) fn entries(lines: &[Line], communes: &[Commune]) -> (Vec<Entry>, Vec<Mistake>) {
    let (mut entries, mut mistakes) = (Vec::new(), Vec::new());
    for line in lines {
        match entry(line, communes) {
            Ok(entry) => entries.push(entry),
            Err(wrong) => mistakes.push(Mistake { line: line.number, wrong }),
        }
    }
    (entries, mistakes)
}

fn entry(line: &Line, communes: &[Commune]) -> Result<Entry, Wrong> {
    let cell = |column| line.cell(column);
    let identifier =
        known(cell(Column::Identifier), |text| text.parse().map_err(|_| Wrong::Identifier(text.to_owned())))?;
    let typed = TypedDetails {
        civility: cell(Column::Civility),
        family: cell(Column::Family),
        given: cell(Column::Given),
        phone: cell(Column::Phone),
        email: cell(Column::Email),
    };
    let details = typed.parse()?;
    let function = known(cell(Column::Function), |text| {
        Function::parse(text).ok_or_else(|| Wrong::Function(text.to_owned()))
    })?;
    let post = match function {
        Some(function) => {
            let commune = known(cell(Column::Commune), |text| commune(text, function, communes))?.flatten();
            Some(Post::new(function, commune).map_err(|_| Wrong::NoCommune)?)
        }
        None if identifier.is_some() => None,
        None => return Err(Wrong::NoFunction),
    };
    let (from, until) = (known(cell(Column::From), date)?, known(cell(Column::Until), date)?);
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        return Err(Wrong::Backwards);
    }
    Ok(Entry { line: line.number, identifier, details, post, from, until })
}

/// The commune of that name. Whoever presides over the communauté may be said to be of it.
fn commune(text: &str, function: Function, communes: &[Commune]) -> Result<Option<CommuneId>, Wrong> {
    if !function.needs_commune() && fold(text).starts_with("communaute") {
        return Ok(None);
    }
    let commune = communes.iter().find(|commune| commune.name.is_meant_by(text));
    commune.map(|commune| Some(commune.id)).ok_or_else(|| Wrong::Commune(text.to_owned()))
}
