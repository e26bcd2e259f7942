//! `Line`: one connection through the proxy: two queues of frames, and the questions that await their answers.

use super::redis::{is_read, key};
use super::resp::{self, Malformed};
use std::collections::VecDeque;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;

/// The direction of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    ToRedis,
    ToGateway,
}

/// Frames of one kind that are about one thing.
#[derive(Clone, Debug)]
pub(crate) struct What {
    kind: Kind,
    about: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Question,
    Answer,
    Push,
}

impl What {
    /// Commands that name the session of this token.
    pub(crate) fn question(token: &str) -> Self {
        Self::new(Kind::Question, &key(token))
    }

    /// Replies to commands that name it.
    pub(crate) fn answer(token: &str) -> Self {
        Self::new(Kind::Answer, &key(token))
    }

    /// Pushes that name it.
    pub(crate) fn push(token: &str) -> Self {
        Self::new(Kind::Push, &key(token))
    }

    /// Pushes that say that every key is gone.
    pub(crate) fn flush() -> Self {
        Self::new(Kind::Push, "invalidate\r\n_")
    }

    fn new(kind: Kind, about: &str) -> Self {
        let about = about.as_bytes().to_vec();
        Self { kind, about }
    }

    fn is(&self, frame: &Frame) -> bool {
        let mut places = frame.about.windows(self.about.len());
        self.kind == frame.kind && places.any(|place| place == self.about)
    }
}

/// A frame on its way, and what it is about: itself, or the question that it answers.
struct Frame {
    kind: Kind,
    bytes: Vec<u8>,
    about: Vec<u8>,
}

/// Frames that have arrived and were not passed on.
#[derive(Default)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    is_held: bool,
    has_ended: bool,
}

/// What to do next with a queue.
pub(super) enum Next {
    Send(Vec<u8>),
    Wait,
    End,
}

impl Queue {
    /// Takes the first frame, unless this rule stops it, which thereby is used up.
    pub(super) fn next(&mut self, rule: &mut Option<What>) -> Next {
        if self.is_held {
            return Next::Wait;
        }
        let Some(front) = self.frames.front() else {
            return if self.has_ended {
                Next::End
            } else {
                Next::Wait
            };
        };
        if rule.as_ref().is_some_and(|what| what.is(front)) {
            *rule = None;
            self.is_held = true;
            return Next::Wait;
        }
        let front = self.frames.pop_front().map(|frame| frame.bytes);
        front.map_or(Next::Wait, Next::Send)
    }

    fn keeps(&self, what: &What) -> bool {
        self.is_held && self.frames.iter().any(|frame| what.is(frame))
    }
}

/// A question that was passed on.
struct Asked {
    bytes: Vec<u8>,
    is_read: bool,
    /// What is answered in place of Redis's own reply.
    instead: Option<Vec<u8>>,
}

/// One connection of the gateway and the one to Redis that belongs to it.
pub(super) struct Line {
    gateway: UnixStream,
    redis: UnixStream,
    to_redis: Queue,
    to_gateway: Queue,
    asked: VecDeque<Asked>,
    /// Whatever arrives is lost.
    pub(super) is_silent: bool,
}

impl Line {
    /// Both ends, to shut them down.
    pub(super) fn new(gateway: UnixStream, redis: UnixStream) -> Self {
        Self {
            gateway,
            redis,
            to_redis: Queue::default(),
            to_gateway: Queue::default(),
            asked: VecDeque::new(),
            is_silent: false,
        }
    }

    pub(super) fn queue(&mut self, way: Way) -> &mut Queue {
        match way {
            Way::ToRedis => &mut self.to_redis,
            Way::ToGateway => &mut self.to_gateway,
        }
    }

    /// Takes a command; with a refusal, Redis is asked for a sign of life in its place and the refusal is the answer.
    /// Gives the key of a record that is read.
    pub(super) fn ask(
        &mut self,
        bytes: Vec<u8>,
        refusal: Option<&str>,
    ) -> Result<Option<String>, Malformed> {
        if self.is_silent {
            return Ok(None);
        }
        let words = resp::words(&bytes)?;
        let word = |at: usize| String::from_utf8_lossy(words.get(at).map_or(&[], Vec::as_slice));
        let command = word(0).to_uppercase();
        let read = is_read(&command.to_lowercase()).then(|| word(1).into_owned());
        let refusal = refusal.filter(|_| !GREETING.contains(&command.as_str()));
        // A subscription is confirmed by a push, and refused by a reply.
        if refusal.is_some() || !command.contains("SUBSCRIBE") {
            self.asked.push_back(Asked {
                bytes: bytes.clone(),
                is_read: read.is_some(),
                instead: refusal.map(|words| format!("-{words}\r\n").into_bytes()),
            });
        }
        self.to_redis.frames.push_back(Frame {
            kind: Kind::Question,
            about: bytes.clone(),
            bytes: refusal.map_or(bytes, |_| PING.to_vec()),
        });
        Ok(read)
    }

    /// Takes a reply or a push.
    pub(super) fn say(&mut self, bytes: Vec<u8>) {
        if self.is_silent {
            return;
        }
        let asked = if resp::is_push(&bytes) {
            None
        } else {
            self.asked.pop_front()
        };
        self.to_gateway.frames.push_back(match asked {
            None => Frame {
                kind: Kind::Push,
                about: bytes.clone(),
                bytes,
            },
            Some(asked) => Frame {
                kind: Kind::Answer,
                about: asked.bytes,
                bytes: asked.instead.unwrap_or(bytes),
            },
        });
    }

    /// The other end of this way is gone; what has arrived is still passed on.
    pub(super) fn end(&mut self, way: Way) {
        self.queue(way).has_ended = true;
    }

    pub(super) fn release(&mut self) {
        self.to_redis.is_held = false;
        self.to_gateway.is_held = false;
    }

    pub(super) fn stall(&mut self) {
        self.to_redis.is_held = true;
        self.to_gateway.is_held = true;
    }

    pub(super) fn keeps(&self, what: &What) -> bool {
        self.to_redis.keeps(what) || self.to_gateway.keeps(what)
    }

    /// Reads of records that were not answered yet.
    pub(super) fn reads_in_flight(&self) -> usize {
        self.asked.iter().filter(|asked| asked.is_read).count()
    }

    /// Loses what is on its way and all that comes.
    pub(super) fn silence(&mut self) {
        self.is_silent = true;
        self.to_redis = Queue::default();
        self.to_gateway = Queue::default();
    }

    /// Closes both ends.
    pub(super) fn cut(&self) {
        // Either may be closed already, which is what is wanted.
        let _ = self.gateway.shutdown(Shutdown::Both);
        let _ = self.redis.shutdown(Shutdown::Both);
    }
}

/// Commands that a Redis answers whatever its state.
const GREETING: [&str; 4] = ["HELLO", "AUTH", "CLIENT", "SELECT"];

const PING: &[u8] = b"*1\r\n$4\r\nPING\r\n";
