//! `RequestView`: what of a request a decision may read.

use super::malformed::Malformed;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, HeaderValue, Method};

/// The header in which a Hasura client asks for a role.
pub(super) const REQUESTED_ROLE: &str = "x-hasura-role";

/// A request whose head was inspected and whose host and path are canonical.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    /// The method.
    pub method: &'a Method,
    /// [`super::Host::name`].
    pub host: &'a str,
    /// What [`super::canonical_path`] gave, or `*`.
    pub path: &'a str,
    /// The headers as the client sent them.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestView<'a> {
    /// The role the client asks for. An empty one is a role that nobody owns, not the absence of a request.
    ///
    /// # Errors
    /// [`Malformed::RoleRepeated`] when several are asked for, in several lines or one (design rule R11).
    pub fn requested_role(&self) -> Result<Option<&'a HeaderValue>, Malformed> {
        let mut lines = self.headers.get_all(REQUESTED_ROLE).iter();
        let role = lines.next();
        let is_joined = role.is_some_and(|value| value.as_bytes().contains(&b','));
        if is_joined || lines.next().is_some() {
            return Err(Malformed::RoleRepeated);
        }
        Ok(role)
    }

    /// Whether a browser asks beforehand what a page may send (Fetch, "CORS-preflight request"). It carries no
    /// credentials, so no policy can ask for them.
    #[must_use]
    pub fn is_preflight(&self) -> bool {
        *self.method == Method::OPTIONS
            && self.headers.contains_key(ORIGIN)
            && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}

#[cfg(test)]
mod tests {
    use super::RequestView;
    use crate::request::Malformed;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    type Lines = &'static [(&'static str, &'static str)];

    fn headers(lines: Lines) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn view<'a>(method: &'a Method, headers: &'a HeaderMap) -> RequestView<'a> {
        RequestView {
            method,
            host: "h",
            path: "/",
            headers,
        }
    }

    #[test]
    fn one_role_is_asked_for_or_none() {
        const ROLE: &str = "x-hasura-role";
        let repeated = Err(Malformed::RoleRepeated);
        let cases: [(Lines, Result<Option<&str>, Malformed>); 7] = [
            (&[], Ok(None)),
            (&[(ROLE, "admin")], Ok(Some("admin"))),
            (&[(ROLE, "")], Ok(Some(""))),
            (&[("x_hasura_role", "admin")], Ok(None)),
            (&[(ROLE, "user"), (ROLE, "admin")], repeated),
            (&[(ROLE, "user"), (ROLE, "user")], repeated),
            (&[(ROLE, "user,admin")], repeated),
        ];
        for (lines, expected) in cases {
            let map = headers(lines);
            let role = view(&Method::GET, &map)
                .requested_role()
                .map(|role| role.map(|value| value.to_str().expect("ascii")));
            assert_eq!(role, expected, "{lines:?}");
        }
    }

    #[test]
    fn a_preflight_is_told_by_all_three_signs() {
        const ORIGIN: (&str, &str) = ("origin", "https://a");
        const ASKS: (&str, &str) = ("access-control-request-method", "POST");
        let cases: [(Method, Lines, bool); 4] = [
            (Method::OPTIONS, &[ORIGIN, ASKS], true),
            (Method::GET, &[ORIGIN, ASKS], false),
            (Method::OPTIONS, &[ORIGIN], false),
            (Method::OPTIONS, &[ASKS], false),
        ];
        for (method, lines, expected) in cases {
            let map = headers(lines);
            let seen = view(&method, &map).is_preflight();
            assert_eq!(seen, expected, "{method} {lines:?}");
        }
    }
}
