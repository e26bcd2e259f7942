//! `Expected`: what each kind of request must be answered with.

use crate::mix::{Ask, Kind};
use crate::response::Answer;

/// Statuses by kind, and whether identities are checked.
pub(crate) struct Expected {
    pub(crate) known_status: u16,
    pub(crate) anonymous_status: u16,
    pub(crate) invalid_status: u16,
    /// In which the upstream echoes the user it was told.
    pub(crate) echo_header: Option<String>,
}

/// What was wrong with an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Another status.
    Status { expected: u16, got: u16 },
    /// The upstream saw somebody else, nobody, or somebody where there is nobody.
    User { expected: String, got: String },
}

impl Expected {
    /// `None` when all was right.
    pub(crate) fn judge(&self, ask: &Ask<'_>, answer: &Answer<'_>) -> Option<Wrong> {
        let expected = match ask.kind {
            Kind::Known | Kind::Forged => self.known_status,
            Kind::Anonymous => self.anonymous_status,
            Kind::Unknown | Kind::Expired => self.invalid_status,
        };
        if answer.status != expected {
            let got = answer.status;
            return Some(Wrong::Status { expected, got });
        }
        self.echo_header.as_ref()?;
        // The upstream is not asked where the gateway refuses, and echoes nothing.
        let user = if expected < 400 { ask.user } else { "" };
        let got = answer.user.unwrap_or_default();
        (got != user.as_bytes()).then(|| Wrong::User {
            expected: user.to_owned(),
            got: String::from_utf8_lossy(got).into_owned(),
        })
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status { expected, got } => write!(f, "status {got}, expected {expected}"),
            Self::User { expected, got } => {
                write!(f, "the upstream saw {got:?}, expected {expected:?}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, Wrong};
    use crate::mix::{Ask, Kind};
    use crate::response::Answer;

    fn judged(
        echo: Option<&str>,
        kind: Kind,
        user: &str,
        status: u16,
        got: Option<&str>,
    ) -> Option<Wrong> {
        let expected = Expected {
            known_status: 200,
            anonymous_status: 302,
            invalid_status: 401,
            echo_header: echo.map(str::to_owned),
        };
        let ask = Ask {
            kind,
            token: None,
            user,
        };
        let answer = Answer {
            status,
            len: 0,
            user: got.map(str::as_bytes),
            closes: false,
        };
        expected.judge(&ask, &answer)
    }

    #[test]
    fn each_kind_has_its_status_and_its_user() {
        let echo = Some("X-Echo-User");
        let good = [
            (echo, Kind::Known, "alice", 200, Some("alice")),
            (echo, Kind::Forged, "alice", 200, Some("alice")),
            (echo, Kind::Anonymous, "", 302, None),
            (echo, Kind::Unknown, "", 401, Some("")),
            (echo, Kind::Expired, "", 401, None),
            (None, Kind::Known, "alice", 200, None),
        ];
        for (echo, kind, user, status, got) in good {
            assert_eq!(judged(echo, kind, user, status, got), None, "{kind:?}");
        }
        let bad = [
            (echo, Kind::Known, "alice", 401, None),
            (echo, Kind::Known, "alice", 200, None),
            (echo, Kind::Known, "alice", 200, Some("bob")),
            (echo, Kind::Forged, "alice", 200, Some("forged")),
            (echo, Kind::Forged, "alice", 200, Some("alice, forged")),
            (echo, Kind::Anonymous, "", 200, None),
            (echo, Kind::Anonymous, "", 302, Some("alice")),
            (echo, Kind::Unknown, "", 200, None),
            (echo, Kind::Expired, "", 401, Some("bob")),
            (None, Kind::Known, "alice", 503, None),
        ];
        for (echo, kind, user, status, got) in bad {
            let wrong = judged(echo, kind, user, status, got);
            assert!(wrong.is_some(), "{kind:?} {status} {got:?}");
        }
    }
}
