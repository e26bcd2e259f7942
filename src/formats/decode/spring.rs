//! `decode_spring`: the hash that Spring Session keeps in Redis.
//!
//! Source: `RedisSessionMapper` and `RedisIndexedSessionRepository`. Values are Java's serialisation by default, JSON
//! where the application set a serializer; each is told by its first bytes.

use super::decoded::{DecodeError, Decoded};
use super::graph::{Graph, Name, Node, NodeId};
use super::limits::Limits;
use super::unfold::unfold;
use super::{jackson, jdk, json};
use serde_json::Value;

/// Reads the fields of a session hash to `{creationTime, lastAccessedTime, maxInactiveInterval, attrs: {…}}`: times in
/// milliseconds, the interval in seconds, `attrs` by the names after `sessionAttr:`. Other fields are passed over. An
/// attribute that is neither JSON nor a Java string, long, integer or boolean is opaque.
///
/// # Errors
/// When the fields are past a limit, all of them counted.
pub fn decode_spring<'a>(
    fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    limits: &Limits,
) -> Result<Decoded, DecodeError> {
    let mut hash = Hash {
        graph: Graph::new(limits),
        limits,
        read: 0,
    };
    let mut session = Vec::new();
    let mut attributes = Vec::new();
    for (name, value) in fields {
        hash.count(name, value)?;
        let Ok(name) = str::from_utf8(name) else {
            continue;
        };
        if let Some(attribute) = name.strip_prefix(ATTRIBUTE) {
            attributes.push((Name::Text(attribute.to_owned()), hash.value(value)?));
        } else if OWN.contains(&name) {
            session.push((Name::Text(name.to_owned()), hash.value(value)?));
        }
    }
    let attributes = hash.graph.add(Node::Map(attributes), hash.read)?;
    session.push((Name::Text("attrs".to_owned()), attributes));
    let root = hash.graph.add(Node::Map(session), hash.read)?;
    unfold(&hash.graph, root, limits, hash.read)
}

struct Hash<'l> {
    graph: Graph,
    limits: &'l Limits,
    /// Bytes of the fields so far, which is what an error's offset counts.
    read: usize,
}

impl Hash<'_> {
    fn count(&mut self, name: &[u8], value: &[u8]) -> Result<(), DecodeError> {
        self.read += name.len() + value.len();
        if self.read > self.limits.bytes {
            return Err(DecodeError {
                at: self.limits.bytes,
                fault: "larger than the limit",
            });
        }
        Ok(())
    }

    /// Both serializers write an attribute that is null as nothing.
    fn value(&mut self, bytes: &[u8]) -> Result<NodeId, DecodeError> {
        if bytes.is_empty() {
            return self.graph.add(Node::Scalar(Value::Null), self.read);
        }
        if jdk::is_stream(bytes) {
            return self.graph.add(jdk::object(bytes), self.read);
        }
        match json::decode(bytes, 0, self.limits) {
            Ok(document) => self.tree(jackson::untyped(document.value)),
            Err(_) => self.graph.add(Node::Opaque, self.read),
        }
    }

    /// Bounded in depth, as the JSON was.
    fn tree(&mut self, value: Value) -> Result<NodeId, DecodeError> {
        let node = match value {
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.tree(item));
                Node::List(items.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let entries = members
                    .into_iter()
                    .map(|(name, value)| Ok((Name::Text(name), self.tree(value)?)));
                Node::Map(entries.collect::<Result<_, _>>()?)
            }
            scalar => Node::Scalar(scalar),
        };
        self.graph.add(node, self.read)
    }
}

const ATTRIBUTE: &str = "sessionAttr:";
const OWN: [&str; 3] = ["creationTime", "lastAccessedTime", "maxInactiveInterval"];
