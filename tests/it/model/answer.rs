//! `Door` and `Answer`: the ways to show a token, and what the answer says about its holder.

use super::truth::Told;
use crate::harness::{Reply, Request, Stack};

/// A route, and how the token is shown on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// skygear, where a session is required.
    Closed,
    /// skygear, where nobody may pass too; the token is in a cookie.
    Open,
    /// hasura, where an invalid session is refused, and a disabled user too.
    Hasura,
}

/// What the client and the upstream were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// User, and by the door more of the session.
    Known { user: String, more: String },
    /// 403: the user is disabled.
    Disabled,
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
            (403, Self::Hasura) => Answer::Disabled,
            (200, _) => {
                let (user, more) = self.headers();
                let seen = reply.seen();
                let more: Vec<_> = more.iter().filter_map(|name| seen.one(name)).collect();
                match (seen.one(user), more.as_slice()) {
                    (Some(user), [_, ..]) => Answer::Known {
                        user: user.to_owned(),
                        more: more.join(" "),
                    },
                    (None, []) if self == Self::Open => Answer::Nobody,
                    other => panic!("{self:?} was told {other:?}"),
                }
            }
            (status, _) => panic!("{self:?} was answered {status}: {}", reply.text()),
        }
    }

    /// What is told of this session.
    pub(super) fn answer(self, told: Option<&Told>) -> Answer {
        let Some(Told { holder, disabled }) = told else {
            return Answer::Nobody;
        };
        if self == Self::Hasura && *disabled {
            return Answer::Disabled;
        }
        Answer::Known {
            user: holder.user.clone(),
            more: match self {
                Self::Closed | Self::Open => {
                    format!("{} {disabled} {}", holder.is_verified(), holder.login)
                }
                Self::Hasura => holder.role.to_owned(),
            },
        }
    }

    fn headers(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Closed | Self::Open => ("x-skygear-user-id", &SKYGEAR),
            Self::Hasura => ("X-Hasura-User-Id", &["X-Hasura-Role"]),
        }
    }
}

const SKYGEAR: [&str; 3] = [
    "x-skygear-user-verified",
    "x-skygear-user-disabled",
    "x-skygear-session-identity-id",
];
