//! The door of whoever watches the server with a Prometheus: the gateway's figures as text, at one local address.
//!
//! Names and units are those of Prometheus' conventions. Nothing about persons: a machine is its number, a page is
//! not named.

mod links;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use prometheus::core::Collector;
use prometheus::proto::MetricFamily;
use prometheus::{Encoder, IntGaugeVec, Opts, Registry, TextEncoder};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::directory;
use crate::journal::chain;
use crate::links::{Alerts, Board};
use crate::store::{ReadTx, Store};
use crate::web::Refusal;

#[derive(Clone)]
struct Gate {
    store: Store,
    board: Board,
    alerts: Alerts,
    registry: Registry,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the communes cannot be read")]
    Directory(#[from] directory::Error),
    #[error("the figures cannot be written as text")]
    Encode(#[from] prometheus::Error),
}

/// The door, ready to serve. `figures` are those that are counted as things happen.
pub fn router(
    store: Store,
    board: Board,
    alerts: Alerts,
    figures: impl IntoIterator<Item = Box<dyn Collector>>,
) -> Router {
    let registry = Registry::new();
    for figure in figures.into_iter().chain([build()]) {
        registry.register(figure).expect("every figure has a name of its own");
    }
    Router::new().route("/metrics", get(metrics)).with_state(Gate { store, board, alerts, registry })
}

/// For ever; without a listener, nothing but wait.
pub async fn serve(listeners: Vec<TcpListener>, router: Router) {
    let mut serving = JoinSet::new();
    for listener in listeners {
        let router = router.clone();
        serving.spawn(async move { axum::serve(listener, router).await });
    }
    while let Some(ended) = serving.join_next().await {
        if let Ok(Err(error)) = ended {
            log::warn!("nobody can read the metrics any more: {}", chain(&error));
        }
    }
    std::future::pending::<()>().await;
}

async fn metrics(State(gate): State<Gate>) -> Result<impl IntoResponse, Refusal> {
    let now = std::time::Instant::now();
    let text = gate.text(now).await.map_err(|error| Refusal::broken(&error))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text))
}

impl Gate {
    async fn text(&self, now: std::time::Instant) -> Result<Vec<u8>, Error> {
        let communes = self.store.read(async |tx: &ReadTx| directory::communes(tx).await).await?;
        let names = communes.into_iter().map(|commune| (commune.id, commune.name)).collect();
        let mut families = links::families(&self.board.readings(now), &names);
        families.extend(links::service(self.board.service()));
        families.extend(links::alerts(&self.alerts.standing()));
        families.extend(self.registry.gather());
        encode(&families)
    }
}

fn encode(families: &[MetricFamily]) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(families, &mut text)?;
    Ok(text)
}

fn build() -> Box<dyn Collector> {
    let about = Opts::new("beffroi_build_info", "The program that runs; always 1.");
    let build = IntGaugeVec::new(about, &["version"]).expect("the names are names");
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    Box::new(build)
}
