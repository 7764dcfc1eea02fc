//! The HTTP toolbox: the frame around every page, texts, refusals, forms, built-in files, the TLS listener.
//! It knows no commune, no account and no table of the store.
//!
//! How a feature adds a page. Its texts go to `locales/fr/<room>.ftl`, every identifier beginning with the
//! room's name; its template beside its code, `<room>/templates/edit.html`:
//!
//! ```html
//! {% extends "web/templates/frame.html" %}
//! {% block title %}{{ "news-title"|t }}{% endblock %}
//! {% block main %}
//! <h1>{{ "news-title"|t }}</h1>
//! {% if let Some(why) = refused %}<p class="refused" role="alert" id="why">{{ why }}</p>{% endif %}
//! <form method="post">
//! <input type="hidden" name="once" value="{{ once }}">
//! <label for="title">{{ "news-label"|t }}</label> <input id="title" name="title" value="{{ form.title }}">
//! <button>{{ "news-publish"|t }}</button>
//! </form>
//! <p>{{ "news-count"|t|with("count", count) }}</p>
//! {% endblock %}
//! ```
//!
//! Its handlers and its table of routes in `<room>/pages.rs`. The state is the door's; a feature names the
//! handles it takes out of it:
//!
//! ```ignore
//! use crate::web::{Form, Frame, Now, Refusal, Reply, filters, t};
//!
//! #[derive(Template)]
//! #[template(path = "news/templates/edit.html")]
//! struct EditPage { frame: Frame, once: Once, form: NewsForm, refused: Option<String>, count: u32 }
//!
//! pub fn routes<S>() -> Vec<Route<S>> where Store: FromRef<S>, S: Clone + Send + Sync + 'static {
//!     vec![Route::get("/annonce", Audience::Referent, edit), Route::post("/annonce", Audience::Referent, publish)]
//! }
//!
//! async fn publish(
//!     State(store): State<Store>, who: Referent, Now(now): Now, frame: Frame, Form(form): Form<NewsForm>,
//! ) -> Result<Reply, Refusal> {
//!     let draft = match Draft::parse(&form) {
//!         Ok(draft) => draft,
//!         Err(why) => return Reply::kept(&EditPage { frame, form, refused: Some(t(why.text())), .. }),
//!     };
//!     store.write(async move |tx| news::publish(tx, &who, &draft, now).await).await?;
//!     Ok(Reply::see_other("/annonce").saying(t("news-published")))
//! }
//! ```
//!
//! `?` works on any error with a `From` into [`Refusal`], written in the feature's `pages.rs`: `Refusal::refused`
//! when it is the person's turn, `Refusal::broken(&error)` when it is ours. Drawings are `{{ crate::web::icons::LINK }}`.
//! An element with an `id` and `data-live` is fetched again every ten seconds where the browser runs scripts.

pub mod assets;
mod frame;
pub mod icons;
mod refusal;
mod reply;
mod request;
mod texts;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;

pub use frame::{Door, Entry, Frame, dress};
pub use refusal::{Incident, Refusal};
pub use reply::Reply;
pub use request::{Form, Now, cookie};
pub use texts::{Argument, Text, filters, t, t_with};

/// Forms hold a few sentences. A route that takes more raises this for itself.
const FORM_LIMIT: usize = 64 * 1024;

/// Puts around a door's routes what every answer of every door has: its frame, its files, its limits.
pub fn door(routes: Router, door: Door) -> Router {
    let door = Arc::new(door);
    assets::all()
        .into_iter()
        .fold(routes, |routes, asset| {
            routes.route(&asset.path, axum::routing::get(async move || asset.answer()))
        })
        .fallback(async || Refusal::not_found())
        .layer(middleware::from_fn_with_state(door, frame::surround))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
}
