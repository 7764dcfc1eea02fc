//! One small request to the check address. Nothing is followed, nothing is kept, nobody is signed in.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{Response, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Web;
use super::check::Check;

/// From the first packet to the last, a slow line included.
const PATIENCE: Duration = Duration::from_secs(8);
/// The page is a line long.
const MAX: usize = 4 * 1024;
/// What such pages say (NetworkManager.conf(5), section "connectivity").
const ONLINE: &[u8] = b"NetworkManager is online";
const ONLINE_HEADER: &str = "x-networkmanager-status";

/// `now` reads this machine's clock.
pub(super) async fn ask(check: &Check, now: fn() -> SystemTime) -> Web {
    match timeout(PATIENCE, visit(check, now)).await {
        Ok(Ok(web)) => web,
        Ok(Err(Error::NoName)) => Web::NoName,
        Ok(Err(Error::Silent)) | Err(_) => Web::Silent,
    }
}

enum Error {
    NoName,
    Silent,
}

async fn visit(check: &Check, now: fn() -> SystemTime) -> Result<Web, Error> {
    let found = tokio::net::lookup_host((check.host.as_str(), check.port)).await;
    let addresses: Vec<_> = found.map_err(|_| Error::NoName)?.collect();
    let stream = connect(&addresses).await.map_err(|_| Error::Silent)?;
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|_| Error::Silent)?;
    let request = hyper::Request::builder()
        .uri(&check.path)
        .header(header::HOST, check.authority())
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new());
    let request = request.map_err(|_| Error::Silent)?;
    // The connection does its work beside, until the answer is whole.
    let connection = tokio::spawn(connection);
    let answer = match sender.send_request(request).await {
        Ok(response) => Ok(judge(response, now).await),
        Err(_) => Err(Error::Silent),
    };
    connection.abort();
    answer
}

async fn connect(addresses: &[std::net::SocketAddr]) -> io::Result<TcpStream> {
    // A family that leads nowhere fails at once; one that is silent is given half the time.
    let mut last = io::ErrorKind::NotFound.into();
    for address in addresses.iter().take(2) {
        match timeout(PATIENCE / 3, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(late) => last = late.into(),
        }
    }
    Err(last)
}

async fn judge(response: Response<Incoming>, now: fn() -> SystemTime) -> Web {
    let (head, body) = response.into_parts();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let open = || Web::Open { clock: text("date").and_then(|date| ahead(date, now())) };
    match head.status {
        StatusCode::NO_CONTENT => open(),
        StatusCode::OK => {
            let said = text(ONLINE_HEADER) == Some("online");
            let body = Limited::new(body, MAX).collect().await;
            let body = body.map(|body| body.to_bytes()).unwrap_or_default();
            if said || body.starts_with(ONLINE) { open() } else { Web::Captive { to: None } }
        }
        StatusCode::NETWORK_AUTHENTICATION_REQUIRED => Web::Captive { to: None },
        status if status.is_redirection() => {
            let to = text("location").and_then(|location| location.parse::<Uri>().ok());
            Web::Captive { to: to.and_then(|uri| uri.host().map(str::to_owned)) }
        }
        _ => Web::Unclear,
    }
}

/// By how many seconds this machine's clock is ahead of that date.
fn ahead(date: &str, now: SystemTime) -> Option<i64> {
    let since = |time: SystemTime| i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok();
    Some(since(now)? - since(httpdate::parse_http_date(date).ok()?)?)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn check(answer: &'static str, expected: Web) {
        let server = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = server.local_addr().expect("it is bound").port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.expect("a visitor");
            let mut request = [0; 1024];
            let length = stream.read(&mut request).await.expect("a request");
            stream.write_all(answer.as_bytes()).await.expect("the visitor waits");
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let address = Check { host: "127.0.0.1".into(), port, path: "/nm".into() };
        // Thu, 01 Jan 1970 02:00:00 GMT
        let web = ask(&address, || UNIX_EPOCH + Duration::from_secs(7_200)).await;
        let request = serving.await.expect("no panic");
        let head = format!("GET /nm HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n");
        assert!(request.starts_with(&head), "{request}");
        assert_eq!(web, expected, "{answer}");
    }

    #[tokio::test]
    async fn the_web_is_told_from_a_portal() {
        const LINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 25\r\nconnection: close\r\n";
        let line = |rest: &str| -> &'static str { (LINE.to_owned() + rest).leak() };
        let open = |clock| Web::Open { clock };
        check(line("\r\nNetworkManager is online\n"), open(None)).await;
        let date = "date: Thu, 01 Jan 1970 03:00:00 GMT\r\n\r\nNetworkManager is online\n";
        check(line(date), open(Some(-3_600))).await;
        check("HTTP/1.1 204 No Content\r\n\r\n", open(None)).await;
        check(line("x-networkmanager-status: online\r\n\r\nanything else, 25 letters"), open(None)).await;
        let portal = |to: Option<&str>| Web::Captive { to: to.map(str::to_owned) };
        check(line("\r\n<title>Bienvenue !</title"), portal(None)).await;
        check(
            "HTTP/1.1 302 Found\r\nlocation: http://portail.hotel.test/login?x=1\r\ncontent-length: 0\r\n\r\n",
            portal(Some("portail.hotel.test")),
        )
        .await;
        check("HTTP/1.1 511 Network Authentication Required\r\ncontent-length: 0\r\n\r\n", portal(None))
            .await;
        check("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", Web::Unclear).await;
        check("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", Web::Unclear).await;
    }

    #[tokio::test]
    async fn where_nothing_listens_is_silence() {
        let closed = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = closed.local_addr().expect("it is bound").port();
        drop(closed);
        let address = Check { host: "127.0.0.1".into(), port, path: "/".into() };
        assert_eq!(ask(&address, SystemTime::now).await, Web::Silent);
    }
}
