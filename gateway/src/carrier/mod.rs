//! The door of last resort, on TCP port 443 of every address: WireGuard's datagrams in TLS, for town halls whose
//! network lets nothing but web sites through.
//!
//! To everyone else it is a web server with nothing on it. What passes is relayed to WireGuard's own port and
//! nowhere else; who may enter is WireGuard's business, as it is for datagrams that come by themselves. Netd's
//! firewall keeps the internet away until a referent has set the switch.

mod coat;
mod relay;
#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use beffroi_protocol::carrier;
use hyper_util::rt::TokioIo;
use log::Level;
use subtle::ConstantTimeEq;

use crate::directory::{self, Changes};
use crate::journal::chain;
use crate::openings::{self, Opening};
use crate::store::{ReadTx, Store};
use crate::web::Room;

pub use coat::{Error, tls};

/// Relays at once.
const IN_ALL: usize = 512;
/// Town halls behind one provider's shared address, or one proxy.
const FROM_ONE: usize = 64;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub struct Gate {
    store: Store,
    changes: Changes,
    room: Room,
    /// When it was last said that there is no more room.
    full: Arc<Mutex<Option<Instant>>>,
    /// Of this machine.
    wireguard: SocketAddr,
}

impl Gate {
    pub fn new(store: Store, changes: Changes, wireguard_port: u16) -> Self {
        let wireguard = (Ipv4Addr::LOCALHOST, wireguard_port).into();
        Self { store, changes, room: Room::for_strangers(IN_ALL, FROM_ONE), full: Arc::default(), wireguard }
    }

    /// Strangers can bring it about as often as they like: a warning the first time in a minute.
    fn level_when_full(&self, now: Instant) -> Level {
        let mut said = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_some_and(|said| now.saturating_duration_since(said) < MINUTE) {
            return Level::Debug;
        }
        *said = Some(now);
        Level::Warn
    }

    /// None while the switch is off; one for each key that the gateway has or will have.
    async fn paths(&self) -> Result<Vec<String>, directory::Error> {
        let read = async |tx: &ReadTx| {
            if !openings::switch(tx, Opening::Carrier).await?.is_some_and(|switch| switch.is_on) {
                return Ok(Vec::new());
            }
            Ok(directory::gateway_keys(tx).await?.iter().map(carrier::path).collect())
        };
        self.store.read(read).await
    }

    async fn is_open(&self) -> bool {
        self.paths().await.is_ok_and(|paths| !paths.is_empty())
    }

    async fn leads_here(&self, path: &str) -> bool {
        match self.paths().await {
            Ok(ours) => ours.iter().any(|ours| ours.as_bytes().ct_eq(path.as_bytes()).into()),
            Err(error) => {
                log::error!("the carrier's switch cannot be read: {}", chain(&error));
                false
            }
        }
    }
}

/// The door, ready to serve.
pub fn router(gate: Gate) -> Router {
    Router::new().fallback(answer).with_state(gate)
}

async fn answer(
    State(gate): State<Gate>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    if !is_upgrade(&request) || !gate.leads_here(&path).await {
        return as_any_server(request.method(), &path);
    }
    let Some(place) = gate.room.enter(peer.ip()) else {
        log::log!(
            gate.level_when_full(Instant::now()),
            "the carrier turns town halls away: it has no more room"
        );
        log::debug!("{peer} is turned away from the carrier");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let _place = place;
        match upgrade.await {
            Ok(stream) => relay::relay(TokioIo::new(stream), &gate, peer).await,
            Err(error) => log::debug!("{peer}: {error}"),
        }
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, carrier::UPGRADE)];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

fn is_upgrade(request: &Request) -> bool {
    let upgrade = request.headers().get(header::UPGRADE);
    request.method() == Method::GET && upgrade == Some(&HeaderValue::from_static(carrier::UPGRADE))
}

/// What a web server says on which nobody has put anything yet.
fn as_any_server(method: &Method, path: &str) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    match path {
        "/" | "/index.html" => Html("<html><body><h1>It works!</h1></body></html>\n").into_response(),
        _ => {
            let page = "<html><head><title>404 Not Found</title></head>\
                <body><h1>Not Found</h1></body></html>\n";
            (StatusCode::NOT_FOUND, Html(page)).into_response()
        }
    }
}
