//! `Decision`: made once per request, read three times: by the proxy to act, by the access log to report, by
//! `explain` to print.

use crate::identity::Identity;
use crate::policy::{InvalidReason, Pass, Refusal};
use crate::request::Malformed;
use crate::resolver::Tier;
use crate::store::StoreFault;
use crate::token::Sid;
use http::HeaderValue;
use std::fmt;
use std::sync::Arc;

/// What was found out about a request, and what follows from it.
pub struct Decision {
    /// The position in [`Runtime::routes`](crate::runtime::Runtime::routes) of the rule that it met: a reference would be
    /// counted on a cache line that all requests of the route write.
    pub route: Option<usize>,
    /// Who it is.
    pub standing: Standing,
    /// Position of the source whose credential decided.
    pub source: Option<usize>,
    /// Where it was shown: the position in [`Route::tokens`](crate::runtime::Route::tokens).
    pub place: Option<usize>,
    /// Names the session in logs, if a token was shown.
    pub sid: Option<Sid>,
    /// Who answered the lookup, if there was one.
    pub tier: Option<Tier>,
    /// The role that the client asked for, on hasura routes.
    pub requested_role: Option<HeaderValue>,
    /// Whether and as whom it goes on.
    pub verdict: Result<Pass, Denial>,
}

impl Decision {
    /// A route was met and nothing shown yet: what `admit` starts from.
    pub(super) fn open(route: usize) -> Self {
        Self {
            route: Some(route),
            standing: Standing::Absent,
            source: None,
            place: None,
            sid: None,
            tier: None,
            requested_role: None,
            verdict: Ok(Pass::AsAbsent),
        }
    }

    /// Refused before any credential was looked at.
    #[must_use]
    pub fn refused(route: Option<usize>, denial: Denial) -> Self {
        Self {
            route,
            standing: Standing::Absent,
            source: None,
            place: None,
            sid: None,
            tier: None,
            requested_role: None,
            verdict: Err(denial),
        }
    }

    /// The lookup failed: the verdict follows from that alone.
    pub(super) fn fail(&mut self, denial: Denial) -> Standing {
        self.verdict = Err(denial);
        Standing::Error
    }

    /// What is wrong with the credential of a refused request; where the request goes on, [`Self::reason`] says it.
    #[must_use]
    pub fn refused_credential(&self) -> Option<&'static str> {
        match (&self.verdict, &self.standing) {
            (Err(_), Standing::Invalid(reason)) => Some(reason.as_str()),
            _ => None,
        }
    }

    /// Why, in one word: the denial's, else the invalid credential's.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match (&self.verdict, &self.standing) {
            (Err(denial), _) => Some(denial.as_str()),
            (Ok(_), Standing::Invalid(reason)) => Some(reason.as_str()),
            _ => None,
        }
    }
}

/// The four outcomes of a lookup (design section 1), kept apart everywhere.
#[derive(Clone, Debug)]
pub enum Standing {
    /// No credential.
    Absent,
    /// A session.
    Valid(Arc<Identity>),
    /// Unknown, expired, malformed or ambiguous.
    Invalid(InvalidReason),
    /// The store could not say, or the record cannot be used.
    Error,
}

impl Standing {
    /// The outcome's word in logs.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Valid(_) => "valid",
            Self::Invalid(_) => "invalid",
            Self::Error => "error",
        }
    }
}

/// Why a request is not passed on. One map to labels, one to statuses, one to sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Not a request that we forward (R10, R11, R14).
    Malformed(Malformed),
    /// No route matches.
    NoRoute,
    /// The route's policy refuses.
    Refused(Refusal),
    /// The session's record cannot be used (R2).
    BrokenRecord,
    /// The store could not say (R7).
    StoreDown(StoreFault),
    /// The gateway's own page takes other methods: these.
    WrongMethod(&'static str),
    /// A page of another site asks to change something.
    CrossSite,
    /// More body than the route takes.
    BodyTooLarge,
    /// More body than the route looks into for a token.
    TokenBodyTooLarge,
    /// A body that the route looks into for a token has a `Content-Encoding`.
    EncodedBody,
    /// The body is not framed as its head says.
    BadBody,
    /// The client took too long to send its body.
    RequestTimeout,
    /// The upstream cannot be reached.
    UpstreamUnreachable,
    /// The upstream took too long.
    UpstreamTimeout,
    /// The upstream's answer is not HTTP, or broke off before it began.
    UpstreamError,
    /// Something of ours failed.
    Internal,
}

impl Denial {
    /// The status that the client sees.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed(fault) => fault.status(),
            Self::BadBody => 400,
            Self::NoRoute => 404,
            Self::WrongMethod(_) => 405,
            Self::CrossSite => 403,
            Self::Refused(refusal) => refusal.status().as_u16(),
            Self::BrokenRecord | Self::UpstreamUnreachable | Self::UpstreamError => 502,
            Self::StoreDown(_) => 503,
            Self::BodyTooLarge | Self::TokenBodyTooLarge => 413,
            Self::EncodedBody => 415,
            Self::RequestTimeout => 408,
            Self::UpstreamTimeout => 504,
            Self::Internal => 500,
        }
    }

    /// The label in metrics, logs and the response body.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed(fault) => fault.as_str(),
            Self::NoRoute => "no_route",
            Self::Refused(refusal) => refusal.as_str(),
            Self::BrokenRecord => "broken_record",
            Self::StoreDown(StoreFault::Overload) => "overloaded",
            Self::StoreDown(_) => "store_down",
            Self::WrongMethod(_) => "wrong_method",
            Self::CrossSite => "cross_site",
            Self::BodyTooLarge => "body_too_large",
            Self::TokenBodyTooLarge => "token_body_too_large",
            Self::EncodedBody => "encoded_body",
            Self::BadBody => "bad_body",
            Self::RequestTimeout => "request_timeout",
            Self::UpstreamUnreachable => "upstream_unreachable",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::UpstreamError => "upstream_error",
            Self::Internal => "internal",
        }
    }
}

/// One sentence for whoever reads the response.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(fault) => return fault.fmt(f),
            Self::Refused(refusal) => message_of(*refusal),
            Self::NoRoute => "No route of this gateway serves this host and path.",
            Self::BrokenRecord => {
                "The session's record cannot be used; its issuer has to repair it."
            }
            Self::StoreDown(_) => {
                "Sessions cannot be looked up just now; try again. Nobody was logged out."
            }
            Self::WrongMethod(_) => "This page of the gateway takes other methods.",
            Self::CrossSite => "A page of another site may not do this.",
            Self::BodyTooLarge => "The request body is larger than this route takes.",
            Self::TokenBodyTooLarge => {
                "A body of this type may hold a token, and is larger than this route looks into."
            }
            Self::EncodedBody => {
                "A body of this type may hold a token; this route takes it without Content-Encoding."
            }
            Self::BadBody => "The request body is not framed as its head says.",
            Self::RequestTimeout => "The request body did not arrive in time.",
            Self::UpstreamUnreachable => "The service behind this gateway cannot be reached.",
            Self::UpstreamTimeout => "The service behind this gateway did not answer in time.",
            Self::UpstreamError => "The service behind this gateway gave no usable answer.",
            Self::Internal => "The gateway failed to handle this request.",
        })
    }
}

fn message_of(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoSession => "A session is needed: log in.",
        Refusal::InvalidSession => "The session is not valid: log in again.",
        Refusal::RoleNotOwned => "The requested role is not one of the user's.",
        Refusal::RoleRequired => "The user has none of the roles that this route asks for.",
        Refusal::Unverified => "The user is not verified.",
        Refusal::Disabled => "The user is disabled.",
        Refusal::AnonymousRole => "Without a session only the role anonymous may be asked for.",
    }
}

#[cfg(test)]
mod tests {
    use super::Denial;
    use crate::policy::Refusal;
    use crate::request::Malformed;
    use crate::store::StoreFault;

    #[test]
    fn a_denial_has_one_status_one_label_and_a_sentence_that_json_can_hold() {
        let refused = Refusal::ALL.map(Denial::Refused);
        let ours = [
            Denial::Malformed(Malformed::HostMissing),
            Denial::NoRoute,
            Denial::BrokenRecord,
            Denial::StoreDown(StoreFault::Io),
            Denial::StoreDown(StoreFault::Overload),
            Denial::WrongMethod("POST"),
            Denial::CrossSite,
            Denial::BodyTooLarge,
            Denial::TokenBodyTooLarge,
            Denial::EncodedBody,
            Denial::BadBody,
            Denial::RequestTimeout,
            Denial::UpstreamUnreachable,
            Denial::UpstreamTimeout,
            Denial::UpstreamError,
            Denial::Internal,
        ];
        let all: Vec<_> = refused.into_iter().chain(ours).collect();
        let labels: std::collections::BTreeSet<_> =
            all.iter().map(|denial| denial.as_str()).collect();
        assert_eq!(labels.len(), all.len(), "labels are distinct: {labels:?}");
        for denial in all {
            assert!((400..=599).contains(&denial.status()), "{denial:?}");
            let sentence = denial.to_string();
            assert!(
                sentence.ends_with('.') && !sentence.contains(['"', '\\', '\n']),
                "{sentence}"
            );
        }
    }
}
