//! `Table`: a bounded concurrent map that makes room by sampling (approximate LRU).

use super::entry::Entry;
use super::key::CacheKey;
use super::moment::Moment;
use super::stats::SegmentStats;
use super::victim::Victim;
use ahash::RandomState;
use hashbrown::HashTable;
use std::iter;
use std::mem;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Never holds more than its capacity. No guard of a shard leaves this file.
pub(super) struct Table<V> {
    shards: Box<[Shard<V>]>,
    /// Keyed: an attacker chooses the tokens and must not be able to choose the slots.
    hasher: RandomState,
    capacity: usize,
    /// Places taken; reserved before an entry goes in, given back after it came out, so never less than the entries.
    taken: AtomicUsize,
    evicted_by_capacity: AtomicU64,
    evicted_by_ttl: AtomicU64,
}

/// The locks of two shards never share a cache line.
#[repr(align(64))]
struct Shard<V>(RwLock<HashTable<Slot<V>>>);

struct Slot<V> {
    key: CacheKey,
    entry: Entry<V>,
}

impl<V> Table<V> {
    pub(super) fn new(capacity: usize) -> Self {
        let shards = (capacity / FEW_ENTRIES)
            .clamp(1, FEW_SHARDS)
            .max(capacity.div_ceil(ENTRIES_PER_SHARD));
        let shard = || Shard(RwLock::new(HashTable::new()));
        Self {
            shards: iter::repeat_with(shard).take(shards).collect(),
            hasher: RandomState::new(),
            capacity,
            taken: AtomicUsize::new(0),
            evicted_by_capacity: AtomicU64::new(0),
            evicted_by_ttl: AtomicU64::new(0),
        }
    }

    /// Reads an entry in place and marks it as used. `read` runs under a shard lock: it must not come back to the table.
    pub(super) fn read<R>(
        &self,
        key: &CacheKey,
        at: Moment,
        read: impl FnOnce(&Entry<V>) -> R,
    ) -> Option<R> {
        let hash = self.hasher.hash_one(key);
        let shard = self.shard(hash).read();
        let slot = shard.find(hash, |slot| slot.key == *key)?;
        slot.entry.touch(at);
        Some(read(&slot.entry))
    }

    /// Changes an entry in place, under the same condition as [`read`](Self::read).
    pub(super) fn change<R>(
        &self,
        key: &CacheKey,
        change: impl FnOnce(&mut Entry<V>) -> R,
    ) -> Option<R> {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).write();
        let slot = shard.find_mut(hash, |slot| slot.key == *key)?;
        Some(change(&mut slot.entry))
    }

    /// Replaces the key's entry, or adds it and, when the table is full, drops another; nothing if it must not be.
    ///
    /// `may` is asked under the lock of the shard that then takes the entry, under the same condition as
    /// [`read`](Self::read).
    pub(super) fn insert_if(
        &self,
        key: CacheKey,
        entry: Entry<V>,
        at: Moment,
        may: impl FnOnce() -> bool,
    ) {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).write();
        let old = if !may() {
            Some(entry)
        } else if let Some(slot) = shard.find_mut(hash, |slot| slot.key == key) {
            Some(mem::replace(&mut slot.entry, entry))
        } else {
            self.add(&mut shard, hash, Slot { key, entry }, at)
        };
        // A value's own drop runs outside the lock.
        drop(shard);
        drop(old);
    }

    pub(super) fn remove(&self, key: &CacheKey) -> Option<Entry<V>> {
        self.remove_if(key, |_| true)
    }

    /// `must` is asked under the lock of the shard, under the same condition as [`read`](Self::read).
    pub(super) fn remove_if(
        &self,
        key: &CacheKey,
        must: impl FnOnce(&Entry<V>) -> bool,
    ) -> Option<Entry<V>> {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash).write();
        let found = shard.find_entry(hash, |slot| slot.key == *key).ok()?;
        let (slot, _) = must(&found.get().entry).then(|| found.remove())?;
        drop(shard);
        self.taken.fetch_sub(1, Ordering::Relaxed);
        Some(slot.entry)
    }

    /// Bits that nobody outside can predict and that differ from key to key, moment to moment and salt to salt.
    pub(super) fn entropy(&self, key: &CacheKey, at: Moment, salt: u8) -> u64 {
        self.hasher.hash_one((key, at.mono, salt))
    }

    pub(super) fn stats(&self) -> SegmentStats {
        SegmentStats {
            entries: self.taken.load(Ordering::Relaxed),
            evicted_by_capacity: self.evicted_by_capacity.load(Ordering::Relaxed),
            evicted_by_ttl: self.evicted_by_ttl.load(Ordering::Relaxed),
        }
    }

    /// The tables use the bits at both ends of a hash, so this takes those between.
    fn shard(&self, hash: u64) -> &Shard<V> {
        let share = (hash >> 25) & u64::from(u32::MAX);
        let at = (share * self.shards.len() as u64) >> 32;
        let shard = self.shards.get(at as usize);
        shard.expect("a share of them is less than all")
    }

    /// Adds an entry to its shard. Gives back the one that had to go for it.
    ///
    /// An entry of the sample that has ended goes whether room is needed or not, so that it does not stay for as long as
    /// there is room; another goes only when the table is full. It is of the same shard, so that the shards of a full
    /// table keep their sizes.
    fn add(
        &self,
        shard: &mut HashTable<Slot<V>>,
        hash: u64,
        slot: Slot<V>,
        at: Moment,
    ) -> Option<Entry<V>> {
        let is_full = self.taken.load(Ordering::Relaxed) >= self.capacity;
        let window = if is_full { usize::MAX } else { SAMPLE };
        let start = self.entropy(&slot.key, at, SAMPLE_SALT);
        let sample = entries(shard, start, window).take(SAMPLE);
        let evicted = match Victim::among(sample, at) {
            Some(victim) if victim.is_dead => Some((victim, &self.evicted_by_ttl)),
            _ if self.reserve() => None,
            Some(victim) => Some((victim, &self.evicted_by_capacity)),
            // The bound is hard, and all of the places are in other shards.
            None => return Some(slot.entry),
        };
        let evicted = evicted.and_then(|(victim, count)| {
            count.fetch_add(1, Ordering::Relaxed);
            let found = shard.get_bucket_entry(victim.bucket).ok()?;
            Some(found.remove().0.entry)
        });
        self.tidy(shard);
        shard.insert_unique(hash, slot, |slot| self.hasher.hash_one(slot.key));
        evicted
    }

    fn reserve(&self) -> bool {
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < self.capacity).then_some(taken + 1)
            })
            .is_ok()
    }

    /// Makes a shard anew that has no room left but for the marks of what was removed. It would double its size, although
    /// its entries do not become more.
    fn tidy(&self, shard: &mut HashTable<Slot<V>>) {
        let most = shard.num_buckets() / 8 * 7;
        if shard.len() < shard.capacity() || shard.len() > most - most / MARKED {
            return;
        }
        let mut tidy = HashTable::with_capacity(most);
        let hash = |slot: &Slot<V>| self.hasher.hash_one(slot.key);
        for slot in shard.drain() {
            tidy.insert_unique(hash(&slot), slot, hash);
        }
        *shard = tidy;
    }
}

impl<V> Shard<V> {
    /// Nothing under this lock can leave a table half changed, so a poisoned one is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, HashTable<Slot<V>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashTable<Slot<V>>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What lies in a window of adjacent buckets, with the bucket's number. Hashes put neighbours there that have nothing else
/// in common.
fn entries<V>(
    shard: &HashTable<Slot<V>>,
    start: u64,
    window: usize,
) -> impl Iterator<Item = (usize, &Entry<V>)> {
    let buckets = shard.num_buckets();
    (0..window.min(buckets)).filter_map(move |step| {
        let bucket = (start as usize).wrapping_add(step) % buckets;
        Some((bucket, &shard.get_bucket(bucket)?.entry))
    })
}

/// Four fifths of 2048 buckets: a shard that is larger than the others by chance does not double, and the pause in which
/// one grows is short.
const ENTRIES_PER_SHARD: usize = 1638;
/// A small table has shards as well, so that threads do not wait for each other; few, so that none of them is empty.
const FEW_SHARDS: usize = 64;
const FEW_ENTRIES: usize = 64;
/// Entries among which the victim is chosen.
const SAMPLE: usize = 8;
/// Those of the callers of [`Table::entropy`] are others.
const SAMPLE_SALT: u8 = 0;
/// Less than this part of a shard is not worth it.
const MARKED: usize = 16;

#[cfg(test)]
mod tests {
    use super::{CacheKey, Entry, Slot, Table};
    use crate::cache::entry::Answer;
    use crate::cache::moment::{Moment, Mono};
    use crate::cache::policy::CachePolicy;
    use crate::cache::ties::Bond;
    use crate::clock::UnixMillis;
    use crate::token::TokenDigest;
    use std::time::Duration;

    #[test]
    fn an_entry_costs_what_we_say() {
        // With a value of 8 bytes. hashbrown adds one, and between 44 and 87 % of its slots are in use, 80 % in a table of
        // a million: an entry takes 102 to 204 bytes there, and 111 in the last.
        assert_eq!(size_of::<Slot<u64>>(), 88);
    }

    #[test]
    fn the_bound_is_hard_and_reached() {
        for capacity in [1, 2, 3, 10, 100, 1000] {
            let table = Table::new(capacity);
            for number in 0..3 * capacity {
                insert(&table, number, living(), at(0));
                let held = (table.stats().entries, len(&table));
                assert!(held.0 <= capacity, "{capacity}: {held:?}");
                assert_eq!(held.0, held.1, "{capacity}");
            }
            assert_eq!(table.stats().entries, capacity);
            assert_eq!(table.stats().evicted_by_capacity, 2 * capacity as u64);
        }
    }

    #[test]
    fn replacing_an_entry_of_a_full_table_evicts_nothing() {
        let table = Table::new(10);
        for number in (0..10).chain(0..10) {
            insert(&table, number, living(), at(0));
        }
        assert_eq!(
            (table.stats().entries, table.stats().evicted_by_capacity),
            (10, 0)
        );
    }

    #[test]
    fn the_one_used_longest_ago_goes() {
        let table = Table::new(1000);
        let mut clock_ms = 0;
        for number in 0..6000 {
            clock_ms += 64;
            insert(&table, number, living_since(clock_ms), at(clock_ms));
            for hot in 0..100.min(number) {
                table.read(&key(hot), at(clock_ms), |_| ());
            }
        }
        let survivors = (0..100).filter(|hot| has(&table, *hot));
        let survivors = survivors.count();
        assert!(
            survivors >= 95,
            "{survivors} of 100 hot entries outlived 5000 cold ones"
        );
        let oldest = (100..3000).filter(|cold| has(&table, *cold));
        let oldest = oldest.count();
        assert!(
            oldest <= 10,
            "{oldest} of 900 kept entries are of the older half"
        );
    }

    #[test]
    fn what_has_ended_goes_first_and_without_need() {
        let table = Table::new(1000);
        for number in 0..500 {
            insert(&table, number, ending(), at(0));
        }
        for number in 500..3500 {
            insert(&table, number, living(), at(1000));
        }
        let stats = table.stats();
        assert!(stats.evicted_by_ttl >= 490, "{stats:?}");
        assert_eq!(stats.entries, 1000);
    }

    #[test]
    fn threads_at_the_bound_never_pass_it() {
        let table = Table::new(50);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let table = &table;
                scope.spawn(move || {
                    for number in 0..500 {
                        insert(table, thread * 1000 + number, living(), at(0));
                        table.remove(&key(thread * 1000 + number / 2));
                        // Not the length of the map, which is summed while entries come and go.
                        assert!(table.stats().entries <= 50);
                    }
                });
            }
        });
        assert_eq!(table.stats().entries, len(&table));
    }

    fn len(table: &Table<u64>) -> usize {
        table.shards.iter().map(|shard| shard.read().len()).sum()
    }

    fn has(table: &Table<u64>, number: usize) -> bool {
        let change = |_: &mut Entry<u64>| ();
        table.change(&key(number), change).is_some()
    }

    fn insert(table: &Table<u64>, number: usize, entry: Entry<u64>, at: Moment) {
        table.insert_if(key(number), entry, at, || true);
    }

    fn key(number: usize) -> CacheKey {
        CacheKey::new(0, TokenDigest::of(&number.to_string()))
    }

    fn living() -> Entry<u64> {
        living_since(0)
    }

    fn living_since(mono_ms: u64) -> Entry<u64> {
        entry(at(mono_ms), None)
    }

    fn ending() -> Entry<u64> {
        entry(at(0), Some(at(500).wall))
    }

    fn entry(since: Moment, expires_at: Option<UnixMillis>) -> Entry<u64> {
        let policy = CachePolicy {
            ttl: Duration::from_secs(1_000_000),
            ..CachePolicy::default()
        };
        let answer = Answer {
            asked: since,
            answered: since,
            epoch: 0,
            bond: Bond::default(),
        };
        Entry::found(0, expires_at, answer, &policy, 0).expect("not expired")
    }

    fn at(mono_ms: u64) -> Moment {
        Moment {
            mono: Mono(mono_ms),
            wall: UnixMillis(1_600_000_000_000 + mono_ms),
        }
    }
}
