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
    /// One session ends.
    Revoke,
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
        if trouble.is_some() {
            &IN_TROUBLE
        } else {
            &IN_PEACE
        }
    }
}

const IN_PEACE: [(usize, Operation); 10] = [
    (1300, Operation::Ask),
    (60, Operation::AskAcross),
    (60, Operation::AskAsNobody),
    (180, Operation::Login),
    (100, Operation::ChangeRole),
    (40, Operation::Touch),
    (120, Operation::Revoke),
    (4, Operation::Flush),
    (180, Operation::Settle),
    (14, Operation::Begin),
];

const IN_TROUBLE: [(usize, Operation); 8] = [
    (600, Operation::Ask),
    (60, Operation::AskAsNobody),
    (60, Operation::Login),
    (40, Operation::ChangeRole),
    (20, Operation::Touch),
    (80, Operation::Revoke),
    (20, Operation::Outlast),
    (100, Operation::End),
];
