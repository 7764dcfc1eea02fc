//! The directory as a list that can be sent back unchanged, and all that is known of one person.

use std::collections::BTreeMap;

use serde::Serialize;

use super::list::Column;
use super::search::Places;
use super::typed::written;
use crate::directory::{Civility, Details, Group, Mandate, Person, PersonId, Phone, Register};
use crate::spreadsheet::Writer;
use crate::web::t;

/// In which groups somebody was put. It is told, and passed over when the list comes back.
const GROUPS: &str = "groupes";

/// Everybody with every mandate, each on a line of its own.
pub(super) fn table(register: &Register, groups: &[Group], places: &Places) -> Vec<u8> {
    let mut out = Writer::default();
    out.row(Column::ALL.map(Column::title).into_iter().chain([GROUPS]));
    for person in register.people() {
        let groups = listed(groups, person.id).join(", ");
        let mandates = person.mandates.iter().map(Some);
        let none = person.mandates.is_empty().then_some(None);
        for mandate in mandates.chain(none) {
            out.row(row(person, mandate, places).into_iter().chain([groups.clone()]));
        }
    }
    out.finish()
}

/// A list of which nothing but its titles and two lines of example are filled in.
pub(super) fn model(commune: &str) -> Vec<u8> {
    let mut out = Writer::default();
    let columns = Column::ALL.into_iter().filter(|column| *column != Column::Identifier);
    out.row(columns.clone().map(Column::title));
    for (function, from) in [("maire", "22/03/2026"), ("délégué communautaire", "")] {
        out.row(columns.clone().map(|column| match column {
            Column::Family => format!("{} ({})", t("people-model-name"), t("people-model-example")),
            Column::Function => function.to_owned(),
            Column::Commune => commune.to_owned(),
            Column::From => from.to_owned(),
            _ => String::new(),
        }));
    }
    out.finish()
}

fn row(person: &Person, mandate: Option<&Mandate>, places: &Places) -> [String; 10] {
    let Details { civility, name, phone, email } = &person.details;
    Column::ALL
        .map(|column| match column {
            Column::Identifier => Some(person.id.to_string()),
            Column::Civility => civility.map(|civility| civility.short().to_owned()),
            Column::Family => Some(name.family().to_owned()),
            Column::Given => Some(name.given().to_owned()),
            Column::Function => mandate.map(|mandate| t(mandate.post.function().text())),
            Column::Commune => mandate
                .and_then(|mandate| mandate.post.commune())
                .map(|commune| places.name(commune).to_owned()),
            Column::Phone => phone.as_ref().map(spaced),
            Column::Email => email.as_ref().map(ToString::to_string),
            Column::From => mandate.map(|mandate| written(mandate.term.from())),
            Column::Until => mandate.and_then(|mandate| mandate.term.until()).map(written),
        })
        .map(Option::unwrap_or_default)
}

fn spaced(phone: &Phone) -> String {
    phone.to_string().replace('\u{a0}', " ")
}

fn listed(groups: &[Group], person: PersonId) -> Vec<String> {
    let groups = groups.iter().filter(|group| group.listed.contains(&person));
    groups.map(|group| group.name.to_string()).collect()
}

#[derive(Serialize)]
struct Known {
    identifiant: u32,
    #[serde(rename = "civilité")]
    civility: Option<&'static str>,
    nom: String,
    #[serde(rename = "prénom")]
    given: String,
    #[serde(rename = "téléphone")]
    phone: Option<String>,
    courriel: Option<String>,
    fonctions: Vec<BTreeMap<&'static str, String>>,
    groupes: Vec<String>,
}

/// All that the directory knows of one person, as text (article 15 of the GDPR).
pub(super) fn person(person: &Person, groups: &[Group], places: &Places) -> String {
    let Details { civility, name, phone, email } = &person.details;
    let mandate = |mandate: &Mandate| {
        let cells = row(person, Some(mandate), places);
        [Column::Function, Column::Commune, Column::From, Column::Until]
            .map(|column| (column.title(), cells[column as usize].clone()))
            .into_iter()
            .filter(|(_, cell)| !cell.is_empty())
            .collect()
    };
    let known = Known {
        identifiant: person.id.number(),
        civility: civility.map(Civility::short),
        nom: name.family().to_owned(),
        given: name.given().to_owned(),
        phone: phone.as_ref().map(spaced),
        courriel: email.as_ref().map(ToString::to_string),
        fonctions: person.mandates.iter().map(mandate).collect(),
        groupes: listed(groups, person.id),
    };
    serde_json::to_string_pretty(&known).expect("text and numbers are written")
}
