//! `Fetcher`: asks one target, over connections that it keeps.

use super::address_book::AddressBook;
use super::failure::{FetchError, FetchFault};
use super::limits::FetchLimits;
use super::request::FetchRequest;
use super::response::{self, FetchResponse};
use super::shelf::Shelf;
use super::target::FetchTarget;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::CONTENT_LENGTH;
use pingora::connectors::{ConnectorOptions, TransportConnector};
use pingora::protocols::Stream;
use pingora::protocols::http::v1::client::HttpSession;
use pingora::upstreams::peer::HttpPeer;
use pingora_timeout::timeout;
use tokio::sync::Semaphore;

/// A client of one server. It follows no redirect, knows no proxy and reads no environment; it may be called from any
/// tokio runtime. A fetch that is dropped closes its connection.
pub struct Fetcher {
    target: FetchTarget,
    limits: FetchLimits,
    book: AddressBook,
    transport: TransportConnector,
    shelf: Shelf,
    free: Semaphore,
}

/// An open connection.
struct Line {
    stream: Stream,
    peer: HttpPeer,
    is_reused: bool,
}

/// How an exchange failed.
enum Failure {
    /// The connection was lost before the head of an answer had come.
    Unanswered(FetchError),
    /// Any other way.
    Final(FetchError),
}

impl Fetcher {
    /// Opens no connection yet.
    #[must_use]
    pub fn new(target: FetchTarget, limits: FetchLimits) -> Self {
        // What is kept is on the shelf.
        let options = ConnectorOptions::new(0);
        Self {
            shelf: Shelf::new(limits.max_in_flight, limits.idle),
            book: AddressBook::new(&target, limits),
            transport: TransportConnector::new(Some(options)),
            free: Semaphore::new(limits.max_in_flight),
            target,
            limits,
        }
    }

    /// Whom it asks.
    #[must_use]
    pub fn target(&self) -> &FetchTarget {
        &self.target
    }

    /// Sends the request and takes the whole answer. A safe request is sent a second time, over a new connection, if a
    /// kept one turns out to be lost before it has been answered; nothing else is ever sent twice.
    ///
    /// # Errors
    /// When there is no complete answer within the limits.
    pub async fn fetch(&self, request: &FetchRequest) -> Result<FetchResponse, FetchError> {
        let Ok(_place) = self.free.try_acquire() else {
            let detail = "as many requests as there may be are in flight already";
            return Err(FetchError::new(FetchFault::Overload, detail));
        };
        match timeout(self.limits.total, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::new(FetchFault::Timeout, "no answer in time")),
        }
    }

    async fn exchange(&self, request: &FetchRequest) -> Result<FetchResponse, FetchError> {
        let line = self.line().await?;
        let may_retry = line.is_reused && request.is_safe();
        match self.ask(line, request).await {
            Err(Failure::Unanswered(_)) if may_retry => {
                let line = self.new_line().await?;
                self.ask(line, request).await.map_err(FetchError::from)
            }
            answer => answer.map_err(FetchError::from),
        }
    }

    async fn line(&self) -> Result<Line, FetchError> {
        let entry = self.book.look_up().await?;
        if let Some((stream, peer)) = self.shelf.take(&entry.peers).await {
            return Ok(Line {
                stream,
                peer,
                is_reused: true,
            });
        }
        self.new_line().await
    }

    async fn new_line(&self) -> Result<Line, FetchError> {
        let entry = self.book.look_up().await?;
        let mut failure = None;
        for peer in &entry.peers {
            match self.transport.new_stream(peer).await {
                Ok(stream) => {
                    if failure.is_some() {
                        self.book.prefer(peer);
                    }
                    return Ok(Line {
                        stream,
                        peer: peer.clone(),
                        is_reused: false,
                    });
                }
                Err(error) => {
                    failure.get_or_insert(FetchError::of_connect(&error));
                }
            }
        }
        Err(failure.unwrap_or_else(|| FetchError::new(FetchFault::Io, "no address")))
    }

    async fn ask(&self, line: Line, request: &FetchRequest) -> Result<FetchResponse, Failure> {
        let mut session = HttpSession::new_with_options(line.stream, &line.peer);
        self.send(&mut session, request)
            .await
            .map_err(|error| Failure::of_exchange(&error))?;
        self.head(&mut session).await?;
        let answer = self.answer(&mut session).await.map_err(Failure::Final)?;
        session.respect_keepalive();
        // What is not kept is dropped, which closes it: no goodbye is waited for.
        if session.will_keepalive()
            && session.is_body_done()
            && let Some(stream) = session.reuse().await
        {
            self.shelf.keep(stream, line.peer);
        }
        Ok(answer)
    }

    async fn send(&self, session: &mut HttpSession, request: &FetchRequest) -> pingora::Result<()> {
        let head = request.head(&self.target.authority, &self.target.path_and_query)?;
        session.write_request_header(head).await?;
        if !request.body().is_empty() {
            session.write_body(request.body()).await?;
            session.finish_body().await?;
        }
        Ok(())
    }

    /// Reads heads until one is an answer's.
    async fn head(&self, session: &mut HttpSession) -> Result<(), Failure> {
        for interim in 0..=MAX_INTERIM {
            let size = session.read_response().await;
            let size = size.map_err(|error| match Failure::of_exchange(&error) {
                Failure::Unanswered(error) if interim > 0 => Failure::Final(error),
                failure => failure,
            })?;
            if size > self.limits.max_head_bytes {
                let detail = "the head of the answer is too long";
                return Err(Failure::Final(FetchError::new(
                    FetchFault::TooLarge,
                    detail,
                )));
            }
            match session.get_status() {
                Some(StatusCode::SWITCHING_PROTOCOLS) => break,
                Some(status) if status.is_informational() => {}
                _ => return Ok(()),
            }
        }
        let detail = "the answer begins with statuses that announce one and never ends";
        Err(Failure::Final(FetchError::new(
            FetchFault::Protocol,
            detail,
        )))
    }

    async fn answer(&self, session: &mut HttpSession) -> Result<FetchResponse, FetchError> {
        let head = session
            .resp_header()
            .map(|head| (head.status, &head.headers));
        let Some((status, headers)) = head else {
            return Err(FetchError::new(FetchFault::Protocol, "no head"));
        };
        response::check_coding(headers)?;
        let headers = headers.clone();
        let announced = headers.get(CONTENT_LENGTH).and_then(|length| {
            let length = length.to_str().ok()?;
            length.parse::<usize>().ok()
        });
        if announced.is_some_and(|length| length > self.limits.max_body_bytes)
            && !session.is_body_done()
        {
            return Err(too_long());
        }
        let body = self.body(session).await?;
        Ok(FetchResponse {
            status,
            headers,
            body,
        })
    }

    async fn body(&self, session: &mut HttpSession) -> Result<Bytes, FetchError> {
        let mut body = BytesMut::new();
        loop {
            let read = session.read_body_ref().await;
            let read = read.map_err(|error| FetchError::of_exchange(&error))?;
            let Some(part) = read else {
                return Ok(body.freeze());
            };
            if body.len() + part.len() > self.limits.max_body_bytes {
                return Err(too_long());
            }
            body.extend_from_slice(part);
        }
    }
}

impl Failure {
    fn of_exchange(error: &pingora::Error) -> Self {
        let told = FetchError::of_exchange(error);
        match told.kind {
            FetchFault::Io => Self::Unanswered(told),
            _ => Self::Final(told),
        }
    }
}

impl From<Failure> for FetchError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unanswered(error) | Failure::Final(error) => error,
        }
    }
}

fn too_long() -> FetchError {
    FetchError::new(FetchFault::TooLarge, "the body of the answer is too long")
}

/// 1xx heads before the answer.
const MAX_INTERIM: usize = 8;
