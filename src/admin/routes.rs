//! Every path of the admin listener, as data: what it is, who may, and what answers. docs/openapi.yaml says the same.

use http::Method;

/// One row of the table.
#[derive(Debug)]
pub struct AdminRoute {
    /// `GET` answers `HEAD` as well.
    pub method: Method,
    /// With `{…}` for a segment that is a name.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// What answers.
    pub(super) page: Page,
}

/// Who may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever reaches the listener: nothing personal, and nothing changes.
    Open,
    /// Over the unix socket, or with the token: personal data, or a change.
    Guarded,
}

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Live,
    Ready,
    Metrics,
    Status,
    StatusJson,
    Config,
    Routes,
    Upstreams,
    KeySet,
    CreateSession,
    ShowSession,
    RevokeSession,
    ShowUser,
    SetUser,
    ListSessions,
    LogOut,
    Event,
    Flush,
    Explain,
}

/// A row that a request meets, and the name in its path as it was sent.
#[derive(Debug)]
pub(super) struct Met<'p> {
    pub(super) access: Access,
    pub(super) page: Page,
    pub(super) name: Option<&'p str>,
}

/// A request that meets no row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// No row has this path.
    Path,
    /// The path takes these methods.
    Method(String),
}

const fn row(method: Method, path: &'static str, access: Access, page: Page) -> AdminRoute {
    AdminRoute {
        method,
        path,
        access,
        page,
    }
}

/// The table.
pub const ADMIN_ROUTES: [AdminRoute; 19] = [
    row(Method::GET, "/livez", Access::Open, Page::Live),
    row(Method::GET, "/readyz", Access::Open, Page::Ready),
    row(Method::GET, "/metrics", Access::Open, Page::Metrics),
    row(Method::GET, "/status", Access::Open, Page::Status),
    row(Method::GET, "/status.json", Access::Open, Page::StatusJson),
    row(Method::GET, "/config", Access::Open, Page::Config),
    row(Method::GET, "/routes", Access::Open, Page::Routes),
    row(Method::GET, "/upstreams", Access::Open, Page::Upstreams),
    row(Method::GET, "/jwks.json", Access::Open, Page::KeySet),
    row(
        Method::POST,
        "/sessions",
        Access::Guarded,
        Page::CreateSession,
    ),
    row(
        Method::GET,
        "/sessions/{sid}",
        Access::Guarded,
        Page::ShowSession,
    ),
    row(
        Method::DELETE,
        "/sessions/{sid}",
        Access::Guarded,
        Page::RevokeSession,
    ),
    row(Method::GET, "/users/{id}", Access::Guarded, Page::ShowUser),
    row(Method::PUT, "/users/{id}", Access::Guarded, Page::SetUser),
    row(
        Method::GET,
        "/users/{id}/sessions",
        Access::Guarded,
        Page::ListSessions,
    ),
    row(
        Method::DELETE,
        "/users/{id}/sessions",
        Access::Guarded,
        Page::LogOut,
    ),
    row(Method::POST, "/events", Access::Guarded, Page::Event),
    row(Method::POST, "/cache/flush", Access::Guarded, Page::Flush),
    row(Method::POST, "/explain", Access::Guarded, Page::Explain),
];

/// The row for a request. A path is taken segment by segment, as it was sent.
pub(super) fn meet<'p>(method: &Method, path: &'p str) -> Result<Met<'p>, Missed> {
    let (table, mut methods) = (ADMIN_ROUTES, Vec::new());
    for row in &table {
        let Some(name) = matches(row.path, path) else {
            continue;
        };
        let is_head = *method == Method::HEAD && row.method == Method::GET;
        if row.method == *method || is_head {
            return Ok(Met {
                access: row.access,
                page: row.page,
                name,
            });
        }
        methods.push(row.method.as_str());
        if row.method == Method::GET {
            methods.push(Method::HEAD.as_str());
        }
    }
    Err(if methods.is_empty() {
        Missed::Path
    } else {
        Missed::Method(methods.join(", "))
    })
}

/// The segment at the braces, if the path has the pattern's form.
fn matches<'p>(pattern: &str, path: &'p str) -> Option<Option<&'p str>> {
    let (mut wanted, mut found) = (pattern.split('/'), path.split('/'));
    let mut name = None;
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(name),
            (Some(wanted), Some(found)) if wanted.starts_with('{') && !found.is_empty() => {
                name = Some(found);
            }
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Missed, Page, meet};
    use http::Method;

    #[test]
    fn a_request_meets_one_row_or_learns_why_not() {
        let cases = [
            (Method::GET, "/livez", Ok((Page::Live, None))),
            (Method::HEAD, "/livez", Ok((Page::Live, None))),
            (
                Method::GET,
                "/sessions/a%2fb",
                Ok((Page::ShowSession, Some("a%2fb"))),
            ),
            (
                Method::DELETE,
                "/users/u/sessions",
                Ok((Page::LogOut, Some("u"))),
            ),
            (Method::GET, "/users/u", Ok((Page::ShowUser, Some("u")))),
            (Method::POST, "/sessions", Ok((Page::CreateSession, None))),
            (Method::GET, "/sessions", Err(Missed::Method("POST".into()))),
            (
                Method::PATCH,
                "/sessions/a",
                Err(Missed::Method("GET, HEAD, DELETE".into())),
            ),
            (Method::GET, "/sessions/", Err(Missed::Path)),
            (Method::GET, "/sessions/a/", Err(Missed::Path)),
            (Method::GET, "//livez", Err(Missed::Path)),
            (Method::GET, "/users//sessions", Err(Missed::Path)),
            (Method::GET, "", Err(Missed::Path)),
        ];
        for (method, path, expected) in cases {
            let met = meet(&method, path).map(|met| (met.page, met.name));
            assert_eq!(met, expected, "{method} {path}");
        }
    }
}
