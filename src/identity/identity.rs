//! `Identity`: who the caller is. Made once when a session is loaded; it is what the cache holds.

use super::assertion_slots::AssertionSlots;
use super::idle::IdleClock;
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
    /// 1 to 256 bytes of visible ASCII.
    pub user_id: Box<str>,
    /// Owned roles, in the record's order.
    pub roles: Box<[Box<str>]>,
    /// The role that the user acts in when none is requested, if the record names one.
    pub default_role: Option<Box<str>>,
    /// Whether the user is verified.
    pub verified: bool,
    /// Whether the user is disabled.
    pub disabled: bool,
    /// The earliest end that the record or the store knows of (R8).
    pub expires_at: Option<UnixMillis>,
    rendered: Box<[Result<Rendered, BrokenRecord>]>,
    idle: Option<IdleClock>,
    assertions: AssertionSlots,
}

impl Identity {
    /// Reads a session and renders it for each plan. A plan that cannot render it breaks only its own routes.
    #[must_use]
    pub fn derive(stored: &StoredSession, plans: &[HeaderPlan], now: UnixMillis) -> Self {
        let clock = |timeout| IdleClock::new(timeout, stored.last_seen, stored.created_at(), now);
        let session = &stored.session;
        Self {
            user_id: session.user_id.as_str().into(),
            roles: session
                .roles
                .iter()
                .map(|role| role.as_str().into())
                .collect(),
            default_role: session.default_role.as_deref().map(Box::from),
            verified: session.verified,
            disabled: session.disabled,
            expires_at: stored.expires_at(),
            rendered: plans.iter().map(|plan| plan.render(session)).collect(),
            idle: session.idle_timeout.map(clock),
            assertions: AssertionSlots::default(),
        }
    }

    /// Whether it tells every service the same, whatever its ends.
    #[must_use]
    pub fn tells_the_same(&self, other: &Self) -> bool {
        let facts = |identity: &Self| (identity.verified, identity.disabled);
        self.user_id == other.user_id
            && self.roles == other.roles
            && self.default_role == other.default_role
            && facts(self) == facts(other)
            && self.rendered == other.rendered
    }

    /// Takes over when this node last saw it used: the store may not know of that, for up to an interval or for as long
    /// as it takes no writes. What was signed goes on if it still says the same.
    pub fn recall(&self, earlier: &Self) {
        if self.tells_the_same(earlier) {
            self.assertions.recall(&earlier.assertions);
        }
        if let (Some(idle), Some(earlier)) = (&self.idle, &earlier.idle) {
            idle.recall(earlier);
        }
    }

    /// The earliest end that is known of; one for want of use moves on with every use (R8).
    #[must_use]
    pub fn ends_at(&self) -> Option<UnixMillis> {
        let idle = self.idle.as_ref().map(IdleClock::end);
        match (self.expires_at, idle) {
            (Some(fixed), Some(idle)) => Some(fixed.min(idle)),
            (fixed, idle) => fixed.or(idle),
        }
    }

    pub(super) fn assertions(&self) -> &AssertionSlots {
        &self.assertions
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
        self.rendered
            .get(plan)
            .map_or(Err(&NOT_RENDERED), Result::as_ref)
    }

    /// Whether the role is among the record's, byte for byte: no case folding, no lists.
    #[must_use]
    pub fn owns_role(&self, role: &[u8]) -> bool {
        self.roles.iter().any(|owned| owned.as_bytes() == role)
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
    use super::Identity;
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
        assert_eq!(&*identity.user_id, "u-17");
        assert_eq!(
            identity.roles.as_ref(),
            [Box::<str>::from("user"), Box::from("admin")]
        );
        assert_eq!(identity.default_role.as_deref(), Some("admin"));
        assert_eq!((identity.verified, identity.disabled), (true, false));
        assert_eq!(
            identity.expires_at,
            Some(UnixMillis(5_000)),
            "the earliest end"
        );
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
