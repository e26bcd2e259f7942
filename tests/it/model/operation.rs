//! `Operation`: what a walk is made of, and how often each comes.

use super::trouble::Trouble;

/// One step of a walk.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    /// A request with one of the tokens, at one of the doors.
    Ask,
    /// The same, and the record changes while the question or its answer is on its way.
    AskAcross,
    /// A request without a token.
    AskAsNobody,
    /// A session under a token, be there one already or not.
    Login,
    /// The same user in another role.
    ChangeRole,
    /// Another expiry; the record stays as it is.
    Touch,
    /// The record of one session is deleted.
    Revoke,
    /// One session is revoked by its name; its record stays.
    RevokeByName,
    /// A name is revoked no longer.
    Absolve,
    /// All sessions of a user end by its mark.
    LogOutEverywhere,
    /// A user is disabled by its mark, or enabled again.
    Disable,
    /// The mark of a user is deleted.
    Unmark,
    /// Somebody says that one session is revoked.
    SaySession,
    /// Somebody says that all sessions of a user are revoked.
    SayUser,
    /// Somebody says what is no revocation.
    SayNonsense,
    /// All of them end.
    Flush,
    /// What was done so far must be known from now on.
    Settle,
    /// Something happens to Redis or the way to it.
    Begin,
    /// It lasts until the gateway has found out.
    Outlast,
    /// It ends, and the gateway recovers by itself.
    End,
}

impl Operation {
    /// What may come next, each with its weight.
    pub(super) fn choices(trouble: Option<Trouble>) -> &'static [(usize, Self)] {
        match trouble {
            None => &IN_PEACE,
            Some(trouble) if trouble.leaves_the_connection() => &UNWRITTEN,
            Some(_) => &IN_TROUBLE,
        }
    }
}

const IN_PEACE: [(usize, Operation); 18] = [
    (1600, Operation::Ask),
    (60, Operation::AskAcross),
    (60, Operation::AskAsNobody),
    (800, Operation::Login),
    (100, Operation::ChangeRole),
    (40, Operation::Touch),
    (100, Operation::Revoke),
    (40, Operation::RevokeByName),
    (200, Operation::Absolve),
    (30, Operation::LogOutEverywhere),
    (30, Operation::Disable),
    (10, Operation::Unmark),
    (30, Operation::SaySession),
    (15, Operation::SayUser),
    (10, Operation::SayNonsense),
    (4, Operation::Flush),
    (180, Operation::Settle),
    (24, Operation::Begin),
];

const IN_TROUBLE: [(usize, Operation); 12] = [
    (600, Operation::Ask),
    (60, Operation::AskAsNobody),
    (120, Operation::Login),
    (40, Operation::ChangeRole),
    (20, Operation::Touch),
    (60, Operation::Revoke),
    (20, Operation::RevokeByName),
    (20, Operation::Absolve),
    (15, Operation::LogOutEverywhere),
    (15, Operation::Disable),
    (20, Operation::Outlast),
    (100, Operation::End),
];

/// Nothing can be written, and everything can be said.
const UNWRITTEN: [(usize, Operation); 7] = [
    (600, Operation::Ask),
    (60, Operation::AskAsNobody),
    (60, Operation::SaySession),
    (60, Operation::SayUser),
    (20, Operation::SayNonsense),
    (60, Operation::Settle),
    (15, Operation::End),
];
