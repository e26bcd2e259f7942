//! `Sockets`: listeners bound before Pingora starts, so that a taken port is an error at once and readiness is true.
//!
//! Pingora itself would retry for 30 s inside a process that says it runs, and then live on without a listener
//! (0.9.1). Its descriptor table is keyed by the very string given to `add_tcp` or `add_uds`.

use crate::listen::Endpoint;
use async_trait::async_trait;
use pingora::server::{ListenFds, ShutdownWatch};
use pingora::services::{ServiceReadyNotifier, ServiceWithDependents};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::IntoRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use thiserror::Error;

/// Cut to `net.core.somaxconn` by the kernel.
const BACKLOG: i32 = 65_535;

/// Bound listeners by the name that Pingora looks them up under.
pub(super) struct Sockets(Vec<(String, Bound)>);

enum Bound {
    Tcp(Socket),
    Unix(UnixListener),
}

/// An address cannot be listened on.
#[derive(Debug, Error)]
#[error("cannot listen on {endpoint}: {reason}")]
pub struct BindError {
    endpoint: Endpoint,
    reason: String,
}

impl Sockets {
    /// Binds all of them, or says which one cannot be.
    pub(super) fn bind<'a>(
        endpoints: impl IntoIterator<Item = &'a Endpoint>,
    ) -> Result<Self, BindError> {
        let mut bound = Vec::new();
        for endpoint in endpoints {
            let socket = bind(endpoint).map_err(|fault| BindError {
                endpoint: endpoint.clone(),
                reason: remedy(&fault),
            })?;
            bound.push((table_key(endpoint), socket));
        }
        Ok(Self(bound))
    }
}

/// The name under which Pingora will ask for this listener.
pub(super) fn table_key(endpoint: &Endpoint) -> String {
    match endpoint {
        Endpoint::Any(port) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, *port)).to_string(),
        Endpoint::Tcp(address) => address.to_string(),
        Endpoint::Unix(path) => path.display().to_string(),
    }
}

fn bind(endpoint: &Endpoint) -> io::Result<Bound> {
    match endpoint {
        Endpoint::Any(port) => bind_any(*port),
        Endpoint::Tcp(address) => bind_tcp(*address),
        Endpoint::Unix(path) => bind_unix(path),
    }
}

/// Both families on one socket; IPv4 alone where the host has no IPv6.
fn bind_any(port: u16) -> io::Result<Bound> {
    match bind_tcp(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
        Err(fault) if fault.raw_os_error() == Some(EAFNOSUPPORT) => {
            bind_tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        bound => bound,
    }
}

/// Linux errno: address family not supported.
const EAFNOSUPPORT: i32 = 97;

fn bind_tcp(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(Bound::Tcp(socket))
}

/// A socket file that nobody answers on is a leftover and is replaced; one that answers is taken.
fn bind_unix(path: &Path) -> io::Result<Bound> {
    let listener = match UnixListener::bind(path) {
        Err(fault)
            if fault.kind() == io::ErrorKind::AddrInUse && UnixStream::connect(path).is_err() =>
        {
            std::fs::remove_file(path)?;
            UnixListener::bind(path)?
        }
        bound => bound?,
    };
    listener.set_nonblocking(true)?;
    Ok(Bound::Unix(listener))
}

fn remedy(fault: &io::Error) -> String {
    match fault.kind() {
        io::ErrorKind::AddrInUse => "another process listens there (see `ss -ltnp`)".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need CAP_NET_BIND_SERVICE, a socket file a writable folder".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this host has no such address".to_owned(),
        _ => fault.to_string(),
    }
}

#[async_trait]
impl ServiceWithDependents for Sockets {
    async fn start_service(
        &mut self,
        fds: Option<ListenFds>,
        mut stop: ShutdownWatch,
        _listeners_per_fd: usize,
        ready: ServiceReadyNotifier,
    ) {
        if let Some(fds) = fds {
            let mut fds = fds.lock();
            for (key, socket) in self.0.drain(..) {
                let fd = match socket {
                    Bound::Tcp(socket) => socket.into_raw_fd(),
                    Bound::Unix(listener) => listener.into_raw_fd(),
                };
                fds.add(key, fd);
            }
        }
        ready.notify_ready();
        // Ends with the server, whichever way that comes.
        let _ = stop.changed().await;
    }

    fn name(&self) -> &str {
        "sockets"
    }

    fn threads(&self) -> Option<usize> {
        Some(1)
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        Some(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::Sockets;
    use crate::listen::Endpoint;

    #[test]
    fn a_taken_port_is_refused_by_name() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let endpoint = Endpoint::Tcp(taken.local_addr().expect("bound"));
        let Err(fault) = Sockets::bind([&endpoint]) else {
            panic!("{endpoint} is taken")
        };
        assert_eq!(
            fault.to_string(),
            format!("cannot listen on {endpoint}: another process listens there (see `ss -ltnp`)")
        );
    }

    #[test]
    fn a_leftover_socket_file_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().expect("scratch");
        let path = dir.path().join("http.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("bind"));
        let endpoint = Endpoint::Unix(path);
        let bound = Sockets::bind([&endpoint]).map_err(|fault| fault.to_string());
        let bound = bound.expect("the leftover is replaced");
        assert!(
            Sockets::bind([&endpoint]).is_err(),
            "somebody listens there now"
        );
        drop(bound);
    }
}
