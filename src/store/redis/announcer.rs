//! `Announcer`: what the connections of one store tell its sink, in an order on which the sink can rely.

use super::tracked_keys::TrackedKeys;
use crate::store::feed::{ChangeSink, Feed, FeedMode};
use crate::store::message::Message;
use crate::store::own_keys::{CANARY, EVENTS};
use crate::store::settings::{Invalidation, RedisSettings};
use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tracing::{info, warn};

/// One per store. Connections come and go; each is known by its number, and at most one of them vouches.
pub(super) struct Announcer {
    /// The store's name, for the log.
    pub(super) name: Box<str>,
    /// The key that this node writes once a second, or the channel on which it speaks to itself.
    pub(super) canary: Box<str>,
    /// How changes are to be learned of.
    pub(super) by: Invalidation,
    keys: TrackedKeys,
    sink: OnceLock<Arc<dyn ChangeSink>>,
    stand: Mutex<Stand>,
}

struct Stand {
    mode: FeedMode,
    vouching: Option<u64>,
    /// The newest connection that has ended.
    ended: u64,
    told_of_canary: bool,
    told_of_events: bool,
}

impl Announcer {
    /// Nobody listens yet and nothing vouches. The canary's name ends in `tag`, which on a cluster chooses its slot.
    pub(super) fn new(name: &str, settings: &RedisSettings, tag: &str) -> Self {
        Self {
            name: name.into(),
            canary: format!(
                "{CANARY}{:016x}{tag}",
                RandomState::new().build_hasher().finish()
            )
            .into(),
            by: settings.invalidation,
            keys: TrackedKeys::of(settings),
            sink: OnceLock::new(),
            stand: Mutex::new(Stand {
                mode: mode(settings.invalidation),
                vouching: None,
                ended: 0,
                told_of_canary: false,
                told_of_events: false,
            }),
        }
    }

    /// The first sink is kept.
    pub(super) fn watch(&self, sink: Arc<dyn ChangeSink>) {
        self.sink.get_or_init(|| sink);
    }

    /// For status and metrics.
    pub(super) fn feed(&self) -> Feed {
        let stand = self.stand();
        Feed {
            mode: stand.mode.clone(),
            vouching: stand.vouching.is_some(),
        }
    }

    /// Whether the server is another service's: nothing is written there, and nobody announces anything to us.
    pub(super) fn is_guest(&self) -> bool {
        matches!(self.keys, TrackedKeys::Foreign(_))
    }

    /// The heads of all keys of which a change matters, and the canary. That is tracked by its whole name: of the other
    /// nodes' canaries nothing is heard.
    pub(super) fn prefixes(&self) -> impl Iterator<Item = &str> {
        let canary = (!self.is_guest()).then_some(&*self.canary);
        self.keys.heads().chain(canary)
    }

    /// A key was written, deleted or has expired.
    pub(super) fn changed(&self, key: &[u8]) {
        if let Some(sink) = self.sink() {
            self.keys.tell(key, sink);
        }
    }

    /// Somebody said something on the channel of events.
    pub(super) fn message(&self, message: &[u8]) {
        if let Some(sink) = self.sink() {
            sink.message(&Message::read(message));
        }
    }

    /// Every key may have gone; what comes after is told again.
    pub(super) fn flushed(&self, connection: u64) {
        let stand = self.stand();
        if stand.vouching == Some(connection)
            && let Some(sink) = self.sink()
        {
            sink.flushed();
        }
    }

    /// Somebody wants every answer asked for again, whatever was told of it.
    pub(super) fn distrust(&self) {
        let stand = self.stand();
        let Some(sink) = self.sink() else {
            return;
        };
        sink.lost();
        if stand.vouching.is_some() {
            sink.restored();
        }
    }

    /// This connection tells every change from now on. What was known before may have changed unseen.
    pub(super) fn vouch(&self, connection: u64) {
        let mut stand = self.stand();
        if stand.vouching == Some(connection) || stand.ended >= connection {
            return;
        }
        stand.vouching = Some(connection);
        if let Some(sink) = self.sink() {
            sink.lost();
            sink.restored();
        }
        let before = mem::replace(&mut stand.mode, mode(self.by));
        drop(stand);
        if matches!(before, FeedMode::None(_)) {
            info!(store = &*self.name, "changes are told again");
        }
    }

    /// Whatever connection vouched does no longer.
    pub(super) fn lose(&self) {
        self.forsake(&mut self.stand());
    }

    /// The same for one connection, whose end may be heard when the next one vouches already.
    pub(super) fn end(&self, connection: u64) {
        let mut stand = self.stand();
        stand.ended = stand.ended.max(connection);
        if stand.vouching == Some(connection) {
            self.forsake(&mut stand);
        }
    }

    fn forsake(&self, stand: &mut Stand) {
        if let (Some(_), Some(sink)) = (stand.vouching.take(), self.sink()) {
            sink.lost();
        }
    }

    /// The server cannot do it, or not now. Logged when the reason is a new one.
    pub(super) fn give_up(&self, reason: Cow<'static, str>) {
        let mut stand = self.stand();
        if matches!(&stand.mode, FeedMode::None(known) if *known == reason) {
            return;
        }
        warn!(
            store = &*self.name,
            "changes are not told: {reason}; a revoked session is trusted for `cache.ttl`, ten seconds at most"
        );
        stand.mode = FeedMode::None(reason);
    }

    /// Pushes are trusted without the proof of the canary. Logged once.
    pub(super) fn miss_canary(&self) {
        if mem::replace(&mut self.stand().told_of_canary, true) {
            return;
        }
        warn!(
            store = &*self.name,
            "changes are told, but how fast cannot be measured; the ACL user needs {}",
            match self.by {
                Invalidation::PubSub => "&sessiongate:* +publish",
                Invalidation::Tracking | Invalidation::None => "~sessiongate:canary:* +set +del",
            }
        );
    }

    /// Pushes are heard, messages are not. Logged once.
    pub(super) fn miss_events(&self, reason: &str) {
        if !mem::replace(&mut self.stand().told_of_events, true) {
            warn!(
                store = &*self.name,
                "what is announced on sessiongate:events is not heard: {reason}"
            );
        }
    }

    /// How long the canary took to come back.
    pub(super) fn lag(&self, lag: Duration) {
        if let Some(sink) = self.sink() {
            sink.lag(lag);
        }
    }

    /// What is heard besides the node's own canary: events, and in messages alone also the canary.
    pub(super) fn channels(&self) -> [&str; 2] {
        [EVENTS, &self.canary]
    }

    fn sink(&self) -> Option<&dyn ChangeSink> {
        self.sink.get().map(Arc::as_ref)
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How changes are told where the server does its part.
pub(super) fn mode(by: Invalidation) -> FeedMode {
    match by {
        Invalidation::Tracking => FeedMode::Tracking,
        Invalidation::PubSub => FeedMode::Messages,
        Invalidation::None => FeedMode::None("`cache.invalidation` is `none`".into()),
    }
}
