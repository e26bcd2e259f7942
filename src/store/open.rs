//! `open`: from settings to a store. The only file that knows every back end.

use super::administration::Administration;
use super::carried::{
    CarriedSettings, CarriedStore, CookieReader, Following, JwtReader, Proof, SessionReader,
};
use super::contract::StoreOpenError;
use super::http::AuthService;
use super::memory::MemoryStore;
use super::redis::{RedisStore, Watcher};
use super::settings::{MemorySettings, RedisSettings, StoreSettings};
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
        StoreSettings::Carried(carried) => Arc::new(CarriedStore::new(
            reader(name, &carried.proof)?,
            marks(name, carried.revoked.as_ref(), now)?,
            following(name, carried)?,
        )),
    })
}

fn reader(name: &str, proof: &Proof) -> Result<Box<dyn SessionReader>, StoreOpenError> {
    Ok(match proof {
        Proof::Cookie(envelopes) => Box::new(CookieReader::new(envelopes.clone())),
        Proof::Http(settings) => Box::new(AuthService::open(name, settings)),
        Proof::Jwt(settings) => {
            let reader = JwtReader::new(name, settings).map_err(|fault| StoreOpenError::Keys {
                source_name: name.to_owned(),
                fault,
            })?;
            Box::new(reader)
        }
    })
}

/// Who tells of sessions that have ended at the service which is asked.
fn following(name: &str, carried: &CarriedSettings) -> Result<Option<Following>, StoreOpenError> {
    let Some(redis) = carried.proof.invalidated_by() else {
        return Ok(None);
    };
    let watcher = Watcher::open(name, redis)?;
    // Marks in this process are told from the first moment on.
    let are_marks_told = carried.revoked.is_none() || carried.expects_marks();
    Ok(Some(Following::new(watcher, are_marks_told)))
}

/// Where it is kept what was revoked.
fn marks(
    name: &str,
    settings: Option<&RedisSettings>,
    now: Now,
) -> Result<Arc<dyn Administration>, StoreOpenError> {
    Ok(match settings {
        Some(redis) => Arc::new(RedisStore::open(name, redis)?),
        None => Arc::new(MemoryStore::open(&MemorySettings::default(), now)),
    })
}
