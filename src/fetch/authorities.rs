//! `Authorities`: whom a server's certificate must come from.

use pingora::protocols::tls::CaType;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Certificates of a site's own authorities, in place of the system's roots.
#[derive(Clone)]
pub struct Authorities {
    pem: Arc<[u8]>,
    certificates: Arc<CaType>,
}

/// Why a PEM text names no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthoritiesError {
    /// Nothing between `BEGIN CERTIFICATE` and its end.
    #[error("no certificate in it")]
    None,
    /// Not one that TLS can use.
    #[error("certificate {0} of it cannot be used")]
    Broken(usize),
}

impl Authorities {
    /// Reads PEM text with one or more certificates.
    ///
    /// # Errors
    /// When there is none, or one that cannot be used.
    pub fn parse(pem: &[u8]) -> Result<Self, AuthoritiesError> {
        Ok(Self {
            pem: pem.into(),
            certificates: certificates(pem)?,
        })
    }

    pub(super) fn certificates(&self) -> Arc<CaType> {
        Arc::clone(&self.certificates)
    }
}

#[cfg(feature = "rustls")]
fn certificates(pem: &[u8]) -> Result<Arc<CaType>, AuthoritiesError> {
    use pingora::utils::tls::WrappedX509;
    use rustls::RootCertStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use x509_parser::prelude::{FromDer, X509Certificate};

    let mut found = Vec::new();
    for (at, certificate) in CertificateDer::pem_slice_iter(pem).enumerate() {
        let broken = AuthoritiesError::Broken(at + 1);
        let der = certificate.map_err(|_| broken)?;
        // Pingora does this at every connect, and would panic over what the other parser refuses.
        RootCertStore::empty()
            .add(der.clone())
            .map_err(|_| broken)?;
        let parsed = WrappedX509::try_new(der.to_vec(), |raw: &Vec<u8>| {
            X509Certificate::from_der(raw).map(|(_, certificate)| certificate)
        });
        found.push(parsed.map_err(|_| broken)?);
    }
    if found.is_empty() {
        return Err(AuthoritiesError::None);
    }
    Ok(found.into())
}

#[cfg(not(feature = "rustls"))]
fn certificates(_: &[u8]) -> Result<Arc<CaType>, AuthoritiesError> {
    Ok(Arc::new([]))
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Self) -> bool {
        self.pem == other.pem
    }
}

impl Eq for Authorities {}

impl fmt::Debug for Authorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorities({} certificates)", self.certificates.len())
    }
}
