//! What a session is and where it is kept.

mod broken_record;
mod contract;
mod feed;
mod key;
mod memory;
mod native;
mod open;
mod own_keys;
mod redis;
mod revocation;
mod session;
mod settings;
mod text_rule;
mod user_mark;

pub use broken_record::BrokenRecord;
pub use contract::{
    LookupError, ServerState, SessionStore, StoreError, StoreFault, StoreOpenError,
};
pub use feed::{Change, ChangeSink, Feed, FeedMode};
pub use key::{KeyTemplate, KeyTemplateError, Untrackable};
pub use memory::MemoryStore;
pub use native::decode_native;
pub use open::open;
pub use redis::RedisStore;
pub use revocation::{NotARevocation, Revocation};
pub use session::{AuthenticatedAs, Authenticator, Session, SessionKey, StoredSession};
pub use settings::{
    ClusterSettings, Invalidation, MemorySettings, OnPush, RedisAddress, RedisNode, RedisServers,
    RedisSettings, RedisTls, SeedSession, SentinelSettings, StoreSettings,
};
pub use text_rule::TextRule;
pub use user_mark::UserMark;
