//! `Require`, `OnInvalid`, `OnDisabled`: the settings of a route that the decision reads.

/// `require:`. The default lets everybody pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Require {
    /// `require: session` or anything stricter: no session is 401.
    pub session: bool,
    /// Any one of these; empty: no role is asked for.
    pub roles: Vec<String>,
    /// The user must be verified.
    pub verified: bool,
}

/// `invalid:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInvalid {
    /// Goes on with the profile's contract for an invalid session.
    Anonymous,
    /// 401.
    Reject,
}

/// `disabled:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisabled {
    /// Goes on; the service is told and decides.
    Forward,
    /// The session counts as invalid (what Authgear itself does).
    Invalid,
    /// 403.
    Reject,
}
