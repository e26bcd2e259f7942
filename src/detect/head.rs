//! The head of a key: what stands before the id of a session, and is the same for all of them.

use crate::config::PRESETS;

/// The head of a key that ends with what looks like an id; empty where the whole key does.
///
/// An id opens its session, so nothing behind the head is ever shown. A brace cannot stand in a key's template.
pub(super) fn head_of(key: &[u8]) -> Option<&str> {
    let key = str::from_utf8(key).ok()?;
    let is_shown = key.len() <= MOST_BYTES && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_shown {
        return None;
    }
    let head = by_marker(key)
        .or_else(|| by_id(key))
        .or_else(|| by_preset(key))?;
    let is_literal = !head.contains(['{', '}', '@']) && !head.split(SEPARATORS).any(is_id);
    is_literal.then_some(head)
}

/// Django's own name stands before the id, with nothing between them.
fn by_marker(key: &str) -> Option<&str> {
    DJANGO.iter().find_map(|marker| {
        let at = key.find(marker)?;
        split_with_id(key, at + marker.len(), 8)
    })
}

/// After the last separator; `myapp_cache_<id>` separates with the letters that ids have too.
fn by_id(key: &str) -> Option<&str> {
    let at = key.rfind(SEPARATORS).map_or(0, |at| at + 1);
    let name = key.get(at..)?;
    if !is_id(name) {
        return None;
    }
    let words_end = name.rfind(['-', '_']).map_or(0, |at| at + 1);
    let (words, rest) = name.split_at_checked(words_end)?;
    let are_words = words
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte == b'_');
    if are_words && rest.len() >= 20 && is_id(rest) {
        return key.get(..at + words_end);
    }
    key.get(..at)
}

/// Where a framework always writes, ids may be of any form.
fn by_preset(key: &str) -> Option<&str> {
    known_heads().find_map(|head| {
        let is_there = !head.is_empty() && key.starts_with(head);
        is_there
            .then(|| split_with_id(key, head.len(), 1))
            .flatten()
    })
}

/// The heads that frameworks write unless they are told otherwise; the gateway's own among them.
pub(super) fn known_heads() -> impl Iterator<Item = &'static str> {
    let presets = PRESETS.iter().filter_map(|preset| preset.key);
    let heads = presets.filter_map(|key| key.split('{').next());
    heads.chain([NATIVE])
}

fn split_with_id(key: &str, at: usize, least: usize) -> Option<&str> {
    let (head, id) = key.split_at_checked(at)?;
    (id.len() >= least && !id.contains(SEPARATORS)).then_some(head)
}

/// Long, of the letters that ids are made of, and neither a word nor a number.
fn is_id(text: &str) -> bool {
    let of_letters = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    let has = |is: fn(&u8) -> bool| text.as_bytes().iter().any(is);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic)
        || has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    (LEAST_ID..=512).contains(&text.len()) && of_letters && is_mixed
}

/// Where the gateway's own records are.
pub(super) const NATIVE: &str = "session:";
const DJANGO: [&str; 2] = [
    "django.contrib.sessions.cached_db",
    "django.contrib.sessions.cache",
];
const SEPARATORS: [char; 3] = [':', '/', '|'];
const LEAST_ID: usize = 16;
const MOST_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::head_of;

    #[test]
    fn the_head_ends_where_the_id_begins() {
        let cases = [
            ("sess:BPzozUyZwKGq72vl6O-Za_IA114ZW2eb", Some("sess:")),
            ("sess:ab-cd_yZwKGq72vl6O-Za_IA114ZW2eb", Some("sess:")),
            (
                "shop:web:sess:BPzozUyZwKGq72vl6O-Za_IA114ZW2eb",
                Some("shop:web:sess:"),
            ),
            (
                ":1:django.contrib.sessions.cachenjltcu5m2eqxo0grt8revduj58n2b970",
                Some(":1:django.contrib.sessions.cache"),
            ),
            (
                "x:1:django.contrib.sessions.cached_dbnjltcu5m2eqxo0grt8revduj58n2b970",
                Some("x:1:django.contrib.sessions.cached_db"),
            ),
            (
                "shop-database-shop-cache-2UNxW6aXt90AumfvNee1CKvkijYK4rWorbpwSMNj",
                Some("shop-database-shop-cache-"),
            ),
            (
                "shop_database_shop_cache_:2UNxW6aXt90AumfvNee1CKvkijYK4rWorbpwSMNj",
                Some("shop_database_shop_cache_:"),
            ),
            (
                "spring:session:sessions:2c81ddb8-bcaf-41c1-8e77-724b93a1abc2",
                Some("spring:session:sessions:"),
            ),
            (
                "spring:session:sessions:expires:2c81ddb8-bcaf-41c1-8e77-724b93a1abc2",
                Some("spring:session:sessions:expires:"),
            ),
            (
                "better-auth:active-sessions-G5oqG8lYTHgLNRX6HsH5DSETWs8mFzFl",
                Some("better-auth:active-sessions-"),
            ),
            ("9f86d081884c7d659a2feaa0c55ad015", Some("")),
            ("sess:short", Some("sess:")),
            ("page:home", None),
            ("counter:1767225600000000000", None),
            ("a-key-with-many-words", None),
            (
                "user:2c81ddb8-bcaf-41c1-8e77-724b93a1abc2:sess:BPzozUyZwKGq72vl6O-Za_IA114ZW2eb",
                None,
            ),
            (
                "ann@example.com:sess:BPzozUyZwKGq72vl6O-Za_IA114ZW2eb",
                None,
            ),
            ("{user}:sess:BPzozUyZwKGq72vl6O-Za_IA114ZW2eb", None),
            ("sess: BPzozUyZwKGq72vl6O-Za_IA114ZW2eb", None),
            ("", None),
        ];
        for (key, head) in cases {
            assert_eq!(head_of(key.as_bytes()), head, "{key}");
        }
        assert_eq!(head_of(b"sess:\xff\xfe"), None);
    }
}
