//! Arguments of protocol 0: a line of text each.

use crate::formats::decode::decoded::DecodeError;
use crate::formats::decode::graph::Node;
use crate::formats::decode::reader::Reader;
use serde_json::Value;

/// A place in the memo.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    let text = text(reader)?;
    text.parse().map_err(|_| reader.fault(NO_NUMBER))
}

/// INT: `01` and `00` are the booleans.
pub(super) fn integer(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    match text(reader)? {
        "01" => Ok(Node::Scalar(Value::Bool(true))),
        "00" => Ok(Node::Scalar(Value::Bool(false))),
        digits => whole(digits).ok_or_else(|| reader.fault(NO_NUMBER)),
    }
}

/// LONG: digits, and an `L` that Python 3 ends them with too.
pub(super) fn long(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    let text = text(reader)?;
    let digits = text.strip_suffix('L').unwrap_or(text);
    whole(digits).ok_or_else(|| reader.fault(NO_NUMBER))
}

pub(super) fn float(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    let text = text(reader)?;
    let number = text.parse().map_err(|_| reader.fault(NO_NUMBER))?;
    Ok(Node::float(number))
}

/// STRING: bytes as Python 2's `repr` quotes them.
pub(super) fn quoted(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    let line = reader.until(b'\n')?;
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(reader.fault("a text without its quotes")),
    };
    let bytes = unquoted(inner).ok_or_else(|| reader.fault(NO_ESCAPE))?;
    Ok(Node::text(&bytes))
}

/// UNICODE: Latin-1 with `\u` and `\U` escapes, and no other ("raw-unicode-escape").
pub(super) fn escaped(reader: &mut Reader<'_>) -> Result<Node, DecodeError> {
    let line = reader.until(b'\n')?;
    let units = utf16(line).ok_or_else(|| reader.fault(NO_ESCAPE))?;
    let text = String::from_utf16(&units);
    Ok(text.map_or(Node::Opaque, |text| Node::Scalar(Value::from(text))))
}

fn text<'a>(reader: &mut Reader<'a>) -> Result<&'a str, DecodeError> {
    let line = reader.until(b'\n')?;
    str::from_utf8(line).map_err(|_| reader.fault(NO_NUMBER))
}

/// Past 128 bits it is no id of anything.
fn whole(digits: &str) -> Option<Node> {
    if let Ok(number) = digits.parse() {
        return Some(Node::integer(number));
    }
    let plain = digits.strip_prefix('-').unwrap_or(digits);
    let is_long = !plain.is_empty() && plain.bytes().all(|digit| digit.is_ascii_digit());
    is_long.then_some(Node::Opaque)
}

fn unquoted(inner: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = inner;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (escape, after) = rest.split_first()?;
        rest = after;
        bytes.push(match escape {
            b'\\' | b'\'' | b'"' => *escape,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'x' => {
                let (digits, after) = rest.split_at_checked(2)?;
                rest = after;
                u8::try_from(hex(digits)?).ok()?
            }
            // `repr` writes no other.
            _ => return None,
        });
    }
    Some(bytes)
}

/// Python 2 wrote what lies past U+FFFF as two escapes, the units of UTF-16; so all of it becomes such units.
fn utf16(line: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::new();
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                units.push(u16::from(*byte));
                continue;
            }
        };
        let (digits, after) = after.get(1..)?.split_at_checked(digits)?;
        rest = after;
        let code = hex(digits)?;
        match u16::try_from(code) {
            Ok(unit) => units.push(unit),
            Err(_) => units.extend(char::from_u32(code)?.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    Some(units)
}

fn hex(digits: &[u8]) -> Option<u32> {
    let all = digits.iter().all(u8::is_ascii_hexdigit);
    let text = str::from_utf8(digits).ok().filter(|_| all)?;
    u32::from_str_radix(text, 16).ok()
}

const NO_NUMBER: &str = "not a number";
const NO_ESCAPE: &str = "a broken escape in a text";
