//! `Claims`: what a proved token says, each registered claim of exactly its type (RFC 7519 §4.1).

use super::object::read_object;
use super::settings::{Expiry, VerifierSettings};
use crate::clock::UnixMillis;
use crate::token::{Flaw, FlawKind};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// The last second of the year 9999: later times are mistakes, milliseconds for seconds above all.
const MAX_SECONDS: u64 = 253_402_300_799;

/// The longest `jti`, in bytes.
const MAX_ID_BYTES: usize = 256;

/// The claims of a token that was signed by a known key, for us, and is in force.
#[derive(Clone, PartialEq)]
pub struct Claims {
    /// All members, the registered ones as well. `Debug` only counts them.
    pub members: Map<String, Value>,
    /// From this moment on the token would be refused: `exp` and the leeway. Nothing made of it may be used longer.
    /// `None`: it has no end, which the settings allow.
    pub expires_at: Option<UnixMillis>,
    /// `iat`, as the issuer's clock had it.
    pub issued_at: Option<UnixMillis>,
    /// `jti`: 1 to 256 bytes of visible ASCII.
    pub id: Option<String>,
}

impl Claims {
    /// Reads a proved payload and holds it against the settings.
    pub(super) fn read(
        payload: &[u8],
        settings: &VerifierSettings,
        now: UnixMillis,
    ) -> Result<Self, Flaw> {
        let members = read_object(payload).map_err(|fault| {
            let detail = format!("its payload {}", fault.as_str());
            Flaw::new(FlawKind::Malformed, detail)
        })?;
        check_issuer(&members, &settings.issuers)?;
        check_audience(&members, &settings.audiences)?;
        check_subject(&members)?;
        let leeway = settings.leeway.span();
        let claims = Self {
            expires_at: time(&members, "exp")?.map(|end| end.after(leeway)),
            issued_at: time(&members, "iat")?,
            id: id(&members)?,
            members,
        };
        claims.check_times(settings.expiry, leeway, now)?;
        Ok(claims)
    }

    fn check_times(&self, expiry: Expiry, leeway: Duration, now: UnixMillis) -> Result<(), Flaw> {
        let latest = now.after(leeway);
        if time(&self.members, "nbf")?.is_some_and(|begin| begin > latest) {
            return Err(wrong("its `nbf` has not come yet"));
        }
        if self.issued_at.is_some_and(|issued| issued > latest) {
            return Err(wrong("its `iat` lies in the future"));
        }
        match self.expires_at {
            None if expiry == Expiry::Required => Err(wrong("it has no `exp`")),
            Some(end) if end <= now => Err(Flaw::new(FlawKind::Expired, "its `exp` has passed")),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("members", &self.members.len())
            .field("expires_at", &self.expires_at)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

fn check_issuer(members: &Map<String, Value>, issuers: &[String]) -> Result<(), Flaw> {
    match members.get("iss") {
        Some(Value::String(issuer)) if issuers.is_empty() || issuers.contains(issuer) => Ok(()),
        Some(Value::String(_)) => Err(wrong("its `iss` is another issuer")),
        Some(_) => Err(wrong("its `iss` is not a string")),
        None if issuers.is_empty() => Ok(()),
        None => Err(wrong("it has no `iss`")),
    }
}

fn check_audience(members: &Map<String, Value>, ours: &[String]) -> Result<(), Flaw> {
    const NOT_STRINGS: &str = "its `aud` is neither a string nor an array of strings";
    let named: Vec<&String> = match members.get("aud") {
        None if ours.is_empty() => return Ok(()),
        None => return Err(wrong("it has no `aud`")),
        Some(Value::String(audience)) => vec![audience],
        Some(Value::Array(audiences)) => audiences
            .iter()
            .map(|audience| match audience {
                Value::String(audience) => Ok(audience),
                _ => Err(wrong(NOT_STRINGS)),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong(NOT_STRINGS)),
    };
    if ours.is_empty() || named.iter().any(|audience| ours.contains(audience)) {
        Ok(())
    } else {
        Err(wrong("its `aud` names others"))
    }
}

fn check_subject(members: &Map<String, Value>) -> Result<(), Flaw> {
    match members.get("sub") {
        None => Ok(()),
        Some(Value::String(subject)) if !subject.is_empty() => Ok(()),
        Some(_) => Err(wrong("its `sub` is not a string, or empty")),
    }
}

/// A `NumericDate` (RFC 7519 §2), cut to milliseconds.
fn time(members: &Map<String, Value>, name: &str) -> Result<Option<UnixMillis>, Flaw> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let whole_ms = value
        .as_u64()
        .filter(|seconds| *seconds <= MAX_SECONDS)
        .map(|seconds| seconds * 1000);
    let fraction_ms = value
        .as_f64()
        .filter(|seconds| (0.0..=MAX_SECONDS as f64).contains(seconds))
        .map(|seconds| (seconds * 1000.0) as u64);
    match whole_ms.or(fraction_ms) {
        Some(since_epoch_ms) => Ok(Some(UnixMillis(since_epoch_ms))),
        None => Err(wrong(format!(
            "its `{name}` is not a number of seconds before the year 10000"
        ))),
    }
}

fn id(members: &Map<String, Value>) -> Result<Option<String>, Flaw> {
    match members.get("jti") {
        None => Ok(None),
        Some(Value::String(id))
            if (1..=MAX_ID_BYTES).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(Some(id.clone()))
        }
        Some(_) => Err(wrong("its `jti` is not 1 to 256 bytes of visible ASCII")),
    }
}

fn wrong(detail: impl Into<Cow<'static, str>>) -> Flaw {
    Flaw::new(FlawKind::Claims, detail)
}

#[cfg(test)]
mod tests {
    use super::Claims;
    use crate::clock::UnixMillis;
    use crate::jwt::algorithm::{Algorithm, Algorithms};
    use crate::jwt::settings::{Expiry, Leeway, VerifierSettings};
    use crate::token::{Flaw, FlawKind};
    use std::time::Duration;

    const NOW: UnixMillis = UnixMillis(1_700_000_000_000);

    fn settings() -> VerifierSettings {
        let algorithms = Algorithms::new([Algorithm::Es256]).expect("one");
        VerifierSettings {
            issuers: vec!["https://a".to_owned(), "https://b".to_owned()],
            audiences: vec!["data".to_owned()],
            leeway: Leeway::new(Duration::from_secs(10)).expect("short"),
            ..VerifierSettings::new(algorithms)
        }
    }

    /// The members beside those that are required, or instead of them.
    fn read(members: &str, settings: &VerifierSettings) -> Result<Claims, Flaw> {
        Claims::read(format!("{{{members}}}").as_bytes(), settings, NOW)
    }

    /// A claim, its value as JSON (nothing: the claim is missing), what becomes of a token that is good otherwise.
    const CASES: [(&str, &str, Result<(), FlawKind>); 58] = [
        ("iss", r#""https://b""#, Ok(())),
        ("iss", r#""https://a/""#, Err(FlawKind::Claims)),
        ("iss", r#""HTTPS://a""#, Err(FlawKind::Claims)),
        ("iss", r#""""#, Err(FlawKind::Claims)),
        ("iss", r#"["https://a"]"#, Err(FlawKind::Claims)),
        ("iss", "null", Err(FlawKind::Claims)),
        ("iss", "", Err(FlawKind::Claims)),
        ("aud", r#"["other","data"]"#, Ok(())),
        ("aud", r#""other""#, Err(FlawKind::Claims)),
        ("aud", r#""data other""#, Err(FlawKind::Claims)),
        ("aud", "[]", Err(FlawKind::Claims)),
        ("aud", r#"["other"]"#, Err(FlawKind::Claims)),
        ("aud", r#"["data",1]"#, Err(FlawKind::Claims)),
        ("aud", r#"[["data"]]"#, Err(FlawKind::Claims)),
        ("aud", r#"{"data":1}"#, Err(FlawKind::Claims)),
        ("aud", "null", Err(FlawKind::Claims)),
        ("aud", "", Err(FlawKind::Claims)),
        ("exp", "1699999990.001", Ok(())),
        ("exp", "1.7000001e9", Ok(())),
        ("exp", "253402300799", Ok(())),
        ("exp", "1699999990", Err(FlawKind::Expired)),
        ("exp", "1699999989.9", Err(FlawKind::Expired)),
        ("exp", "0", Err(FlawKind::Expired)),
        ("exp", "-1", Err(FlawKind::Claims)),
        ("exp", "-0.5", Err(FlawKind::Claims)),
        ("exp", "253402300800", Err(FlawKind::Claims)),
        ("exp", "1700000100000", Err(FlawKind::Claims)),
        ("exp", "18446744073709551615", Err(FlawKind::Claims)),
        ("exp", "1e300", Err(FlawKind::Claims)),
        ("exp", "1e999", Err(FlawKind::Malformed)),
        ("exp", r#""1700000100""#, Err(FlawKind::Claims)),
        ("exp", "[1700000100]", Err(FlawKind::Claims)),
        ("exp", "true", Err(FlawKind::Claims)),
        ("exp", "null", Err(FlawKind::Claims)),
        ("exp", "", Err(FlawKind::Claims)),
        ("nbf", "1700000010", Ok(())),
        ("nbf", "1700000010.001", Err(FlawKind::Claims)),
        ("nbf", "1700000011", Err(FlawKind::Claims)),
        ("nbf", r#""0""#, Err(FlawKind::Claims)),
        ("nbf", "null", Err(FlawKind::Claims)),
        ("iat", "1700000010", Ok(())),
        ("iat", "1700000011", Err(FlawKind::Claims)),
        ("iat", r#""1700000000""#, Err(FlawKind::Claims)),
        ("iat", "{}", Err(FlawKind::Claims)),
        ("jti", r#""0190-a~!""#, Ok(())),
        ("jti", r#""""#, Err(FlawKind::Claims)),
        ("jti", r#""a b""#, Err(FlawKind::Claims)),
        ("jti", r#""\u0000""#, Err(FlawKind::Claims)),
        ("jti", r#""é""#, Err(FlawKind::Claims)),
        ("jti", "7", Err(FlawKind::Claims)),
        ("sub", r#""u-17""#, Ok(())),
        ("sub", r#""""#, Err(FlawKind::Claims)),
        ("sub", "17", Err(FlawKind::Claims)),
        ("sub", r#"["u-17"]"#, Err(FlawKind::Claims)),
        ("x", r#"{"deep":[[[1]]]}"#, Ok(())),
        ("x", r#"1,"x":1"#, Err(FlawKind::Malformed)),
        ("x", r#"1,"exp":1700000100"#, Err(FlawKind::Malformed)),
        ("x", "nothing", Err(FlawKind::Malformed)),
    ];

    #[test]
    fn registered_claims_are_of_their_type_or_the_token_is_refused() {
        let others = [
            ("iss", r#""https://a""#),
            ("aud", r#""data""#),
            ("exp", "1700000100"),
        ];
        for (name, value, expected) in CASES {
            let own = Some((name, value)).filter(|(_, value)| !value.is_empty());
            let members: Vec<String> = others
                .into_iter()
                .filter(|(other, _)| *other != name)
                .chain(own)
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            let read = read(&members.join(","), &settings());
            let outcome = read.map(|_| ()).map_err(|flaw| flaw.kind);
            assert_eq!(outcome, expected, "{name}: {value}");
        }
    }

    #[test]
    fn what_is_not_configured_may_be_missing() {
        let open = VerifierSettings {
            issuers: Vec::new(),
            audiences: Vec::new(),
            expiry: Expiry::Optional,
            ..settings()
        };
        let cases = [
            ("", Ok(())),
            (r#""iss":"any","aud":["any"],"sub":"u""#, Ok(())),
            (r#""iss":1"#, Err(FlawKind::Claims)),
            (r#""aud":1"#, Err(FlawKind::Claims)),
            (r#""exp":1"#, Err(FlawKind::Expired)),
        ];
        for (members, expected) in cases {
            let read = read(members, &open);
            assert_eq!(
                read.map(|_| ()).map_err(|flaw| flaw.kind),
                expected,
                "{members}"
            );
        }
    }

    #[test]
    fn the_end_is_the_moment_from_which_the_token_is_refused() {
        let token =
            r#""iss":"https://a","aud":"data","exp":1700000100.5,"iat":1699999999,"jti":"j"#;
        let payload = format!("{{{token}\"}}");
        let read = |now| Claims::read(payload.as_bytes(), &settings(), now);
        let claims = read(NOW).expect("valid");
        let end = UnixMillis(1_700_000_110_500);
        assert_eq!(claims.expires_at, Some(end));
        assert_eq!(claims.issued_at, Some(UnixMillis(1_699_999_999_000)));
        assert_eq!(claims.id.as_deref(), Some("j"));
        assert_eq!(claims.members.len(), 5);
        assert!(!format!("{claims:?}").contains("https"), "{claims:?}");
        assert!(read(UnixMillis(end.0 - 1)).is_ok());
        assert_eq!(read(end).map_err(|flaw| flaw.kind), Err(FlawKind::Expired));
    }
}
