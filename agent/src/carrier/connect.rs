//! From a name to a connection on which datagrams pass: TCP, TLS, and one request of HTTP.
//!
//! The certificate is not looked at. Who answers has to prove to WireGuard, inside, that it is the gateway; who
//! listens in between sees what WireGuard sends on any line; and a machine whose clock is years off has to get
//! through as well.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use beffroi_protocol::PublicKey;
use beffroi_protocol::carrier::{PORT, UPGRADE, path};
use beffroi_protocol::code::Endpoint;
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Gateway;
use crate::lookup;

/// For one address, from the first packet to the first datagram.
const PATIENCE: Duration = Duration::from_secs(10);

/// On which datagrams pass.
type Stream = TokioIo<Upgraded>;

/// By the first address that answers, which is given too.
pub(super) async fn connect(gateway: &Gateway) -> io::Result<(Stream, SocketAddr)> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for endpoint in &gateway.endpoints {
        for address in lookup::lookup(endpoint).await {
            let address = SocketAddr::new(address.ip(), PORT);
            match timeout(PATIENCE, at(address, endpoint, &gateway.keys)).await {
                Ok(Ok(stream)) => return Ok((stream, address)),
                Ok(Err(error)) => last = error,
                Err(late) => last = late.into(),
            }
        }
    }
    Err(last)
}

/// Each key has a path of its own, and the gateway may know one of them only.
async fn at(address: SocketAddr, endpoint: &Endpoint, gateways: &[PublicKey]) -> io::Result<Stream> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for gateway in gateways {
        match by(address, endpoint, gateway).await? {
            Ok(stream) => return Ok(stream),
            Err(closed) => last = io::Error::other(closed),
        }
    }
    Err(last)
}

/// The inner error is the gateway's own: it does not know this path.
async fn by(
    address: SocketAddr,
    endpoint: &Endpoint,
    gateway: &PublicKey,
) -> io::Result<Result<Stream, Error>> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (name, host) = match endpoint {
        Endpoint::Name { host, .. } => (
            ServerName::try_from(host.as_str().to_owned()).map_err(io::Error::other)?,
            host.as_str().to_owned(),
        ),
        Endpoint::Address(_) => (ServerName::from(address.ip()), address.ip().to_string()),
    };
    let stream = TlsConnector::from(tls()).connect(name, stream).await?;
    match upgraded(stream, &path(gateway), &host).await {
        Ok(stream) => Ok(Ok(stream)),
        Err(closed @ Error::Closed(_)) => Ok(Err(closed)),
        Err(broken) => Err(io::Error::other(broken)),
    }
}

async fn upgraded(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    path: &str,
    host: &str,
) -> Result<Stream, Error> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection.with_upgrades());
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::CONNECTION, "upgrade")
        .header(header::UPGRADE, UPGRADE)
        .body(Empty::<Bytes>::new())
        .expect("a path of hexadecimal digits is right");
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::Closed(response.status()));
    }
    Ok(TokioIo::new(hyper::upgrade::on(response).await?))
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("the gateway's port 443 does not take datagrams: {0}")]
    Closed(StatusCode),
    #[error("the connection broke off: {0}")]
    Http(#[from] hyper::Error),
}

fn tls() -> Arc<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
        .with_no_client_auth();
    Arc::new(config)
}

/// Takes any certificate, of whoever holds its key.
#[derive(Debug)]
struct Anyone(Arc<CryptoProvider>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
