//! Everybody, as a referent finds them.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;

use super::{Part, everybody, today};
use crate::directory::{self, Commune, CommuneId, Function, PersonId};
use crate::people::search::{Places, Wanted};
use crate::store::Store;
use crate::web::{Frame, Now, Refusal, Reply, filters};

#[derive(Template)]
#[template(path = "people/templates/everybody.html")]
struct EverybodyPage {
    frame: Frame,
    search: Search,
    communes: Vec<Commune>,
    rows: Part<Row>,
    is_empty: bool,
}

struct Row {
    id: PersonId,
    name: String,
    posts: Vec<String>,
    phone: Option<String>,
}

/// What was asked for; what makes no sense is asked for by nobody.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Search {
    q: String,
    commune: String,
    fonction: String,
    anciens: Option<String>,
    page: String,
}

impl Search {
    fn commune(&self) -> Option<CommuneId> {
        self.commune.parse().ok()
    }

    fn function(&self) -> Option<Function> {
        Function::of_word(&self.fonction)
    }

    fn is_commune(&self, id: &CommuneId) -> bool {
        self.commune() == Some(*id)
    }

    fn is_function(&self, function: &Function) -> bool {
        self.function() == Some(*function)
    }

    /// The same, on another page.
    fn on(&self, page: &usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("q", &self.q), ("commune", &self.commune), ("fonction", &self.fonction)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if self.anciens.is_some() {
            query.append_pair("anciens", "oui");
        }
        query.append_pair("page", &page.to_string()).finish()
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
    let wanted = Wanted {
        words: search.q.clone(),
        commune: search.commune(),
        function: search.function(),
        former: search.anciens.is_some(),
    };
    let row = |person: &directory::Person| Row {
        id: person.id,
        name: person.details.name.listed(),
        posts: person.mandates_on(today).map(|mandate| places.post(mandate.post)).collect(),
        phone: person.details.phone.as_ref().map(ToString::to_string),
    };
    let found = wanted.found(&register, &places, today);
    let rows = Part::of(found, search.page.parse().unwrap_or(1)).map(row);
    let is_empty = register.people().is_empty();
    Reply::page(&EverybodyPage { frame, search, communes, rows, is_empty })
}
