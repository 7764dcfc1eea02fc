//! The pages on which a referent looks after the directory, and the one on which every town hall finds people.

mod commune;
mod erasure;
mod everybody;
mod exports;
mod groups;
mod lists;
mod mandates;
mod people;
mod town_halls;

use axum::extract::FromRef;
use jiff::Timestamp;
use jiff::civil::Date;

use super::Error;
use crate::access::{Audience, Route};
use crate::directory::{self, Commune, InvalidName, Person, PersonId, Register};
use crate::paths;
use crate::store::{ReadTx, Store};
use crate::web::{Frame, Refusal, t, t_with};

/// Where a referent finds everybody.
pub const PATH: &str = "/annuaire";
/// People on a page: two screens.
const SHOWN: usize = 50;
/// Bytes of a file with a list: a workbook of 1,000 lines has a tenth of it.
const FILE_MAX: usize = 1024 * 1024;

/// At the referents' door.
pub fn routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let referent = Audience::Referent;
    vec![
        Route::get(PATH, referent, everybody::page),
        Route::get("/annuaire/ajouter", referent, people::add_page),
        Route::post("/annuaire/ajouter", referent, people::add),
        Route::get("/annuaire/tableau", referent, exports::table),
        Route::get("/annuaire/modele", referent, exports::model),
        Route::get("/annuaire/personnes/{person}", referent, people::page),
        Route::get("/annuaire/personnes/{person}/coordonnees", referent, people::change_page),
        Route::post("/annuaire/personnes/{person}/coordonnees", referent, people::change),
        Route::get("/annuaire/personnes/{person}/donnees", referent, exports::person),
        Route::get("/annuaire/personnes/{person}/effacer", referent, erasure::page),
        Route::post("/annuaire/personnes/{person}/effacer", referent, erasure::erase),
        Route::get("/annuaire/personnes/{person}/fonctions", referent, mandates::add_page),
        Route::post("/annuaire/personnes/{person}/fonctions", referent, mandates::add),
        Route::get("/annuaire/personnes/{person}/fonctions/{mandate}", referent, mandates::page),
        Route::post("/annuaire/personnes/{person}/fonctions/{mandate}", referent, mandates::change),
        Route::post("/annuaire/personnes/{person}/fonctions/{mandate}/retirer", referent, mandates::remove),
        Route::get("/annuaire/groupes", referent, groups::all),
        Route::post("/annuaire/groupes", referent, groups::add),
        Route::get("/annuaire/groupes/{group}", referent, groups::page),
        Route::post("/annuaire/groupes/{group}/nom", referent, groups::rename),
        Route::post("/annuaire/groupes/{group}/ajouter", referent, groups::add_member),
        Route::post("/annuaire/groupes/{group}/retirer", referent, groups::remove_member),
        Route::post("/annuaire/groupes/{group}/supprimer", referent, groups::remove),
        Route::get("/annuaire/listes", referent, lists::all),
        Route::post("/annuaire/listes", referent, lists::send).taking(FILE_MAX),
        Route::get("/annuaire/listes/{list}", referent, lists::page),
        Route::post("/annuaire/listes/{list}", referent, lists::apply),
        Route::post("/annuaire/listes/{list}/reponses", referent, lists::answer),
        Route::post("/annuaire/listes/{list}/lignes", referent, lists::correct).taking(FILE_MAX),
        Route::post("/annuaire/listes/{list}/fichier", referent, lists::correct_by_file).taking(FILE_MAX),
        Route::get("/annuaire/listes/{list}/a-corriger", referent, lists::wrong_lines),
        Route::post("/annuaire/listes/{list}/abandonner", referent, lists::give_up),
        Route::get(paths::COMMUNE_DETAILS, referent, commune::page),
        Route::post(paths::COMMUNE_DETAILS, referent, commune::set),
    ]
}

/// At the town halls' door.
pub fn town_hall_routes<S>() -> Vec<Route<S>>
where
    Store: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    vec![Route::get(PATH, Audience::TownHall, town_halls::page)]
}

async fn person(store: &Store, id: PersonId) -> Result<Person, Refusal> {
    let read = async move |tx: &ReadTx| directory::person(tx, id).await?.ok_or(Error::NoSuchPerson(id));
    Ok(store.read(read).await?)
}

async fn everybody(store: &Store) -> Result<(Vec<Commune>, Register), Refusal> {
    let read =
        async |tx: &ReadTx| Ok::<_, Error>((directory::communes(tx).await?, directory::register(tx).await?));
    Ok(store.read(read).await?)
}

/// The day on the communauté's calendar.
fn today(frame: &Frame, now: Timestamp) -> Date {
    now.to_zoned_datetime(frame.time_zone().clone()).date()
}

/// One part of a long list of people.
struct Part<T> {
    shown: Vec<T>,
    count: usize,
    before: Option<usize>,
    after: Option<usize>,
}

impl<T> Part<T> {
    /// Pages are counted from 1.
    fn of(all: Vec<T>, page: usize) -> Self {
        let (count, page) = (all.len(), page.max(1));
        let shown = all.into_iter().skip((page - 1).saturating_mul(SHOWN)).take(SHOWN).collect();
        let after = (page.saturating_mul(SHOWN) < count).then_some(page + 1);
        Self { shown, count, before: (page > 1).then(|| page - 1), after }
    }

    /// The same, of which each is written as `row` says.
    fn map<U>(self, row: impl Fn(T) -> U) -> Part<U> {
        let Self { shown, count, before, after } = self;
        Part { shown: shown.into_iter().map(row).collect(), count, before, after }
    }
}

/// Why a group may not be called so.
fn unfit_name(error: InvalidName) -> String {
    match error {
        InvalidName::Empty => t("people-group-no-name"),
        InvalidName::TooLong(most) => t_with("people-group-long-name", &[("most", &most)]),
        InvalidName::Unprintable => t("people-wrong-unprintable"),
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::NoSuchPerson(_)
            | Error::NoSuchCommune(_)
            | Error::NoSuchGroup(_)
            | Error::NoSuchList
            | Error::Directory(
                directory::Error::NoSuchPerson(_)
                | directory::Error::NoSuchMandate(_)
                | directory::Error::NoSuchGroup(_)
                | directory::Error::NoSuchCommune(_),
            ) => Refusal::not_found(),
            Error::Overtaken => Refusal::conflict(t("people-overtaken")),
            other => Refusal::broken(&other),
        }
    }
}
