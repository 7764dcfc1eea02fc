//! Asks the gateway, over the temporary tunnel, to take this machine in: one HTTP request.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use beffroi_protocol::code::HostName;
use beffroi_protocol::enrolment::{self, NAME_MAX, Refused, Request, Welcome};
use beffroi_protocol::temporary;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Until the answer is whole.
const ANSWER: Duration = Duration::from_secs(20);
/// No answer is longer, in bytes.
const MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) enum Answer {
    Welcome(Box<Welcome>),
    Refused(Refused),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Trying again, or elsewhere, may help.
    #[error("the gateway does not answer")]
    Silent(#[source] io::Error),
    #[error("the connection broke off")]
    BrokenOff(#[source] hyper::Error),
    #[error("the gateway's answer is not understood: {0}")]
    NotUnderstood(String),
}

/// `from` is the machine's temporary address, `interface` the tunnel's: the request, and with it the
/// machine's key, cannot take another way. `patience` is for the two handshakes, the tunnel's and TCP's.
///
/// # Errors
/// When there is no answer, or one that is not of this protocol.
pub(crate) async fn ask(
    interface: &str,
    from: Ipv4Addr,
    request: &Request,
    patience: Duration,
) -> Result<Answer, Error> {
    let silent = |error| Error::Silent(error);
    let stream = timeout(patience, connect(interface, from)).await.map_err(|late| silent(late.into()))?;
    let exchange = exchange(stream.map_err(silent)?, request);
    let (status, body) = timeout(ANSWER, exchange).await.map_err(|late| silent(late.into()))??;
    read(status, &body)
}

/// What the machine calls itself: the first [`NAME_MAX`] characters of its host name.
pub(crate) fn machine_name() -> String {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let name: String = host.to_string_lossy().trim().chars().take(NAME_MAX).collect();
    if name.is_empty() { "poste".to_owned() } else { name }
}

async fn connect(interface: &str, from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind((from, 0).into())?;
    socket.connect(SocketAddr::from((temporary::GATEWAY, temporary::PORT))).await
}

async fn exchange(stream: TcpStream, request: &Request) -> Result<(StatusCode, Bytes), Error> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Error::BrokenOff)?;
    let body = serde_json::to_vec(request).expect("plain data");
    let request = hyper::Request::builder()
        .method(Method::POST)
        .uri(enrolment::PATH)
        .header(header::HOST, format!("{}:{}", temporary::GATEWAY, temporary::PORT))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .expect("every part is well formed");
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
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Error::NotUnderstood(format!("it is longer than {MAX} bytes")))
        }
        Err(error) => Err(Error::Silent(io::Error::other(error))),
    }
}

fn read(status: StatusCode, body: &[u8]) -> Result<Answer, Error> {
    if status == StatusCode::OK {
        let welcome: Welcome =
            serde_json::from_slice(body).map_err(|error| Error::NotUnderstood(error.to_string()))?;
        check(&welcome)?;
        return Ok(Answer::Welcome(Box::new(welcome)));
    }
    serde_json::from_slice(body)
        .map(Answer::Refused)
        .map_err(|error| Error::NotUnderstood(format!("status {status}: {error}")))
}

/// What the rest of the program relies on.
fn check(welcome: &Welcome) -> Result<(), Error> {
    let wrong = |what: &str| Err(Error::NotUnderstood(what.to_owned()));
    if welcome.addresses.is_empty() || welcome.gateway.is_empty() || welcome.probe.is_empty() {
        return wrong("it has no addresses");
    }
    if !welcome.probe.iter().all(|service| welcome.gateway.contains(&service.ip())) {
        return wrong("its probe service is not at the gateway");
    }
    if welcome.mtu < 576 {
        return wrong("its MTU is less than any network has");
    }
    if !welcome.names.iter().all(|name| name.name.parse::<HostName>().is_ok()) {
        return wrong("one of its names is no host name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use beffroi_protocol::enrolment::Reason;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::state::tests::joined;

    #[test]
    fn a_welcome_and_a_refusal_are_told_apart() {
        let welcome = joined().welcome;
        let body = serde_json::to_vec(&welcome).expect("plain data");
        assert!(matches!(read(StatusCode::OK, &body), Ok(Answer::Welcome(read)) if *read == welcome));
        let body = r#"{"reason": "expired", "message": "Ce bon a expiré."}"#.as_bytes();
        let refused = read(StatusCode::FORBIDDEN, body);
        assert!(
            matches!(refused, Ok(Answer::Refused(Refused { reason: Reason::Expired, .. }))),
            "{refused:?}"
        );
        let body = r#"{"reason": "moon_phase", "message": "Pas ce soir."}"#.as_bytes();
        let refused = read(StatusCode::CONFLICT, body);
        assert!(matches!(refused, Ok(Answer::Refused(Refused { reason: Reason::Other, .. }))), "{refused:?}");
    }

    #[test]
    fn an_answer_that_cannot_be_relied_on_is_not_accepted() {
        type Spoil = fn(&mut Welcome);
        let spoils: [Spoil; 6] = [
            |welcome| welcome.addresses.clear(),
            |welcome| welcome.gateway.clear(),
            |welcome| welcome.probe.clear(),
            |welcome| welcome.probe[0] = ([192, 0, 2, 1], 4711).into(),
            |welcome| welcome.mtu = 0,
            |welcome| welcome.names[0].name = "intranet.fr\n192.0.2.1 bank.example".into(),
        ];
        for spoil in spoils {
            let mut welcome = joined().welcome;
            spoil(&mut welcome);
            let body = serde_json::to_vec(&welcome).expect("plain data");
            assert!(matches!(read(StatusCode::OK, &body), Err(Error::NotUnderstood(_))), "{welcome:?}");
        }
        assert!(matches!(read(StatusCode::OK, b"<html>"), Err(Error::NotUnderstood(_))));
        assert!(matches!(read(StatusCode::BAD_GATEWAY, b"<html>"), Err(Error::NotUnderstood(_))));
    }

    #[tokio::test]
    async fn an_answer_is_read_though_the_gateway_hangs_up_at_once() {
        let gateway = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = gateway.local_addr().expect("it is bound");
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
        let request = Request { key: joined().key.public(), name: "poste".into(), version: "0.1.0".into() };
        for _ in 0..100 {
            let stream = TcpStream::connect(address).await.expect("loopback");
            let (status, body) = exchange(stream, &request).await.expect("an answer");
            assert_eq!((status, &body[..]), (StatusCode::OK, &b"hello"[..]));
        }
        answering.abort();
    }

    #[test]
    fn a_machine_always_has_a_name() {
        assert!((1..=NAME_MAX).contains(&machine_name().chars().count()));
    }
}
