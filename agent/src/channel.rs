//! One question to the gateway, through the tunnel and no other way: HTTP/1.1, a connection each. What is
//! asked, and when, is the business of who asks.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::http::request;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::journal::journal_text;

/// For a connection through a tunnel that is up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Before what the gateway has not taken is told again.
pub(crate) const RETRY: Duration = Duration::from_secs(60);
/// Until the answer is whole.
const ANSWER: Duration = Duration::from_secs(20);
/// No answer is longer, in bytes.
const MAX: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Trying again, or elsewhere, may help.
    #[error("the gateway does not answer")]
    Silent(#[source] io::Error),
    #[error("the connection broke off")]
    BrokenOff(#[source] hyper::Error),
    #[error("the gateway's answer is longer than {MAX} bytes")]
    TooLong,
}

/// A way to the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    /// Of the tunnel.
    pub(crate) interface: String,
    /// The machine's own address in it, of the gateway's family.
    pub(crate) from: IpAddr,
    pub(crate) to: SocketAddr,
}

/// The ways to the gateway, which are tried in turn: a machine without IPv6 has the second for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Channels(Vec<Channel>);

impl FromIterator<Channel> for Channels {
    fn from_iter<I: IntoIterator<Item = Channel>>(channels: I) -> Self {
        Self(channels.into_iter().collect())
    }
}

impl Channels {
    /// `patience` is for the two handshakes, the tunnel's and TCP's, of each way.
    ///
    /// # Errors
    /// When there is no answer, or one that is not of this protocol.
    pub(crate) async fn get(&self, path: &str, patience: Duration) -> Result<(StatusCode, Bytes), Error> {
        self.ask(|| Request::get(path), Bytes::new(), patience).await
    }

    /// A part of something long.
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn get_part(
        &self,
        path: &str,
        bytes: Range<u64>,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), Error> {
        let last = bytes.end.saturating_sub(1);
        let range = format!("bytes={}-{last}", bytes.start);
        self.ask(|| Request::get(path).header(header::RANGE, &range), Bytes::new(), patience).await
    }

    /// `body` is sent as JSON.
    ///
    /// # Errors
    /// The same.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), Error> {
        let body = serde_json::to_vec(body).expect("plain data");
        let request = || Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.ask(request, body.into(), patience).await
    }

    /// Whether the gateway has taken it. For while the link is up.
    pub(crate) async fn tell(&self, path: &str, told: &impl Serialize) -> bool {
        match self.post(path, told, PATIENCE).await {
            Ok((StatusCode::NO_CONTENT, _)) => return true,
            Ok((status, _)) => log::debug!("the gateway does not take what it is told at {path}: {status}"),
            Err(error) => log::debug!("the gateway cannot be told at {path}: {}", journal_text(&error)),
        }
        false
    }

    async fn ask(
        &self,
        request: impl Fn() -> request::Builder,
        body: Bytes,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), Error> {
        let mut last = Error::no_way();
        for channel in &self.0 {
            match channel.ask(request(), body.clone(), patience).await {
                Err(error) => last = error,
                answered => return answered,
            }
        }
        Err(last)
    }

    /// For who speaks for longer than one question.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Channel> {
        self.0.iter()
    }
}

impl Error {
    /// This machine and the gateway have no address family in common.
    pub(crate) fn no_way() -> Self {
        Self::Silent(io::ErrorKind::AddrNotAvailable.into())
    }
}

impl Channel {
    async fn ask(
        &self,
        request: request::Builder,
        body: Bytes,
        patience: Duration,
    ) -> Result<(StatusCode, Bytes), Error> {
        let stream = self.open(patience).await?;
        let request = request
            .header(header::HOST, self.to.to_string())
            .body(Full::new(body))
            .expect("every part is well formed");
        timeout(ANSWER, exchange(stream, request)).await.map_err(|late| Error::Silent(late.into()))?
    }

    /// For who speaks for longer than one question.
    ///
    /// # Errors
    /// When the gateway does not answer.
    pub(crate) async fn open(&self, patience: Duration) -> Result<TcpStream, Error> {
        let opened = timeout(patience, self.connect()).await.unwrap_or_else(|late| Err(late.into()));
        opened.map_err(Error::Silent)
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let socket = if self.to.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind_device(Some(self.interface.as_bytes()))?;
        socket.bind((self.from, 0).into())?;
        socket.connect(self.to).await
    }
}

async fn exchange(stream: TcpStream, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Error> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::BrokenOff)?;
    // The connection does its work beside, until the answer is whole; it may well end before that is read.
    let connection = tokio::spawn(connection);
    let answer = answer(sender.send_request(request).await.map_err(Error::BrokenOff)?).await;
    connection.abort();
    answer
}

async fn answer(response: hyper::Response<Incoming>) -> Result<(StatusCode, Bytes), Error> {
    let status = response.status();
    match Limited::new(response.into_body(), MAX).collect().await {
        Ok(body) => Ok((status, body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(Error::TooLong),
        Err(error) => Err(Error::Silent(io::Error::other(error))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_read_though_the_gateway_hangs_up_at_once() {
        let gateway = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let to = gateway.local_addr().expect("it is bound");
        let answering = tokio::spawn(async move {
            loop {
                let (mut stream, _) = gateway.accept().await.expect("a connection");
                let mut buffer = [0; 4096];
                let length = stream.read(&mut buffer).await.expect("a request");
                assert!(buffer[..length].starts_with(b"POST /v1/enrol HTTP/1.1\r\n"));
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
                stream.write_all(answer).await.expect("an answer");
            }
        });
        let channels = Channels::from_iter([Channel { interface: "lo".into(), from: to.ip(), to }]);
        for _ in 0..100 {
            let asked = channels.post("/v1/enrol", &"poste", Duration::from_secs(10)).await;
            assert_eq!(asked.expect("an answer"), (StatusCode::OK, Bytes::from_static(b"hello")));
        }
        answering.abort();
    }

    #[tokio::test]
    async fn a_way_that_leads_nowhere_is_passed_over() {
        let gateway = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let to = gateway.local_addr().expect("it is bound");
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let nowhere = closed.local_addr().expect("it is bound");
        drop(closed);
        tokio::spawn(async move {
            let (mut stream, _) = gateway.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 4096]).await;
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.expect("an answer");
        });
        let way = |to: SocketAddr| Channel { interface: "lo".into(), from: to.ip(), to };
        let channels = Channels::from_iter([way(nowhere), way(to)]);
        let (status, _) = channels.get("/", Duration::from_secs(10)).await.expect("an answer");
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
}
