//! `AssertionSlots`: the signed tokens of one session, one for each audience, kept until another is due.

use crate::clock::UnixMillis;
use arc_swap::ArcSwapOption;
use http::HeaderValue;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Nothing is allocated for a session that no service is told of in this way.
#[derive(Debug, Default)]
pub(super) struct AssertionSlots(OnceLock<Box<[ArcSwapOption<Signed>]>>);

/// One token. Whole seconds, as the claims have them.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    /// Marked as sensitive, so that it does not print itself.
    pub(super) value: HeaderValue,
    pub(super) issued_at: UnixMillis,
    pub(super) expires_at: UnixMillis,
}

/// What a token would be if it were signed now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) now: UnixMillis,
    /// The lifetime that tokens have, but for those that a session's end cuts short.
    pub(super) lifetime: Duration,
    /// The end of a token that is signed now.
    pub(super) expires_at: UnixMillis,
    /// The end of the session, as it stands now.
    pub(super) session_ends_at: Option<UnixMillis>,
}

impl AssertionSlots {
    /// The token that is still to be used. Counts up a reference and copies nothing.
    pub(super) fn find(&self, slot: usize, due: &Due) -> Option<HeaderValue> {
        let held = self.0.get()?.get(slot)?.load();
        let held = held.as_deref().filter(|held| held.serves(due))?;
        Some(held.value.clone())
    }

    /// Keeps a token; there are `slots` in all. Of two that are signed at once the later one stays: both are good.
    pub(super) fn keep(&self, slot: usize, slots: usize, signed: Signed) {
        let all = self
            .0
            .get_or_init(|| (0..slots).map(|_| ArcSwapOption::empty()).collect());
        if let Some(kept) = all.get(slot) {
            kept.store(Some(Arc::new(signed)));
        }
    }

    /// Takes over what was signed of the same facts.
    pub(super) fn recall(&self, earlier: &Self) {
        let Some(earlier) = earlier.0.get() else {
            return;
        };
        self.0.get_or_init(|| {
            let copies = earlier.iter().map(ArcSwapOption::load_full);
            copies.map(ArcSwapOption::new).collect()
        });
    }
}

impl Signed {
    /// Half of the lifetime is left to the service, or another one would live no longer. A clock that was set back has
    /// services refuse what is issued in their future.
    fn serves(&self, due: &Due) -> bool {
        let left = due.now.until(self.expires_at);
        self.issued_at <= due.now
            && due.session_ends_at.is_none_or(|end| self.expires_at <= end)
            && (left >= due.lifetime / 2 || self.expires_at >= due.expires_at)
    }
}

#[cfg(test)]
mod tests {
    use super::{AssertionSlots, Due, Signed};
    use crate::clock::UnixMillis;
    use http::HeaderValue;
    use std::time::Duration;

    const LIFETIME: Duration = Duration::from_secs(60);

    fn slots(issued_at: u64, expires_at: u64) -> AssertionSlots {
        let slots = AssertionSlots::default();
        let signed = Signed {
            value: HeaderValue::from_static("signed"),
            issued_at: UnixMillis(issued_at),
            expires_at: UnixMillis(expires_at),
        };
        slots.keep(1, 2, signed);
        slots
    }

    fn due(now: u64, session_ends_at: Option<u64>) -> Due {
        let end = session_ends_at.map(UnixMillis);
        let expires_at = UnixMillis(now).after(LIFETIME);
        let expires_at = end.map_or(expires_at, |end| end.min(expires_at));
        Due {
            now: UnixMillis(now),
            lifetime: LIFETIME,
            expires_at: UnixMillis(expires_at.0 / 1_000 * 1_000),
            session_ends_at: end,
        }
    }

    #[test]
    fn a_token_serves_while_half_of_its_life_is_left() {
        let cases = [
            (100_000, None, true),
            (130_000, None, true),
            (130_001, None, false),
            (200_000, None, false),
            (99_999, None, false),
            (0, None, false),
            (100_000, Some(160_000), true),
            (159_000, Some(160_999), true),
            (130_001, Some(161_000), false),
            (100_000, Some(159_999), false),
        ];
        for (now, end, expected) in cases {
            let found = slots(100_000, 160_000).find(1, &due(now, end));
            assert_eq!(found.is_some(), expected, "at {now}, ending {end:?}");
        }
    }

    #[test]
    fn each_audience_has_its_own() {
        let kept = slots(100_000, 160_000);
        let due = due(100_000, None);
        assert!(kept.find(0, &due).is_none());
        assert!(kept.find(2, &due).is_none(), "there is no such slot");
        assert!(AssertionSlots::default().find(0, &due).is_none());
        let later = AssertionSlots::default();
        later.recall(&kept);
        assert!(later.find(1, &due).is_some());
    }
}
