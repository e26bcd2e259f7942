//! The little of Java's serialisation that is data: a string, and a boxed long, integer or boolean.
//!
//! Source: Java Object Serialization Specification §6. A class is described by its name, its serialVersionUID and its
//! fields, so each boxed class begins with the same bytes in every stream.

use super::graph::Node;
use super::reader::Reader;
use serde_json::Value;

/// A stream of Java objects; nothing that is JSON begins so.
pub(super) fn is_stream(bytes: &[u8]) -> bool {
    bytes.starts_with(STREAM)
}

/// The one object of the stream; opaque unless it is of the four classes, and broken streams too.
pub(super) fn object(bytes: &[u8]) -> Node {
    let Some(object) = bytes.strip_prefix(STREAM) else {
        return Node::Opaque;
    };
    let boxed = |class: &[u8]| object.strip_prefix(class);
    if object == [TC_NULL] {
        Node::Scalar(Value::Null)
    } else if let Some(text) = boxed(&[TC_STRING]) {
        string(text).unwrap_or(Node::Opaque)
    } else if let Some(Ok(long)) = boxed(LONG).map(<[u8; 8]>::try_from) {
        Node::integer(i64::from_be_bytes(long).into())
    } else if let Some(Ok(integer)) = boxed(INTEGER).map(<[u8; 4]>::try_from) {
        Node::integer(i32::from_be_bytes(integer).into())
    } else if let Some([flag @ (0 | 1)]) = boxed(BOOLEAN) {
        Node::Scalar(Value::Bool(*flag == 1))
    } else {
        Node::Opaque
    }
}

/// "Modified UTF-8": UTF-16 units in one to three bytes each, NUL in two.
fn string(sized: &[u8]) -> Option<Node> {
    let mut reader = Reader::new(sized, 0);
    let length = u16::from_be_bytes(reader.array().ok()?);
    let text = reader.take(length.into()).ok()?;
    reader.end().ok()?;
    let text = String::from_utf16(&units(text)?).ok()?;
    Some(Node::Scalar(Value::from(text)))
}

fn units(text: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::new();
    let mut bytes = text.iter().copied();
    let low = |byte: Option<u8>| {
        byte.filter(|byte| byte & 0xc0 == 0x80)
            .map(|byte| u16::from(byte & 0x3f))
    };
    while let Some(first) = bytes.next() {
        let high = u16::from(first);
        units.push(match first {
            0x01..=0x7f => high,
            0xc0..=0xdf => (high & 0x1f) << 6 | low(bytes.next())?,
            0xe0..=0xef => (high & 0x0f) << 12 | low(bytes.next())? << 6 | low(bytes.next())?,
            _ => return None,
        });
    }
    Some(units)
}

const STREAM: &[u8] = b"\xac\xed\x00\x05";
const TC_NULL: u8 = 0x70;
const TC_STRING: u8 = 0x74;
const LONG: &[u8] =
    b"sr\x00\x0ejava.lang.Long\x3b\x8b\xe4\x90\xcc\x8f\x23\xdf\x02\x00\x01J\x00\x05valuexr\
    \x00\x10java.lang.Number\x86\xac\x95\x1d\x0b\x94\xe0\x8b\x02\x00\x00xp";
const INTEGER: &[u8] =
    b"sr\x00\x11java.lang.Integer\x12\xe2\xa0\xa4\xf7\x81\x87\x38\x02\x00\x01I\x00\x05valuexr\
    \x00\x10java.lang.Number\x86\xac\x95\x1d\x0b\x94\xe0\x8b\x02\x00\x00xp";
const BOOLEAN: &[u8] =
    b"sr\x00\x11java.lang.Boolean\xcd\x20\x72\x80\xd5\x9c\xfa\xee\x02\x00\x01Z\x00\x05valuexp";
