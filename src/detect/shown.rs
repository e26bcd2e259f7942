//! `ShownForm`: what a credential looks like, and the ids under which its record may be kept.

use crate::formats::handle::{Handle, Transform};
use crate::strict_json;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

/// A cookie or a bearer token as a client shows it.
pub(super) struct Shown {
    pub(super) form: Form,
    /// What may follow the head of a key, the likeliest first.
    pub(super) ids: Vec<String>,
}

/// What it looks like.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Form {
    /// `s:<id>.<signature>`.
    Express,
    /// Base64 of JSON with iv, value and mac.
    Laravel,
    /// A signed token: its header's `alg` and `kid`, and the claims.
    Jwt {
        algorithm: String,
        key_id: Option<String>,
        claims: Value,
    },
    /// Base64 of a JSON object.
    CookieSession(Value),
    /// `<value>.<signature>`, base64 with `=`.
    SignedValue,
    /// `<value>.<signature>` as itsdangerous signs, or `<id>.<secret>` as Authgear and Skygear do.
    Dotted,
    /// An id in base64.
    Base64,
    /// As long and random as an id is.
    Plain,
}

impl Form {
    /// The preset whose credentials alone look so.
    pub(super) fn framework(&self) -> Option<&'static str> {
        match self {
            Self::Express => Some("express_session"),
            Self::Laravel => Some("laravel"),
            Self::SignedValue => Some("better_auth"),
            Self::Base64 => Some("spring_session"),
            Self::Jwt { .. } | Self::CookieSession(_) | Self::Dotted | Self::Plain => None,
        }
    }

    /// In a few words.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Express => "`s:<id>.<signature>`, as express-session signs",
            Self::Laravel => "an encrypted cookie of Laravel",
            Self::Jwt { .. } => "a JWT",
            Self::CookieSession(_) => "base64 of JSON",
            Self::SignedValue => "`<value>.<signature>`, as better-auth signs",
            Self::Dotted => {
                "two parts with a dot: as itsdangerous signs, or `<id>.<secret>` of Authgear and Skygear"
            }
            Self::Base64 => "an id in base64, as Spring Session writes",
            Self::Plain => "a plain id",
        }
    }
}

impl Shown {
    pub(super) fn of(value: &str) -> Self {
        let value = value.trim_matches('"');
        let plain = percent_decoded(value);
        let (form, own) = form_of(&plain);
        let mut ids: Vec<String> = own.into_iter().collect();
        ids.push(plain.clone());
        // The gateway's own records and Rack's are kept under a hash.
        for transform in [Transform::Sha256, Transform::RackPrivateId] {
            let handle = Handle {
                transform,
                ..Handle::default()
            };
            ids.extend(handle.open(&plain).ok().map(|id| id.expose().clone()));
        }
        ids.retain(|id| !id.is_empty() && id.len() <= 512);
        Self { form, ids }
    }

    /// Whether it carries its session itself.
    pub(super) fn carries(&self) -> bool {
        matches!(self.form, Form::Jwt { .. } | Form::CookieSession(_))
    }
}

fn form_of(plain: &str) -> (Form, Option<String>) {
    if let Some(jwt) = jwt(plain) {
        return (jwt, None);
    }
    let before_dot = || plain.rsplit_once('.').map(|(value, _)| value.to_owned());
    if let Some(signed) = plain.strip_prefix("s:") {
        let id = signed.rsplit_once('.').map(|(id, _)| id.to_owned());
        return (Form::Express, id);
    }
    match base64(plain).map(|bytes| (strict_json::parse(&bytes), bytes)) {
        Some((Ok(Value::Object(members)), _)) => {
            let is_envelope = ["iv", "value", "mac"]
                .iter()
                .all(|name| members.contains_key(*name));
            let form = match is_envelope {
                true => Form::Laravel,
                false => Form::CookieSession(Value::Object(members)),
            };
            return (form, None);
        }
        Some((_, bytes)) => {
            let id = String::from_utf8(bytes).ok();
            let id =
                id.filter(|id| id.len() >= 8 && id.bytes().all(|byte| byte.is_ascii_graphic()));
            if id.is_some() {
                return (Form::Base64, id);
            }
        }
        None => {}
    }
    match plain.rsplit_once('.') {
        Some((_, signature)) if signature.ends_with('=') => (Form::SignedValue, before_dot()),
        Some((value, rest)) if !value.is_empty() && rest.len() >= 16 => {
            (Form::Dotted, before_dot())
        }
        _ => (Form::Plain, None),
    }
}

fn jwt(plain: &str) -> Option<Form> {
    let mut parts = plain.split('.');
    let (header, claims) = (object(parts.next()?)?, object(parts.next()?)?);
    let (_, None) = (parts.next()?, parts.next()) else {
        return None;
    };
    let text = |name: &str| header.get(name)?.as_str().map(str::to_owned);
    Some(Form::Jwt {
        algorithm: text("alg").filter(|word| is_word(word))?,
        key_id: text("kid").filter(|word| is_word(word)),
        claims,
    })
}

fn object(part: &str) -> Option<Value> {
    let value = strict_json::parse(&base64(part)?).ok()?;
    value.is_object().then_some(value)
}

/// Fit to be printed in a line.
pub(super) fn is_word(text: &str) -> bool {
    let of_letters = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte));
    (1..=64).contains(&text.len()) && of_letters
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let either =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = text.replace('-', "+").replace('_', "/");
    GeneralPurpose::new(&STANDARD, either).decode(standard).ok()
}

/// What is not percent-encoded stays as it is.
fn percent_decoded(text: &str) -> String {
    let handle = Handle {
        decode: vec![crate::formats::handle::Decode::Percent],
        ..Handle::default()
    };
    let decoded = handle.open(text).map(|decoded| decoded.expose().clone());
    decoded.unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Form, Shown};
    use serde_json::json;

    #[test]
    fn a_credential_is_told_by_its_form() {
        let laravel = "eyJpdiI6IkFBQUEiLCJ2YWx1ZSI6IkFBQUEiLCJtYWMiOiIwMCIsInRhZyI6IiJ9";
        let jwt = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ1LTE3In0.c2ln";
        let cases = [
            (
                "s%3Aabc_d.FZz93sEcvcuL5JKJwWb4Lk1hDpm",
                Form::Express,
                "abc_d",
            ),
            (laravel, Form::Laravel, laravel),
            (
                jwt,
                Form::Jwt {
                    algorithm: "RS256".to_owned(),
                    key_id: Some("k1".to_owned()),
                    claims: json!({"sub": "u-17"}),
                },
                jwt,
            ),
            (
                "eyJ1c2VyIjp7ImlkIjoidS0xNyJ9fQ==",
                Form::CookieSession(json!({"user": {"id": "u-17"}})),
                "eyJ1c2VyIjp7ImlkIjoidS0xNyJ9fQ==",
            ),
            (
                "EdH4SdsSqZkd.kXTZhkPDAwwzvBbcbX4AFDAp%2Fp9T8AdZl6yHmJQDlHo%3D",
                Form::SignedValue,
                "EdH4SdsSqZkd",
            ),
            (
                "vp5Za-5begNm6hhrKuP0.rtJz_qYnsq8s8ZJbpjCV82BUgJs",
                Form::Dotted,
                "vp5Za-5begNm6hhrKuP0",
            ),
            (
                "MmM4MWRkYjgtYmNhZi00MWMxLThlNzctNzI0YjkzYTFhYmMy",
                Form::Base64,
                "2c81ddb8-bcaf-41c1-8e77-724b93a1abc2",
            ),
            (
                "i3hcae2qqvgsbjfdtrk240eodk",
                Form::Plain,
                "i3hcae2qqvgsbjfdtrk240eodk",
            ),
            ("", Form::Plain, ""),
        ];
        for (text, form, id) in cases {
            let shown = Shown::of(text);
            assert_eq!(shown.form, form, "{text}");
            assert_eq!(shown.ids.first().map_or("", String::as_str), id, "{text}");
        }
    }
}
