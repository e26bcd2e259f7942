//! PHP's own session formats: names and serialised values, by `session.serialize_handler`.
//!
//! Which of the two it is must be said: a session in one of them can be made to read as the other by who controls a
//! text in it. `php_serialize`, the third, is plain `serialize`.

use super::decoded::{DecodeError, Decoded};
use super::graph::{Name, Node};
use super::limits::Limits;
use super::php::Php;
use super::reader::Reader;
use super::unfold::{TOO_DEEP, unfold};

/// How a name stands before its value.
#[derive(Clone, Copy)]
pub(super) enum Naming {
    /// `php`: `user|i:7;`
    Bar,
    /// `php_binary`: a byte of length, then the name.
    Length,
}

pub(super) fn decode(
    bytes: &[u8],
    naming: Naming,
    limits: &Limits,
) -> Result<Decoded, DecodeError> {
    let mut values = Php::new(Reader::new(bytes, 0), limits);
    let deeper = limits.depth.checked_sub(1);
    let deeper = deeper.ok_or_else(|| values.reader.fault(TOO_DEEP))?;
    let mut entries = Vec::new();
    while !values.reader.is_empty() {
        let name = match naming {
            Naming::Bar => values.reader.until(b'|')?,
            Naming::Length => {
                let length = values.reader.byte()?;
                values.reader.take(length.into())?
            }
        };
        let name = Name::of(&Node::text(name));
        entries.push((name, values.value(deeper)?));
    }
    let root = values.graph.add(Node::Map(entries), bytes.len())?;
    unfold(&values.graph, root, limits, bytes.len())
}
