//! TLS: the certificate and its name are verified, always.

use super::authorities::{Authorities, AuthoritiesError};
use super::failure::FetchFault;
use super::fetcher::Fetcher;
use super::limits::FetchLimits;
use super::request::FetchRequest;
use super::target::{FetchTarget, TargetError};
use super::test_server::{Step, TestServer};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

#[tokio::test]
async fn only_a_server_with_a_certificate_of_the_ca_is_asked() {
    let (site, stranger) = (authority(), authority());
    let cases = [
        ("localhost", "localhost", Some(site.pem()), None),
        ("127.0.0.1", "127.0.0.1", Some(site.pem()), None),
        (
            "localhost",
            "localhost",
            Some(stranger.pem()),
            Some(FetchFault::Io),
        ),
        (
            "localhost",
            "127.0.0.1",
            Some(site.pem()),
            Some(FetchFault::Io),
        ),
        (
            "127.0.0.1",
            "localhost",
            Some(site.pem()),
            Some(FetchFault::Io),
        ),
        // The system's roots do not know it.
        ("localhost", "localhost", None, Some(FetchFault::Io)),
    ];
    for (certified, asked, ca, fault) in cases {
        let ok = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec();
        let steps = vec![Step::Answer(ok.clone()), Step::Answer(ok)];
        let server = TestServer::start_tls(vec![steps], acceptor(&site, certified)).await;
        let ca = ca.map(|pem| Authorities::parse(pem.as_bytes()).expect("a CA"));
        let url = format!("https://{asked}:{}/resolve", server.port());
        let target = FetchTarget::parse(&url, ca.clone()).expect("a URL");
        let fetcher = Fetcher::new(target, FetchLimits::default());
        let first = fetcher.fetch(&FetchRequest::get()).await;
        let seen = first.as_ref().map_err(|error| error.kind).err();
        assert_eq!(seen, fault, "{certified} {asked} {ca:?}: {first:?}");
        if fault.is_none() {
            assert!(fetcher.fetch(&FetchRequest::get()).await.is_ok());
            assert_eq!(server.connections(), [0, 0], "kept");
        } else {
            assert!(server.seen().is_empty(), "nothing was sent");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_told() {
    let (site, stranger) = (authority(), authority());
    let server = TestServer::start_tls(vec![vec![]], acceptor(&site, "localhost")).await;
    let ca = Authorities::parse(stranger.pem().as_bytes()).expect("a CA");
    let url = format!("https://localhost:{}/?key=secret", server.port());
    let target = FetchTarget::parse(&url, Some(ca)).expect("a URL");
    let fetcher = Fetcher::new(target, FetchLimits::default());
    let error = fetcher.fetch(&FetchRequest::get()).await;
    let error = error.expect_err("a stranger").to_string();
    assert!(error.contains("certificate"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[test]
fn a_ca_without_a_certificate_is_refused() {
    let broken = AuthoritiesError::Broken(1);
    let cases = [
        ("", AuthoritiesError::None),
        ("no certificate", AuthoritiesError::None),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            broken,
        ),
        (
            "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
            broken,
        ),
    ];
    for (pem, fault) in cases {
        assert_eq!(
            Authorities::parse(pem.as_bytes()).err(),
            Some(fault),
            "{pem}"
        );
    }
}

#[test]
fn a_ca_is_for_tls() {
    let ca = || Some(Authorities::parse(authority().pem().as_bytes()).expect("a CA"));
    for url in ["http://auth/", "unix:/run/auth.sock"] {
        let target = FetchTarget::parse(url, ca());
        assert_eq!(target, Err(TargetError::UselessCa), "{url}");
    }
}

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

fn acceptor(site: &Authority, name: &str) -> TlsAcceptor {
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new([name.to_owned()])
        .and_then(|params| params.signed_by(&key, site))
        .expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}
