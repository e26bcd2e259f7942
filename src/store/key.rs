//! `KeyTemplate`: how a token becomes the store's key. `session:{sha256}`, `session:{token}`, or `session:{id}` for the part
//! of a token before its dot.

use super::own_keys;
use super::session::SessionKey;
use crate::token::{Credential, Sid, TokenDigest};
use std::fmt;
use thiserror::Error;

/// A literal head, one placeholder, a literal tail. The head is also the prefix to track for invalidation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTemplate {
    head: Box<str>,
    slot: Slot,
    tail: Box<str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Token,
    Sha256,
    Id,
}

/// Why a key template is refused.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum KeyTemplateError {
    /// No placeholder in it.
    #[error("a key needs exactly one of {{sha256}}, {{token}} or {{id}}")]
    NoSlot,
    /// More than one placeholder.
    #[error("a key takes one placeholder, this one has several")]
    SeveralSlots,
    /// A placeholder that does not exist.
    #[error("unknown placeholder {{{0}}}; there are {{sha256}}, {{token}} and {{id}}")]
    Unknown(String),
    /// A brace without its partner.
    #[error("unbalanced brace")]
    Unbalanced,
}

/// Why the keys of a template cannot be tracked by their head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Untrackable {
    /// Only the empty prefix would match, and it matches every key there is.
    #[error(
        "a key that begins with its placeholder has no head by which its changes can be followed"
    )]
    NoHead,
    /// Redis refuses prefixes that overlap on one connection, and a session must not be taken for a key of our own.
    #[error("the head of this key overlaps with `{0}`, the gateway's own keys")]
    OverlapsOwn(&'static str),
}

impl KeyTemplate {
    /// Parses a template.
    ///
    /// # Errors
    /// When it does not hold exactly one known placeholder.
    pub fn parse(text: &str) -> Result<Self, KeyTemplateError> {
        let Some((head, rest)) = text.split_once('{') else {
            return Err(if text.contains('}') {
                KeyTemplateError::Unbalanced
            } else {
                KeyTemplateError::NoSlot
            });
        };
        let (name, tail) = rest.split_once('}').ok_or(KeyTemplateError::Unbalanced)?;
        let slot = match name {
            "token" => Slot::Token,
            "sha256" => Slot::Sha256,
            "id" => Slot::Id,
            other => return Err(KeyTemplateError::Unknown(other.to_owned())),
        };
        if tail.contains('{') {
            return Err(KeyTemplateError::SeveralSlots);
        }
        if head.contains('}') || tail.contains('}') {
            return Err(KeyTemplateError::Unbalanced);
        }
        Ok(Self {
            head: head.into(),
            slot,
            tail: tail.into(),
        })
    }

    /// The key of one credential.
    #[must_use]
    pub fn key(&self, credential: &Credential) -> String {
        let hex;
        let name = match self.slot {
            Slot::Token => credential.token(),
            Slot::Id => id_of(credential.token()),
            Slot::Sha256 => {
                hex = credential.digest().to_hex();
                &hex
            }
        };
        [&self.head, name, &self.tail].concat()
    }

    /// The session whose record lies under this key; `None` for a key that no credential leads to, and for one of which it
    /// is not known which does.
    #[must_use]
    pub fn digest_of_key(&self, key: &[u8]) -> Option<TokenDigest> {
        let name = self.name_in(key)?;
        match self.slot {
            Slot::Token => Some(TokenDigest::of(str::from_utf8(name).ok()?)),
            Slot::Sha256 => TokenDigest::from_hex(name),
            Slot::Id => None,
        }
    }

    /// The name by which all credentials are known that lead to the key of this one, where these are several.
    #[must_use]
    pub fn shared_name(&self, credential: &Credential) -> Option<TokenDigest> {
        match self.slot {
            Slot::Token | Slot::Sha256 => None,
            Slot::Id => Some(TokenDigest::of(id_of(credential.token()))),
        }
    }

    /// The same name, read from a key.
    #[must_use]
    pub fn shared_name_of_key(&self, key: &[u8]) -> Option<TokenDigest> {
        let name = self.name_in(key)?;
        match self.slot {
            Slot::Token | Slot::Sha256 => None,
            Slot::Id => Some(TokenDigest::of(str::from_utf8(name).ok()?)),
        }
    }

    fn name_in<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let name = key.strip_prefix(self.head.as_bytes())?;
        name.strip_suffix(self.tail.as_bytes())
    }

    /// The same, with the key itself.
    #[must_use]
    pub(super) fn session_at(&self, key: &[u8]) -> Option<SessionKey> {
        Some(SessionKey {
            digest: self.digest_of_key(key)?,
            key: str::from_utf8(key).ok()?.into(),
        })
    }

    /// A glob that the key of this session matches, and few others if the key is made of the digest.
    #[must_use]
    pub(super) fn pattern(&self, sid: Sid) -> String {
        let name = match self.slot {
            Slot::Token | Slot::Id => "*".to_owned(),
            Slot::Sha256 => format!("{sid}*"),
        };
        [&literal(&self.head), &*name, &literal(&self.tail)].concat()
    }

    /// Whether changes of these keys can be tracked by their head, beside the gateway's own keys.
    ///
    /// # Errors
    /// When Redis would track every key, or would refuse.
    pub fn trackable(&self) -> Result<(), Untrackable> {
        if self.head.is_empty() {
            return Err(Untrackable::NoHead);
        }
        let overlaps = |own: &&&str| self.head.starts_with(**own) || own.starts_with(&*self.head);
        match own_keys::HEADS.iter().find(overlaps) {
            Some(own) => Err(Untrackable::OverlapsOwn(own)),
            None => Ok(()),
        }
    }

    /// The literal head before the placeholder.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.head
    }
}

impl fmt::Display for KeyTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = match self.slot {
            Slot::Token => "{token}",
            Slot::Id => "{id}",
            Slot::Sha256 => "{sha256}",
        };
        write!(f, "{}{slot}{}", self.head, self.tail)
    }
}

/// What stands before the first dot; all of it where there is none.
pub(super) fn id_of(token: &str) -> &str {
    token.split_once('.').map_or(token, |(id, _)| id)
}

/// A text that a glob of Redis takes as it stands.
fn literal(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    for character in text.chars() {
        if "*?[]\\^-".contains(character) {
            glob.push('\\');
        }
        glob.push(character);
    }
    glob
}

#[cfg(test)]
mod tests {
    use super::{KeyTemplate, KeyTemplateError, Untrackable};
    use crate::token::{Credential, TokenDigest};

    #[test]
    fn a_key_is_head_slot_and_tail() {
        let cases = [
            ("session:{token}", "session:abc"),
            ("{token}:s", "abc:s"),
            ("s:{id}:x", "s:abc:x"),
            (
                "s:{sha256}",
                "s:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
        ];
        for (template, key) in cases {
            let parsed = KeyTemplate::parse(template).expect(template);
            assert_eq!(parsed.key(&Credential::new("abc")), key, "{template}");
            assert_eq!(parsed.to_string(), template);
        }
        assert_eq!(
            KeyTemplate::parse("session:{sha256}").map(|key| key.prefix().to_owned()),
            Ok("session:".into())
        );
    }

    #[test]
    fn a_template_that_names_no_token_is_refused() {
        let cases = [
            ("session:", KeyTemplateError::NoSlot),
            ("a}b", KeyTemplateError::Unbalanced),
            ("a{token", KeyTemplateError::Unbalanced),
            ("{token}{sha256}", KeyTemplateError::SeveralSlots),
            ("{sid}", KeyTemplateError::Unknown("sid".into())),
        ];
        for (template, fault) in cases {
            assert_eq!(KeyTemplate::parse(template), Err(fault), "{template}");
        }
    }

    #[test]
    fn a_key_leads_back_to_its_session() {
        let abc = TokenDigest::of("abc");
        let hex = abc.to_hex();
        let cases = [
            ("s:{token}", "s:abc".to_owned(), Some(abc)),
            ("s:{token}:x", "s:abc:x".to_owned(), Some(abc)),
            ("s:{token}:x", "s:abc".to_owned(), None),
            ("s:{token}", "t:abc".to_owned(), None),
            ("s:{sha256}", format!("s:{hex}"), Some(abc)),
            ("s:{sha256}:x", format!("s:{hex}:x"), Some(abc)),
            ("s:{sha256}", format!("s:{hex}:x"), None),
            ("s:{sha256}", format!("s:{}", hex.to_uppercase()), None),
            ("s:{sha256}", "s:abc".to_owned(), None),
            ("aa{token}aa", "aaa".to_owned(), None),
        ];
        for (template, key, expected) in cases {
            let parsed = KeyTemplate::parse(template).expect(template);
            let found = parsed.digest_of_key(key.as_bytes());
            assert_eq!(found, expected, "{key} under {template}");
        }
        let parsed = KeyTemplate::parse("s:{token}").expect("good");
        assert_eq!(parsed.digest_of_key(b"s:\xff"), None, "not a text");
    }

    #[test]
    fn a_key_of_an_id_is_that_of_every_token_with_this_id() {
        let parsed = KeyTemplate::parse("s:{id}").expect("good");
        let (one, other) = (Credential::new("id.one"), Credential::new("id.other"));
        assert_eq!(parsed.key(&one), "s:id");
        assert_eq!(parsed.key(&one), parsed.key(&other));
        assert_eq!(parsed.digest_of_key(b"s:id"), None);
        let name = parsed.shared_name_of_key(b"s:id");
        assert_eq!(name, Some(TokenDigest::of("id")));
        assert_eq!(parsed.shared_name(&one), name);
        let whole = KeyTemplate::parse("s:{token}").expect("good");
        assert_eq!(whole.shared_name(&one), None);
        assert_eq!(whole.shared_name_of_key(b"s:id"), None);
    }

    #[test]
    fn a_search_takes_the_head_as_it_stands() {
        let sid = TokenDigest::of("abc").sid();
        let cases = [
            ("s:{sha256}", "s:ba7816bf8f01cfea*"),
            ("s[1]*:{token}:x?", r"s\[1\]\*:*:x\?"),
        ];
        for (template, pattern) in cases {
            let parsed = KeyTemplate::parse(template).expect(template);
            assert_eq!(parsed.pattern(sid), pattern, "{template}");
        }
    }

    #[test]
    fn only_a_head_of_its_own_can_be_tracked() {
        let cases = [
            ("session:{sha256}", Ok(())),
            ("sessiongate:sessions:{sha256}", Ok(())),
            ("s:{sha256}", Ok(())),
            ("{token}", Err(Untrackable::NoHead)),
            (
                "session{token}",
                Err(Untrackable::OverlapsOwn("sessiongate:user:")),
            ),
            (
                "sessiongate:s{token}",
                Err(Untrackable::OverlapsOwn("sessiongate:seen:")),
            ),
            (
                "sessiongate:canary:x{token}",
                Err(Untrackable::OverlapsOwn("sessiongate:canary:")),
            ),
        ];
        for (template, expected) in cases {
            let parsed = KeyTemplate::parse(template).expect(template);
            assert_eq!(parsed.trackable(), expected, "{template}");
        }
    }
}
