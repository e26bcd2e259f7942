//! `rediss://`: the certificate is verified against the configured CA, always.

use super::sessions::RedisStore;
use super::test_server::{TestServer, free_port};
use crate::clock::Now;
use crate::store::contract::{LookupError, SessionStore, StoreFault, StoreOpenError};
use crate::store::settings::{RedisAddress, RedisServers, RedisSettings, RedisTls};
use crate::token::Credential;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;

#[tokio::test]
async fn only_a_server_with_a_certificate_of_the_ca_is_trusted() {
    let (site, stranger) = (authority(), authority());
    let mut server = TestServer::prepare();
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, &site))
        .expect("a certificate");
    let file = |name: &str, pem: String| {
        let path = server.dir().join(name);
        fs::write(&path, pem).expect("a writable scratch folder");
        path.display().to_string()
    };
    let certificate = file("cert.pem", certificate.pem());
    let key = file("key.pem", key.serialize_pem());
    let port = free_port();
    server.options(&["--tls-port", &port.to_string(), "--tls-auth-clients", "no"]);
    server.options(&["--tls-cert-file", &certificate, "--tls-key-file", &key]);
    server.options(&["--tls-ca-cert-file", &certificate]);
    server.run().await;

    let cases = [
        ("localhost", &site, None),
        ("localhost", &stranger, Some(StoreFault::Io)),
        ("127.0.0.1", &site, Some(StoreFault::Io)),
    ];
    for (host, ca, expected) in cases {
        let settings = rediss(&server, host, port, ca.pem());
        let store = RedisStore::open("test", &settings).expect("a good CA");
        let found = store.find(&Credential::new("t"), Now::read()).await;
        let fault = match found {
            Ok(None) => None,
            Err(LookupError::Store(error)) => Some(error.kind),
            other => panic!("{host}: {other:?}"),
        };
        assert_eq!(fault, expected, "{host}");
    }
}

#[test]
fn a_ca_without_a_certificate_is_refused_when_the_store_is_opened() {
    let server = TestServer::prepare();
    let cases = [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n****\n-----END CERTIFICATE-----\n",
    ];
    for pem in cases {
        let settings = rediss(&server, "localhost", 6379, pem.to_owned());
        let opened = RedisStore::open("test", &settings).map(|_| ());
        assert!(
            matches!(opened, Err(StoreOpenError::Ca { .. })),
            "{pem}: {opened:?}"
        );
    }
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

fn rediss(server: &TestServer, host: &str, port: u16, ca_pem: String) -> RedisSettings {
    RedisSettings {
        servers: RedisServers::One(RedisAddress::Tcp {
            host: host.to_owned(),
            port,
            tls: Some(RedisTls {
                ca_pem: Some(ca_pem.into_bytes()),
            }),
        }),
        ..server.settings()
    }
}
