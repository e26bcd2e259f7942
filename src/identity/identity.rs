//! `Identity`: who the caller is. Made once when a session is loaded; it is what the cache holds.

use super::assertion_slots::AssertionSlots;
use super::idle::IdleClock;
use super::words::Words;
use crate::cache::Remembered;
use crate::clock::UnixMillis;
use crate::headers::{HeaderPlan, Rendered};
use crate::store::{BrokenRecord, StoredSession};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// What decisions need of a session, and the headers that every route would write for it. The record itself is dropped.
#[derive(Debug)]
pub struct Identity {
    /// The user's id, the default role or nothing, the owned roles.
    words: Words,
    /// Whether the user is verified.
    pub verified: bool,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The earliest end that the record or the store knows of (R8).
    pub expires_at: Option<UnixMillis>,
    rendered: Box<[Result<Rendered, Box<BrokenRecord>>]>,
    idle: Option<Box<IdleClock>>,
    /// Only if a plan has an assertion.
    assertions: Option<Box<AssertionSlots>>,
}

impl Identity {
    /// Reads a session and renders it for each plan. A plan that cannot render it breaks only its own routes.
    #[must_use]
    pub fn derive(stored: &StoredSession, plans: &[HeaderPlan], now: UnixMillis) -> Self {
        let clock = |timeout| {
            let clock = IdleClock::new(timeout, stored.last_seen, stored.created_at(), now);
            Box::new(clock)
        };
        let session = &stored.session;
        let default_role = session.default_role.as_deref().unwrap_or_default();
        let roles = session.roles.iter().map(String::as_str);
        let asserts = plans.iter().any(|plan| plan.assertion().is_some());
        Self {
            words: Words::of([&*session.user_id, default_role].into_iter().chain(roles)),
            verified: session.verified,
            disabled: session.disabled,
            expires_at: stored.expires_at(),
            rendered: plans
                .iter()
                .map(|plan| plan.render(session).map_err(Box::new))
                .collect(),
            idle: session.idle_timeout.map(clock),
            assertions: asserts.then(Box::default),
        }
    }

    /// 1 to 256 bytes of visible ASCII.
    #[must_use]
    pub fn user_id(&self) -> &str {
        self.words.iter().next().unwrap_or_default()
    }

    /// The role that the user acts in when none is requested, if the record names one.
    #[must_use]
    pub fn default_role(&self) -> Option<&str> {
        self.words.iter().nth(1).filter(|role| !role.is_empty())
    }

    /// Owned roles, in the record's order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(2)
    }

    /// Whether it tells every service the same, whatever its ends.
    #[must_use]
    pub fn tells_the_same(&self, other: &Self) -> bool {
        let facts = |identity: &Self| (identity.verified, identity.disabled);
        self.words == other.words && facts(self) == facts(other) && self.rendered == other.rendered
    }

    /// Takes over when this node last saw it used: the store may not know of that, for up to an interval or for as long
    /// as it takes no writes. What was signed goes on if it still says the same.
    pub fn recall(&self, earlier: &Self) {
        if let (Some(slots), Some(earlier_slots)) = (&self.assertions, &earlier.assertions)
            && self.tells_the_same(earlier)
        {
            slots.recall(earlier_slots);
        }
        if let (Some(idle), Some(earlier)) = (&self.idle, &earlier.idle) {
            idle.recall(earlier);
        }
    }

    /// The earliest end that is known of; one for want of use moves on with every use (R8).
    #[must_use]
    pub fn ends_at(&self) -> Option<UnixMillis> {
        let idle = self.idle.as_ref().map(|idle| idle.end());
        match (self.expires_at, idle) {
            (Some(fixed), Some(idle)) => Some(fixed.min(idle)),
            (fixed, idle) => fixed.or(idle),
        }
    }

    pub(super) fn assertions(&self) -> Option<&AssertionSlots> {
        self.assertions.as_deref()
    }

    /// Whether it ends for want of use: then its last use is worth asking for.
    #[must_use]
    pub fn can_be_idle(&self) -> bool {
        self.idle.is_some()
    }

    /// Whether it has not been used for its idle timeout, as far as this node knows (R8).
    #[must_use]
    pub fn is_idle(&self, at: UnixMillis) -> bool {
        self.idle.as_ref().is_some_and(|idle| at >= idle.end())
    }

    /// Notes a use. `Some` to one caller per interval, if there is an idle timeout: it has to write the use down and keep
    /// it until then.
    #[must_use]
    pub fn touch(&self, at: UnixMillis) -> Option<UnixMillis> {
        let idle = self.idle.as_ref()?;
        idle.touch(at).then(|| {
            let end = self.expires_at.unwrap_or_else(|| at.after(KEPT));
            end.max(at.after(idle.timeout()))
        })
    }

    /// What the plan of this index made of the session; the index is that of [`Identity::derive`].
    ///
    /// # Errors
    /// The record's fault, when this plan cannot tell it (R2).
    pub fn rendered(&self, plan: usize) -> Result<&Rendered, &BrokenRecord> {
        self.rendered.get(plan).map_or(Err(&NOT_RENDERED), |made| {
            made.as_ref().map_err(|fault| &**fault)
        })
    }

    /// Whether the role is among the record's, byte for byte: no case folding, no lists.
    #[must_use]
    pub fn owns_role(&self, role: &[u8]) -> bool {
        self.roles().any(|owned| owned.as_bytes() == role)
    }
}

impl Remembered for Arc<Identity> {
    fn holds(&self, at: UnixMillis) -> bool {
        !self.is_idle(at)
    }
}

/// For how long the last use of a session without an end is kept: one that was not used since is not known to be idle.
const KEPT: Duration = Duration::from_secs(400 * 86_400);

/// An identity never goes on with fewer headers than its route promises: an index that is not there is a fault as well.
const NOT_RENDERED: BrokenRecord = BrokenRecord {
    field: Cow::Borrowed("record"),
    fault: Cow::Borrowed("was not rendered for this route"),
};

#[cfg(test)]
mod tests {
    use super::{BrokenRecord, Identity, Rendered};
    use crate::clock::UnixMillis;
    use crate::headers::{HasuraProfile, HeaderPlan, IdentityTypes, Profile, sample};
    use crate::store::{Session, StoredSession};
    use time::macros::datetime;

    const NOW: UnixMillis = UnixMillis(0);

    fn stored(session: Session) -> StoredSession {
        StoredSession::new(session, None)
    }

    #[test]
    fn an_identity_keeps_what_decisions_need() {
        let mut stored = stored(sample::full());
        stored.session.expires_at = Some(datetime!(1970-01-01 00:00:05.0019 UTC));
        stored.store_expires_at = Some(UnixMillis(5_000));
        let identity = Identity::derive(&stored, &[], NOW);
        assert_eq!(identity.user_id(), "u-17");
        assert_eq!(identity.roles().collect::<Vec<_>>(), ["user", "admin"]);
        assert_eq!(identity.default_role(), Some("admin"));
        assert_eq!((identity.verified, identity.disabled), (true, false));
        assert_eq!(
            identity.expires_at,
            Some(UnixMillis(5_000)),
            "the earliest end"
        );
    }

    /// Without what it points to: its texts, and 16 bytes and the values for each plan.
    #[test]
    fn an_identity_takes_what_we_say() {
        assert_eq!(size_of::<Identity>(), 72);
        assert_eq!(size_of::<Result<Rendered, Box<BrokenRecord>>>(), 16);
    }

    #[test]
    fn a_role_is_owned_byte_for_byte() {
        let identity = Identity::derive(&stored(sample::full()), &[], NOW);
        for (role, owned) in [
            ("user", true),
            ("admin", true),
            ("Admin", false),
            ("admin ", false),
            ("user,admin", false),
            ("", false),
            ("adm", false),
        ] {
            assert_eq!(identity.owns_role(role.as_bytes()), owned, "{role:?}");
        }
    }

    #[test]
    fn a_record_that_one_profile_cannot_tell_is_broken_for_that_profile_only() {
        let mut session = sample::full();
        session.identity.as_mut().expect("an identity").kind = Some("passkey".to_owned());
        let plans = [
            Profile::Skygear(IdentityTypes::Seed),
            Profile::Hasura(HasuraProfile::default()),
        ]
        .map(|profile| HeaderPlan::new(&[profile]).expect("a plan"));
        let identity = Identity::derive(&stored(session), &plans, NOW);
        let faults = [0, 1, 2].map(|plan| {
            identity
                .rendered(plan)
                .err()
                .map(|fault| fault.field.as_ref())
        });
        assert_eq!(faults, [Some("identity.type"), None, Some("record")]);
    }
}
