//! `Upstream`: a server that notes every byte it receives, reads it strictly, and answers with what it saw.

use super::wait::eventually;
use super::wire::{Length, Reader, Seen, Stream};
use socket2::{Domain, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How a server opens a WebSocket.
pub(crate) const SWITCHING: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

/// What to do with requests for one path; anything else is echoed.
pub(crate) enum Answer {
    /// These bytes; the connection stays open.
    Raw(Vec<u8>),
    /// These bytes, then the end of the connection.
    RawThenClose(Vec<u8>),
    /// These bytes as soon as the head is there; the body is left unread.
    BeforeBody(Vec<u8>),
    /// Each piece as it comes, and the end of the connection with the end of the pieces.
    Fed(Receiver<Vec<u8>>),
    /// 101, then every byte back.
    WebSocket,
    /// Every byte back, and nothing of its own.
    Echo,
    /// Nothing, for as long as the other side waits.
    Silence,
}

/// A port of loopback that is ours and on which nobody listens.
pub(crate) struct RefusingPort(Socket);

impl RefusingPort {
    pub(crate) fn reserve() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(&any.into()).expect("loopback");
        Self(socket)
    }

    pub(crate) fn port(&self) -> u16 {
        let bound = self
            .0
            .local_addr()
            .ok()
            .and_then(|address| address.as_socket());
        bound.expect("bound").port()
    }
}

/// Listens in a thread of its own until dropped.
pub(crate) struct Upstream {
    place: Place,
    state: Arc<State>,
}

enum Place {
    Unix(PathBuf),
    Tcp(u16),
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    answers: Mutex<HashMap<String, Answer>>,
    greeting: Mutex<Vec<u8>>,
    faults: Mutex<Vec<String>>,
    connections: AtomicUsize,
    is_over: AtomicBool,
}

impl Upstream {
    /// On a unix socket.
    pub(crate) fn unix(path: &Path) -> Self {
        let listener = UnixListener::bind(path).expect("scratch is writable");
        let accept = move || {
            listener
                .accept()
                .map(|(stream, _)| Box::new(stream) as Box<dyn Stream>)
        };
        Self::serve(Place::Unix(path.to_owned()), accept)
    }

    /// On a free port of loopback.
    pub(crate) fn tcp() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let accept = move || {
            listener
                .accept()
                .map(|(stream, _)| Box::new(stream) as Box<dyn Stream>)
        };
        Self::serve(Place::Tcp(port), accept)
    }

    fn serve(
        place: Place,
        accept: impl Fn() -> io::Result<Box<dyn Stream>> + Send + 'static,
    ) -> Self {
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            while let Ok(stream) = accept() {
                if shared.is_over.load(Ordering::SeqCst) {
                    return;
                }
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&shared);
                thread::spawn(move || state.converse(Reader::new(stream)));
            }
        });
        Self { place, state }
    }

    /// The TCP port.
    pub(crate) fn port(&self) -> u16 {
        match self.place {
            Place::Tcp(port) => port,
            Place::Unix(_) => panic!("this upstream listens on a unix socket"),
        }
    }

    /// Sets what is done with requests for this path, query excluded.
    pub(crate) fn on(&self, path: &str, answer: Answer) {
        lock(&self.state.answers).insert(path.to_owned(), answer);
    }

    /// Sends these bytes on every new connection, before anything was asked.
    pub(crate) fn greet(&self, bytes: &[u8]) {
        *lock(&self.state.greeting) = bytes.to_vec();
    }

    /// Every request so far, also those still on their way.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// Requests so far.
    pub(crate) fn count(&self) -> usize {
        lock(&self.state.seen).len()
    }

    /// The last request; fails when there was none.
    #[track_caller]
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("the upstream saw a request")
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    /// Waits until a request for this path has arrived with at least so many body bytes.
    #[track_caller]
    pub(crate) fn wait_for(&self, path: &str, body_bytes: usize) -> Seen {
        eventually(
            &format!("{body_bytes} body bytes for {path} at the upstream"),
            || {
                let seen = self.seen().into_iter().rev();
                seen.filter(|seen| path_of(seen) == path)
                    .find(|seen| seen.body.len() >= body_bytes)
            },
        )
    }

    /// What it received that RFC 9112 does not allow.
    pub(crate) fn faults(&self) -> Vec<String> {
        lock(&self.state.faults).clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then leaves.
        match &self.place {
            Place::Unix(path) => drop(UnixStream::connect(path)),
            Place::Tcp(port) => drop(TcpStream::connect(("127.0.0.1", *port))),
        }
    }
}

impl State {
    /// Serves one connection to its end.
    fn converse(&self, mut reader: Reader) {
        let greeting = lock(&self.greeting).clone();
        if reader.write(&greeting).is_err() {
            return;
        }
        loop {
            match self.exchange(&mut reader) {
                Ok(true) => {}
                Ok(false) => return,
                Err(fault) if fault.kind() == io::ErrorKind::InvalidData => {
                    lock(&self.faults).push(fault.to_string());
                    return;
                }
                Err(_) => return,
            }
        }
    }

    /// One request and its answer; `false` at the end of the connection.
    fn exchange(&self, reader: &mut Reader) -> io::Result<bool> {
        let Some(line) = reader.line()? else {
            return Ok(false);
        };
        let headers = reader.headers()?;
        let head = Seen {
            line,
            headers,
            ..Seen::default()
        };
        self.check(&head);
        let index = {
            let mut seen = lock(&self.seen);
            seen.push(head.clone());
            seen.len() - 1
        };
        if head.all("expect") == ["100-continue"] {
            reader.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        if let Some(Answer::BeforeBody(bytes)) = lock(&self.answers).get(path_of(&head)) {
            return reader.write(bytes).map(|()| false);
        }
        let length = Length::of(&head.headers)?.unwrap_or(Length::Exactly(0));
        let note = |piece: &[u8]| {
            if let Some(seen) = lock(&self.seen).get_mut(index) {
                seen.body.extend_from_slice(piece);
            }
        };
        let trailers = length.read(reader, note)?;
        let seen = {
            let mut all = lock(&self.seen);
            let Some(seen) = all.get_mut(index) else {
                return Ok(false);
            };
            (seen.trailers, seen.is_complete) = (trailers, true);
            seen.clone()
        };
        self.answer(&seen, reader)
    }

    fn answer(&self, seen: &Seen, reader: &mut Reader) -> io::Result<bool> {
        let mut answers = lock(&self.answers);
        match answers.get(path_of(seen)) {
            None => {
                drop(answers);
                let body = seen.to_json().to_string();
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length:";
                let body_sent = if seen.line.starts_with("HEAD ") {
                    ""
                } else {
                    &body
                };
                reader.write(format!("{head} {}\r\n\r\n{body_sent}", body.len()).as_bytes())?;
                Ok(true)
            }
            Some(Answer::Raw(bytes)) => reader.write(bytes).map(|()| true),
            Some(Answer::RawThenClose(bytes) | Answer::BeforeBody(bytes)) => {
                reader.write(bytes).map(|()| false)
            }
            Some(Answer::Silence) => {
                drop(answers);
                while !reader.some(1024)?.is_empty() {}
                Ok(false)
            }
            Some(Answer::WebSocket) => {
                drop(answers);
                reader.write(SWITCHING)?;
                echo(reader)
            }
            Some(Answer::Echo) => {
                drop(answers);
                echo(reader)
            }
            Some(Answer::Fed(_)) => {
                let Some(Answer::Fed(pieces)) = answers.remove(path_of(seen)) else {
                    return Ok(false);
                };
                drop(answers);
                pieces
                    .into_iter()
                    .try_for_each(|piece| reader.write(&piece))?;
                Ok(false)
            }
        }
    }

    /// What no gateway may send, beyond framing, which the reader checks.
    fn check(&self, head: &Seen) {
        let words: Vec<&str> = head.line.split(' ').collect();
        let is_request = matches!(words.as_slice(), [method, target, "HTTP/1.1"]
            if method.chars().all(|c| c.is_ascii_uppercase()) && (target.starts_with('/') || *target == "*"));
        if !is_request {
            lock(&self.faults).push(format!("no origin-form request line: {:?}", head.line));
        }
        if head.all("host").len() != 1 {
            lock(&self.faults).push(format!("not one Host: {:?}", head.all("host")));
        }
    }
}

fn echo(reader: &mut Reader) -> io::Result<bool> {
    loop {
        let some = reader.some(1024)?;
        if some.is_empty() {
            return Ok(false);
        }
        reader.write(&some)?;
    }
}

fn path_of(seen: &Seen) -> &str {
    seen.target().split('?').next().unwrap_or_default()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
