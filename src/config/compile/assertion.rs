//! `assertion:`, and what a route says of it.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::config::secrets;
use crate::config::units::show_duration;
use crate::config::words;
use crate::headers::{AssertionHeader, NameError, check_custom_name};
use crate::identity::AssertionSettings;
use crate::jwt::{SigningAlgorithm, SigningKey, SigningKeyError};
use std::time::Duration;

const HEADER: &str = "X-Sessiongate-Assertion";
const LIFETIME: Duration = Duration::from_secs(60);
/// Shorter ones are signed on nearly every request and refused by clocks a little ahead.
const LEAST_LIFETIME: Duration = Duration::from_secs(10);
/// A revocation does not reach a service that was told before.
const MOST_LIFETIME: Duration = Duration::from_secs(600);
/// Two are needed to rotate.
const MOST_KEYS: usize = 8;

/// What the section says, for the routes that write an assertion.
pub(super) struct Signing<'a> {
    section: Option<Value<'a>>,
    settings: Option<AssertionSettings>,
}

impl<'a> Signing<'a> {
    pub(super) fn read(root: &Mapping<'a>) -> Self {
        let section = root.get("assertion");
        let mapping = section.and_then(|value| value.mapping(keys::ASSERTION));
        Self {
            section,
            settings: mapping.as_ref().and_then(settings),
        }
    }

    pub(super) fn into_settings(self) -> Option<AssertionSettings> {
        self.settings
    }

    /// What `identity: assertion` means on a route to this upstream; without `options` the defaults.
    pub(super) fn header(
        &self,
        profile: Value<'_>,
        options: Option<&Mapping<'_>>,
        upstream: &str,
    ) -> AssertionHeader {
        if self.section.is_none() {
            profile.fault(
                "there is no key to sign an assertion with",
                format!(
                    "make one with: {}, and add `assertion: {{issuer: https://gateway.example.com, keys: [{{file: assertion.pem}}]}}`",
                    new_key(SigningAlgorithm::Es256)
                ),
            );
        }
        let name = options.and_then(|options| header_name(options.get("header")?));
        let audience = options.and_then(|options| party(options.get("audience")?));
        let default = self.settings.as_ref().map(|section| &section.header);
        AssertionHeader {
            name: name
                .or_else(|| default.cloned())
                .unwrap_or_else(|| HEADER.to_owned()),
            audience: audience.unwrap_or_else(|| upstream.to_owned()),
        }
    }
}

fn settings(section: &Mapping<'_>) -> Option<AssertionSettings> {
    let issuer = section.required(
        "issuer",
        "a name of this gateway that services expect in `iss`",
    );
    let issuer = issuer.and_then(party);
    let algorithm = section
        .choice("algorithm", &words::SIGNING)
        .unwrap_or(SigningAlgorithm::Es256);
    let lifetime = section.get("lifetime").and_then(lifetime);
    let header = section.get("header").and_then(header_name);
    let help = format!("make one with: {}", new_key(algorithm));
    let keys = section.required("keys", &help)?;
    Some(AssertionSettings {
        keys: signing_keys(keys, algorithm),
        issuer: issuer.unwrap_or_default(),
        lifetime: lifetime.unwrap_or(LIFETIME),
        header: header.unwrap_or_else(|| HEADER.to_owned()),
    })
}

fn lifetime(value: Value<'_>) -> Option<Duration> {
    let span = value.duration()?;
    if (LEAST_LIFETIME..=MOST_LIFETIME).contains(&span) {
        return Some(span);
    }
    let bounds = [LEAST_LIFETIME, MOST_LIFETIME].map(show_duration);
    value.fault("out of range", format!("from {}", bounds.join(" to ")));
    None
}

fn header_name(value: Value<'_>) -> Option<String> {
    let help = match check_custom_name(value.text()?) {
        Ok(()) => return value.text().map(str::to_owned),
        Err(NameError::NotAName) => "letters, digits and `-` (RFC 9110 §5.1)",
        Err(NameError::NotForProfiles) => "choose a name of your own, such as X-Assertion",
    };
    value.fault("an assertion cannot stand in this header", help);
    None
}

/// Who issues a token, or whom it is for: what needs no escape in JSON.
fn party(value: Value<'_>) -> Option<String> {
    let text = value.text()?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if (1..=256).contains(&text.len()) && text.bytes().all(plain) {
        return Some(text.to_owned());
    }
    value.fault(
        "not a name that a token can carry",
        "1 to 256 bytes of visible ASCII without quotes and backslashes",
    );
    None
}

fn signing_keys(value: Value<'_>, algorithm: SigningAlgorithm) -> Vec<SigningKey> {
    let items = value.items();
    if items.is_empty() || items.len() > MOST_KEYS {
        let help = format!("the first one signs; {}", new_key(algorithm));
        value.fault(format!("from one to {MOST_KEYS} keys"), help);
    }
    let mut keys: Vec<SigningKey> = Vec::new();
    for (place, item) in items.into_iter().enumerate() {
        let Some(key) = signing_key(item, algorithm) else {
            continue;
        };
        if place == 0 && key.algorithm() != algorithm {
            let (kind, word) = (key.algorithm().as_str(), algorithm.as_str());
            item.fault(
                format!("the first key signs, and with {kind}, not {word}"),
                format!("`algorithm: {kind}`, or another key first"),
            );
        }
        if keys.contains(&key) {
            item.fault("this key stands here twice", "remove one");
            continue;
        }
        keys.push(key);
    }
    keys
}

fn signing_key(item: Value<'_>, algorithm: SigningAlgorithm) -> Option<SigningKey> {
    let pem = secrets::read(item)?;
    SigningKey::from_pem(&pem)
        .inspect_err(|fault| {
            let help = match fault {
                SigningKeyError::NotAKey | SigningKeyError::OtherKind => {
                    format!("make one with: {}", new_key(algorithm))
                }
                SigningKeyError::Encrypted | SigningKeyError::NotPkcs8 => {
                    "convert it with: openssl pkcs8 -topk8 -nocrypt -in OLD -out assertion.pem"
                        .to_owned()
                }
            };
            item.fault(fault.to_string(), help);
        })
        .ok()
}

/// The command that makes a key.
fn new_key(algorithm: SigningAlgorithm) -> &'static str {
    match algorithm {
        SigningAlgorithm::Es256 => {
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out assertion.pem"
        }
        SigningAlgorithm::EdDsa => "openssl genpkey -algorithm ED25519 -out assertion.pem",
    }
}
