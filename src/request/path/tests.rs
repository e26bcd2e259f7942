//! `canonical_path`, by spelling and by property.

use super::canonical_path;
use crate::request::Malformed;
use proptest::prelude::*;
use std::borrow::Cow;

#[test]
fn every_spelling_of_a_path_has_one_canonical_form() {
    let cases = [
        ("/", "/"),
        ("//", "/"),
        ("/./", "/"),
        ("/.", "/"),
        ("/a/..", "/"),
        ("/admin", "/admin"),
        ("//admin", "/admin"),
        ("/./admin", "/admin"),
        ("/%61dmin", "/admin"),
        ("/%61%64%6d%69%6E", "/admin"),
        ("/x/../admin", "/admin"),
        ("/x/%2e%2e/admin", "/admin"),
        ("/x/.%2E/admin", "/admin"),
        ("/x//../admin", "/admin"),
        ("/admin/", "/admin/"),
        ("/admin//", "/admin/"),
        ("/admin/.", "/admin/"),
        ("/admin/x/..", "/admin/"),
        ("/admin/%2e", "/admin/"),
        ("/a/b/../../c", "/c"),
        ("/a/../a/b", "/a/b"),
        ("/a/...", "/a/..."),
        ("/a/..b", "/a/..b"),
        ("/a/b..", "/a/b.."),
        ("/.well-known/x", "/.well-known/x"),
        ("/%7Euser", "/~user"),
        ("/a%3bb", "/a%3Bb"),
        ("/a;v=1/b", "/a;v=1/b"),
        ("/a%40b", "/a%40b"),
        ("/a@b:c", "/a@b:c"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/café", "/caf%C3%A9"),
        ("/caf%e9", "/caf%E9"),
        ("/a b", "/a%20b"),
        ("/a[1]", "/a%5B1%5D"),
        ("/a|b", "/a%7Cb"),
        ("/50%25off", "/50%25off"),
        ("/100%25", "/100%25"),
        ("/a%2541", "/a%2541"),
        ("/a%3Fb%23c", "/a%3Fb%23c"),
    ];
    for (raw, canonical) in cases {
        assert_eq!(canonical_path(raw).as_deref(), Ok(canonical), "{raw}");
    }
}

#[test]
fn a_path_that_could_be_read_in_two_ways_is_refused() {
    let cases = [
        ("", Malformed::Target),
        ("admin", Malformed::Target),
        ("*", Malformed::Target),
        ("@evil/x", Malformed::Target),
        ("%2fadmin", Malformed::Target),
        ("/a#b", Malformed::Target),
        ("/a?b", Malformed::Target),
        ("/a%2fb", Malformed::Separator),
        ("/a%2Fb", Malformed::Separator),
        ("/a%5cb", Malformed::Separator),
        ("/a\\b", Malformed::Separator),
        ("/..\\x", Malformed::Separator),
        ("/%252e%252e/x", Malformed::Separator),
        ("/a%252fb", Malformed::Separator),
        ("/a%25%32%66b", Malformed::Separator),
        ("/a%25255cb", Malformed::Separator),
        ("/a%2500", Malformed::Separator),
        ("/%25c0%25ae", Malformed::Separator),
        ("/a%00", Malformed::ControlByte),
        ("/a%0d%0ab", Malformed::ControlByte),
        ("/a%09", Malformed::ControlByte),
        ("/a%7f", Malformed::ControlByte),
        ("/a\u{0}", Malformed::ControlByte),
        ("/a\tb", Malformed::ControlByte),
        ("/a\u{7f}", Malformed::ControlByte),
        ("/a%", Malformed::Percent),
        ("/a%2", Malformed::Percent),
        ("/a%2/b", Malformed::Percent),
        ("/a%zz", Malformed::Percent),
        ("/a%u002e", Malformed::Percent),
        ("/%%32%65", Malformed::Percent),
        ("/a%+1", Malformed::Percent),
        ("/%é1", Malformed::Percent),
        ("/%c0%ae%c0%ae/x", Malformed::Overlong),
        ("/%c0%af", Malformed::Overlong),
        ("/%C0%2e", Malformed::Overlong),
        ("/%c1%9c", Malformed::Overlong),
        ("/%e0%80%ae", Malformed::Overlong),
        ("/%f0%80%80%ae", Malformed::Overlong),
        ("/%f8%80%80%80%ae", Malformed::Overlong),
        ("/%fc%80%80%80%80%ae", Malformed::Overlong),
        ("/..", Malformed::DotSegment),
        ("/../x", Malformed::DotSegment),
        ("/a/../../x", Malformed::DotSegment),
        ("/%2e%2e", Malformed::DotSegment),
        ("/a/..;x/b", Malformed::DotSegment),
        ("/a/..;/b", Malformed::DotSegment),
        ("/a/..%3bx/b", Malformed::DotSegment),
        ("/a/.;/b", Malformed::DotSegment),
        ("/a/%2e%2E;/b", Malformed::DotSegment),
    ];
    for (raw, why) in cases {
        assert_eq!(canonical_path(raw), Err(why), "{raw:?}");
    }
}

#[test]
fn a_canonical_path_is_borrowed() {
    for raw in ["/", "/a/b/", "/caf%C3%A9", "/50%25off", "/a/."] {
        let path = canonical_path(raw);
        assert!(matches!(path, Ok(Cow::Borrowed(_))), "{raw}");
    }
}

proptest! {
    #[test]
    fn canonical_twice_is_canonical_once(raw in "/([a./%;é \\\\]|%2[0-9a-f]|%[0-9a-f]{2}|%25|\\.\\.){0,12}") {
        if let Ok(path) = canonical_path(&raw) {
            prop_assert_eq!(canonical_path(&path), Ok(Cow::Borrowed(&*path)));
        }
    }

    #[test]
    fn a_reader_that_decodes_again_sees_the_same_segments(
        raw in "/(/|\\.|a|%2e|%2f|%25|2e|2f|%32|%65|%c0|%ae|;){0,12}",
    ) {
        if let Ok(path) = canonical_path(&raw) {
            let depth = path.matches('/').count();
            let once = decoded(path.as_bytes());
            let twice = decoded(&once);
            for reading in [once, twice] {
                let segments: Vec<&[u8]> = reading.split(|byte| *byte == b'/').collect();
                prop_assert_eq!(segments.len(), depth + 1);
                prop_assert!(segments.iter().all(|segment| *segment != b"." && *segment != b".."));
            }
        }
    }

    #[test]
    fn a_plain_path_is_canonical(raw in "/(/|\\.|[a;:%~é]|%2e){0,8}") {
        if super::is_plain(&raw) {
            prop_assert_eq!(super::made_canonical(&raw), Ok(Cow::Borrowed(&*raw)));
        }
    }

    #[test]
    fn no_path_panics(raw in any::<String>()) {
        let _ = canonical_path(&raw);
    }
}

/// The decoder of a careless upstream: what is no percent-encoding stands for itself.
fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((&byte, tail)) = rest.split_first() {
        let value = (byte == b'%').then(|| super::hex_byte(tail)).flatten();
        let (byte, tail) = value.unwrap_or((byte, tail));
        out.push(byte);
        rest = tail;
    }
    out
}
