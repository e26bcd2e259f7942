//! What a session is and where it is kept.

mod administration;
mod broken_record;
mod carried;
mod confluence;
mod contract;
mod copies;
mod feed;
mod foreign;
mod http;
mod key;
mod memory;
mod memory_administration;
#[cfg(test)]
mod memory_tests;
mod message;
mod native;
mod new_session;
mod open;
mod own_keys;
mod owned_task;
mod redis;
mod revocation;
mod session;
mod session_report;
mod settings;
mod text_rule;
mod timestamps;
mod user_mark;

pub use administration::{Administration, Removal, Search, SessionList};
pub use broken_record::BrokenRecord;
pub use carried::{
    CarriedSettings, Content, Envelope, JwtSettings, KeySource, Proof, SessionReader,
};
pub use contract::{
    LookupError, NoSession, ServerState, SessionStore, StoreError, StoreFault, StoreOpenError,
};
pub use feed::{Change, ChangeSink, Feed, FeedMode};
pub use foreign::{
    Field, FieldMap, FieldPath, ForeignFormat, IdleSpan, Idleness, RawRecord, RecordFormat, Shape,
};
pub use http::{
    AnswerMap, AnswerPlace, AskMethod, CacheControl, HttpSettings, Meaning, Preset, StatusError,
    Statuses, Unsaid,
};
pub use key::{KeyTemplate, KeyTemplateError, Untrackable};
pub use memory::MemoryStore;
pub use message::Message;
pub use native::decode_native;
pub(crate) use native::parse_span;
pub use new_session::NewSession;
pub use open::open;
pub use redis::{Glimpse, Onlooker, Page, RedisStore, Sight};
pub use revocation::{NotARevocation, Revocation};
pub use session::{AuthenticatedAs, Authenticator, Carried, Session, SessionKey, StoredSession};
pub use session_report::SessionReport;
pub use settings::{
    ClusterSettings, Follows, Invalidation, MemorySettings, OnPush, RedisAddress, RedisNode,
    RedisServers, RedisSettings, RedisTls, SeedSession, SentinelSettings, StoreSettings,
};
pub use text_rule::TextRule;
pub use user_mark::UserMark;
