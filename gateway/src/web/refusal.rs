//! Why a request is not answered with what it asked. The only place where an error becomes an HTTP status.
//!
//! *Refused*: it is the person's turn, and the sentence says what to do. *Broken*: it is our turn; the person
//! reads an incident number, and the journal holds the same number with the whole chain of causes. A form that
//! can be corrected is not a refusal: it is the form again, see [`super::Reply::kept`].

use std::error::Error;
use std::fmt;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use data_encoding::BASE32_NOPAD;

use super::texts::t;
use crate::journal::chain;

/// What a handler answers when it does not do what it was asked.
#[derive(Debug)]
pub enum Refusal {
    /// It is the person's turn: one plain sentence says what to do.
    Refused {
        /// For programs and for the journal.
        status: StatusCode,
        /// For people, already in their language.
        sentence: String,
    },
    /// It is our turn: the chain goes to the journal, the number to both.
    Broken {
        /// Written in the journal as `INCIDENT=`.
        incident: Incident,
        /// Causes, outermost first, joined with colons.
        chain: String,
    },
}

impl Refusal {
    /// Asked for something that cannot be done as asked.
    pub fn refused(sentence: impl Into<String>) -> Refusal {
        Refusal::Refused { status: StatusCode::UNPROCESSABLE_ENTITY, sentence: sentence.into() }
    }

    /// Somebody was faster, or it is done already.
    pub fn conflict(sentence: impl Into<String>) -> Refusal {
        Refusal::Refused { status: StatusCode::CONFLICT, sentence: sentence.into() }
    }

    /// Known, and not allowed.
    pub fn forbidden(sentence: impl Into<String>) -> Refusal {
        Refusal::Refused { status: StatusCode::FORBIDDEN, sentence: sentence.into() }
    }

    /// More than is taken at once.
    pub fn too_large(sentence: impl Into<String>) -> Refusal {
        Refusal::Refused { status: StatusCode::PAYLOAD_TOO_LARGE, sentence: sentence.into() }
    }

    /// Nothing there, or nothing whose existence may be told.
    pub fn not_found() -> Refusal {
        Refusal::Refused { status: StatusCode::NOT_FOUND, sentence: t("web-not-found") }
    }

    /// We could not do it.
    pub fn broken(error: &(dyn Error + 'static)) -> Refusal {
        Refusal::Broken { incident: Incident::new(), chain: chain(error) }
    }
}

impl From<askama::Error> for Refusal {
    fn from(error: askama::Error) -> Refusal {
        Refusal::broken(&error)
    }
}

/// What the page frame needs to turn a bare answer into a page.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) sentence: String,
    pub(super) incident: Option<Incident>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, told) = match self {
            Refusal::Refused { status, sentence } => (status, Told { sentence, incident: None }),
            Refusal::Broken { incident, chain } => {
                log::error!(INCIDENT = incident.as_str(); "{chain}");
                let sentence = t("web-broken");
                (StatusCode::INTERNAL_SERVER_ERROR, Told { sentence, incident: Some(incident) })
            }
        };
        let mut response = status.into_response();
        response.extensions_mut().insert(told);
        response
    }
}

/// Eight letters and digits that a person can read over the telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident(String);

impl Incident {
    fn new() -> Incident {
        let mut bytes = [0; 5];
        getrandom::fill(&mut bytes).expect("the kernel gives random bytes once the machine has started");
        Incident(BASE32_NOPAD.encode(&bytes))
    }

    /// As in the journal.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the notice cannot be stored")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Inner;

    #[test]
    fn the_journal_gets_every_cause_once() {
        assert_eq!(chain(&Outer(Inner)), "the notice cannot be stored: the disk is full");
    }
}
