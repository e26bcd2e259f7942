//! `Onlooker`: a connection for `detect`, which reads and never writes. Each reply is bounded, and so is the whole.
//!
//! It is not the link of a store: that follows changes and sings its canary, which writes.

use super::dialer::{Dialer, Manner};
use super::fault::{fault, refusal, store_error};
use crate::store::contract::{StoreError, StoreFault};
use crate::store::foreign::RawRecord;
use crate::store::settings::{RedisServers, RedisSettings};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value, pipe};
use tokio::time::{Instant, timeout_at};

/// Asks one server until a moment in time.
pub struct Onlooker {
    connection: MultiplexedConnection,
    deadline: Instant,
}

/// One round of a `SCAN`.
#[derive(Debug)]
pub struct Page {
    /// Where the next round begins; `None`: every key was seen.
    pub next: Option<Vec<u8>>,
    /// Some keys; one may come twice.
    pub keys: Vec<Vec<u8>>,
}

/// What lies under a key.
#[derive(Clone)]
pub struct Glimpse {
    /// Whether it ends by itself.
    pub has_ttl: bool,
    /// What there is to read.
    pub sight: Sight,
}

/// What there is to read under a key.
#[derive(Clone)]
pub enum Sight {
    /// A string or a hash.
    Record(RawRecord),
    /// Nothing any more.
    Gone,
    /// A list, a set, a stream.
    Other,
    /// A string of more than 64 KiB, a hash of more than 256 fields or so much memory.
    TooLarge,
    /// The server does not let this user read it.
    Refused,
}

impl Onlooker {
    /// Connects to the one server that the settings name.
    ///
    /// # Errors
    /// When there is no connection in time, or the servers are several.
    pub async fn connect(settings: &RedisSettings, deadline: Instant) -> Result<Self, StoreError> {
        let RedisServers::One(address) = &settings.servers else {
            return Err(fault(StoreFault::Unavailable, "one server is looked at"));
        };
        let dialer = Dialer::new(address, &Manner::of(settings))
            .map_err(|error| fault(StoreFault::Io, error.to_string()))?;
        let dialled = in_time(deadline, dialer.connect(|_| ())).await??;
        Ok(Self {
            connection: dialled.connection,
            deadline,
        })
    }

    /// Whether the time is up: every further question is refused.
    #[must_use]
    pub fn is_late(&self) -> bool {
        Instant::now() >= self.deadline
    }

    /// How many keys the database has.
    ///
    /// # Errors
    /// When the server could not say.
    pub async fn size(&mut self) -> Result<u64, StoreError> {
        let mut question = pipe();
        question.cmd("DBSIZE");
        match self.ask(&question).await?.into_iter().next() {
            Some(Value::Int(keys)) => u64::try_from(keys).map_err(|_| nonsense()),
            Some(Value::ServerError(error)) => Err(refusal(error.code())),
            _ => Err(nonsense()),
        }
    }

    /// Looks at the next thousand keys; `None` begins.
    ///
    /// # Errors
    /// When the server could not say.
    pub async fn keys(&mut self, from: Option<&[u8]>) -> Result<Page, StoreError> {
        let mut question = pipe();
        let scan = question.cmd("SCAN").arg(from.unwrap_or(START));
        scan.arg("COUNT").arg(KEYS_PER_ROUND);
        let parts = match self.ask(&question).await?.into_iter().next() {
            Some(Value::Array(parts)) => parts,
            Some(Value::ServerError(error)) => return Err(refusal(error.code())),
            _ => return Err(nonsense()),
        };
        let Ok([Value::BulkString(next), Value::Array(keys)]) = <[Value; 2]>::try_from(parts)
        else {
            return Err(nonsense());
        };
        let keys = keys.into_iter().filter_map(bytes);
        Ok(Page {
            keys: keys.collect(),
            next: (next != START).then_some(next),
        })
    }

    /// Reads what lies under each key.
    ///
    /// # Errors
    /// When the connection gives no replies.
    pub async fn look<K: AsRef<[u8]>>(&mut self, keys: &[K]) -> Result<Vec<Glimpse>, StoreError> {
        let mut seen = Vec::with_capacity(keys.len());
        for some in keys.chunks(RECORDS_PER_ROUND) {
            seen.extend(self.look_at_some(some).await?);
        }
        Ok(seen)
    }

    async fn look_at_some<K: AsRef<[u8]>>(
        &mut self,
        keys: &[K],
    ) -> Result<Vec<Glimpse>, StoreError> {
        let keys: Vec<&[u8]> = keys.iter().map(AsRef::as_ref).collect();
        let kinds = self.each(&keys, &["TYPE"], &[]).await?;
        let lives = self.each(&keys, &["PTTL"], &[]).await?;
        let mut seen: Vec<Glimpse> = kinds.iter().zip(&lives).map(Glimpse::of).collect();
        let strings = of_kind(&keys, &kinds, "string");
        let end = RECORD_BYTES.to_string();
        let texts = self.each(&strings, &["GETRANGE"], &["0", &end]).await?;
        let hashes = of_kind(&keys, &kinds, "hash");
        let maps = self.hashes(&hashes).await?;
        let (mut texts, mut maps) = (texts.into_iter().map(text), maps.into_iter());
        for (glimpse, kind) in seen.iter_mut().zip(&kinds) {
            let sight = match kind {
                Value::SimpleString(kind) if kind == "string" => texts.next(),
                Value::SimpleString(kind) if kind == "hash" => maps.next(),
                _ => None,
            };
            glimpse.sight = sight.unwrap_or_else(|| glimpse.sight.clone());
        }
        Ok(seen)
    }

    /// A hash has no command that reads a part of it by size, so its size is asked for before it is read.
    async fn hashes(&mut self, keys: &[&[u8]]) -> Result<Vec<Sight>, StoreError> {
        let lengths = self.each(keys, &["HLEN"], &[]).await?;
        let few = |length: &Value| matches!(length, Value::Int(1..=HASH_FIELDS));
        let short = select(keys, &lengths, few);
        // Of every field: the server's estimate would pass over a large one.
        let sizes = self
            .each(&short, &["MEMORY", "USAGE"], &["SAMPLES", "0"])
            .await?;
        let little = |size: &Value| matches!(size, Value::Int(1..=HASH_MEMORY));
        let small = select(&short, &sizes, little);
        let mut maps = self.each(&small, &["HGETALL"], &[]).await?.into_iter();
        let mut sizes = sizes.into_iter();
        let sight = |length: Value| match length {
            Value::Int(0) => Sight::Gone,
            Value::ServerError(_) => Sight::Refused,
            length if !few(&length) => Sight::TooLarge,
            _ => match sizes.next() {
                Some(size) if little(&size) => maps.next().map_or(Sight::Gone, hash),
                Some(Value::Int(_)) => Sight::TooLarge,
                Some(Value::ServerError(_)) => Sight::Refused,
                _ => Sight::Gone,
            },
        };
        Ok(lengths.into_iter().map(sight).collect())
    }

    /// Asks the same of every key, in one write.
    async fn each(
        &mut self,
        keys: &[&[u8]],
        command: &[&str],
        rest: &[&str],
    ) -> Result<Vec<Value>, StoreError> {
        let mut question = pipe();
        for key in keys {
            let mut words = command.iter();
            let asked = question.cmd(words.next().copied().unwrap_or_default());
            words.for_each(|word| {
                asked.arg(*word);
            });
            asked.arg(*key).arg(rest);
        }
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(&question).await
    }

    async fn ask(&mut self, question: &Pipeline) -> Result<Vec<Value>, StoreError> {
        let sent = self
            .connection
            .send_packed_commands(question, 0, question.len());
        in_time(self.deadline, sent)
            .await?
            .map_err(|error| store_error(&error))
    }
}

impl Glimpse {
    /// Whether anything lies there.
    #[must_use]
    pub fn is_there(&self) -> bool {
        match &self.sight {
            // The server answers for an absent key as for an empty one.
            Sight::Record(RawRecord::Text(bytes)) => !bytes.is_empty(),
            Sight::Record(RawRecord::Hash(_)) => true,
            Sight::TooLarge => true,
            Sight::Gone | Sight::Other | Sight::Refused => false,
        }
    }

    fn of((kind, life): (&Value, &Value)) -> Self {
        let sight = match kind {
            Value::ServerError(_) => Sight::Refused,
            Value::SimpleString(kind) if kind == "none" => Sight::Gone,
            _ => Sight::Other,
        };
        Self {
            has_ttl: matches!(life, Value::Int(0..)),
            sight,
        }
    }
}

fn of_kind<'k>(keys: &[&'k [u8]], kinds: &[Value], wanted: &str) -> Vec<&'k [u8]> {
    select(
        keys,
        kinds,
        |kind| matches!(kind, Value::SimpleString(kind) if kind == wanted),
    )
}

fn select<'k>(
    keys: &[&'k [u8]],
    replies: &[Value],
    wanted: impl Fn(&Value) -> bool,
) -> Vec<&'k [u8]> {
    let both = keys.iter().zip(replies);
    both.filter(|(_, reply)| wanted(reply))
        .map(|(key, _)| *key)
        .collect()
}

fn text(reply: Value) -> Sight {
    match reply {
        Value::BulkString(bytes) if bytes.len() > RECORD_BYTES => Sight::TooLarge,
        Value::BulkString(bytes) => Sight::Record(RawRecord::Text(bytes)),
        Value::ServerError(_) => Sight::Refused,
        _ => Sight::Gone,
    }
}

fn hash(reply: Value) -> Sight {
    let pairs = match reply {
        Value::Map(pairs) => pairs,
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            let pairs = std::iter::from_fn(|| Some((flat.next()?, flat.next()?)));
            pairs.collect()
        }
        _ => return Sight::Refused,
    };
    let fields = pairs.into_iter().filter_map(|(name, value)| {
        // A name that is no text is none of Spring's.
        Some((String::from_utf8(bytes(name)?).ok()?, bytes(value)?))
    });
    Sight::Record(RawRecord::Hash(fields.collect()))
}

fn bytes(reply: Value) -> Option<Vec<u8>> {
    match reply {
        Value::BulkString(bytes) => Some(bytes),
        _ => None,
    }
}

async fn in_time<T>(deadline: Instant, answer: impl Future<Output = T>) -> Result<T, StoreError> {
    let late = |_| fault(StoreFault::Timeout, "no answer in time");
    timeout_at(deadline, answer).await.map_err(late)
}

fn nonsense() -> StoreError {
    fault(StoreFault::Unavailable, "not a reply that Redis would give")
}

const START: &[u8] = b"0";
/// What the server looks at in one go, in well under a millisecond.
const KEYS_PER_ROUND: usize = 1000;
/// At 64 KiB each they are 2 MiB.
const RECORDS_PER_ROUND: usize = 32;
const RECORD_BYTES: usize = 64 * 1024;
const HASH_FIELDS: i64 = 256;
/// 64 KiB, and what Redis needs around 256 fields.
const HASH_MEMORY: i64 = 96 * 1024;
