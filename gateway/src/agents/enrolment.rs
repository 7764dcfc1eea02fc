//! The enrolment port: plain HTTP inside the temporary tunnel, one request a connection.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use beffroi_protocol::enrolment::{PATH, Reason, Refused, Request, Welcome};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::Terms;
use crate::directory::{Changes, to_the_end};
use crate::enrolment::{self, Outcome};
use crate::journal::chain;
use crate::store::{Store, WriteTx};
use crate::web::{Arrivals, Place, Room, t};

/// A request has a key, a name and a version.
const BODY_MAX: usize = 4 * 1024;
/// For the whole request to arrive: a modem at 56 kbit/s with losses needs a few seconds.
const ARRIVAL: Duration = Duration::from_secs(20);
/// From the first byte in to the last byte out.
const CONVERSATION: Duration = Duration::from_secs(60);
/// For netd to take the new peer in; after that the machine is asked to try again.
const PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once: twenty-two town halls can enrol at the same moment, and more.
const IN_ALL: usize = 64;
/// A machine needs one; a second try may come while the first is given up.
const FROM_ONE: usize = 4;

/// What is needed to let a machine in.
#[derive(Clone)]
pub struct Gate {
    pub store: Store,
    pub changes: Changes,
    pub terms: Terms,
}

/// Lets machines in, for ever.
pub async fn serve_enrolment(listeners: Vec<TcpListener>, gate: Gate) {
    let mut arrivals = Arrivals::new(listeners, Room::new(IN_ALL, FROM_ONE));
    while let Some((stream, peer, place)) = arrivals.next().await {
        match peer {
            SocketAddr::V4(peer) => drop(tokio::spawn(converse(stream, *peer.ip(), gate.clone(), place))),
            SocketAddr::V6(peer) => log::debug!("{peer}: not where invited machines are"),
        }
    }
}

pub(super) async fn converse(stream: TcpStream, peer: Ipv4Addr, gate: Gate, _place: Place) {
    let service = service_fn(move |request| {
        let gate = gate.clone();
        async move { Ok::<_, Infallible>(gate.reply(peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(ARRIVAL)
        .max_buf_size(16 * 1024)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(CONVERSATION, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("{peer}: {error}"),
        Err(_) => log::debug!("{peer}: the conversation took too long"),
    }
}

impl Gate {
    async fn reply(&self, peer: Ipv4Addr, request: hyper::Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::POST || request.uri().path() != PATH {
            return json(StatusCode::NOT_FOUND, &malformed());
        }
        let Some(request) = read(request).await else {
            return json(StatusCode::BAD_REQUEST, &malformed());
        };
        match self.answer(peer, request).await {
            Ok(welcome) => json(StatusCode::OK, &welcome),
            Err(refused) => json(status(refused.reason), &refused),
        }
    }

    /// The machine is told only when the tunnel takes its own key, so that it never waits for a peer that is
    /// not there.
    async fn answer(&self, peer: Ipv4Addr, request: Request) -> Result<Welcome, Refused> {
        let gate = self.clone();
        to_the_end(async move { gate.let_in(peer, request).await }).await
    }

    async fn let_in(&self, peer: Ipv4Addr, request: Request) -> Result<Welcome, Refused> {
        let (network, now) = (self.terms.network(), Timestamp::now());
        let request = Request { preshared: request.preshared && self.terms.preshared(), ..request };
        let answer = async move |tx: &mut WriteTx| enrolment::answer(tx, &network, peer, &request, now).await;
        let outcome = self.store.write(answer).await.map_err(|refused| {
            if refused.reason() == Reason::Broken {
                log::error!("{peer}: a machine could not be enrolled: {}", chain(&refused));
            } else {
                log::info!("{peer}: enrolment refused: {}", chain(&refused));
            }
            Refused { reason: refused.reason(), message: t(refused.message()) }
        })?;
        let Outcome { machine, commune, preshared, first } = &outcome;
        if *first {
            log::info!(COMMUNE = commune.name.as_str(); "enrolled: {}, {}", machine.name, machine.key);
        }
        if !self.changes.carry_out(PATIENCE).await {
            return Err(Refused { reason: Reason::Broken, message: t("enrolment-refused-broken") });
        }
        Ok(self.terms.welcome(machine, commune, *preshared))
    }
}

/// `None` for what is too long, too slow, or no request.
async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
    let body = Limited::new(request.into_body(), BODY_MAX).collect();
    let body = timeout(ARRIVAL, body).await.ok()?.ok()?;
    serde_json::from_slice(&body.to_bytes()).ok()
}

fn malformed() -> Refused {
    Refused { reason: Reason::Malformed, message: t("agents-malformed") }
}

fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::Expired | Reason::Used | Reason::Cancelled => StatusCode::GONE,
        Reason::Unknown => StatusCode::NOT_FOUND,
        Reason::Malformed => StatusCode::BAD_REQUEST,
        Reason::Broken | Reason::Other => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(body).expect("these types have no unserialisable part");
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
