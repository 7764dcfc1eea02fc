//! The members' port: plain HTTP/1.1 inside the machines' own tunnels, one request a connection.
//!
//! A route is a row of [`routes`]. Whatever it answers, it answers to an active machine, which it takes as
//! `Extension<Member>`: nobody else comes as far as a row. Slow lines are no error, so nothing here has a time
//! limit on the whole, but on silence.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use beffroi_protocol::PublicKey;
use beffroi_protocol::diagnosis::{self, Told};
use beffroi_protocol::membership::{KEY_PATH, Membership, NEXT_GATEWAY_PATH, PATH, UNKNOWN};
use beffroi_protocol::release::Offer;
use beffroi_protocol::serving::{self, Hosts};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, StatusCode, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt;
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::serving::note as note_serving;
use super::{Terms, key, next_gateway, release, throughput};
use crate::directory::{self, Changes, Commune, Machine, MachineId};
use crate::journal::chain;
use crate::links::{self, Measuring};
use crate::store::{Read, ReadTx, Store, WriteTx};
use crate::updates::{self, Shelf};
use crate::web::{Arrivals, Place, Room, tend};

/// What a machine tells is a few facts. A route that takes more raises this for itself.
const BODY_MAX: usize = 16 * 1024;
/// For the head of a request to arrive: a modem at 56 kbit/s with losses needs a few seconds.
const HEAD: Duration = Duration::from_secs(20);
/// Silence within what a machine sends.
const SILENCE: Duration = Duration::from_secs(20);
/// Connections at once: every machine of a large communauté may ask in the minute after a change.
const IN_ALL: usize = 512;
/// A machine asks one thing at a time; a second try may come while the first is given up.
const FROM_ONE: usize = 4;

/// What is needed to speak with members. Cheap to clone.
#[derive(Clone)]
pub struct Members {
    pub(super) store: Store,
    pub(super) changes: Changes,
    terms: Arc<Terms>,
    pub(super) shelf: Shelf,
    pub(super) measuring: Measuring,
}

/// Who asks: a machine that is not revoked, and its commune.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) machine: Machine,
    pub(super) commune: Commune,
    /// Whether its link has a preshared key.
    pub(super) preshared: bool,
    /// Whether it is to make itself a new key.
    pub(super) rotate: bool,
    /// The key that the gateway will have.
    pub(super) next_gateway: Option<PublicKey>,
    /// What it may fetch now.
    pub(super) release: Option<Offer>,
    /// The order to measure its line, if there is one.
    pub(super) measure: Option<u32>,
    /// The other computers that it is to let in.
    pub(super) serving: Option<Hosts>,
}

pub(super) fn routes(members: &Members) -> Router {
    Router::new()
        .route(PATH, get(membership))
        .route(diagnosis::PATH, post(diagnosis))
        .route(serving::PATH, post(note_serving))
        .route(KEY_PATH, post(key::change))
        .route(NEXT_GATEWAY_PATH, post(next_gateway::note))
        .route(throughput::PATH, get(throughput::begin))
        .route(release::PATH, get(release::part).post(release::note))
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(from_fn_with_state(members.clone(), recognise))
        .layer(RequestBodyTimeoutLayer::new(SILENCE))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .with_state(members.clone())
}

async fn membership(State(members): State<Members>, Extension(who): Extension<Member>) -> Json<Membership> {
    Json(members.terms.membership(&who))
}

/// What the machine found while it could not reach us.
async fn diagnosis(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Json(told): Json<Told>,
) -> StatusCode {
    let (machine, now) = (who.machine.id, Timestamp::now());
    match members.store.write(async move |tx: &mut WriteTx| links::note(tx, machine, told, now).await).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(error) => {
            log::error!("what machine {machine} told is not written down: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

/// Answers members, for ever.
pub async fn serve_members(listeners: Vec<TcpListener>, members: Members) {
    let mut arrivals = Arrivals::new(listeners, Room::new(IN_ALL, FROM_ONE));
    let routes = routes(&members);
    while let Some((stream, peer, place)) = arrivals.next().await {
        tokio::spawn(converse(stream, peer, routes.clone(), place));
    }
}

impl Members {
    pub fn new(store: Store, changes: Changes, terms: Terms, shelf: Shelf, measuring: Measuring) -> Self {
        Self { store, changes, terms: Arc::new(terms), shelf, measuring }
    }

    pub(super) fn network(&self) -> directory::Network {
        self.terms.network()
    }

    /// Of what is wanted of this machine now. A store that cannot be read keeps nobody from knowing that the
    /// line is there.
    pub(super) async fn revision(&self, id: MachineId) -> u32 {
        match self.member(id).await {
            Ok(Some(who)) => self.terms.membership(&who).revision,
            Ok(None) => UNKNOWN,
            Err(error) => {
                log::debug!("what is wanted of machine {id} is not known: {}", chain(&error));
                UNKNOWN
            }
        }
    }

    async fn at(&self, peer: SocketAddr) -> Result<Option<Member>, links::Error> {
        let Some(id) = self.network().machine_at(peer.ip()) else {
            return Ok(None);
        };
        self.member(id).await
    }

    async fn member(&self, id: MachineId) -> Result<Option<Member>, links::Error> {
        let now = Timestamp::now();
        let found = self.store.read(async move |tx: &ReadTx| member(tx, id, now).await).await?;
        let measure = self.measuring.ordered(id, Instant::now());
        Ok(found.map(|who| Member { measure, ..who }))
    }
}

async fn member(tx: &impl Read, id: MachineId, now: Timestamp) -> Result<Option<Member>, links::Error> {
    let Some(machine) = directory::machine(tx, id).await?.filter(Machine::is_active) else {
        return Ok(None);
    };
    let preshared = directory::has_preshared(tx, id).await?;
    let rotate = directory::is_to_rotate(tx, &machine, now).await?;
    let next_gateway = directory::next_gateway_key(tx).await?;
    let commune = directory::commune(tx, machine.commune).await?;
    let release = updates::offer(tx, id).await?;
    let serving = links::let_in(tx, id).await?;
    Ok(commune.map(|commune| Member {
        machine,
        commune,
        preshared,
        rotate,
        next_gateway,
        release,
        measure: None,
        serving,
    }))
}

/// Lets a request through to its route when it comes from an active machine, and from its agent.
async fn recognise(
    State(members): State<Members>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    if !is_an_agents(request.headers(), &members.network()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match members.at(peer).await {
        Ok(Some(member)) => {
            request.extensions_mut().insert(member);
            next.run(request).await
        }
        Ok(None) => StatusCode::FORBIDDEN.into_response(),
        Err(error) => {
            log::error!("{peer}: a member could not be answered: {}", chain(&error));
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// A page in the machine's browser has the machine's address too. The browser says whose page it is, or by which
/// name it came here; the agent asks by address.
fn is_an_agents(headers: &HeaderMap, network: &directory::Network) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let called = host.to_str().ok().and_then(address);
    !headers.contains_key(header::ORIGIN) && called.is_some_and(|called| network.gateway().contains(&called))
}

/// An address as it is written in an authority (RFC 3986, 3.2.2), with or without a port.
fn address(host: &str) -> Option<IpAddr> {
    if let Ok(called) = host.parse::<SocketAddr>() {
        return Some(called.ip());
    }
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

pub(super) async fn converse(stream: TcpStream, peer: SocketAddr, routes: Router, _place: Place) {
    if let Err(error) = tend(&stream) {
        log::debug!("{peer}: {error}");
    }
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        routes.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(16 * 1024)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        log::debug!("{peer}: {error}");
    }
}
