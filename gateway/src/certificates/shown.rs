//! The certificate that a door shows: replaced while connections are open.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use rustls::crypto::ring::sign::any_ecdsa_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::Error;
use super::store::Certificate;

/// What one door shows now. The name asked for does not matter: a door has one name, and says it.
#[derive(Default)]
pub struct Shown(RwLock<Option<Current>>);

struct Current {
    certified: Arc<CertifiedKey>,
    from: Timestamp,
    until: Timestamp,
}

impl Shown {
    pub(super) fn show(&self, certificate: &Certificate) -> Result<(), Error> {
        let key = PrivateKeyDer::try_from(certificate.key.as_slice()).map_err(Error::Key)?;
        let chain = vec![CertificateDer::from(certificate.certificate.clone())];
        let certified = Arc::new(CertifiedKey::new(chain, any_ecdsa_type(&key)?));
        let current = Current { certified, from: certificate.from, until: certificate.until };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(current);
        Ok(())
    }

    /// From when until when it is good, if there is one.
    pub(super) fn until(&self) -> Option<(Timestamp, Timestamp)> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|current| (current.from, current.until))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().map(|current| current.certified.clone())
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("until", &self.until()).finish()
    }
}
