//! What a session is and where it is kept.

mod contract;
mod feed;
mod key;
mod memory;
mod native;
mod open;
mod redis;
mod session;
mod settings;
mod text_rule;

pub use contract::{
    BrokenRecord, LookupError, ServerState, SessionStore, StoreError, StoreFault, StoreOpenError,
};
pub use feed::{ChangeSink, Feed, FeedMode};
pub use key::{KeyTemplate, KeyTemplateError, Untrackable};
pub use memory::MemoryStore;
pub use native::decode_native;
pub use open::open;
pub use redis::RedisStore;
pub use session::{AuthenticatedAs, Authenticator, Session, StoredSession};
pub use settings::{
    ClusterSettings, MemorySettings, RedisAddress, RedisNode, RedisServers, RedisSettings,
    RedisTls, SeedSession, SentinelSettings, StoreSettings,
};
pub use text_rule::TextRule;
