//! MessagePack: Flask-Session's default, by msgspec.
//!
//! Source: the MessagePack specification. Times are extension -1, as msgspec writes a `datetime` with a zone.

use super::decoded::{DecodeError, Decoded};
use super::graph::{Graph, Name, Node, NodeId};
use super::limits::Limits;
use super::reader::{ENDS, Reader};
use super::unfold::{TOO_DEEP, unfold};
use crate::timestamp;
use serde_json::Value;
use std::collections::BTreeSet;
use time::OffsetDateTime;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, DecodeError> {
    let mut reading = Reading {
        reader: Reader::new(bytes, 0),
        graph: Graph::new(limits),
    };
    let root = reading.value(limits.depth)?;
    reading.reader.end()?;
    unfold(&reading.graph, root, limits, bytes.len())
}

struct Reading<'a> {
    reader: Reader<'a>,
    graph: Graph,
}

impl Reading<'_> {
    fn value(&mut self, depth_left: usize) -> Result<NodeId, DecodeError> {
        let node = match self.reader.byte()? {
            mark @ 0x80..=0x8f => self.map(u64::from(mark & 0x0f), depth_left)?,
            0xde => self.counted::<2>(Self::map, depth_left)?,
            0xdf => self.counted::<4>(Self::map, depth_left)?,
            mark @ 0x90..=0x9f => self.list(u64::from(mark & 0x0f), depth_left)?,
            0xdc => self.counted::<2>(Self::list, depth_left)?,
            0xdd => self.counted::<4>(Self::list, depth_left)?,
            mark => self.scalar(mark)?,
        };
        self.graph.add(node, self.reader.at())
    }

    fn counted<const N: usize>(
        &mut self,
        read: impl Fn(&mut Self, u64, usize) -> Result<Node, DecodeError>,
        depth_left: usize,
    ) -> Result<Node, DecodeError> {
        let count = self.unsigned::<N>()?;
        read(self, count, depth_left)
    }

    fn list(&mut self, count: u64, depth_left: usize) -> Result<Node, DecodeError> {
        let deeper = self.deeper(count, depth_left)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.value(deeper)?);
        }
        Ok(Node::List(items))
    }

    fn map(&mut self, count: u64, depth_left: usize) -> Result<Node, DecodeError> {
        let deeper = self.deeper(count.saturating_mul(2), depth_left)?;
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for _ in 0..count {
            let name = self.name()?;
            if !seen.insert(name.clone()) {
                return Err(self.reader.fault("a key is there twice"));
            }
            entries.push((Name::Text(name), self.value(deeper)?));
        }
        Ok(Node::Map(entries))
    }

    /// Each value takes a byte at least, so a count past what is left is refused before anything is read.
    fn deeper(&self, values: u64, depth_left: usize) -> Result<usize, DecodeError> {
        if values > self.reader.left() as u64 {
            return Err(self.reader.fault(ENDS));
        }
        let deeper = depth_left.checked_sub(1);
        deeper.ok_or_else(|| self.reader.fault(TOO_DEEP))
    }

    fn name(&mut self) -> Result<String, DecodeError> {
        let mark = self.reader.byte()?;
        let name = match mark {
            0x80..=0x9f | 0xdc..=0xdf => Name::Other,
            _ => Name::of(&self.scalar(mark)?),
        };
        match name {
            Name::Text(text) => Ok(text),
            Name::Number(number) => Ok(number.to_string()),
            Name::At(_) | Name::Other => Err(self
                .reader
                .fault("a key is neither text nor a whole number")),
        }
    }

    fn scalar(&mut self, mark: u8) -> Result<Node, DecodeError> {
        Ok(match mark {
            0x00..=0x7f => Node::integer(mark.into()),
            0xe0..=0xff => Node::integer(i8::from_be_bytes([mark]).into()),
            0xc0 => Node::Scalar(Value::Null),
            0xc2 | 0xc3 => Node::Scalar(Value::Bool(mark == 0xc3)),
            0xca => Node::float(f32::from_be_bytes(self.reader.array()?).into()),
            0xcb => Node::float(f64::from_be_bytes(self.reader.array()?)),
            0xcc => Node::integer(self.unsigned::<1>()?.into()),
            0xcd => Node::integer(self.unsigned::<2>()?.into()),
            0xce => Node::integer(self.unsigned::<4>()?.into()),
            0xcf => Node::integer(self.unsigned::<8>()?.into()),
            0xd0 => Node::integer(i8::from_be_bytes(self.reader.array()?).into()),
            0xd1 => Node::integer(i16::from_be_bytes(self.reader.array()?).into()),
            0xd2 => Node::integer(i32::from_be_bytes(self.reader.array()?).into()),
            0xd3 => Node::integer(i64::from_be_bytes(self.reader.array()?).into()),
            0xa0..=0xbf => self.text(u64::from(mark & 0x1f))?,
            // Binary, then text, each with a length of 1, 2, 4 bytes.
            0xc4 | 0xd9 => self.text_of::<1>()?,
            0xc5 | 0xda => self.text_of::<2>()?,
            0xc6 | 0xdb => self.text_of::<4>()?,
            0xc7 => self.extension_of::<1>()?,
            0xc8 => self.extension_of::<2>()?,
            0xc9 => self.extension_of::<4>()?,
            0xd4..=0xd8 => self.extension(1 << (mark - 0xd4))?,
            _ => return Err(self.reader.fault("not a mark of MessagePack")),
        })
    }

    fn text_of<const N: usize>(&mut self) -> Result<Node, DecodeError> {
        let length = self.unsigned::<N>()?;
        self.text(length)
    }

    fn text(&mut self, length: u64) -> Result<Node, DecodeError> {
        Ok(Node::text(self.reader.take(length)?))
    }

    fn extension_of<const N: usize>(&mut self) -> Result<Node, DecodeError> {
        let length = self.unsigned::<N>()?;
        self.extension(length)
    }

    fn extension(&mut self, length: u64) -> Result<Node, DecodeError> {
        let kind = i8::from_be_bytes(self.reader.array()?);
        let bytes = self.reader.take(length)?;
        let time = Some(bytes).filter(|_| kind == TIME).and_then(time);
        Ok(time.map_or(Node::Opaque, |text| Node::Scalar(Value::from(text))))
    }

    fn unsigned<const N: usize>(&mut self) -> Result<u64, DecodeError> {
        let bytes: [u8; N] = self.reader.array()?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }
}

/// Seconds in 4 bytes; 30 bits of nanoseconds and 34 of seconds in 8; nanoseconds, then signed seconds in 12.
fn time(bytes: &[u8]) -> Option<String> {
    let (seconds, nanoseconds) = if let Ok(seconds) = <[u8; 4]>::try_from(bytes) {
        (i128::from(u32::from_be_bytes(seconds)), 0)
    } else if let Ok(both) = <[u8; 8]>::try_from(bytes) {
        let both = u64::from_be_bytes(both);
        (i128::from(both & ((1 << 34) - 1)), both >> 34)
    } else {
        let (nanoseconds, seconds) = bytes.split_first_chunk::<4>()?;
        let seconds = <[u8; 8]>::try_from(seconds).ok()?;
        let nanoseconds = u32::from_be_bytes(*nanoseconds).into();
        (i64::from_be_bytes(seconds).into(), nanoseconds)
    };
    if nanoseconds >= 1_000_000_000 {
        return None;
    }
    let total = seconds * 1_000_000_000 + i128::from(nanoseconds);
    let at = OffsetDateTime::from_unix_timestamp_nanos(total).ok()?;
    let mut text = String::new();
    timestamp::write(at, &mut text).ok()?;
    Some(text)
}

const TIME: i8 = -1;
