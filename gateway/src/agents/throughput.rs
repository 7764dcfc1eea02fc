//! Measures a member's line: whose turn it is is asked of [`links`], the bytes pass here, and what was found is
//! written down before the machine hears it.

use std::io;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use beffroi_protocol::throughput::{
    Count, PATIENCE, Reason, Receiving, Refused, Sending, Step, UPGRADE, Unfit,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::time::timeout;

pub(super) use beffroi_protocol::throughput::PATH;

use super::Members;
use super::members::Member;
use crate::audit::{self, About, Act, Entry};
use crate::journal::chain;
use crate::links::{self, Handed, Measure, Turn};
use crate::store::WriteTx;

/// Of one read from the socket, in bytes.
const BUFFER: usize = 64 << 10;
/// The length of a frame, in front of it.
const HEADER: usize = 2;

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the connection broke off")]
    BrokenOff(#[from] io::Error),
    #[error("the machine does not speak this protocol")]
    Unfit(#[from] Unfit),
    #[error("too little came to tell")]
    TooLittle,
    #[error("{} bytes in {} µs is not what was sent", .0.bytes, .0.micros)]
    Implausible(Count),
    #[error("what was measured is not written down")]
    Links(#[from] links::Error),
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    order: Option<u32>,
}

pub(super) async fn begin(
    State(members): State<Members>,
    Extension(who): Extension<Member>,
    Query(asked): Query<Asked>,
    mut request: Request,
) -> Response {
    if request.headers().get(header::UPGRADE) != Some(&HeaderValue::from_static(UPGRADE)) {
        return StatusCode::UPGRADE_REQUIRED.into_response();
    }
    let turn = match members.measuring.begin(who.machine.id, asked.order, Instant::now()) {
        Ok(turn) => turn,
        Err(refused) => return refuse(&who, refused),
    };
    if turn.by().is_none()
        && let Err(error) = record(&members, &who).await
    {
        log::error!("a measure is not in the list of who did what, and is not made: {}", chain(&error));
        return refuse(&who, Refused { reason: Reason::Broken, wait: 0 });
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(stream) => measure(TokioIo::new(stream), &members, &who, turn).await,
            Err(error) => log::debug!("{}: {error}", who.machine.name),
        }
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, UPGRADE)];
    (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
}

fn refuse(who: &Member, refused: Refused) -> Response {
    let (commune, machine) = (who.commune.name.as_str(), &who.machine.name);
    log::info!(COMMUNE = commune; "the line of {machine} is not measured: {:?}", refused.reason);
    (StatusCode::CONFLICT, Json(refused)).into_response()
}

/// What a referent asks for is recorded when it is asked.
async fn record(members: &Members, who: &Member) -> Result<(), audit::Error> {
    let about = About::machine(
        Some(who.commune.name.to_string()),
        who.machine.name.to_string(),
        who.machine.id.number(),
    );
    let by = who.commune.name.town_hall();
    let entry = Entry { at: Timestamp::now(), who: by, act: Act::ThroughputAsked, about };
    members.store.write(async move |tx: &mut WriteTx| audit::record(tx, entry.clone()).await).await
}

async fn measure(stream: impl AsyncRead + AsyncWrite + Unpin, members: &Members, who: &Member, turn: Turn) {
    let (commune, machine) = (who.commune.name.as_str(), &who.machine.name);
    log::info!(COMMUNE = commune; "the line of {machine} is measured");
    let exchange = timeout(PATIENCE, exchange(stream, members, who, turn)).await;
    match exchange.unwrap_or_else(|late| Err(Error::BrokenOff(late.into()))) {
        Ok(Measure { received, sent, .. }) => {
            log::info!(COMMUNE = commune; "the line of {machine} carries {received} bit/s to it, {sent} bit/s from it");
        }
        Err(error @ (Error::Links(_) | Error::Unfit(_) | Error::Implausible(_))) => {
            log::warn!(COMMUNE = commune; "the line of {machine} could not be measured: {}", chain(&error));
        }
        Err(error) => {
            log::info!(COMMUNE = commune; "the line of {machine} could not be measured: {}", chain(&error));
        }
    }
}

/// This end sends first and counts then, as [`beffroi_protocol::throughput`] says.
async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    members: &Members,
    who: &Member,
    turn: Turn,
) -> Result<Measure, Error> {
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    let handed = send(&mut stream).await?;
    let came = receive(&mut stream).await?;
    let mut told = [0; Count::LENGTH];
    stream.read_exact(&mut told).await?;
    let told = Count::from_bytes(told);
    let received = handed.explains(told).ok_or(Error::Implausible(told))?;
    let sent = came.bits_per_second().ok_or(Error::TooLittle)?;
    let measure = Measure { at: Timestamp::now(), by: turn.by().map(str::to_owned), received, sent };
    let (id, noted) = (who.machine.id, measure.clone());
    let write = async move |tx: &mut WriteTx| links::note_measure(tx, id, noted.clone()).await;
    members.store.write(write).await?;
    turn.done();
    stream.write_all(&came.to_bytes()).await?;
    stream.flush().await?;
    Ok(measure)
}

/// The same bytes again and again: in the tunnel they are as good as random, and nobody can pack them.
pub(super) async fn send(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Handed, Error> {
    let begun = Instant::now();
    let mut sending = Sending::new(begun);
    let mut frame = vec![0; HEADER + usize::from(u16::MAX)];
    loop {
        match sending.step(Instant::now()) {
            Step::Send(length) => {
                frame[..HEADER].copy_from_slice(&length.to_be_bytes());
                stream.write_all(&frame[..HEADER + usize::from(length)]).await?;
                stream.flush().await?;
            }
            Step::Listen => {
                let total = stream.read_u64().await?;
                sending.heard(total, Instant::now())?;
            }
            Step::End => {
                let handed = Handed { bytes: sending.sent(), lasted: begun.elapsed() };
                stream.write_u16(0).await?;
                stream.flush().await?;
                return Ok(handed);
            }
        }
    }
}

pub(super) async fn receive(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<Count, Error> {
    let mut receiving = Receiving::default();
    let mut frame = vec![0; usize::from(u16::MAX)];
    loop {
        let length = stream.read_u16().await?;
        if length == 0 {
            return receiving.count().ok_or(Error::TooLittle);
        }
        stream.read_exact(&mut frame[..usize::from(length)]).await?;
        let total = receiving.arrived(length, Instant::now())?;
        stream.write_u64(total).await?;
        stream.flush().await?;
    }
}
