//! The certificate of the carrier: made at each start, checked by nobody. It says nothing of the communauté.

use std::sync::Arc;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::web;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the carrier's certificate cannot be made")]
    Make(#[from] rcgen::Error),
    #[error("the carrier's certificate cannot be used")]
    Use(#[from] rustls::Error),
}

/// How the carrier speaks TLS: like a server that was just installed.
///
/// # Errors
/// When the system has no randomness to give.
pub fn tls() -> Result<Arc<ServerConfig>, Error> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.not_before = date_time_ymd(2025, 1, 1);
    params.not_after = date_time_ymd(2035, 1, 1);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = params.self_signed(&key)?;
    let key = any_ecdsa_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
    let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
    let mut config = Arc::unwrap_or_clone(web::tls(Arc::new(SingleCertAndKey::from(certified))));
    // An upgrade is a thing of HTTP/1.1.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
