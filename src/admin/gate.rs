//! `Gate`: who may see sessions and change things over the admin listener.

use super::refusal::Refusal;
use crate::blueprint::AdminSettings;
use crate::listen::Endpoint;
use crate::request::bearer_credentials;
use http::{HeaderMap, StatusCode, header};
use ring::hmac;
use ring::rand::SystemRandom;

/// Whoever can open the unix socket, and whoever shows the token.
pub(super) struct Gate {
    is_unix: bool,
    token: Option<Proof>,
}

/// A token that is compared without telling how much of a guess was right.
struct Proof {
    key: hmac::Key,
    tag: hmac::Tag,
}

/// By which way somebody was let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The admin listener's unix socket: the file's mode says who.
    Unix,
    /// `admin.token`.
    Token,
    /// The command line, straight to the store.
    CommandLine,
}

impl Way {
    /// For the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unix => "unix socket",
            Self::Token => "token",
            Self::CommandLine => "command line",
        }
    }
}

impl Gate {
    /// For a listener with these settings.
    pub(super) fn new(settings: &AdminSettings) -> Self {
        let token = settings.token.as_ref();
        Self {
            is_unix: matches!(settings.listen, Endpoint::Unix(_)),
            token: token.and_then(|token| Proof::of(token.expose())),
        }
    }

    /// Lets a request in, or says what it lacks.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<Way, Refusal> {
        refuse_browsers(headers)?;
        if self.is_unix {
            return Ok(Way::Unix);
        }
        let Some(proof) = &self.token else {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "sessions and changes take a unix socket (`admin: {listen: unix:…}`) or a token (`admin: {token: …}`)",
            ));
        };
        let mut shown = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(shown), None) = (shown.next(), shown.next()) else {
            return Err(unauthorized(
                "show admin.token as `Authorization: Bearer …`",
            ));
        };
        let shown = bearer_credentials(shown.as_bytes()).unwrap_or_default();
        if proof.is(shown.trim_ascii()) {
            Ok(Way::Token)
        } else {
            Err(unauthorized("this is not admin.token"))
        }
    }
}

impl Proof {
    /// Without randomness there is no proof, and nobody is let in.
    fn of(token: &str) -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new()).ok()?;
        let tag = hmac::sign(&key, token.as_bytes());
        Some(Self { key, tag })
    }

    fn is(&self, shown: &[u8]) -> bool {
        hmac::verify(&self.key, shown, self.tag.as_ref()).is_ok()
    }
}

/// No page of ours does any of this: a request that a browser marks as made by a page is made by a page of others.
fn refuse_browsers(headers: &HeaderMap) -> Result<(), Refusal> {
    let site = headers.get("sec-fetch-site");
    if headers.contains_key(header::ORIGIN) || site.is_some_and(|site| site != "none") {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "web pages may not do this; use curl or the command line",
        ));
    }
    Ok(())
}

fn unauthorized(message: &'static str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, message)
}

#[cfg(test)]
mod tests {
    use super::{Gate, Way};
    use crate::blueprint::AdminSettings;
    use crate::listen::Endpoint;
    use crate::secret::Secret;
    use http::{HeaderMap, HeaderName, HeaderValue};

    const RIGHT: &str = "Bearer 0123456789abcdef";

    /// The listener, whether a token is configured, header lines, who is let in or the status.
    type Case = (
        &'static str,
        bool,
        &'static [(&'static str, &'static str)],
        Result<Way, u16>,
    );

    const CASES: [Case; 14] = [
        ("/a", false, &[], Ok(Way::Unix)),
        ("/a", true, &[], Ok(Way::Unix)),
        ("/a", true, &[("origin", "http://x")], Err(403)),
        ("/a", false, &[("sec-fetch-site", "cross-site")], Err(403)),
        ("/a", false, &[("sec-fetch-site", "none")], Ok(Way::Unix)),
        (":1", false, &[], Err(403)),
        (":1", false, &[("authorization", RIGHT)], Err(403)),
        (":1", true, &[], Err(401)),
        (":1", true, &[("authorization", RIGHT)], Ok(Way::Token)),
        (":1", true, &[("authorization", SPACED)], Ok(Way::Token)),
        (":1", true, &[("authorization", BASIC)], Err(401)),
        (":1", true, &[("authorization", NEARLY)], Err(401)),
        (
            ":1",
            true,
            &[("authorization", RIGHT), ("authorization", RIGHT)],
            Err(401),
        ),
        (
            ":1",
            true,
            &[("authorization", RIGHT), ("origin", "null")],
            Err(403),
        ),
    ];
    const SPACED: &str = "bearer  0123456789abcdef ";
    const BASIC: &str = "Basic 0123456789abcdef";
    const NEARLY: &str = "Bearer 0123456789abcdeF";

    #[test]
    fn the_socket_or_the_token_lets_in_and_a_web_page_never_is() {
        for (listen, with_token, lines, expected) in CASES {
            let token = with_token.then(|| Secret::new("0123456789abcdef".to_owned()));
            let listen = match listen {
                ":1" => Endpoint::Any(1),
                path => Endpoint::Unix(path.into()),
            };
            let gate = Gate::new(&AdminSettings { listen, token });
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                let name = HeaderName::from_static(name);
                headers.append(name, HeaderValue::from_static(value));
            }
            let admitted = gate.admit(&headers);
            let admitted = admitted.map_err(|refusal| refusal.status.as_u16());
            assert_eq!(admitted, expected, "{lines:?}");
        }
    }
}
