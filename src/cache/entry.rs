//! `Entry`: a remembered value and the arithmetic of how long it is trusted. Pure.

use super::lookup::Ending;
use super::moment::{Moment, Mono};
use super::policy::CachePolicy;
use super::ties::Bond;
use crate::clock::UnixMillis;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What an answer is remembered with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    /// When the source was asked; of several, when the first was.
    pub(super) asked: Moment,
    pub(super) answered: Moment,
    pub(super) epoch: u64,
    /// Its own, and those of what it rests on; its own again where that is nothing.
    pub(super) bond: Bond,
}

/// A value with its three ends: when the source must be asked again, when it is of no use any more, and the record's own
/// end on the wall clock.
#[derive(Debug)]
pub(super) struct Entry<V> {
    value: V,
    /// The end of the TTL; after a failed load, the end of the retry pause.
    ask_at: Mono,
    /// The end of the stale window or of the record, whichever is first. Monotonic, so that a wall clock which is set
    /// back extends nothing (R8).
    dead_at: Mono,
    /// Compared beside `dead_at`: a wall clock that was late when the value was loaded must not extend it either.
    expires_at: UnixMillis,
    /// Under which the source was last asked, whether it could answer or not.
    epoch: u32,
    bond: Bond,
    trust: Trust,
    last_use: AtomicU32,
}

/// How the source answered when it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trust {
    Confirmed,
    Unconfirmed,
}

/// What may be done with an entry at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Serve it.
    Fresh,
    /// Serve it as stale: the source failed a moment ago and is given a pause.
    Paused,
    /// Ask the source; serve it as stale only if that fails.
    Due,
    /// Never serve it.
    Dead,
}

impl<V> Entry<V> {
    /// A value as it arrived; `None` if it has ended already.
    ///
    /// Trust counts from the question: what the source said was true then, not necessarily later.
    pub(super) fn found(
        value: V,
        expires_at: Option<UnixMillis>,
        answer: Answer,
        policy: &CachePolicy,
        entropy: u64,
    ) -> Option<Self> {
        let Answer {
            asked, answered, ..
        } = answer;
        let expires_at = expires_at.unwrap_or(UnixMillis(u64::MAX));
        let ask_at = asked.mono.after(shortened(policy.ttl, entropy));
        let record_end = answered.mono.after(answered.wall.until(expires_at));
        let entry = Self {
            value,
            ask_at,
            dead_at: ask_at.after(policy.stale_if_error).min(record_end),
            expires_at,
            epoch: short(answer.epoch),
            bond: answer.bond,
            trust: Trust::Confirmed,
            last_use: AtomicU32::new(tick(answered)),
        };
        (answered.wall < expires_at).then_some(entry)
    }

    /// `epoch` is the source's current one: what was asked under an older one may have changed unseen.
    pub(super) fn standing(&self, at: Moment, epoch: u64) -> Standing {
        if self.is_dead(at) {
            return Standing::Dead;
        }
        if at.mono >= self.ask_at || self.epoch() < epoch {
            return Standing::Due;
        }
        match self.trust {
            Trust::Confirmed => Standing::Fresh,
            Trust::Unconfirmed => Standing::Paused,
        }
    }

    pub(super) fn is_dead(&self, at: Moment) -> bool {
        at.mono >= self.dead_at || at.wall >= self.expires_at
    }

    /// The source could not say: it is not asked again for about [`RETRY_PAUSE`], so that a store which hangs does not
    /// put its timeout on every request. A new epoch ends the pause, since the source is then there again or lost anew.
    pub(super) fn pause(&mut self, at: Moment, epoch: u64, entropy: u64) {
        self.ask_at = at.mono.after(shortened(RETRY_PAUSE, entropy));
        self.epoch = short(epoch);
        self.trust = Trust::Unconfirmed;
    }

    pub(super) fn value(&self) -> &V {
        &self.value
    }

    pub(super) fn into_value(self) -> V {
        self.value
    }

    /// What it hangs on.
    pub(super) fn bond(&self) -> Bond {
        self.bond
    }

    /// The epoch under which the source was last asked.
    pub(super) fn epoch(&self) -> u64 {
        u64::from(self.epoch)
    }

    /// Written only when the tick changes: requests for one hot session do not pass its cache line around.
    pub(super) fn touch(&self, at: Moment) {
        let tick = tick(at);
        if self.last_use.load(Ordering::Relaxed) != tick {
            self.last_use.store(tick, Ordering::Relaxed);
        }
    }

    /// Orders entries by how long ago they were used.
    pub(super) fn last_use(&self) -> u32 {
        self.last_use.load(Ordering::Relaxed)
    }
}

impl Entry<Option<Ending>> {
    /// "No such session", or why one has ended.
    pub(super) fn absence(why: Option<Ending>, answer: Answer, policy: &CachePolicy) -> Self {
        let end = answer.asked.mono.after(policy.negative_ttl);
        Self {
            value: why,
            ask_at: end,
            dead_at: end,
            expires_at: UnixMillis(u64::MAX),
            epoch: short(answer.epoch),
            bond: answer.bond,
            trust: Trust::Confirmed,
            last_use: AtomicU32::new(tick(answer.answered)),
        }
    }
}

/// Between 90 and 100 % of a span, so that what was loaded together is not asked for together.
fn shortened(span: Duration, entropy: u64) -> Duration {
    let share = (entropy >> 32) as u32;
    let tenth = span.as_millis() / 10;
    let cut_ms = (tenth * u128::from(share)) >> 32;
    span.saturating_sub(Duration::from_millis(
        u64::try_from(cut_ms).unwrap_or(u64::MAX),
    ))
}

/// Feeds are not lost so often; if one were, nothing would be trusted any more.
fn short(epoch: u64) -> u32 {
    u32::try_from(epoch).unwrap_or(u32::MAX)
}

/// Units of 64 ms, which last for eight years; coarse is enough to tell idle sessions from busy ones.
fn tick(at: Moment) -> u32 {
    u32::try_from(at.mono.0 >> 6).unwrap_or(u32::MAX)
}

const RETRY_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::Standing::{Dead, Due, Fresh, Paused};
    use super::{Answer, Entry, Standing, shortened};
    use crate::cache::moment::{Moment, Mono};
    use crate::cache::policy::CachePolicy;
    use crate::cache::ties::Bond;
    use crate::clock::UnixMillis;
    use std::time::Duration;

    const WALL: u64 = 1_600_000_000_000;
    const EPOCH: u64 = 7;

    /// Name, life of the record, reading of the monotonic clock and shift of the wall clock (all ms), standing.
    type Case = (&'static str, Option<u64>, (u64, i64), Standing);

    #[test]
    fn an_entry_is_fresh_then_due_then_dead() {
        // The table's policy: ttl 60 s, stale_if_error 300 s, asked at 0; entropy 0 takes nothing off.
        let cases: [Case; 12] = [
            ("at once", None, (0, 0), Fresh),
            ("last fresh millisecond", None, (59_999, 0), Fresh),
            ("ttl over", None, (60_000, 0), Due),
            ("last stale millisecond", None, (359_999, 0), Due),
            ("stale window over", None, (360_000, 0), Dead),
            (
                "last millisecond of the record",
                Some(10_000),
                (9_999, 0),
                Fresh,
            ),
            ("record over", Some(10_000), (10_000, 0), Dead),
            (
                "record over in the stale window",
                Some(70_000),
                (70_000, 0),
                Dead,
            ),
            (
                "wall clock set back an hour",
                Some(10_000),
                (10_000, -3_600_000),
                Dead,
            ),
            (
                "wall clock set back, still in time",
                Some(10_000),
                (9_999, -3_600_000),
                Fresh,
            ),
            (
                "wall clock corrected forward",
                Some(10_000),
                (1, 10_000),
                Dead,
            ),
            (
                "record outlives the cache's trust",
                Some(900_000),
                (60_000, 0),
                Due,
            ),
        ];
        for (name, ends_ms, (mono_ms, wall_shift_ms), expected) in cases {
            let expires_at = ends_ms.map(|ends_ms| UnixMillis(WALL + ends_ms));
            let entry = found(expires_at, at(0)).expect(name);
            let wall = UnixMillis((WALL + mono_ms).saturating_add_signed(wall_shift_ms));
            let moment = Moment {
                wall,
                ..at(mono_ms)
            };
            let standing = entry.standing(moment, EPOCH);
            assert_eq!(standing, expected, "{name}");
        }
    }

    #[test]
    fn a_record_that_ended_on_the_way_is_no_entry() {
        let ends = Some(UnixMillis(WALL + 100));
        assert!(found(ends, at(99)).is_some());
        assert!(found(ends, at(100)).is_none());
    }

    #[test]
    fn a_failed_load_gives_a_pause_but_no_longer_life() {
        let mut entry = found(Some(UnixMillis(WALL + 62_000)), at(0)).expect("not expired");
        entry.pause(at(60_500), EPOCH, 0);
        assert_eq!(entry.standing(at(60_500), EPOCH), Paused);
        assert_eq!(entry.standing(at(61_499), EPOCH), Paused);
        assert_eq!(entry.standing(at(61_500), EPOCH), Due);
        entry.pause(at(61_500), EPOCH, 0);
        assert_eq!(entry.standing(at(61_999), EPOCH), Paused);
        assert_eq!(
            entry.standing(at(62_000), EPOCH),
            Dead,
            "the record's own end"
        );
    }

    #[test]
    fn a_new_epoch_makes_everything_due() {
        let mut entry = found(None, at(0)).expect("not expired");
        let next = EPOCH + 1;
        assert_eq!(entry.standing(at(1), next), Due, "trusted before");
        assert_eq!(entry.standing(at(360_000), next), Dead, "no longer life");
        entry.pause(at(1), next, 0);
        assert_eq!(entry.standing(at(2), next), Paused, "asked under this one");
        assert_eq!(entry.standing(at(2), next + 1), Due, "paused before");
        let older = EPOCH - 1;
        assert_eq!(entry.standing(at(2), older), Paused, "read before it began");
        let absence = Entry::absence(None, answer(at(0)), &CachePolicy::default());
        assert_eq!(absence.standing(at(1), next), Due, "absence");
    }

    #[test]
    fn an_absence_lasts_for_negative_ttl_from_the_question() {
        let entry = Entry::absence(None, answer(at(50)), &CachePolicy::default());
        assert_eq!(entry.standing(at(1_999), EPOCH), Fresh);
        assert_eq!(entry.standing(at(2_000), EPOCH), Dead);
    }

    #[test]
    fn jitter_takes_off_up_to_a_tenth() {
        let ttl = Duration::from_secs(60);
        let cases = [(0, 60_000), (u64::MAX >> 1, 57_001), (u64::MAX, 54_001)];
        for (entropy, expected_ms) in cases {
            let shortened = shortened(ttl, entropy);
            assert_eq!(shortened, Duration::from_millis(expected_ms), "{entropy:x}");
        }
        assert_eq!(shortened(Duration::ZERO, u64::MAX), Duration::ZERO);
        assert!(shortened(Duration::MAX, u64::MAX) > Duration::ZERO);
    }

    fn found(expires_at: Option<UnixMillis>, answered: Moment) -> Option<Entry<()>> {
        Entry::found((), expires_at, answer(answered), &CachePolicy::default(), 0)
    }

    fn answer(answered: Moment) -> Answer {
        Answer {
            asked: at(0),
            answered,
            epoch: EPOCH,
            bond: Bond::default(),
        }
    }

    fn at(mono_ms: u64) -> Moment {
        Moment {
            mono: Mono(mono_ms),
            wall: UnixMillis(WALL + mono_ms),
        }
    }
}
