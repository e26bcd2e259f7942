//! `Door` and `Answer`: the ways to show a token, and what the answer says about its holder.

use super::truth::Holder;
use crate::harness::{Reply, Request, Stack};

/// A route, and how the token is shown on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// skygear, where a session is required.
    Closed,
    /// skygear, where nobody may pass too; the token is in a cookie.
    Open,
    /// hasura, where an invalid session is refused.
    Hasura,
}

/// What the client and the upstream were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// User, and by the door whether verified or in which role.
    Known { user: String, mark: String },
    /// No session.
    Nobody,
    /// 503: it cannot be said.
    Unavailable,
}

impl Door {
    pub(super) const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::Hasura];

    pub(super) fn request<'s>(self, stack: &'s Stack, token: &str) -> Request<'s> {
        let request = stack.get("/");
        match self {
            Self::Closed => request.bearer(token),
            Self::Open => request.host("open.test").cookie("session", token),
            Self::Hasura => request.host("hasura.test").bearer(token),
        }
    }

    /// Fails on an answer that may never be given.
    pub(super) fn read(self, reply: &Reply) -> Answer {
        match (reply.status, self) {
            (503, _) => {
                assert_eq!(reply.denial().1, "store_down");
                assert!(reply.header("Retry-After").is_some());
                Answer::Unavailable
            }
            (401, Self::Closed | Self::Hasura) => Answer::Nobody,
            (200, _) => {
                let (user, mark) = self.headers();
                let seen = reply.seen();
                match (seen.one(user), seen.one(mark)) {
                    (Some(user), Some(mark)) => Answer::Known {
                        user: user.to_owned(),
                        mark: mark.to_owned(),
                    },
                    (None, None) if self == Self::Open => Answer::Nobody,
                    other => panic!("{self:?} was told {other:?}"),
                }
            }
            (status, _) => panic!("{self:?} was answered {status}: {}", reply.text()),
        }
    }

    /// What is told of this holder.
    pub(super) fn answer(self, holder: Option<&Holder>) -> Answer {
        holder.map_or(Answer::Nobody, |holder| Answer::Known {
            user: holder.user.clone(),
            mark: match self {
                Self::Closed | Self::Open => (holder.role == "admin").to_string(),
                Self::Hasura => holder.role.to_owned(),
            },
        })
    }

    fn headers(self) -> (&'static str, &'static str) {
        match self {
            Self::Closed | Self::Open => ("x-skygear-user-id", "x-skygear-user-verified"),
            Self::Hasura => ("X-Hasura-User-Id", "X-Hasura-Role"),
        }
    }
}
