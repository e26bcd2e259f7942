//! `open`: from settings to a store. The only file that knows every back end.

use super::administration::Administration;
use super::contract::StoreOpenError;
use super::memory::MemoryStore;
use super::redis::RedisStore;
use super::settings::StoreSettings;
use crate::clock::Now;
use std::sync::Arc;

/// Opens a store under its configured name. Connects nothing; `now` is when seeded TTLs begin.
///
/// # Errors
/// When the settings cannot work whatever the server does. An unreachable server is not such an error.
pub fn open(
    name: &str,
    settings: &StoreSettings,
    now: Now,
) -> Result<Arc<dyn Administration>, StoreOpenError> {
    Ok(match settings {
        StoreSettings::Memory(memory) => Arc::new(MemoryStore::open(memory, now)),
        StoreSettings::Redis(redis) => Arc::new(RedisStore::open(name, redis)?),
    })
}
