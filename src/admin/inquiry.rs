//! From a request to the errand that it is, and the source it names.

use super::errand::{self, Errand, Wish};
use super::percent;
use super::refusal::Refusal;
use super::routes::Page;
use crate::store::Revocation;
use http::StatusCode;

/// What a request asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Inquiry {
    pub(super) errand: Errand,
    /// Left out: every source.
    pub(super) source: Option<String>,
}

impl Inquiry {
    /// Reads the name in the path, the query and the body.
    pub(super) fn read(
        page: Page,
        name: Option<&str>,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, Refusal> {
        let name = percent::decode(name.unwrap_or_default());
        let name = name.ok_or_else(|| Refusal::bad("the path holds a broken percent-encoding"))?;
        let mut query = Query::parse(query.unwrap_or_default())?;
        let errand = match page {
            Page::CreateSession => {
                let (wish, named) = Wish::parse(body)?;
                query.also(named)?;
                Errand::Create(wish)
            }
            Page::ShowSession => Errand::Show {
                sid: errand::sid(&name)?,
                user_id: query.user.take(),
            },
            Page::RevokeSession => Errand::Revoke(Revocation::Session(errand::sid(&name)?)),
            Page::ShowUser => Errand::ShowUser(errand::user_id(&name)?),
            Page::SetUser => Errand::SetDisabled {
                user_id: errand::user_id(&name)?,
                disabled: errand::disabled(body)?,
            },
            Page::ListSessions => Errand::List(errand::user_id(&name)?),
            Page::LogOut => Errand::Revoke(Revocation::User {
                id: errand::user_id(&name)?,
                not_before: None,
            }),
            Page::Event => {
                let revocation = Revocation::parse(body);
                Errand::Revoke(revocation.map_err(|fault| Refusal::bad(fault.to_string()))?)
            }
            Page::Flush => Errand::Flush,
            _ => return Err(Refusal::new(StatusCode::NOT_FOUND, "no such page")),
        };
        if query.user.is_some() {
            return Err(Refusal::bad(
                "`user` means something to GET /sessions/{sid} only",
            ));
        }
        Ok(Self {
            errand,
            source: query.source,
        })
    }
}

#[derive(Default)]
struct Query {
    source: Option<String>,
    user: Option<String>,
}

impl Query {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent::decode(value);
            let value =
                value.ok_or_else(|| Refusal::bad("the query holds a broken percent-encoding"))?;
            let place = match key {
                "source" => &mut query.source,
                "user" => &mut query.user,
                _ => return Err(Refusal::bad("the query takes `source` and `user`")),
            };
            if place.replace(value).is_some() {
                return Err(Refusal::bad(format!("the query names `{key}` twice")));
            }
        }
        if let Some(user) = &query.user {
            errand::user_id(user)?;
        }
        Ok(query)
    }

    fn also(&mut self, named: Option<String>) -> Result<(), Refusal> {
        if self.source.is_some() && named.is_some() && self.source != named {
            return Err(Refusal::bad(
                "the query and the body name different sources",
            ));
        }
        self.source = self.source.take().or(named);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Inquiry;
    use crate::admin::errand::{Errand, Wish};
    use crate::admin::routes::{Page, meet};
    use crate::clock::UnixMillis;
    use crate::store::Revocation;
    use crate::token::TokenDigest;
    use serde_json::{Value, json};
    use std::time::Duration;

    #[test]
    fn what_the_command_line_sends_is_read_as_what_it_meant() {
        let sid = TokenDigest::of("t").sid();
        let user = || "a/b?c=d%e".to_owned();
        let members = json!({"user_id": user(), "roles": ["user"]});
        let Value::Object(members) = members else {
            panic!("an object");
        };
        let wish = |ttl| {
            Errand::Create(Wish {
                members: members.clone(),
                ttl,
            })
        };
        let log_out = |not_before| {
            Errand::Revoke(Revocation::User {
                id: user(),
                not_before,
            })
        };
        let errands = [
            wish(None),
            wish(Some(Duration::from_millis(1_500))),
            Errand::Show {
                sid,
                user_id: Some(user()),
            },
            Errand::Show { sid, user_id: None },
            Errand::List(user()),
            Errand::Revoke(Revocation::Session(sid)),
            log_out(None),
            log_out(Some(UnixMillis(5))),
            Errand::Revoke(Revocation::Token {
                id: "jti".to_owned(),
                until: Some(UnixMillis(5)),
            }),
            Errand::ShowUser(user()),
            Errand::SetDisabled {
                user_id: user(),
                disabled: true,
            },
            Errand::Flush,
        ];
        for errand in errands {
            for source in [None, Some("w b&c")] {
                let (method, target, body) = errand.to_request(source);
                let body = body.map(|body| body.to_string()).unwrap_or_default();
                let (path, query) = match target.split_once('?') {
                    Some((path, query)) => (path, Some(query)),
                    None => (target.as_str(), None),
                };
                let met = meet(&method, path).expect("a row");
                let read = Inquiry::read(met.page, met.name, query, body.as_bytes());
                let expected = Inquiry {
                    errand: errand.clone(),
                    source: source.map(str::to_owned),
                };
                assert_eq!(read.expect("sound"), expected, "{method} {target}");
            }
        }
    }

    #[test]
    fn anything_else_is_a_bad_request() {
        let cases: [(Page, &str, &str, &str); 14] = [
            (Page::ShowSession, "xyz", "", ""),
            (Page::ShowSession, "E3B98A4DA31A127D", "", ""),
            (Page::ShowSession, "e3b98a4da31a127d", "user=a%20b", ""),
            (Page::ShowSession, "e3b98a4da31a127d", "user=a&user=b", ""),
            (Page::ShowSession, "e3b98a4da31a127d", "color=red", ""),
            (Page::ListSessions, "a%20b", "", ""),
            (Page::ListSessions, "%zz", "", ""),
            (Page::ListSessions, "u", "user=u", ""),
            (Page::CreateSession, "", "", "{\"user_id\":\"u\""),
            (
                Page::CreateSession,
                "",
                "",
                r#"{"user_id":"u","user_id":"v"}"#,
            ),
            (Page::CreateSession, "", "", r#"{"user_id":"u","role":"x"}"#),
            (Page::CreateSession, "", "", r#"{"user_id":"u","ttl":5}"#),
            (
                Page::CreateSession,
                "",
                "source=a",
                r#"{"user_id":"u","source":"b"}"#,
            ),
            (Page::SetUser, "u", "", r#"{"disabled":"yes"}"#),
        ];
        for (page, name, query, body) in cases {
            let read = Inquiry::read(page, Some(name), Some(query), body.as_bytes());
            let status = read.err().map(|refusal| refusal.status.as_u16());
            assert_eq!(status, Some(400), "{page:?} {name} {query} {body}");
        }
    }
}
