//! `Mix`: which kind of request comes next, and with which token.

use crate::tokens::{Token, Tokens};
use rand::RngExt;
use rand::rngs::SmallRng;
use std::borrow::Cow;
use thiserror::Error;

/// What a request is, to whoever checks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A known token.
    Known,
    /// A known token, and identity lines that claim another.
    Forged,
    /// No token.
    Anonymous,
    /// A token that nobody has issued.
    Unknown,
    /// A token that was good once.
    Expired,
}

impl Kind {
    /// In the order of reports.
    pub(crate) const ALL: [Self; 5] = [
        Self::Known,
        Self::Forged,
        Self::Anonymous,
        Self::Unknown,
        Self::Expired,
    ];

    /// As in reports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Forged => "forged",
            Self::Anonymous => "anonymous",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
        }
    }
}

/// One request to be made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ask<'a> {
    pub(crate) kind: Kind,
    pub(crate) token: Option<Cow<'a, str>>,
    /// Who the upstream must see; empty for nobody.
    pub(crate) user: &'a str,
}

/// Fractions of all requests; the rest are known tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fractions {
    pub(crate) forged: f64,
    pub(crate) anonymous: f64,
    pub(crate) unknown: f64,
    pub(crate) expired: f64,
}

/// What there is to ask, shared by all threads; each draws with its own random numbers.
pub(crate) struct Mix {
    /// Kinds and where each ends in [0, 1]; known tokens are what is left.
    bounds: [(Kind, f64); 4],
    known: Tokens,
    expired: Vec<Token>,
    /// Makes the unknown tokens of this run unlike those of all others.
    nonce: u64,
}

/// Why a mix cannot be drawn from.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum MixError {
    #[error("fractions are numbers from 0 to 1, and together 1 at most")]
    Fractions,
    #[error("known tokens are asked for: --tokens FILE")]
    NoTokens,
    #[error("--expired needs --expired-tokens FILE")]
    NoExpired,
}

/// Sums of fractions such as 0.1 + 0.9 are not exact.
const ROUNDING: f64 = 1e-9;

impl Mix {
    /// Or why there is nothing to draw for a kind that has a fraction.
    pub(crate) fn new(
        fractions: Fractions,
        known: Option<Tokens>,
        expired: Vec<Token>,
        nonce: u64,
    ) -> Result<Self, MixError> {
        let mut end = 0.0;
        let mut bound = |kind, fraction: f64| {
            end += fraction;
            (0.0..=1.0).contains(&fraction).then_some((kind, end))
        };
        let bounds = [
            bound(Kind::Anonymous, fractions.anonymous),
            bound(Kind::Unknown, fractions.unknown),
            bound(Kind::Expired, fractions.expired),
            bound(Kind::Forged, fractions.forged),
        ];
        let [Some(first), Some(second), Some(third), Some(mut last)] = bounds else {
            return Err(MixError::Fractions);
        };
        if last.1 > 1.0 + ROUNDING {
            return Err(MixError::Fractions);
        }
        if last.1 > 1.0 - ROUNDING {
            last.1 = 1.0;
        }
        if known.is_none() && (last.1 < 1.0 || fractions.forged > 0.0) {
            return Err(MixError::NoTokens);
        }
        if expired.is_empty() && fractions.expired > 0.0 {
            return Err(MixError::NoExpired);
        }
        Ok(Self {
            bounds: [first, second, third, last],
            known: known.unwrap_or_else(|| Tokens::in_turn(Vec::new(), 0)),
            expired,
            nonce,
        })
    }

    /// The next request.
    pub(crate) fn draw(&self, rng: &mut SmallRng) -> Ask<'_> {
        let kind = self.kind(rng.random());
        let (token, user) = match kind {
            Kind::Known | Kind::Forged => match self.known.choose(rng) {
                Some(known) => (Some(Cow::Borrowed(&*known.token)), &*known.user),
                None => (None, ""),
            },
            Kind::Anonymous => (None, ""),
            Kind::Unknown => {
                let token = format!("{:016x}{:016x}", self.nonce, rng.random::<u64>());
                (Some(Cow::Owned(token)), "")
            }
            Kind::Expired => {
                let at = rng.random_range(0..self.expired.len().max(1));
                let token = self.expired.get(at);
                (token.map(|expired| Cow::Borrowed(&*expired.token)), "")
            }
        };
        Ask { kind, token, user }
    }

    /// See [`Tokens::taken`].
    pub(crate) fn taken(&self) -> Option<(usize, usize)> {
        self.known.taken().filter(|(_, of)| *of > 0)
    }

    fn kind(&self, at: f64) -> Kind {
        let found = self.bounds.iter().find(|(_, end)| at < *end);
        found.map_or(Kind::Known, |(kind, _)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ask, Fractions, Kind, Mix, MixError};
    use crate::tokens::{Token, Tokens};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use std::collections::HashSet;

    fn one(token: &str, user: &str) -> Vec<Token> {
        vec![Token {
            token: token.into(),
            user: user.into(),
        }]
    }

    fn mix(fractions: Fractions) -> Result<Mix, MixError> {
        let known = Tokens::by_zipf(one("good", "alice"), 0.0).ok();
        Mix::new(fractions, known, one("old", "bob"), 0xabc)
    }

    #[test]
    fn each_kind_has_its_fraction_its_token_and_its_user() {
        let mix = mix(Fractions {
            forged: 0.05,
            anonymous: 0.2,
            unknown: 0.1,
            expired: 0.15,
        });
        let mix = mix.expect("sound");
        let mut rng = SmallRng::seed_from_u64(5);
        let draws = 200_000;
        let mut counts = [0_usize; 5];
        let mut unknown = HashSet::new();
        for _ in 0..draws {
            let Ask { kind, token, user } = mix.draw(&mut rng);
            counts[kind as usize] += 1;
            let token = token.as_deref();
            match kind {
                Kind::Known | Kind::Forged => assert_eq!((token, user), (Some("good"), "alice")),
                Kind::Anonymous => assert_eq!((token, user), (None, "")),
                Kind::Expired => assert_eq!((token, user), (Some("old"), "")),
                Kind::Unknown => {
                    assert!(unknown.insert(token.map(str::to_owned)), "{token:?} twice");
                    assert_eq!(user, "");
                }
            }
        }
        for (kind, share) in Kind::ALL.into_iter().zip([0.5, 0.05, 0.2, 0.1, 0.15]) {
            let due = share * f64::from(draws);
            let got = counts[kind as usize] as f64;
            assert!(
                (got - due).abs() < 5.0 * due.sqrt(),
                "{kind:?}: {got}, due {due}"
            );
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_mix() {
        let draw = || {
            let fractions = Fractions {
                unknown: 0.5,
                ..Fractions::default()
            };
            let mix = mix(fractions).expect("sound");
            let mut rng = SmallRng::seed_from_u64(9);
            (0..100)
                .map(|_| mix.draw(&mut rng).token.map(|token| token.into_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(), draw());
    }

    #[test]
    fn a_mix_that_cannot_be_drawn_is_refused() {
        let anonymous = |anonymous| Fractions {
            anonymous,
            ..Fractions::default()
        };
        let expired = Fractions {
            expired: 1.0,
            ..Fractions::default()
        };
        let sums_to_one = Fractions {
            anonymous: 0.7,
            unknown: 0.2,
            forged: 0.0,
            expired: 0.1,
        };
        for unsound in [-0.1, 1.1, f64::NAN] {
            let refused = mix(anonymous(unsound)).err();
            assert_eq!(refused, Some(MixError::Fractions), "{unsound}");
        }
        let none = |fractions| Mix::new(fractions, None, Vec::new(), 0).err();
        assert_eq!(none(anonymous(0.9)), Some(MixError::NoTokens));
        assert_eq!(none(anonymous(1.0)), None);
        assert_eq!(none(expired), Some(MixError::NoExpired));
        assert!(Mix::new(sums_to_one, None, one("old", ""), 0).is_ok());
    }
}
