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
//! Where the browser runs scripts, an element with an `id` and `data-live` is fetched again every ten seconds
//! (`data-live="60"`: every minute), and what is `hidden` with `data-script` is shown.

mod answer;
mod arrivals;
pub mod assets;
pub mod dates;
mod drawing;
mod first_visit;
mod frame;
pub mod icons;
mod origin;
mod packing;
mod refusal;
mod reply;
mod request;
mod room;
mod serve;
mod texts;
mod traffic;
mod upload;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

pub use arrivals::Arrivals;
pub use drawing::{Drawing, Run};
pub use frame::{Account, Community, Door, Entry, Frame, Guide, dress, is_looked_at};
pub use refusal::{Incident, Refusal};
pub use reply::Reply;
pub use request::{Form, Now, cookie};
pub use room::{Place, Room};
pub use serve::{Called, serve, serve_strangers, tend, tls};
pub use texts::{Argument, Text, filters, t, t_with};
pub use traffic::Traffic;
pub use upload::{Unread, Upload};

/// Forms hold a few sentences. A route that takes more raises this for itself.
const FORM_LIMIT: usize = 64 * 1024;
/// Silence within what a browser sends.
const SILENCE: Duration = Duration::from_secs(60);

/// Puts around a door's routes what every answer of every door has: its frame, its files, its limits.
pub fn door(routes: Router, door: Door) -> Router {
    assets::all()
        .into_iter()
        .fold(routes, |routes, asset| routes.route(&asset.path, get(async move || asset.answer())))
        .fallback(async || Refusal::not_found())
        .layer(
            ServiceBuilder::new()
                .layer(from_fn_with_state(Arc::default(), answer::finish))
                .layer(from_fn_with_state(Arc::new(door), frame::surround))
                .layer(from_fn(origin::refuse_other_sites))
                .layer(CatchPanicLayer::custom(fallen))
                .layer(RequestBodyTimeoutLayer::new(SILENCE))
                .layer(DefaultBodyLimit::max(FORM_LIMIT)),
        )
}

/// A handler that panics has broken one answer, not the door.
#[expect(clippy::needless_pass_by_value, reason = "tower-http hands the panic over")]
fn fallen(panic: Box<dyn Any + Send + 'static>) -> Response {
    let what = panic.downcast_ref::<String>().map(String::as_str);
    let what = what.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word");
    Refusal::broken(&Fallen(what.to_owned())).into_response()
}

#[derive(Debug, thiserror::Error)]
#[error("a handler panicked: {0}")]
struct Fallen(String);
