//! The columns of a list, by their French titles, in whatever order.

use std::collections::BTreeSet;

use crate::directory::fold;
use crate::spreadsheet::{self, Row, Sheet, Unreadable};
use crate::web::{t, t_with};

/// Lines of a list. The communauté's elected and secretaries are 400.
const LINES_MAX: usize = 1000;
/// Bytes of a list, all its cells together.
const BYTES_MAX: usize = 400 * 1024;
/// Line ends within one cell. With more, a quotation mark that was not closed has swallowed the lines that follow.
const LINE_ENDS_MAX: usize = 3;
/// The title of the column by which corrected lines find their place again.
pub(in crate::people) const CORRECTED: &str = "ligne";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::people) enum Column {
    Identifier,
    Civility,
    Family,
    Given,
    Function,
    Commune,
    Phone,
    Email,
    From,
    Until,
}

impl Column {
    /// In the order of an exported list.
    pub(in crate::people) const ALL: [Self; 10] = [
        Self::Identifier,
        Self::Civility,
        Self::Family,
        Self::Given,
        Self::Function,
        Self::Commune,
        Self::Phone,
        Self::Email,
        Self::From,
        Self::Until,
    ];

    /// Titles that are understood, folded but for the first, which is the one that we write.
    const fn titles(self) -> &'static [&'static str] {
        match self {
            Self::Identifier => &["identifiant"],
            Self::Civility => &["civilité", "civilite", "civ", "titre"],
            Self::Family => &["nom", "nom de famille", "nom d usage"],
            Self::Given => &["prénom", "prenom", "prenoms"],
            Self::Function => &["fonction", "fonctions", "mandat", "qualite"],
            Self::Commune => &["commune", "mairie", "nom de la commune"],
            Self::Phone => &["téléphone", "telephone", "tel", "portable", "mobile", "numero de telephone"],
            Self::Email => {
                &["courriel", "email", "e mail", "mail", "mel", "adresse electronique", "adresse mail"]
            }
            Self::From => {
                &["début", "debut", "date de debut", "debut du mandat", "debut de mandat", "depuis"]
            }
            Self::Until => &["fin", "date de fin", "fin du mandat", "fin de mandat", "jusqu au"],
        }
    }

    /// As we write it.
    pub(in crate::people) const fn title(self) -> &'static str {
        self.titles()[0]
    }

    /// Without which nothing can be understood.
    const fn is_needed(self) -> bool {
        matches!(self, Self::Family | Self::Function)
    }
}

/// A line of a list, cell by cell in the order of [`Column::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// As the program that wrote the list counts; 0 while it has no place yet.
    pub number: u64,
    pub(super) cells: [String; 10],
}

impl Line {
    pub(in crate::people) fn cell(&self, column: Column) -> &str {
        &self.cells[column as usize]
    }

    pub(in crate::people) fn cells(&self) -> &[String] {
        &self.cells
    }
}

/// What a list says, line by line, before it is understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    pub lines: Vec<Line>,
    /// Titles that mean nothing here.
    pub passed_over: Vec<String>,
}

/// Why nothing of a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("the list cannot be read")]
    Unreadable(#[from] Unreadable),
    #[error("columns are missing: {0:?}")]
    Missing(Vec<&'static str>),
    #[error("a quotation mark on line {0} is not closed")]
    OpenQuote(u64),
    #[error("these are lines of another list, put right")]
    Corrections,
    #[error("the list is longer than {BYTES_MAX} bytes")]
    TooLong,
}

impl Unfit {
    /// The sentence that says what to do.
    pub fn explain(&self) -> String {
        match self {
            Self::Unreadable(Unreadable::Empty) => t("people-list-empty"),
            Self::Unreadable(Unreadable::TooLong(most)) => t_with("people-list-too-many", &[("most", most)]),
            Self::Unreadable(Unreadable::OtherKind) => t("people-list-other-kind"),
            Self::Unreadable(Unreadable::Damaged) => t("people-list-damaged"),
            Self::Missing(columns) => {
                let columns = columns.iter().map(|title| format!("« {title} »")).collect::<Vec<_>>();
                t_with("people-list-missing", &[("columns", &columns.join(", ")), ("count", &columns.len())])
            }
            Self::OpenQuote(line) => t_with("people-list-open-quote", &[("line", line)]),
            Self::Corrections => t("people-list-corrections"),
            Self::TooLong => t("people-list-too-long"),
        }
    }
}

/// Reads a list in whatever form it was saved.
///
/// # Errors
/// When nothing of it can be used.
pub fn read(bytes: &[u8]) -> Result<Listing, Unfit> {
    let sheet = spreadsheet::read(bytes, LINES_MAX)?;
    if sheet.titles.cells.iter().any(|title| fold(title) == CORRECTED) {
        return Err(Unfit::Corrections);
    }
    listing(&sheet, |row| row.line)
}

/// Reads lines that were put right: each says in its column "ligne" which one it replaces.
///
/// # Errors
/// As [`read`].
pub(in crate::people) fn corrections(bytes: &[u8]) -> Result<Listing, Unfit> {
    let sheet = spreadsheet::read(bytes, LINES_MAX)?;
    let place = sheet.titles.cells.iter().position(|title| fold(title) == CORRECTED);
    listing(&sheet, |row| place.and_then(|place| row.cell(place).parse().ok()).unwrap_or_default())
}

fn listing(sheet: &Sheet, number: impl Fn(&Row) -> u64) -> Result<Listing, Unfit> {
    let titles: Vec<String> = sheet.titles.cells.iter().map(|title| fold(title)).collect();
    let place = |column: Column| {
        let known =
            |title: &String| fold(column.title()) == *title || column.titles().contains(&title.as_str());
        titles.iter().position(known)
    };
    let places = Column::ALL.map(place);
    let missing: Vec<_> = Column::ALL
        .into_iter()
        .zip(places)
        .filter(|(column, place)| column.is_needed() && place.is_none())
        .map(|(column, _)| column.title())
        .collect();
    if !missing.is_empty() {
        return Err(Unfit::Missing(missing));
    }
    let is_open = |row: &&Row| row.cells.iter().any(|cell| cell.matches('\n').count() > LINE_ENDS_MAX);
    if let Some(row) = sheet.rows.iter().find(is_open) {
        return Err(Unfit::OpenQuote(row.line));
    }
    let known: BTreeSet<usize> = places.into_iter().flatten().collect();
    let is_passed_over = |(place, title): &(usize, &String)| {
        !known.contains(place) && !title.is_empty() && fold(title) != CORRECTED
    };
    let passed_over = sheet.titles.cells.iter().enumerate().filter(is_passed_over);
    let listing = Listing {
        passed_over: passed_over.map(|(_, title)| title.clone()).collect(),
        lines: sheet
            .rows
            .iter()
            .map(|row| Line {
                number: number(row),
                cells: places.map(|place| {
                    place.map_or_else(String::new, |place| spreadsheet::plain(row.cell(place)).to_owned())
                }),
            })
            .collect(),
    };
    let bytes: usize = listing.lines.iter().flat_map(|line| &line.cells).map(String::len).sum();
    if bytes > BYTES_MAX || listing.lines.len() > LINES_MAX { Err(Unfit::TooLong) } else { Ok(listing) }
}
