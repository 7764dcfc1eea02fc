//! The doors over real sockets: certificates verified, both versions of HTTP, stopping without cutting.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use beffroi_gateway::certificates::{Certificates, Wanted};
use beffroi_gateway::store::Store;
use beffroi_gateway::web;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const PATIENCE: Duration = Duration::from_secs(60);

/// The intranet's certificate in front of one page, which says where the request comes from.
struct Served {
    address: SocketAddr,
    roots: RootCertStore,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _folder: TempDir,
}

#[derive(Clone, Copy)]
enum Callers {
    Machines,
    Strangers,
}

impl Served {
    async fn start() -> Served {
        Served::start_for(Callers::Machines).await
    }

    async fn start_for(callers: Callers) -> Served {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let wanted = Wanted {
            domain: "coeur-de-caux.fr".to_owned(),
            networks: Vec::new(),
            intranet: Vec::new(),
            admin: Vec::new(),
        };
        let certificates = Certificates::open(store, &wanted, Timestamp::now()).await.expect("certificates");
        let authority = CertificateDer::from_pem_slice(certificates.authority_pem().as_bytes());
        let mut roots = RootCertStore::empty();
        roots.add(authority.expect("the authority in PEM")).expect("a root");

        let page = get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (stop, stopped) = oneshot::channel();
        let (tls, routes) = (web::tls(certificates.intranet()), Router::new().route("/", page));
        let stopped = async { stopped.await.unwrap_or_default() };
        let serving = match callers {
            Callers::Machines => tokio::spawn(web::serve(vec![listener], tls, routes, stopped)),
            Callers::Strangers => tokio::spawn(web::serve_strangers(vec![listener], tls, routes, stopped)),
        };
        Served { address, roots, stop, serving, _folder: folder }
    }

    async fn connect(&self, name: &str, protocol: &[u8]) -> Result<TlsStream<TcpStream>, std::io::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows TLS 1.2 and 1.3")
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = [protocol.to_vec()].into_iter().filter(|name| !name.is_empty()).collect();
        let stream = TcpStream::connect(self.address).await.expect("a connection");
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

fn question() -> Request<Empty<Bytes>> {
    Request::get("https://intranet.coeur-de-caux.fr/").body(Empty::new()).expect("a request")
}

#[tokio::test]
async fn both_versions_of_http_are_spoken_behind_a_verified_certificate() {
    let served = Served::start().await;
    let stream = served.connect("intranet.coeur-de-caux.fr", b"h2").await.expect("a verified certificate");
    let me = stream.get_ref().0.local_addr().expect("an address");
    let (mut asking, line) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    tokio::spawn(line);
    let answer = asking.send_request(question()).await.expect("an answer");
    assert!(answer.headers().contains_key("date"));
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body, me.to_string(), "the peer is a fact of the socket");

    let stream = served.connect("intranet.coeur-de-caux.fr", b"http/1.1").await.expect("a certificate");
    let (mut asking, line) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    tokio::spawn(line);
    let answer = asking.send_request(question()).await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn a_browser_that_asks_for_another_name_is_not_deceived() {
    let served = Served::start().await;
    let error = served.connect("admin.coeur-de-caux.fr", b"h2").await.expect_err("another name");
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn who_says_nothing_holds_up_nobody() {
    let served = Served::start().await;
    let _silent = TcpStream::connect(served.address).await.expect("a connection");
    let answered = timeout(PATIENCE, served.connect("intranet.coeur-de-caux.fr", b"h2")).await;
    answered.expect("in time").expect("a verified certificate");
}

/// The clock jumps whenever everyone waits.
#[tokio::test]
async fn who_is_silent_after_the_handshake_does_not_keep_its_place() {
    let served = Served::start().await;
    for protocol in [&b"h2"[..], b"http/1.1", b""] {
        let mut silent = served.connect("intranet.coeur-de-caux.fr", protocol).await.expect("a certificate");
        tokio::time::pause();
        let mut rest = Vec::new();
        // Closed with or without TLS's own goodbye.
        drop(timeout(PATIENCE, silent.read_to_end(&mut rest)).await.expect("in time"));
        tokio::time::resume();
    }
}

/// The clock jumps whenever everyone waits.
#[tokio::test]
async fn a_stranger_who_asks_for_pages_does_not_keep_its_place() {
    let check = async |callers: Callers, expected: usize| {
        let served = Served::start_for(callers).await;
        let stream = served.connect("intranet.coeur-de-caux.fr", b"http/1.1").await.expect("a certificate");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        tokio::time::pause();
        let mut answered = 0;
        while answered < 10 && sender.ready().await.is_ok() && sender.send_request(question()).await.is_ok() {
            answered += 1;
            tokio::time::sleep(Duration::from_secs(14)).await;
        }
        tokio::time::resume();
        assert_eq!(answered, expected);
    };
    check(Callers::Strangers, 3).await;
    check(Callers::Machines, 10).await;
}

#[tokio::test]
async fn stopping_closes_what_is_idle() {
    let served = Served::start().await;
    let mut idle = served.connect("intranet.coeur-de-caux.fr", b"http/1.1").await.expect("a certificate");
    served.stop.send(()).expect("it serves");
    timeout(PATIENCE, served.serving).await.expect("in time").expect("without a panic");
    let mut rest = Vec::new();
    // Closed with or without TLS's own goodbye.
    drop(timeout(PATIENCE, idle.read_to_end(&mut rest)).await.expect("in time"));
    assert!(rest.is_empty());
    TcpStream::connect(served.address).await.expect_err("nobody listens any more");
}
