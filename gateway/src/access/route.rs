//! The routes of a door as a table: method, path, who may, function.

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{self, MethodRouter};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Whoever reaches the door.
    Anyone,
    /// An enrolled machine of a town hall, known by its tunnel address.
    TownHall,
    /// Whoever reaches the door, as long as nobody has an account or a code was given.
    SetUp,
    /// A referent who has signed in.
    Referent,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Route<S> {
    /// GET or POST: forms know no other.
    pub method: Method,
    /// As axum writes it: `/postes/{machine}`.
    pub path: &'static str,
    /// Decided before the handler runs.
    pub who: Audience,
    /// The function, as axum calls it.
    pub handler: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Route<S> {
    /// A page.
    pub fn get<H, T>(path: &'static str, who: Audience, handler: H) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Route { method: Method::GET, path, who, handler: routing::get(handler) }
    }

    /// A form that was sent.
    pub fn post<H, T>(path: &'static str, who: Audience, handler: H) -> Route<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        Route { method: Method::POST, path, who, handler: routing::post(handler) }
    }

    /// Takes as many bytes, where the forms of the other routes are shorter or longer.
    #[must_use]
    pub fn taking(self, bytes: usize) -> Route<S> {
        Route { handler: self.handler.layer(DefaultBodyLimit::max(bytes)), ..self }
    }
}
