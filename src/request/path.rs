//! `canonical_path`: the one form of a path, which decides and is forwarded (design rule R14).

use super::malformed::Malformed;
use std::borrow::Cow;

/// Brings the path of a request target, without its query, into canonical form; borrowed when it was shown that way.
///
/// Canonical is: it starts with `/`; no `.`, `..` or empty segment (a last empty one stays: the trailing slash);
/// unreserved characters stand for themselves, every other byte outside RFC 3986 `pchar` is `%XX` in upper case.
/// Percent-encodings are decoded once; `%25` stays. UTF-8 sent raw is encoded. Encoded reserved characters such as
/// `%3B` and `%40` stay: they do not mean the same as `;` and `@` (RFC 3986 §2.2).
///
/// # Errors
/// What cannot be made canonical without guessing how the upstream will read it: a separator, control byte or
/// overlong UTF-8 sequence in disguise, invalid percent, dot segments with parameters, and `..` above the root, which
/// RFC 3986 §5.2.4 would drop but no honest client sends.
pub fn canonical_path(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    if is_plain(raw) {
        return Ok(Cow::Borrowed(raw));
    }
    made_canonical(raw)
}

fn made_canonical(raw: &str) -> Result<Cow<'_, str>, Malformed> {
    let segments = raw.strip_prefix('/').ok_or(Malformed::Target)?;
    let mut out = Output::new(raw);
    let mut rest = Some(segments);
    while let Some(text) = rest {
        let (segment, next) = match text.split_once('/') {
            Some((segment, next)) => (segment, Some(next)),
            None => (text, None),
        };
        rest = next;
        let before = out.len();
        out.push(b'/');
        write_segment(segment, &mut out)?;
        let written = out.since(before + 1);
        check_disguises(written)?;
        let keep = match written {
            "" | "." => before,
            ".." => out.parent_of(before).ok_or(Malformed::DotSegment)?,
            _ if is_dot_with_parameters(written) => return Err(Malformed::DotSegment),
            _ => continue,
        };
        out.truncate(keep);
        if rest.is_none() {
            out.push(b'/');
        }
    }
    Ok(out.finish())
}

/// Whether nothing is to be done, as with most paths: no percent, no byte to be encoded, and no segment that is empty or
/// begins with a dot.
fn is_plain(raw: &str) -> bool {
    let mut before = b' ';
    let is_plain = |byte: u8| {
        let follows_slash = std::mem::replace(&mut before, byte) == b'/';
        is_pchar(byte) && !(follows_slash && byte == b'.') || byte == b'/' && !follows_slash
    };
    raw.starts_with('/') && raw.bytes().all(is_plain)
}

/// RFC 3986 `pchar` without percent-encodings.
fn is_pchar(byte: u8) -> bool {
    is_unreserved(byte) || b"!$&'()*+,;=:@".contains(&byte)
}

/// Writes a segment with its percent-encodings normalised (RFC 3986 §6.2.2).
fn write_segment(segment: &str, out: &mut Output<'_>) -> Result<(), Malformed> {
    let mut rest = segment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                let (value, tail) = hex_byte(rest).ok_or(Malformed::Percent)?;
                rest = tail;
                match value {
                    b'/' | b'\\' => return Err(Malformed::Separator),
                    _ if value.is_ascii_control() => return Err(Malformed::ControlByte),
                    _ if is_unreserved(value) => out.push(value),
                    _ => out.push_encoded(value),
                }
            }
            b'\\' => return Err(Malformed::Separator),
            b'?' | b'#' => return Err(Malformed::Target),
            _ if byte.is_ascii_control() => return Err(Malformed::ControlByte),
            _ if is_pchar(byte) => out.push(byte),
            _ => out.push_encoded(byte),
        }
    }
    Ok(())
}

/// Refuses what a more lenient reader further on could take for a dot, a separator or a control byte. It looks at
/// the written segment, where `%25%32%66` already stands as `%252f`.
fn check_disguises(written: &str) -> Result<(), Malformed> {
    for (at, _) in written.match_indices('%') {
        let tail = written.as_bytes().get(at + 1..).unwrap_or_default();
        match hex_byte(tail) {
            Some((b'%', mut inner)) => {
                while let Some(deeper) = inner.strip_prefix(b"25") {
                    inner = deeper;
                }
                let hidden = hex_byte(inner).map(|(value, _)| value);
                if hidden.is_some_and(|value| {
                    value.is_ascii_control() || matches!(value, b'.' | b'/' | b'\\' | 0xC0 | 0xC1)
                }) {
                    return Err(Malformed::Separator);
                }
            }
            Some((lead, next)) if is_overlong(lead, next) => return Err(Malformed::Overlong),
            _ => {}
        }
    }
    Ok(())
}

/// RFC 3629 §3: these leads, with these second bytes, spell a character that has a shorter form. Latin-1 bytes that
/// are no UTF-8 at all hide nothing and pass.
fn is_overlong(lead: u8, next: &[u8]) -> bool {
    let second = next
        .strip_prefix(b"%")
        .and_then(hex_byte)
        .map(|(value, _)| value);
    let below = |end: u8| second.is_some_and(|byte| (0x80..end).contains(&byte));
    match lead {
        0xC0 | 0xC1 => true,
        0xE0 => below(0xA0),
        0xF0 => below(0x90),
        0xF8 => below(0x88),
        0xFC => below(0x84),
        _ => false,
    }
}

/// `..;x`: Java servlet containers drop the parameter and climb.
fn is_dot_with_parameters(segment: &str) -> bool {
    let tail = segment
        .strip_prefix("..")
        .or_else(|| segment.strip_prefix('.'));
    tail.is_some_and(|tail| tail.starts_with(';') || tail.starts_with("%3B"))
}

fn hex_byte(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], tail) = text.split_first_chunk::<2>()?;
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(high)? * 16 + digit(low)?;
    Some((u8::try_from(value).ok()?, tail))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// ASCII text that stays a prefix of the input until the first byte that differs.
struct Output<'a> {
    raw: &'a str,
    same: usize,
    own: Option<String>,
}

impl<'a> Output<'a> {
    fn new(raw: &'a str) -> Self {
        Self {
            raw,
            same: 0,
            own: None,
        }
    }

    fn as_str(&self) -> &str {
        self.own.as_deref().unwrap_or_else(|| self.shared())
    }

    fn shared(&self) -> &'a str {
        self.raw.get(..self.same).unwrap_or_default()
    }

    fn len(&self) -> usize {
        self.as_str().len()
    }

    fn since(&self, start: usize) -> &str {
        self.as_str().get(start..).unwrap_or_default()
    }

    /// Where the last segment of the first `end` bytes begins.
    fn parent_of(&self, end: usize) -> Option<usize> {
        self.as_str().get(..end)?.rfind('/')
    }

    fn push(&mut self, byte: u8) {
        if self.own.is_none() {
            if self.raw.as_bytes().get(self.same) == Some(&byte) {
                self.same += 1;
                return;
            }
            let mut own = String::with_capacity(self.raw.len() + 16);
            own.push_str(self.shared());
            self.own = Some(own);
        }
        if let Some(own) = &mut self.own {
            own.push(char::from(byte));
        }
    }

    fn push_encoded(&mut self, value: u8) {
        self.push(b'%');
        for nibble in [value >> 4, value & 0x0f] {
            self.push(if nibble < 10 {
                b'0' + nibble
            } else {
                b'A' + nibble - 10
            });
        }
    }

    fn truncate(&mut self, len: usize) {
        match &mut self.own {
            Some(own) => own.truncate(len),
            None => self.same = len,
        }
    }

    fn finish(self) -> Cow<'a, str> {
        let shared = self.shared();
        self.own.map_or(Cow::Borrowed(shared), Cow::Owned)
    }
}

#[cfg(test)]
mod tests {
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
}
