//! `Table`: a bounded concurrent map that makes room by sampling (approximate LRU).

use super::entry::Entry;
use super::key::CacheKey;
use super::moment::Moment;
use super::sample::Sample;
use super::stats::SegmentStats;
use ahash::RandomState;
use dashmap::{DashMap, Entry as Slot};
use std::mem;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Never holds more than its capacity. No guard of the map leaves this file.
pub(super) struct Table<V> {
    /// Keyed hasher: an attacker chooses the tokens and must not be able to choose the slots.
    entries: DashMap<CacheKey, Entry<V>, RandomState>,
    capacity: usize,
    /// Places taken; reserved before an entry goes in, given back after it came out, so never less than the entries.
    taken: AtomicUsize,
    evicted_by_capacity: AtomicU64,
    evicted_by_ttl: AtomicU64,
}

impl<V> Table<V> {
    pub(super) fn new(capacity: usize) -> Self {
        // Many small shards keep the pause short in which one of them grows; few in a small table, so that samples of
        // a full table are not empty.
        let shards = (capacity / ENTRIES_PER_SHARD)
            .clamp(2, MAX_SHARDS)
            .next_power_of_two();
        Self {
            entries: DashMap::with_capacity_and_hasher_and_shard_amount(
                0,
                RandomState::new(),
                shards,
            ),
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
        let entry = self.entries.get(key)?;
        entry.touch(at);
        Some(read(&entry))
    }

    /// Changes an entry in place, under the same condition as [`read`](Self::read).
    pub(super) fn change<R>(
        &self,
        key: &CacheKey,
        change: impl FnOnce(&mut Entry<V>) -> R,
    ) -> Option<R> {
        self.entries
            .get_mut(key)
            .map(|mut entry| change(&mut entry))
    }

    /// Replaces the key's entry, or adds it and, when the table is full, drops another; nothing if it must not be.
    ///
    /// `may` is asked under the lock of the shard that then takes the entry, under the same condition as
    /// [`read`](Self::read). If other threads take every place that is made, nothing is stored: the bound is hard and a
    /// cache may forget.
    pub(super) fn insert_if(
        &self,
        key: CacheKey,
        entry: Entry<V>,
        at: Moment,
        may: impl Fn() -> bool,
    ) {
        let Some(entry) = self.replace(&key, entry, &may) else {
            return;
        };
        for attempt in 0..MAX_ATTEMPTS {
            self.prune(&key, at, attempt);
            if self.reserve() {
                if !self.fill(key, entry, may) {
                    self.release();
                }
                return;
            }
        }
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
        let (_, entry) = self.entries.remove_if(key, |_, entry| must(entry))?;
        self.release();
        Some(entry)
    }

    /// Bits that nobody outside can predict and that differ from key to key, moment to moment and salt to salt.
    pub(super) fn entropy(&self, key: &CacheKey, at: Moment, salt: u8) -> u64 {
        self.entries.hasher().hash_one((key, at.mono, salt))
    }

    pub(super) fn stats(&self) -> SegmentStats {
        SegmentStats {
            entries: self.taken.load(Ordering::Relaxed),
            evicted_by_capacity: self.evicted_by_capacity.load(Ordering::Relaxed),
            evicted_by_ttl: self.evicted_by_ttl.load(Ordering::Relaxed),
        }
    }

    /// Gives the entry back if the key has none to replace.
    fn replace(&self, key: &CacheKey, entry: Entry<V>, may: impl Fn() -> bool) -> Option<Entry<V>> {
        let Some(mut slot) = self.entries.get_mut(key) else {
            return Some(entry);
        };
        let old = may().then(|| mem::replace(&mut *slot, entry));
        // The old value's own drop runs outside the lock.
        drop(slot);
        drop(old);
        None
    }

    /// Puts the entry into the place that was reserved for it; `false`: the place is not needed.
    fn fill(&self, key: CacheKey, entry: Entry<V>, may: impl Fn() -> bool) -> bool {
        match self.entries.entry(key) {
            Slot::Vacant(slot) => {
                let may = may();
                if may {
                    slot.insert(entry);
                }
                may
            }
            Slot::Occupied(mut slot) => {
                let old = may().then(|| mem::replace(slot.get_mut(), entry));
                drop(slot);
                drop(old);
                false
            }
        }
    }

    fn reserve(&self) -> bool {
        self.taken
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                (taken < self.capacity).then_some(taken + 1)
            })
            .is_ok()
    }

    fn release(&self) {
        self.taken.fetch_sub(1, Ordering::Relaxed);
    }

    /// Looks at a sample. A dead entry in it goes whether room is needed or not, so that what has ended does not stay for
    /// as long as the table has room; another goes only when the table is full.
    fn prune(&self, key: &CacheKey, at: Moment, attempt: u8) {
        let is_full = self.taken.load(Ordering::Relaxed) >= self.capacity;
        let windows = if is_full { MAX_WINDOWS } else { 1 };
        let Some(victim) = self.sample(key, at, attempt, windows).victim else {
            return;
        };
        if (victim.is_dead || is_full) && self.remove(&victim.key).is_some() {
            let count = if victim.is_dead {
                &self.evicted_by_ttl
            } else {
                &self.evicted_by_capacity
            };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Looks through random windows until it has seen enough.
    ///
    /// It begins in the shard that the new key belongs to, so that the shards of a full table keep their sizes; the next
    /// ones are for tables so small that a shard may be empty.
    fn sample(&self, key: &CacheKey, at: Moment, attempt: u8, windows: usize) -> Sample {
        let home = self.entries.determine_map(key);
        let start = self.entropy(key, at, attempt);
        let mut sample = Sample::default();
        for window in 0..windows {
            let place = start.wrapping_add(STRIDE.wrapping_mul(window as u64));
            self.look(home + window / WINDOWS_PER_SHARD, place, at, &mut sample);
            if sample.seen >= ENOUGH {
                break;
            }
        }
        sample
    }

    /// Shows the sample every entry in one window of adjacent slots.
    ///
    /// hashbrown finds a group of slots by the low bits of a hash, and in it the entries whose 7-bit tag equals its top
    /// bits. Asking at one place for every tag walks all of the group: about eight entries for one or two cache misses,
    /// and no list of keys beside the map. `the_one_used_longest_ago_goes` fails if a new version lays it out differently.
    fn look(&self, shard: usize, place: u64, at: Moment, sample: &mut Sample) {
        let shards = self.entries.shards();
        let Some(shard) = shards.get(shard % shards.len()) else {
            return;
        };
        let shard = shard.read();
        for tag in 0..=TAG_MAX {
            let hash = (place & !(TAG_MAX << TAG_SHIFT)) | (tag << TAG_SHIFT);
            shard.get(hash, |(key, entry)| {
                sample.consider(key, entry.get(), at);
                false
            });
        }
    }
}

const ENTRIES_PER_SHARD: usize = 64;
const MAX_SHARDS: usize = 256;
/// Races with other threads that insert at the bound, before the entry is given up.
const MAX_ATTEMPTS: u8 = 8;
const MAX_WINDOWS: usize = 16;
const WINDOWS_PER_SHARD: usize = 4;
/// Entries among which the victim is chosen, at least.
const ENOUGH: usize = 5;
/// 2^64 over the golden ratio: places far apart in a table of any size.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;
const TAG_SHIFT: u32 = u64::BITS - 7;
const TAG_MAX: u64 = 0x7f;

#[cfg(test)]
mod tests {
    use super::{CacheKey, Entry, Table};
    use crate::cache::entry::Answer;
    use crate::cache::moment::{Moment, Mono};
    use crate::cache::policy::CachePolicy;
    use crate::cache::ties::Tie;
    use crate::clock::UnixMillis;
    use crate::token::TokenDigest;
    use std::time::Duration;

    #[test]
    fn an_entry_costs_what_we_say() {
        // With a value of 8 bytes. hashbrown adds one, and between a third and seven eighths of its slots are in use:
        // an entry takes 130 to 340 bytes.
        assert_eq!(size_of::<(CacheKey, Entry<u64>)>(), 112);
    }

    #[test]
    fn the_bound_is_hard_and_reached() {
        for capacity in [1, 2, 3, 10, 100, 1000] {
            let table = Table::new(capacity);
            for number in 0..3 * capacity {
                insert(&table, number, living(), at(0));
                let held = (table.stats().entries, table.entries.len());
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
        let survivors = (0..100).filter(|hot| table.entries.contains_key(&key(*hot)));
        let survivors = survivors.count();
        assert!(
            survivors >= 95,
            "{survivors} of 100 hot entries outlived 5000 cold ones"
        );
        let oldest = (100..3000).filter(|cold| table.entries.contains_key(&key(*cold)));
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
        assert_eq!(table.stats().entries, table.entries.len());
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
            ties: [Tie::default(); 3],
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
