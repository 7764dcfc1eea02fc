//! A form with a file in it. The file is read as it comes, and nothing of it is held here.

use axum::body::Bytes;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::StatusCode;

use super::refusal::Refusal;
use super::texts::t;

/// What a browser sends when a form has `enctype="multipart/form-data"`. How long it may be is what the route takes.
pub struct Upload(Multipart);

/// A file that somebody chose.
pub struct ChosenFile<'a>(Field<'a>);

/// Why it does not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    #[error("it is longer than what is taken")]
    TooLong,
    #[error("it was cut")]
    Cut(#[source] MultipartError),
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Upload, Refusal> {
        Multipart::from_request(request, state).await.map(Upload).map_err(|rejection| {
            log::debug!("unreadable form with a file: {rejection}");
            Refusal::Refused { status: StatusCode::BAD_REQUEST, sentence: t("web-form-unreadable") }
        })
    }
}

impl Upload {
    /// The file that was chosen in that field; `None` when it was left empty.
    pub async fn file(&mut self, name: &str) -> Result<Option<ChosenFile<'_>>, Unread> {
        let field = self.0.next_field().await?;
        // A field without a file comes as one without a name.
        let is_chosen = |field: &Field<'_>| {
            field.name() == Some(name) && field.file_name().is_some_and(|name| !name.is_empty())
        };
        Ok(field.filter(is_chosen).map(ChosenFile))
    }
}

impl ChosenFile<'_> {
    /// What has come; `None` at its end.
    pub async fn more(&mut self) -> Result<Option<Bytes>, Unread> {
        Ok(self.0.chunk().await?)
    }
}

impl From<MultipartError> for Unread {
    fn from(error: MultipartError) -> Unread {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Unread::TooLong } else { Unread::Cut(error) }
    }
}
