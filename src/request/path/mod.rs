//! `canonical_path`: the one form of a path, which decides and is forwarded (design rule R14).

mod output;
#[cfg(test)]
mod tests;

use super::malformed::Malformed;
use output::Output;
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
