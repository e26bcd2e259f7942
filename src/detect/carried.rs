//! `Carried`: what a credential says that is its own session, and the source that would read it.

use super::proposal::quoted;
use super::shown::{Form, Shown, is_word};
use super::user_path::guesses;
use crate::jwt::Algorithm;
use serde_json::Value;

/// A signed token, or a session in a cookie.
pub(super) struct Carried {
    /// What it is, in a few words.
    pub(super) what: String,
    /// Names of claims or members.
    pub(super) names: Vec<String>,
    /// The claims or members: shown only if it is asked for.
    pub(super) content: Value,
    pub(super) yaml: Option<String>,
}

impl Carried {
    /// `cookie` is the name of the cookie; `None`: it was shown as a bearer token.
    pub(super) fn of(form: &Form, cookie: Option<&str>) -> Option<Self> {
        match form {
            Form::Jwt {
                algorithm,
                key_id,
                claims,
            } => Some(jwt(algorithm, key_id.as_deref(), claims, cookie)),
            Form::CookieSession(members) => Some(cookie_session(members, cookie)),
            _ => None,
        }
    }
}

fn jwt(algorithm: &str, key_id: Option<&str>, claims: &Value, cookie: Option<&str>) -> Carried {
    let key = key_id.map_or_else(String::new, |id| format!(", kid {id}"));
    let token = match cookie {
        None => "bearer".to_owned(),
        Some(name) => format!("{{cookie: {}}}", quoted(name)),
    };
    let section = jwt_section(algorithm, claims);
    Carried {
        what: format!("a JWT signed with {algorithm}{key}; its signature was not checked"),
        names: names(claims),
        content: claims.clone(),
        yaml: section.map(|section| format!("sessions:\n  token: [{token}]\n{section}")),
    }
}

/// `None` for an algorithm that is not believed, such as `none`.
fn jwt_section(algorithm: &str, claims: &Value) -> Option<String> {
    Algorithm::parse(algorithm).ok()?;
    let mut yaml = format!("  jwt:\n    algorithms: [{algorithm}]\n");
    let has = |name: &str| claims.get(name).is_some();
    if has("iss") {
        yaml.push_str("    issuer: https://auth.example.com # what the claim `iss` says\n");
    }
    if has("aud") {
        yaml.push_str("    audience: [example] # what the claim `aud` says\n");
    }
    if algorithm.starts_with("HS") {
        yaml.push_str("    secret: {env: JWT_SECRET}\n");
    } else {
        yaml.push_str("    jwks: https://auth.example.com/.well-known/jwks.json # the issuer's\n");
    }
    if !has("exp") {
        yaml.push_str("    no_expiry: allow # the token has no `exp`\n");
    }
    let best = guesses([claims]).into_iter().next();
    if let Some(best) = best.filter(|_| !has("sub")) {
        yaml.push_str(&format!("    map: {{user_id: {}}}\n", best.dotted()));
    }
    Some(yaml)
}

fn cookie_session(members: &Value, cookie: Option<&str>) -> Carried {
    let name = cookie.unwrap_or("session");
    let inside = token_in(members);
    let mut content = String::new();
    let mut section = String::new();
    let mut what = "base64 of JSON, as cookie-session keeps a session in its cookie".to_owned();
    if let Some((
        path,
        Form::Jwt {
            algorithm, claims, ..
        },
    )) = &inside
    {
        content = format!("jwt: {path}");
        section = jwt_section(algorithm, claims).unwrap_or_default();
        what.push_str(&format!("; at `{path}` a JWT signed with {algorithm}"));
    } else if let Some(best) = guesses([members]).first() {
        content = format!("map: {{user_id: {}}}", best.dotted());
    }
    let yaml = format!(
        "sessions:\n  token:\n    - cookie_session:\n        name: {}\n        keys: [{{env: SESSION_KEY}}]\n        {content}\n{section}",
        quoted(name)
    );
    Carried {
        what: format!("{what}; its signature, the cookie `{name}.sig`, was not checked"),
        names: names(members),
        content: members.clone(),
        yaml: (!content.is_empty()).then_some(yaml),
    }
}

/// The first member that is a signed token, at the top or one level below.
fn token_in(members: &Value) -> Option<(String, Form)> {
    let inner = members.as_object()?.iter();
    let mut texts = inner.flat_map(|(name, value)| match value {
        Value::String(text) => vec![(name.clone(), text)],
        Value::Object(members) => {
            let texts = members.iter();
            let texts = texts.filter_map(|(inner, value)| match value {
                Value::String(text) => Some((format!("{name}.{inner}"), text)),
                _ => None,
            });
            texts.collect()
        }
        _ => Vec::new(),
    });
    texts.find_map(|(path, text)| match Shown::of(text).form {
        form @ Form::Jwt { .. } if path.split('.').all(is_word) => Some((path, form)),
        _ => None,
    })
}

/// Of members; one that is no word may be somebody's data.
fn names(object: &Value) -> Vec<String> {
    let members = object.as_object();
    let names = members.into_iter().flat_map(|members| members.keys());
    let mut names: Vec<_> = names.filter(|name| is_word(name)).cloned().collect();
    names.truncate(32);
    names
}

#[cfg(test)]
mod tests {
    use super::Carried;
    use crate::config::{Environment, compile_text};
    use crate::detect::shown::Shown;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use std::path::Path;

    struct Set;

    impl Environment for Set {
        fn variable(&self, _: &str) -> Option<String> {
            Some("0123456789abcdef0123456789abcdef".to_owned())
        }
    }

    fn part(value: &Value) -> String {
        URL_SAFE_NO_PAD.encode(value.to_string())
    }

    fn token(algorithm: &str, claims: &Value) -> String {
        format!(
            "{}.{}.c2ln",
            part(&json!({"alg": algorithm, "kid": "k1"})),
            part(claims)
        )
    }

    #[test]
    fn what_carries_its_session_is_named_and_its_source_compiles() {
        let claims = json!({"iss": "i", "aud": "a", "sub": "hidden-1", "exp": 1});
        let with_jwt = json!({"jwt": token("HS256", &json!({"id": 5, "uid": "hidden-1"}))});
        let cases = [
            (
                token("RS256", &claims),
                Some("jwks:"),
                vec!["aud", "exp", "iss", "sub"],
            ),
            (
                token("none", &claims),
                None,
                vec!["aud", "exp", "iss", "sub"],
            ),
            (
                token("HS256", &json!({"userId": "hidden-1"})),
                Some("map: {user_id: userId}"),
                vec!["userId"],
            ),
            (part(&with_jwt), Some("jwt: jwt"), vec!["jwt"]),
            (
                part(&json!({"user": {"id": "hidden-1"}, "views": 1})),
                Some("map: {user_id: user.id}"),
                vec!["user", "views"],
            ),
            (part(&json!({"views": 1})), None, vec!["views"]),
        ];
        for (text, expected, names) in cases {
            let carried = Carried::of(&Shown::of(&text).form, Some("web")).expect("carried");
            let mut found = carried.names.clone();
            found.sort();
            assert_eq!(found, names);
            let Some(yaml) = carried.yaml else {
                assert_eq!(expected, None, "{}", carried.what);
                continue;
            };
            assert!(yaml.contains(expected.expect("none")), "{yaml}");
            assert!(!yaml.contains("hidden"), "{yaml}");
            let routes = "listen: :8080\nroutes: [{upstream: '127.0.0.1:9', identity: skygear}]\n";
            let compiled = compile_text("x", &format!("{yaml}{routes}"), Path::new("/"), &Set);
            assert!(
                compiled.is_ok(),
                "{yaml}\n{}",
                compiled.expect_err("a fault")
            );
        }
    }
}
