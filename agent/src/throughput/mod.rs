//! Measures what the line carries: when the gateway has ordered it ([`Orders`]), or when a person asks
//! (`beffroi-agent doctor --throughput`). Nothing here begins by itself.

mod exchange;

use std::io;
use std::time::Duration;

use beffroi_protocol::throughput::{Enough, PATH, PATIENCE, Reason, Refused, UPGRADE, Unfit};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::channel::{self, Channel, Channels};
use crate::journal::journal_text;
use crate::texts::{t, t_with};

/// For a connection through a tunnel that is up.
const ANSWER: Duration = Duration::from_secs(10);

/// What was found, in bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Throughput {
    /// From the gateway.
    pub(crate) received: u64,
    /// To it.
    pub(crate) sent: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    NotAnswered(#[from] channel::Error),
    #[error("the gateway refuses: {:?}", .0.reason)]
    Refused(Refused),
    #[error("the gateway answers with status {0}")]
    Status(StatusCode),
    #[error("the connection broke off")]
    Http(#[from] hyper::Error),
    #[error("the connection broke off")]
    BrokenOff(#[from] io::Error),
    #[error("the gateway does not speak this protocol")]
    Unfit(#[from] Unfit),
    #[error("too little came to tell")]
    TooLittle,
}

/// Measures through the first of these that answers.
///
/// # Errors
/// When the gateway does not want to, or the line breaks.
pub(crate) async fn measure(channels: &Channels, order: Option<u32>) -> Result<Throughput, Error> {
    let mut last = channel::Error::no_way();
    for channel in channels.iter() {
        match timeout(PATIENCE, through(channel, order)).await {
            Ok(Err(Error::NotAnswered(error))) => last = error,
            Ok(measured) => return measured,
            Err(late) => return Err(Error::BrokenOff(late.into())),
        }
    }
    Err(last.into())
}

async fn through(channel: &Channel, order: Option<u32>) -> Result<Throughput, Error> {
    let mut stream = begin(channel, order).await?;
    exchange::exchange(&mut stream).await
}

/// The connection on which it is measured.
async fn begin(channel: &Channel, order: Option<u32>) -> Result<TokioIo<Upgraded>, Error> {
    let stream = channel.open(ANSWER).await?;
    // An answer that waits for another one is late, and tells of a queue that is not there.
    stream.set_nodelay(true)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let path = order.map_or_else(|| PATH.to_owned(), |order| format!("{PATH}?order={order}"));
    let request = Request::get(path)
        .header(header::HOST, channel.to.to_string())
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, UPGRADE)
        .body(Empty::<Bytes>::new())
        .expect("every part is well formed");
    let response = sender.send_request(request).await?;
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => Ok(TokioIo::new(hyper::upgrade::on(response).await?)),
        StatusCode::CONFLICT => {
            let body = response.into_body().collect().await?.to_bytes();
            let other = Refused { reason: Reason::Other, wait: 0 };
            Err(Error::Refused(serde_json::from_slice(&body).unwrap_or(other)))
        }
        status => Err(Error::Status(status)),
    }
}

/// What the gateway orders is done once: the order stands in the membership for as long as it is under way.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    last: Option<u32>,
    task: Option<JoinHandle<()>>,
}

impl Orders {
    pub(crate) fn follow(&mut self, order: Option<u32>, channels: Channels) {
        if order.is_none() || order == self.last {
            return;
        }
        self.last = order;
        self.stop();
        self.task = Some(tokio::spawn(async move {
            log::info!("the gateway wants to know what the line carries: it is measured");
            match measure(&channels, order).await {
                Ok(Throughput { received, sent }) => {
                    log::info!("the line carries {received} bit/s from the gateway, {sent} bit/s to it");
                }
                Err(error) => log::warn!("the line could not be measured: {}", journal_text(&error)),
            }
        }));
    }

    fn stop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Throughput {
    /// For people, in French.
    pub(crate) fn text(&self) -> String {
        let enough = match Enough::of(self.received, self.sent) {
            Enough::Reading => "throughput-reading",
            Enough::Documents => "throughput-documents",
            Enough::Everyone => "throughput-everyone",
        };
        let figures = [("received", rate(self.received).into()), ("sent", rate(self.sent).into())];
        t_with("throughput-measured", &figures) + "\n" + &t(enough)
    }
}

impl Error {
    /// For people, in French: why, and what to do.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Refused(Refused { reason: Reason::UnderWay, .. }) => t("throughput-under-way"),
            Self::Refused(Refused { reason: Reason::TooSoon, wait }) => {
                t_with("throughput-too-soon", &[("minutes", wait.div_ceil(60).into())])
            }
            Self::NotAnswered(_) => t("throughput-not-answered"),
            Self::Http(_) | Self::BrokenOff(_) | Self::TooLittle => t("throughput-broken-off"),
            Self::Refused(_) | Self::Status(_) | Self::Unfit(_) => t("throughput-refused"),
        }
    }
}

/// "64 kbit/s", "4,2 Mbit/s".
fn rate(bits: u64) -> String {
    let (unit, text) =
        if bits < 1_000_000 { (1_000, "throughput-kilobits") } else { (1_000_000, "throughput-megabits") };
    let tenths = bits * 10 / unit;
    let count = match (tenths / 10, tenths % 10) {
        (whole @ 0..10, tenth @ 1..) => format!("{whole},{tenth}"),
        (whole, _) => whole.to_string(),
    };
    t_with(text, &[("count", count.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_one_decimal_where_it_says_something() {
        fn check(bits: u64, expected: &str) {
            assert_eq!(rate(bits), expected);
        }
        check(900, "0,9 kbit/s");
        check(56_400, "56 kbit/s");
        check(999_999, "999 kbit/s");
        check(4_250_000, "4,2 Mbit/s");
        check(94_000_000, "94 Mbit/s");
    }

    #[test]
    fn whoever_is_refused_is_told_when_to_come_again() {
        fn check(error: &Error, expected: &str) {
            assert!(error.message().contains(expected), "{}", error.message());
        }
        let refused = |reason, wait| Error::Refused(Refused { reason, wait });
        check(&refused(Reason::TooSoon, 130), "3 minutes");
        check(&refused(Reason::TooSoon, 40), "1 minute");
        check(&refused(Reason::UnderWay, 0), "déjà en cours");
        check(&Error::NotAnswered(channel::Error::TooLong), "ne répond pas");
        check(&Error::TooLittle, "coupée");
        check(&Error::Status(StatusCode::NOT_FOUND), "refuse");
    }
}
