//! `Dialer`: everything it takes to open a connection, checked when the store is opened.

use super::fault::{fault, store_error};
use crate::secret::Secret;
use crate::store::contract::{StoreError, StoreFault, StoreOpenError};
use crate::store::settings::{RedisAddress, RedisSettings, RedisTls};
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, PushInfo, RedisConnectionInfo, RedisError, RedisResult,
};
use socket2::TcpKeepalive;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// Opens connections to one server.
pub(super) struct Dialer {
    /// For the log; holds no password.
    pub(super) address: Arc<str>,
    client: Client,
    /// For servers before Redis 6, which serve lookups but push nothing.
    plain: Client,
    connect_timeout: Duration,
    reply_timeout: Duration,
}

/// Who we are to a server, whichever it is, and how long we wait for it.
#[derive(Clone)]
pub(super) struct Manner {
    pub(super) db: i64,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret<String>>,
    pub(super) connect_timeout: Duration,
    pub(super) reply_timeout: Duration,
}

impl Manner {
    /// To the servers that hold the sessions.
    pub(super) fn of(settings: &RedisSettings) -> Self {
        Self {
            db: settings.db,
            username: settings.username.clone(),
            password: settings.password.clone(),
            connect_timeout: settings.connect_timeout,
            reply_timeout: settings.reply_timeout,
        }
    }
}

impl Dialer {
    /// Checks the settings; opens nothing.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn new(address: &RedisAddress, manner: &Manner) -> Result<Self, StoreOpenError> {
        let bad_ca = |fault: String| StoreOpenError::Ca {
            address: address.to_string(),
            fault,
        };
        let client =
            |protocol| client(address, manner, protocol).map_err(|error| bad_ca(error.to_string()));
        let (resp3, resp2) = (
            client(ProtocolVersion::RESP3)?,
            client(ProtocolVersion::RESP2)?,
        );
        if has_empty_ca(address) {
            return Err(bad_ca("there is no certificate in it".to_owned()));
        }
        Ok(Self {
            address: address.to_string().into(),
            client: resp3,
            plain: resp2,
            connect_timeout: manner.connect_timeout,
            reply_timeout: manner.reply_timeout,
        })
    }

    /// Connects, with TLS, `HELLO 3` and `SELECT` inside the connect timeout. Pushes and the end of the connection go to
    /// `on_push`, which runs inside the connection's driver and must not block.
    pub(super) async fn connect(
        &self,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Dialled, StoreError> {
        // A closure is called before any later reply is delivered: pushes keep their order. A channel would lose it.
        let sender = move |push: PushInfo| -> Result<(), Infallible> {
            on_push(push);
            Ok(())
        };
        let pushing = self.config().set_push_sender(sender);
        let (connected, pushes) = match dial(&self.client, &pushing).await {
            Err(error) if lacks_resp3(&error) => (dial(&self.plain, &self.config()).await, false),
            connected => (connected, true),
        };
        let connection = connected.map_err(|error| {
            if error.is_timeout() {
                fault(
                    StoreFault::Timeout,
                    "no connection within the connect timeout",
                )
            } else {
                store_error(&error)
            }
        })?;
        Ok(Dialled {
            connection,
            pushes,
            address: Arc::clone(&self.address),
        })
    }

    fn config(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.reply_timeout))
            .set_pipeline_buffer_size(PIPELINE_BUFFER)
    }
}

/// A connection that has been opened.
pub(super) struct Dialled {
    pub(super) connection: MultiplexedConnection,
    /// Whether its protocol has pushes, that of its own end included.
    pub(super) pushes: bool,
    /// For the log and the status; holds no password.
    pub(super) address: Arc<str>,
}

async fn dial(
    client: &Client,
    config: &AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    client
        .get_multiplexed_async_connection_with_config(config)
        .await
}

/// `HELLO` is unknown before Redis 6, and `NOPROTO` is said by those who know it without version 3.
fn lacks_resp3(error: &RedisError) -> bool {
    error.kind() == ErrorKind::RESP3NotSupported
        || error.code() == Some("NOPROTO")
        || error
            .detail()
            .is_some_and(|detail| detail.starts_with("unknown command 'HELLO'"))
}

fn client(
    address: &RedisAddress,
    manner: &Manner,
    protocol: ProtocolVersion,
) -> RedisResult<Client> {
    let info = |address: ConnectionAddr| -> RedisResult<ConnectionInfo> {
        Ok(address
            .into_connection_info()?
            .set_tcp_settings(tcp())
            .set_redis_settings(login(manner, protocol)))
    };
    match address {
        RedisAddress::Unix(path) => Client::open(info(ConnectionAddr::Unix(path.clone()))?),
        RedisAddress::Tcp {
            host,
            port,
            tls: None,
        } => Client::open(info(ConnectionAddr::Tcp(host.clone(), *port))?),
        RedisAddress::Tcp {
            host,
            port,
            tls: Some(tls),
        } => {
            let address = ConnectionAddr::TcpTls {
                host: host.clone(),
                port: *port,
                insecure: false,
                tls_params: None,
            };
            with_tls(info(address)?, tls)
        }
    }
}

#[cfg(feature = "rustls")]
fn with_tls(info: ConnectionInfo, tls: &RedisTls) -> RedisResult<Client> {
    let certificates = redis::TlsCertificates {
        client_tls: None,
        root_cert: tls.ca_pem.clone(),
    };
    Client::build_with_tls(info, certificates)
}

#[cfg(not(feature = "rustls"))]
fn with_tls(_: ConnectionInfo, _: &RedisTls) -> RedisResult<Client> {
    let fault = "this build has no TLS; build it with the feature `rustls`";
    Err((ErrorKind::InvalidClientConfig, fault).into())
}

fn login(manner: &Manner, protocol: ProtocolVersion) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default()
        .set_protocol(protocol)
        .set_db(manner.db)
        .set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    if let Some(username) = &manner.username {
        login = login.set_username(username);
    }
    if let Some(password) = &manner.password {
        login = login.set_password(password.expose());
    }
    login
}

/// A silently cut network is noticed within seconds even by the kernel, whatever it buffers.
fn tcp() -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(5))
        .with_interval(Duration::from_secs(2))
        .with_retries(3);
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
        .set_user_timeout(Duration::from_secs(5))
}

/// The redis crate takes a PEM text without certificates for an empty set of roots, with which no connection succeeds.
fn has_empty_ca(address: &RedisAddress) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    match address {
        RedisAddress::Tcp { tls: Some(tls), .. } => tls
            .ca_pem
            .as_ref()
            .is_some_and(|pem| !pem.windows(BEGIN.len()).any(|part| part == BEGIN)),
        _ => false,
    }
}

/// Commands that may wait to be written; a burst of misses beyond it waits within the reply timeout.
const PIPELINE_BUFFER: usize = 1024;
