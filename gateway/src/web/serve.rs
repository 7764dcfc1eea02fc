//! The TLS listener: HTTP/1.1 and HTTP/2 on the sockets it is given, until it is told to stop.
//!
//! It gives every request the address of its peer and the one that the peer called, as facts of the socket.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::ServerConfig;
use rustls::server::{ResolvesServerCert, ServerSessionMemoryCache};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, join, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::arrivals::Arrivals;
use super::room::{Place, Room};

/// Connections at once, for each door.
const IN_ALL: usize = 2048;
/// A town hall's browser holds one or two; on the server itself, everyone is one address.
const FROM_ONE: usize = 256;
/// A modem at 56 kbit/s with losses needs a few seconds for a handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How HTTP/2 begins (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// For the head of a request to arrive whole.
const HEAD: Duration = Duration::from_secs(30);
/// Silence after which a connection is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(300);
/// For its answer, and for what was sent to be acknowledged.
const GONE: Duration = Duration::from_secs(60);
/// What is under way may end when the process is asked to stop.
const FAREWELL: Duration = Duration::from_secs(5);

/// The address of ours that a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called(pub IpAddr);

/// How a door speaks TLS: version 1.2 or 1.3, HTTP/2 or HTTP/1.1.
pub fn tls(certificates: Arc<dyn ResolvesServerCert>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Who comes back resumes: no certificate on the line. One ticket is enough, each costs its bytes.
    config.session_storage = ServerSessionMemoryCache::new(IN_ALL);
    config.send_tls13_tickets = 1;
    Arc::new(config)
}

/// Serves until `stop` is done, then lets what is under way end.
pub async fn serve(
    listeners: Vec<TcpListener>,
    tls: Arc<ServerConfig>,
    routes: Router,
    stop: impl Future<Output = ()>,
) {
    let arrivals = Arrivals::new(listeners, Room::new(IN_ALL, FROM_ONE));
    serve_arrivals(arrivals, tls, routes, Duration::MAX, stop).await;
}

/// The same for strangers, whose connections end after [`HEAD`] if they were not upgraded by then: who asks for
/// nothing but pages has seen them.
pub async fn serve_strangers(
    listeners: Vec<TcpListener>,
    tls: Arc<ServerConfig>,
    routes: Router,
    stop: impl Future<Output = ()>,
) {
    let arrivals = Arrivals::new(listeners, Room::for_strangers(IN_ALL, FROM_ONE));
    serve_arrivals(arrivals, tls, routes, HEAD, stop).await;
}

async fn serve_arrivals(
    mut arrivals: Arrivals,
    tls: Arc<ServerConfig>,
    routes: Router,
    longest: Duration,
    stop: impl Future<Output = ()>,
) {
    let tls = TlsAcceptor::from(tls);
    let graceful = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, peer, place) = tokio::select! {
            () = &mut stop => break,
            Some(arrival) = arrivals.next() => arrival,
        };
        let watcher = graceful.watcher();
        tokio::spawn(connection(stream, peer, tls.clone(), routes.clone(), watcher, longest, place));
    }
    arrivals.close().await;
    if timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        log::debug!("connections were cut because they did not end in time");
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: TlsAcceptor,
    routes: Router,
    watcher: Watcher,
    longest: Duration,
    _place: Place,
) {
    let called = match stream.local_addr() {
        Ok(address) => Called(address.ip().to_canonical()),
        Err(error) => return log::debug!("{peer}: {error}"),
    };
    if let Err(error) = tend(&stream) {
        log::debug!("{peer}: {error}");
    }
    let stream = match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return log::debug!("{peer}: no TLS: {error}"),
        Err(_) => return log::debug!("{peer}: the TLS handshake took too long"),
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(called);
        routes.clone().oneshot(request)
    });
    // The version is what TLS agreed on. To tell it by the first bytes, one would wait for them without limit.
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let Some(stream) = begun(stream).await else {
        return log::debug!("{peer}: agreed on a version of HTTP and did not begin it");
    };
    let serving = async {
        if speaks_http2 {
            let builder = builder().http2_only();
            watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await
        } else {
            let builder = builder().http1_only();
            watcher.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service)).await
        }
    };
    match timeout(longest, serving).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => log::debug!("{peer}: {error}"),
        Err(_) => log::debug!("{peer}: was served for long enough"),
    }
}

/// Once enough has arrived to tell HTTP/2 from what came before it, which hyper would wait for without limit.
async fn begun<T>(mut stream: T) -> Option<impl AsyncRead + AsyncWrite + Unpin>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut first = Vec::new();
    let read = async {
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            first.push(stream.read_u8().await?);
        }
        Ok::<_, io::Error>(())
    };
    timeout(HEAD, read).await.ok()?.ok()?;
    let (rest, writing) = split(stream);
    Some(join(io::Cursor::new(first).chain(rest), writing))
}

/// Who was cut off without a word does not keep its place.
///
/// # Errors
/// When the system refuses one of the settings; the connection serves without.
pub fn tend(stream: &TcpStream) -> io::Result<()> {
    // Pages are written whole: waiting to fill a packet only adds a round trip.
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(SILENCE).with_interval(GONE / 4))?;
    socket.set_tcp_user_timeout(Some(GONE))
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(64)
        .max_header_list_size(16 * 1024)
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(GONE);
    builder
}
