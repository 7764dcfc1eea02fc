//! The directory as every town hall finds it: who does what where, and how they are rung.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::{Part, everybody, today};
use crate::directory;
use crate::people::search::{Places, Wanted};
use crate::store::Store;
use crate::web::{Frame, Now, Refusal, Reply, filters};

#[derive(Template)]
#[template(path = "people/templates/town_halls.html")]
struct TownHallsPage {
    frame: Frame,
    search: Search,
    rows: Part<Row>,
}

struct Row {
    name: String,
    posts: Vec<String>,
    /// As it is dialled, and as it is read.
    phone: Option<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
    page: String,
}

impl Search {
    /// The same search, on another page.
    fn on(&self, page: &usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.q).append_pair("page", &page.to_string()).finish()
    }
}

pub(super) async fn page(
    State(store): State<Store>,
    Query(search): Query<Search>,
    Now(now): Now,
    frame: Frame,
) -> Result<Reply, Refusal> {
    let (communes, register) = everybody(&store).await?;
    let (today, places) = (today(&frame, now), Places::new(&communes));
    let wanted = Wanted { words: search.q.clone(), ..Wanted::default() };
    let row = |person: &directory::Person| Row {
        name: person.details.name.listed(),
        posts: person.mandates_on(today).map(|mandate| places.post(mandate.post)).collect(),
        phone: person
            .details
            .phone
            .as_ref()
            .map(|phone| (phone.international().to_owned(), phone.to_string())),
    };
    let found = wanted.found(&register, &places, today);
    let rows = Part::of(found, search.page.parse().unwrap_or(1)).map(row);
    Reply::page(&TownHallsPage { frame, search, rows })
}
