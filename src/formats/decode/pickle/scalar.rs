//! Opcodes that stand for a value by themselves: numbers, texts, bytes.

use super::line;
use super::opcode as op;
use crate::formats::decode::decoded::DecodeError;
use crate::formats::decode::graph::Node;
use crate::formats::decode::reader::Reader;
use serde_json::Value;

/// The value of an opcode that is one; `None` for every other opcode.
pub(super) fn scalar(opcode: u8, reader: &mut Reader<'_>) -> Result<Option<Node>, DecodeError> {
    Ok(Some(match opcode {
        op::NONE => Node::Scalar(Value::Null),
        op::NEWTRUE | op::NEWFALSE => Node::Scalar(Value::Bool(opcode == op::NEWTRUE)),
        op::INT => line::integer(reader)?,
        op::LONG => line::long(reader)?,
        op::FLOAT => line::float(reader)?,
        op::STRING => line::quoted(reader)?,
        op::UNICODE => line::escaped(reader)?,
        op::BININT => Node::integer(i32::from_le_bytes(reader.array()?).into()),
        op::BININT1 => Node::integer(reader.byte()?.into()),
        op::BININT2 => Node::integer(u16::from_le_bytes(reader.array()?).into()),
        op::LONG1 => sized::<1>(reader).map(long)?,
        op::LONG4 => sized::<4>(reader).map(long)?,
        op::BINFLOAT => Node::float(f64::from_be_bytes(reader.array()?)),
        // Texts of Python 2, texts, bytes, bytearrays; each with a length of 1, 4 or 8 bytes.
        op::SHORT_BINSTRING | op::SHORT_BINBYTES | op::SHORT_BINUNICODE => {
            sized::<1>(reader).map(Node::text)?
        }
        op::BINSTRING | op::BINBYTES | op::BINUNICODE => sized::<4>(reader).map(Node::text)?,
        op::BINUNICODE8 | op::BINBYTES8 | op::BYTEARRAY8 => sized::<8>(reader).map(Node::text)?,
        _ => return Ok(None),
    }))
}

/// As many bytes as the little-endian length before them says.
fn sized<'a, const N: usize>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let length: [u8; N] = reader.array()?;
    let length = length.iter().rev();
    let length = length.fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    reader.take(length)
}

/// Little-endian, two's complement. Past 128 bits it is no id of anything.
fn long(bytes: &[u8]) -> Node {
    let sign = match bytes.last() {
        Some(last) if *last >= 0x80 => 0xff,
        _ => 0,
    };
    let mut wide = [sign; 16];
    match wide.get_mut(..bytes.len()) {
        Some(low) => low.copy_from_slice(bytes),
        None => return Node::Opaque,
    }
    Node::integer(i128::from_le_bytes(wide))
}
