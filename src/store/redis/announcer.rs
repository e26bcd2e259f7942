//! `Announcer`: what the connections of one store tell its sink, in an order on which the sink can rely.

use crate::store::feed::{ChangeSink, Feed, FeedMode};
use crate::store::key::{CANARY, KeyTemplate};
use crate::store::settings::RedisSettings;
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
    /// The key that this node writes once a second.
    pub(super) canary: Box<str>,
    /// Whether pushes are wanted at all.
    pub(super) wanted: bool,
    key: KeyTemplate,
    sink: OnceLock<Arc<dyn ChangeSink>>,
    stand: Mutex<Stand>,
}

struct Stand {
    mode: FeedMode,
    vouching: Option<u64>,
    /// The newest connection that has ended.
    ended: u64,
    told_of_canary: bool,
}

impl Announcer {
    /// Nobody listens yet and nothing vouches. The canary's name ends in `tag`, which on a cluster chooses its slot.
    pub(super) fn new(name: &str, settings: &RedisSettings, tag: &str) -> Self {
        let mode = if settings.tracking {
            FeedMode::Tracking
        } else {
            FeedMode::None("`cache.invalidation` is `none`".into())
        };
        Self {
            name: name.into(),
            canary: format!(
                "{CANARY}{:016x}{tag}",
                RandomState::new().build_hasher().finish()
            )
            .into(),
            wanted: settings.tracking,
            key: settings.key.clone(),
            sink: OnceLock::new(),
            stand: Mutex::new(Stand {
                mode,
                vouching: None,
                ended: 0,
                told_of_canary: false,
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

    /// The head of the session keys and the canary. The canary is tracked by its whole name: of the other nodes' canaries
    /// nothing is heard.
    pub(super) fn prefixes(&self) -> [&str; 2] {
        [self.key.prefix(), &self.canary]
    }

    /// A key was written, deleted or has expired.
    pub(super) fn changed(&self, key: &[u8]) {
        if let (Some(sink), Some(session)) = (self.sink(), self.key.digest_of_key(key)) {
            sink.changed(session);
        }
    }

    /// Every key may have gone; what comes after is told again.
    pub(super) fn flushed(&self, connection: u64) {
        let stand = self.stand();
        if stand.vouching == Some(connection)
            && let Some(sink) = self.sink()
        {
            sink.lost();
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
        let before = mem::replace(&mut stand.mode, FeedMode::Tracking);
        drop(stand);
        if before != FeedMode::Tracking {
            info!(store = &*self.name, "changes are pushed again");
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
            "changes are not pushed: {reason}; a revoked session is trusted until `cache.ttl` is over"
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
            "changes are pushed, but how fast cannot be measured; the ACL user needs ~{CANARY}* +set +del"
        );
    }

    /// How long the canary took to come back.
    pub(super) fn lag(&self, lag: Duration) {
        if let Some(sink) = self.sink() {
            sink.lag(lag);
        }
    }

    fn sink(&self) -> Option<&dyn ChangeSink> {
        self.sink.get().map(Arc::as_ref)
    }

    fn stand(&self) -> MutexGuard<'_, Stand> {
        self.stand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
