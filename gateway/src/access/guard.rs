//! Decides, before the handler runs, whether a request may reach it.

use std::net::{IpAddr, SocketAddr};
use std::sync::PoisonError;
use std::time::Instant;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use beffroi_protocol::temporary;
use ipnet::IpNet;
use jiff::Timestamp;

use super::account::is_set_up;
use super::session::{Token, holder, touch};
use super::spare::is_awaited;
use super::{Access, Audience, Error, Referent, Route, SET_UP, SIGN_IN, TownHall};
use crate::directory;
use crate::store::{ReadTx, WriteTx};
use crate::web::{Frame, Now, Refusal, Reply, dress, is_looked_at, t};

/// Bytes of a form that is kept while its writer signs in again.
const KEPT: usize = 64 * 1024;
/// Names of the fields in which every form of this house has passwords typed.
const SECRET_FIELDS: [&str; 3] = ["password", "again", "current"];

/// What was being sent when the session turned out to be over.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Where it was sent.
    pub path: String,
    /// The fields as a browser writes them; a form may have none.
    pub fields: String,
}

/// How a door asks its caller to sign in without losing what was being sent.
pub type Ask = fn(Frame, Kept) -> Result<Reply, Refusal>;

/// The table as a router: every route behind the decision that its line names.
pub fn guarded<S>(access: &Access, ask: Option<Ask>, routes: Vec<Route<S>>) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    routes.into_iter().fold(Router::new(), |router, route| {
        let guard = Guard { access: access.clone(), who: route.who, ask };
        router.route(route.path, route.handler.layer(from_fn_with_state(guard, decide)))
    })
}

#[derive(Clone)]
struct Guard {
    access: Access,
    who: Audience,
    ask: Option<Ask>,
}

async fn decide(
    State(guard): State<Guard>,
    frame: Frame,
    now: Now,
    request: Request,
    next: Next,
) -> Response {
    let (frame, response) = match guard.admit(frame.clone(), now.0, request).await {
        Ok(Admitted { frame, request }) => (frame, next.run(request).await),
        Err(Turned::Away(reply)) => (frame, reply.into_response()),
        Err(Turned::Refused(refusal)) => (frame, refusal.into_response()),
    };
    dress(frame, response)
}

struct Admitted {
    frame: Frame,
    request: Request,
}

enum Turned {
    Away(Reply),
    Refused(Refusal),
}

impl<E: Into<Refusal>> From<E> for Turned {
    fn from(error: E) -> Turned {
        Turned::Refused(error.into())
    }
}

impl Guard {
    async fn admit(&self, frame: Frame, now: Timestamp, mut request: Request) -> Result<Admitted, Turned> {
        let frame = match self.who {
            Audience::Anyone => frame,
            Audience::SetUp => {
                if !self.access.awaits_a_code(now).await? {
                    return Err(self.set_up_is_over(&request));
                }
                frame
            }
            Audience::TownHall => {
                let Some(town_hall) = self.access.town_hall(peer(&request)?).await? else {
                    return Err(Refusal::forbidden(t("access-unknown-machine")).into());
                };
                let frame = frame.with_caller(town_hall.commune().name.town_hall());
                request.extensions_mut().insert(town_hall);
                frame
            }
            Audience::Referent => {
                let Some((_, referent)) = self.access.session(request.headers(), now).await? else {
                    return Err(self.ask_to_sign_in(frame, request).await?);
                };
                let frame = frame.with_caller(referent.name());
                request.extensions_mut().insert(referent);
                frame
            }
        };
        request.extensions_mut().insert(frame.clone());
        Ok(Admitted { frame, request })
    }

    fn set_up_is_over(&self, request: &Request) -> Turned {
        if request.method() == Method::GET {
            return Turned::Away(Reply::see_other("/"));
        }
        Turned::Refused(Refusal::conflict(t("access-set-up-is-over")))
    }

    async fn ask_to_sign_in(&self, frame: Frame, request: Request) -> Result<Turned, Turned> {
        let Some(ask) = self.ask else { return Err(Refusal::forbidden(t("access-referents-only")).into()) };
        if !self.access.is_set_up().await? {
            return Ok(Turned::Away(Reply::see_other(SET_UP)));
        }
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        if request.method() == Method::GET {
            return Ok(Turned::Away(Reply::see_other(sign_in_before(&path))));
        }
        if !is_text_alone(request.headers()) {
            return Err(Refusal::forbidden(t("access-file-not-kept")).into());
        }
        let Ok(body) = to_bytes(request.into_body(), KEPT).await else {
            return Err(Refusal::too_large(t("access-too-long-to-keep")).into());
        };
        let fields = without_secrets(&body);
        let page = ask(frame, Kept { path, fields })?;
        Ok(Turned::Away(page.with_status(StatusCode::UNAUTHORIZED)))
    }
}

/// A form that has a file in it is of another type.
fn is_text_alone(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_none_or(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// The fields of a form as they were sent, less those in which passwords are typed: these are not shown
/// again, hidden or not, and are typed anew.
fn without_secrets(body: &[u8]) -> String {
    let kept = form_urlencoded::parse(body).filter(|(name, _)| !SECRET_FIELDS.contains(&name.as_ref()));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish()
}

/// The sign-in page that leads to `path` afterwards.
fn sign_in_before(path: &str) -> String {
    if path == "/" {
        return SIGN_IN.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("suite", path).finish();
    format!("{SIGN_IN}?{query}")
}

/// The address that the socket says.
fn peer(request: &Request) -> Result<IpAddr, Refusal> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip().to_canonical()).ok_or_else(|| Refusal::broken(&NoPeer))
}

#[derive(Debug, thiserror::Error)]
#[error("a request came without the address of its peer")]
struct NoPeer;

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        match error {
            Error::WrongCode => Refusal::refused(t("access-wrong-code")),
            Error::SetUpIsOver => Refusal::conflict(t("access-set-up-is-over")),
            Error::NoAccount | Error::PasswordChanged | Error::Directory(_) | Error::Store(_) => {
                Refusal::broken(&error)
            }
        }
    }
}

impl Access {
    /// The enrolled machine of that tunnel address, and its commune.
    pub async fn town_hall(&self, address: IpAddr) -> Result<Option<TownHall>, Error> {
        let network = self.network;
        self.store
            .read(async move |tx: &ReadTx| -> Result<_, Error> {
                let Some(machine) = directory::machine_by_address(tx, &network, address).await? else {
                    return Ok(None);
                };
                let commune = directory::commune(tx, machine.commune).await?;
                Ok(commune.map(|commune| TownHall::of(machine, commune)))
            })
            .await
    }

    /// Whether an address is inside the tunnel: a member's, a guest's, or the gateway's own there.
    pub fn is_inside(&self, address: IpAddr) -> bool {
        let guests = IpNet::from(temporary::NETWORK);
        self.network.networks().iter().chain([&guests]).any(|network| network.contains(&address))
    }

    /// How loudly to say what a caller can bring about as often as it likes: once a minute for each, who
    /// looks after the gateway reads it.
    pub fn level(&self, what: &'static str, origin: IpAddr, now: Instant) -> log::Level {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).level(what, origin, now)
    }

    /// Whether somebody has an account.
    pub async fn is_set_up(&self) -> Result<bool, Error> {
        self.store.read(async |tx: &ReadTx| is_set_up(tx).await).await
    }

    /// Whether a code can be typed, with which an account is made or its password set.
    pub async fn awaits_a_code(&self, now: Timestamp) -> Result<bool, Error> {
        self.store.read(async move |tx: &ReadTx| is_awaited(tx, now).await).await
    }

    /// The session that these headers carry, and whose it is. It stays open because somebody looks at a page,
    /// and not because a page that nobody looks at keeps itself up to date.
    pub async fn session(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<Option<(Token, Referent)>, Error> {
        let Some(token) = Token::sent(headers) else { return Ok(None) };
        let sent = token.clone();
        let holder = self.store.read(async move |tx: &ReadTx| holder(tx, &sent, now).await).await?;
        let Some((id, account, stale)) = holder else { return Ok(None) };
        if stale && is_looked_at(headers) {
            let seen = token.clone();
            self.store.write(async move |tx: &mut WriteTx| touch(tx, &seen, now).await).await?;
        }
        Ok(Some((token, Referent::of(id, &account))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_among_what_is_kept() {
        fn check(sent: &str, kept: &str) {
            assert_eq!(without_secrets(sent.as_bytes()), kept);
        }
        check("title=Avis&text=Une+ligne%0Ade+plus", "title=Avis&text=Une+ligne%0Ade+plus");
        check("current=secret&name=Yvetot&password=secret&again=secret", "name=Yvetot");
        check("", "");
    }
}
