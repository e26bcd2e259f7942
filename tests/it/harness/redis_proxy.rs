//! `RedisProxy`: stands between the gateway and Redis and passes on, frame by frame, what the test lets pass.
//!
//! A connection is one ordered stream: what is held holds back everything behind it. Nothing here depends on time.

use super::redis::key;
use super::redis_line::{Line, Next, Way, What};
use super::resp::frame_length;
use super::wait::eventually;
use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Listens in threads of its own until dropped.
pub(crate) struct RedisProxy {
    path: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    server: PathBuf,
    stand: Mutex<Stand>,
    /// Told of every change of the stand.
    changed: Condvar,
}

#[derive(Default)]
struct Stand {
    network: Network,
    rule: Option<What>,
    refusal: Option<String>,
    lines: BTreeMap<u64, Line>,
    accepted: u64,
    /// How often the record of each key was asked for.
    reads: HashMap<String, usize>,
    most_reads_at_once: usize,
    faults: Vec<String>,
    is_over: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Network {
    #[default]
    Open,
    Closed,
    Silent,
    Stalled,
}

impl RedisProxy {
    /// In front of the server at this socket.
    pub(super) fn listen(path: &Path, server: &Path) -> Self {
        let listener = UnixListener::bind(path).expect("scratch is writable");
        let shared = Arc::new(Shared {
            server: server.to_owned(),
            stand: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            while let Ok((gateway, _)) = listener.accept() {
                if accepting.stand().is_over {
                    return;
                }
                accepting.connect(gateway);
            }
        });
        Self {
            path: path.to_owned(),
            shared,
        }
    }

    /// Lets nothing past the next frame of this kind, itself included; what goes the other way is not concerned.
    pub(crate) fn hold(&self, what: What) {
        self.change(|stand| stand.rule = Some(what));
    }

    /// Waits until it is held, or held behind something else.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &What) {
        eventually(&format!("the proxy holds {what:?}"), || {
            self.holds(what).then_some(())
        });
    }

    /// Whether it is held, or held behind something else.
    pub(crate) fn holds(&self, what: &What) -> bool {
        let stand = self.shared.stand();
        stand.lines.values().any(|line| line.keeps(what))
    }

    /// Lets nothing pass either way, on no connection; nothing is lost.
    pub(crate) fn stall(&self) {
        self.change(|stand| {
            stand.network = Network::Stalled;
            stand.lines.values_mut().for_each(Line::stall);
        });
    }

    /// Passes on what was held.
    pub(crate) fn release(&self) {
        self.change(|stand| {
            if stand.network == Network::Stalled {
                stand.network = Network::Open;
            }
            stand.lines.values_mut().for_each(Line::release);
        });
    }

    /// Closes every connection; what was held is lost. New ones are taken.
    pub(crate) fn cut(&self) {
        self.change(Stand::cut);
    }

    /// The same, and takes no new ones.
    pub(crate) fn close(&self) {
        self.change(|stand| {
            stand.network = Network::Closed;
            stand.cut();
        });
    }

    /// Loses every byte from now on, and tells nobody.
    pub(crate) fn silence(&self) {
        self.change(|stand| {
            stand.network = Network::Silent;
            stand.lines.values_mut().for_each(Line::silence);
        });
    }

    /// Answers every command but the greeting with this error, in place of Redis.
    pub(crate) fn refuse(&self, words: &str) {
        self.change(|stand| stand.refusal = Some(words.to_owned()));
    }

    /// Lets everything pass again. Connections that have lost bytes are of no use: they are closed.
    pub(crate) fn restore(&self) {
        self.change(|stand| {
            stand.network = Network::Open;
            (stand.rule, stand.refusal) = (None, None);
            stand.lines.values_mut().for_each(Line::release);
            stand.lines.retain(|_, line| {
                if line.is_silent {
                    line.cut();
                }
                !line.is_silent
            });
        });
    }

    /// Connections of the gateway so far.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.stand().accepted
    }

    /// How often the session of this token was asked for.
    pub(crate) fn reads(&self, token: &str) -> usize {
        let key = key(token);
        self.shared.stand().reads.get(&key).copied().unwrap_or(0)
    }

    /// Most reads that were on their way at any one time.
    pub(crate) fn most_reads_at_once(&self) -> usize {
        self.shared.stand().most_reads_at_once
    }

    /// What was no RESP.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.shared.stand().faults.clone()
    }

    fn change(&self, change: impl FnOnce(&mut Stand)) {
        change(&mut self.shared.stand());
        self.shared.changed.notify_all();
    }
}

impl Drop for RedisProxy {
    fn drop(&mut self) {
        self.change(|stand| {
            stand.is_over = true;
            stand.cut();
        });
        // Wakes the accepting thread, which then leaves.
        drop(UnixStream::connect(&self.path));
    }
}

impl Stand {
    fn cut(&mut self) {
        self.lines.values().for_each(Line::cut);
        self.lines.clear();
    }

    /// Takes one frame from one end; gives the reason why the connection cannot go on.
    fn arrive(&mut self, number: u64, way: Way, bytes: Vec<u8>) -> Result<(), String> {
        let Some(line) = self.lines.get_mut(&number) else {
            return Ok(());
        };
        match way {
            Way::ToGateway => line.say(bytes),
            Way::ToRedis => {
                let refusal = self.refusal.as_deref();
                let read = line
                    .ask(bytes, refusal)
                    .map_err(|fault| fault.to_string())?;
                if let Some(key) = read {
                    *self.reads.entry(key).or_default() += 1;
                }
            }
        }
        let reads = self.lines.values().map(Line::reads_in_flight).sum();
        self.most_reads_at_once = self.most_reads_at_once.max(reads);
        Ok(())
    }
}

impl Shared {
    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the other half and starts the four threads of a connection; without Redis it is closed at once.
    fn connect(self: &Arc<Self>, gateway: UnixStream) {
        let Ok(redis) = UnixStream::connect(&self.server) else {
            return;
        };
        let copy = |stream: &UnixStream| stream.try_clone().expect("a descriptor is left");
        let line = (copy(&gateway), copy(&redis));
        let number = {
            let mut stand = self.stand();
            if stand.network == Network::Closed {
                return;
            }
            stand.accepted += 1;
            let number = stand.accepted;
            let mut line = Line::new(line.0, line.1);
            match stand.network {
                Network::Silent => line.silence(),
                Network::Stalled => line.stall(),
                Network::Open | Network::Closed => {}
            }
            stand.lines.insert(number, line);
            number
        };
        for (way, from, to) in [
            (Way::ToRedis, copy(&gateway), copy(&redis)),
            (Way::ToGateway, redis, gateway),
        ] {
            let (reading, writing) = (Arc::clone(self), Arc::clone(self));
            thread::spawn(move || reading.read(number, way, from));
            thread::spawn(move || writing.write(number, way, to));
        }
    }

    /// Takes whole frames from one end until it is closed.
    fn read(&self, number: u64, way: Way, mut from: UnixStream) {
        let (mut ahead, mut buffer) = (Vec::new(), [0; 16 * 1024]);
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            ahead.extend_from_slice(&buffer[..count]);
            let mut stand = self.stand();
            loop {
                let arrived = match frame_length(&ahead) {
                    Ok(None) => break,
                    Ok(Some(length)) => stand.arrive(number, way, ahead.drain(..length).collect()),
                    Err(fault) => Err(fault.to_string()),
                };
                if let Err(fault) = arrived {
                    stand.faults.push(format!("{way:?}: {fault}"));
                    drop(stand);
                    return self.drop_line(number);
                }
            }
            drop(stand);
            self.changed.notify_all();
        }
        if let Some(line) = self.stand().lines.get_mut(&number) {
            line.end(way);
        }
        self.changed.notify_all();
    }

    /// Passes frames on to the other end until the connection is over, and closes it.
    fn write(&self, number: u64, way: Way, mut to: UnixStream) {
        while let Some(bytes) = self.next(number, way) {
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        self.drop_line(number);
    }

    fn next(&self, number: u64, way: Way) -> Option<Vec<u8>> {
        let mut stand = self.stand();
        loop {
            let Stand { lines, rule, .. } = &mut *stand;
            match lines.get_mut(&number)?.queue(way).next(rule) {
                Next::Send(bytes) => return Some(bytes),
                Next::End => return None,
                Next::Wait => {}
            }
            stand = self
                .changed
                .wait(stand)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn drop_line(&self, number: u64) {
        if let Some(line) = self.stand().lines.remove(&number) {
            line.cut();
        }
        self.changed.notify_all();
    }
}
