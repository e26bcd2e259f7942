//! TLS: the certificate is verified against the configured CA, always, whether the servers are named by a URL, by
//! sentinels or by a cluster.

use super::sessions::RedisStore;
use super::test_server::{TestServer, free_port, until};
use crate::clock::Now;
use crate::store::contract::{LookupError, SessionStore, StoreFault, StoreOpenError};
use crate::store::settings::{
    ClusterSettings, RedisAddress, RedisNode, RedisServers, RedisSettings, RedisTls,
    SentinelSettings,
};
use crate::token::Credential;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::fs;

type Authority = CertifiedIssuer<'static, KeyPair>;

#[tokio::test]
async fn only_a_server_with_a_certificate_of_the_ca_is_trusted() {
    let (site, stranger) = (authority(), authority());
    let (mut server, port) = certified(&site);
    server.run().await;
    let cases = [
        ("localhost", &site, None),
        ("localhost", &stranger, Some(StoreFault::Io)),
        ("127.0.0.1", &site, Some(StoreFault::Io)),
    ];
    for (host, ca, expected) in cases {
        let settings = settings(&server, rediss(host, port, ca.pem()));
        let store = RedisStore::open("test", &settings).expect("a good CA");
        assert_eq!(fault(&store).await, expected, "{host}");
    }
}

#[tokio::test]
async fn the_nodes_of_a_cluster_must_have_one_too() {
    let (site, stranger) = (authority(), authority());
    let (mut server, port) = certified(&site);
    server.options(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &free_port().to_string(),
    ]);
    // Else it announces no TLS port.
    server.options(&["--tls-cluster", "yes"]);
    server.run().await;
    server.command("CLUSTER ADDSLOTSRANGE 0 16383");
    until("the cluster is ready", async || {
        server.command("CLUSTER INFO").contains("cluster_state:ok")
    })
    .await;
    for (ca, expected) in [(&site, None), (&stranger, Some(StoreFault::Io))] {
        // A node alone does not know its address: it is where it was asked.
        let cluster = ClusterSettings {
            nodes: vec![localhost(port)],
            tls: tls(ca.pem()),
        };
        let settings = settings(&server, RedisServers::Cluster(cluster));
        let store = RedisStore::open("test", &settings).expect("a good CA");
        assert_eq!(fault(&store).await, expected);
        assert_eq!(store.is_up(), expected.is_none());
    }
}

#[tokio::test]
async fn so_must_sentinels_and_their_master() {
    let (site, stranger) = (authority(), authority());
    let (mut server, port) = certified(&site);
    server.run().await;
    let (mut sentinel, sentinel_port) = certified(&site);
    let file = sentinel.dir().join("sentinel.conf");
    let monitored = format!(
        "sentinel resolve-hostnames yes\nsentinel announce-hostnames yes\nsentinel monitor m localhost {port} 1\n"
    );
    fs::write(&file, monitored).expect("a writable scratch folder");
    sentinel.be_sentinel(&file);
    sentinel.run().await;
    for (ca, expected) in [(&site, None), (&stranger, Some(StoreFault::Io))] {
        let named = SentinelSettings {
            master: "m".to_owned(),
            nodes: vec![localhost(sentinel_port)],
            username: None,
            password: None,
            tls: tls(ca.pem()),
        };
        let settings = settings(&server, RedisServers::Sentinel(Box::new(named)));
        let store = RedisStore::open("test", &settings).expect("a good CA");
        assert_eq!(fault(&store).await, expected);
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
        let one = rediss("localhost", 6379, pem.to_owned());
        let cluster = RedisServers::Cluster(ClusterSettings {
            nodes: vec![localhost(6379)],
            tls: tls(pem.to_owned()),
        });
        for servers in [one, cluster] {
            let opened = RedisStore::open("test", &settings(&server, servers)).map(|_| ());
            assert!(
                matches!(opened, Err(StoreOpenError::Ca { .. })),
                "{pem}: {opened:?}"
            );
        }
    }
}

/// A server, not yet running, with a certificate for `localhost`, and its TLS port.
fn certified(site: &Authority) -> (TestServer, u16) {
    let mut server = TestServer::prepare();
    let key = KeyPair::generate().expect("a key");
    let certificate = CertificateParams::new(["localhost".to_owned()])
        .and_then(|params| params.signed_by(&key, site))
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
    (server, port)
}

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("a certificate")
}

fn settings(server: &TestServer, servers: RedisServers) -> RedisSettings {
    RedisSettings {
        servers,
        ..server.settings()
    }
}

fn rediss(host: &str, port: u16, ca_pem: String) -> RedisServers {
    RedisServers::One(RedisAddress::Tcp {
        host: host.to_owned(),
        port,
        tls: tls(ca_pem),
    })
}

fn tls(ca_pem: String) -> Option<RedisTls> {
    Some(RedisTls {
        ca_pem: Some(ca_pem.into_bytes()),
    })
}

fn localhost(port: u16) -> RedisNode {
    RedisNode {
        host: "localhost".to_owned(),
        port,
    }
}

async fn fault(store: &RedisStore) -> Option<StoreFault> {
    match store.find(&Credential::new("t"), Now::read()).await {
        Ok(None) => None,
        Err(LookupError::Store(error)) => Some(error.kind),
        other => panic!("{other:?}"),
    }
}
