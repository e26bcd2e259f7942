//! `run`: sets the demo up and serves until Ctrl-C.

use super::guide::{Addresses, SESSIONS};
use super::key::new_key;
use super::scratch::Scratch;
use crate::cli::echo;
use crate::config::{self, Issues, Loaded, ProcessEnvironment};
use crate::observe::logging;
use crate::server::{self, ServeError};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};

/// Why the demo does not start; exit code 1.
#[derive(Debug, Error)]
pub(crate) enum DemoError {
    /// Not an address.
    #[error("{option} {given}: write an address and a port, such as 127.0.0.1:8080")]
    Address {
        /// `--listen` or `--admin`.
        option: &'static str,
        /// As given.
        given: String,
    },
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {source}; choose another address with {option}")]
    Taken {
        /// `--listen` or `--admin`.
        option: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Both options name the same address, or the like.
    #[error("the demo's configuration is refused:\n{0}")]
    Config(#[from] Issues),
    /// No temporary folder, no free port on the loopback address, or nobody to read what is printed.
    #[error("cannot set the demo up: {0}")]
    SetUp(#[from] io::Error),
    /// The gateway did not start.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Serves on `listen` and `admin`, IP addresses with their ports, until a signal ends it.
///
/// # Errors
/// Before the first request only: see [`DemoError`].
pub(crate) fn run(listen: &str, admin: &str) -> Result<(), DemoError> {
    let gateway = vacant("--listen", listen)?;
    let admin = vacant("--admin", admin)?;
    let upstream = Upstream::start()?;
    let addresses = Addresses {
        gateway,
        admin,
        echo: upstream.address,
    };
    let loaded = compile(&addresses)?;
    logging::install(loaded.blueprint.log);
    io::stdout().write_all(addresses.guide().as_bytes())?;
    let served = server::serve(loaded);
    upstream.stop();
    Ok(served?)
}

/// An address that can be bound now; the server binds it a moment later. Port 0 becomes a free one.
fn vacant(option: &'static str, given: &str) -> Result<SocketAddr, DemoError> {
    let address: SocketAddr = given.parse().map_err(|_| DemoError::Address {
        option,
        given: given.to_owned(),
    })?;
    let bound = TcpListener::bind(address).and_then(|listener| listener.local_addr());
    bound.map_err(|source| DemoError::Taken {
        option,
        address,
        source,
    })
}

/// The files exist while they are read and not longer.
fn compile(addresses: &Addresses) -> Result<Loaded, DemoError> {
    let folder = Scratch::create()?;
    std::fs::write(folder.path().join("sessions.yaml"), SESSIONS)?;
    std::fs::write(folder.path().join("assertion.pem"), new_key()?)?;
    let text = addresses.configuration();
    let environment = &ProcessEnvironment;
    Ok(config::compile_text(
        "sessiongate.yaml",
        &text,
        folder.path(),
        environment,
    )?)
}

/// The echo upstream on a free loopback port, on threads of its own.
struct Upstream {
    address: SocketAddr,
    runtime: Runtime,
}

impl Upstream {
    fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("echo")
            .enable_all()
            .build()?;
        let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let address = listener.local_addr()?;
        runtime.spawn(echo::serve(listener));
        Ok(Self { address, runtime })
    }

    /// Open connections end with it.
    fn stop(self) {
        self.runtime.shutdown_background();
    }
}

#[cfg(test)]
mod tests {
    use super::vacant;
    use std::net::TcpListener;

    #[test]
    fn an_address_that_cannot_be_had_is_refused_with_its_option() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let taken = taken
            .local_addr()
            .map(|address| (taken, address))
            .expect("bound");
        let cases = [
            ("localhost", "--admin localhost: write an address"),
            (":8080", "--admin :8080: write an address"),
            (&taken.1.to_string(), "with --admin"),
        ];
        for (given, said) in cases {
            let Err(error) = vacant("--admin", given) else {
                panic!("{given}")
            };
            assert!(error.to_string().contains(said), "{given}: {error}");
        }
        let free = vacant("--listen", "127.0.0.1:0").expect("a free port");
        assert_ne!(free.port(), 0);
    }
}
