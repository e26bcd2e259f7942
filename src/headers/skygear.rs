//! The `skygear` profile: the ten headers of seed 002, as design section 4 has them.

use super::field::Field;
use super::line::Line;
use super::profile::IdentityTypes;
use crate::store::{BrokenRecord, Session, TextRule};
use http::HeaderName;

/// No line speaks of a caller without a valid session: all are absent then.
pub(super) fn lines(types: IdentityTypes) -> Vec<Line> {
    vec![
        Line::field("x-skygear-user-id", Field::UserId),
        Line::field("x-skygear-user-verified", Field::UserVerified),
        Line::field("x-skygear-user-disabled", Field::UserDisabled),
        Line::field("x-skygear-session-identity-id", Field::IdentityId),
        IDENTITY_TYPE.line("x-skygear-session-identity-type", types),
        Line::field(
            "x-skygear-session-identity-updated-at",
            Field::IdentityUpdatedAt,
        ),
        Line::field("x-skygear-session-authenticator-id", Field::AuthenticatorId),
        AUTHENTICATOR_TYPE.line("x-skygear-session-authenticator-type", types),
        OOB_CHANNEL.line("x-skygear-session-authenticator-oob-channel", types),
        Line::field(
            "x-skygear-session-authenticator-updated-at",
            Field::AuthenticatorUpdatedAt,
        ),
    ]
}

/// A header whose value is one of an enumeration.
struct Enumerated {
    field: Field,
    /// The words of seed 002.
    words: &'static [&'static str],
    /// `Ok(None)`: the session has no such thing. An error: it has one, without the word that goes with it (R2).
    read: fn(&Session) -> Result<Option<&str>, BrokenRecord>,
}

const IDENTITY_TYPE: Enumerated = Enumerated {
    field: Field::IdentityType,
    words: &["password", "oauth", "custom_token"],
    read: |session| match &session.identity {
        Some(identity) => needed(Field::IdentityType, identity.kind.as_deref()).map(Some),
        None => Ok(None),
    },
};

const AUTHENTICATOR_TYPE: Enumerated = Enumerated {
    field: Field::AuthenticatorType,
    words: &["totp", "oob", "bearer_token", "recovery_code"],
    read: |session| match &session.authenticator {
        Some(used) => needed(Field::AuthenticatorType, used.kind.as_deref()).map(Some),
        None => Ok(None),
    },
};

/// R6: only an `oob` authenticator has a channel, whatever the record says of another.
const OOB_CHANNEL: Enumerated = Enumerated {
    field: Field::AuthenticatorChannel,
    words: &["sms", "email"],
    read: |session| match &session.authenticator {
        Some(used) if used.kind.as_deref() == Some("oob") => Ok(used.channel.as_deref()),
        _ => Ok(None),
    },
};

impl Enumerated {
    fn line(self, name: &'static str, types: IdentityTypes) -> Line {
        Line::new(HeaderName::from_static(name), move |session, out| {
            let Some(word) = (self.read)(session)? else {
                return Ok(false);
            };
            self.check(word, types)?;
            out.push_str(word);
            Ok(true)
        })
    }

    fn check(&self, word: &str, types: IdentityTypes) -> Result<(), BrokenRecord> {
        let fault = match types {
            IdentityTypes::Seed if self.words.contains(&word) => return Ok(()),
            IdentityTypes::Any if TextRule::Word.holds(word) => return Ok(()),
            IdentityTypes::Seed => {
                let words = self.words.join(", ");
                format!("not one of {words}; `types: any` lets others pass")
            }
            IdentityTypes::Any => TextRule::Word.fault().to_owned(),
        };
        Err(BrokenRecord::new(self.field.name(), fault))
    }
}

fn needed(field: Field, word: Option<&str>) -> Result<&str, BrokenRecord> {
    word.ok_or_else(|| BrokenRecord::new(field.name(), "missing, and the skygear profile needs it"))
}

#[cfg(test)]
mod tests {
    use crate::headers::{Caller, HeaderPlan, IdentityTypes, Profile, sample};
    use crate::store::Session;

    const PREFIX: &str = "x-skygear-";

    fn render(session: &Session, types: IdentityTypes) -> Result<Vec<(String, String)>, String> {
        sample::emitted(&[Profile::Skygear(types)], session)
    }

    fn value(session: &Session, name: &str) -> Option<String> {
        let headers = render(session, IdentityTypes::Seed).expect(name);
        let full_name = format!("{PREFIX}{name}");
        let found = headers.into_iter().find(|(name, _)| *name == full_name);
        found.map(|(_, value)| value)
    }

    #[test]
    fn a_full_session_is_told_in_ten_headers() {
        let expected = [
            ("user-id", "u-17"),
            ("user-verified", "true"),
            ("user-disabled", "false"),
            ("session-identity-id", "i-1"),
            ("session-identity-type", "password"),
            ("session-identity-updated-at", "2019-09-17T00:00:00.000Z"),
            ("session-authenticator-id", "a-1"),
            ("session-authenticator-type", "oob"),
            ("session-authenticator-oob-channel", "sms"),
            (
                "session-authenticator-updated-at",
                "2019-09-17T00:05:00.123Z",
            ),
        ]
        .map(|(name, value)| (format!("{PREFIX}{name}"), value.to_owned()));
        assert_eq!(
            render(&sample::full(), IdentityTypes::Seed),
            Ok(expected.to_vec())
        );
    }

    #[test]
    fn each_header_is_absent_when_the_session_lacks_it() {
        type Change = fn(&mut Session);
        let cases: [(&str, Change, &[&str]); 5] = [
            (
                "no identity",
                |s| s.identity = None,
                &[
                    "session-identity-id",
                    "session-identity-type",
                    "session-identity-updated-at",
                ],
            ),
            (
                "identity never refreshed",
                |s| {
                    if let Some(identity) = &mut s.identity {
                        identity.updated_at = None;
                    }
                },
                &["session-identity-updated-at"],
            ),
            (
                "no second factor",
                |s| s.authenticator = None,
                &[
                    "session-authenticator-id",
                    "session-authenticator-type",
                    "session-authenticator-oob-channel",
                    "session-authenticator-updated-at",
                ],
            ),
            (
                "oob without a channel",
                |s| {
                    if let Some(authenticator) = &mut s.authenticator {
                        authenticator.channel = None;
                    }
                },
                &["session-authenticator-oob-channel"],
            ),
            (
                "second factor of unknown time",
                |s| {
                    if let Some(authenticator) = &mut s.authenticator {
                        authenticator.updated_at = None;
                    }
                },
                &["session-authenticator-updated-at"],
            ),
        ];
        let all = render(&sample::full(), IdentityTypes::Seed).expect("the full session");
        for (case, change, lost) in cases {
            let mut session = sample::full();
            change(&mut session);
            let left: Vec<_> = all
                .iter()
                .filter(|(name, _)| !lost.iter().any(|lost| *name == format!("{PREFIX}{lost}")))
                .cloned()
                .collect();
            assert_eq!(render(&session, IdentityTypes::Seed), Ok(left), "{case}");
        }
    }

    #[test]
    fn a_channel_is_told_only_for_oob() {
        for (kind, expected) in [
            ("oob", Some("sms")),
            ("totp", None),
            ("bearer_token", None),
            ("recovery_code", None),
        ] {
            let mut session = sample::full();
            let authenticator = session.authenticator.as_mut().expect("a second factor");
            authenticator.kind = Some(kind.to_owned());
            let told = value(&session, "session-authenticator-oob-channel");
            assert_eq!(told.as_deref(), expected, "{kind}");
            let told = value(&session, "session-authenticator-type");
            assert_eq!(told.as_deref(), Some(kind), "{kind}");
        }
    }

    #[test]
    fn a_disabled_or_unverified_user_is_told_as_such() {
        let mut session = sample::bare();
        session.disabled = true;
        assert_eq!(value(&session, "user-disabled").as_deref(), Some("true"));
        assert_eq!(value(&session, "user-verified").as_deref(), Some("false"));
    }

    #[test]
    fn types_outside_the_enumeration_are_broken_unless_any_word_passes() {
        let cases = [
            ("identity.type", Some("passkey"), false, true),
            ("identity.type", Some("OAuth"), false, false),
            ("identity.type", Some(""), false, false),
            ("identity.type", None, false, false),
            ("authenticator.type", Some("webauthn_2"), false, true),
            ("authenticator.type", Some("a-b"), false, false),
            ("authenticator.type", None, false, false),
            ("authenticator.channel", Some("whatsapp"), false, true),
            ("authenticator.channel", Some("sms email"), false, false),
            ("authenticator.channel", Some("email"), true, true),
        ];
        for (field, word, seed, any) in cases {
            let mut session = sample::full();
            let word = word.map(str::to_owned);
            let identity = session.identity.as_mut().expect("an identity");
            let authenticator = session.authenticator.as_mut().expect("a second factor");
            match field {
                "identity.type" => identity.kind = word.clone(),
                "authenticator.type" => authenticator.kind = word.clone(),
                _ => authenticator.channel = word.clone(),
            }
            for (types, passes) in [(IdentityTypes::Seed, seed), (IdentityTypes::Any, any)] {
                let outcome = render(&session, types);
                assert_eq!(outcome.is_ok(), passes, "{field} {word:?} {types:?}");
                if let Err(fault) = outcome {
                    assert!(fault.contains(field), "{fault}");
                }
            }
        }
    }

    #[test]
    fn without_a_valid_session_nothing_is_told() {
        let plan = HeaderPlan::new(&[Profile::Skygear(IdentityTypes::Seed)]).expect("a plan");
        assert_eq!(plan.headers(Caller::Absent).count(), 0);
        assert_eq!(plan.headers(Caller::Invalid).count(), 0);
    }
}
