//! From a graph to a tree: what is shared is repeated, what contains itself is cut, both within the limits.

use super::decoded::{DecodeError, Decoded};
use super::graph::{Graph, Key, Name, Node, NodeId, TOO_MANY};
use super::limits::Limits;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The tree below `root`. A value inside itself is opaque there.
///
/// # Errors
/// When the tree is deeper or larger than the limits; at `end`, where the record was read to.
pub(super) fn unfold(
    graph: &Graph,
    root: NodeId,
    limits: &Limits,
    end: usize,
) -> Result<Decoded, DecodeError> {
    let mut unfolding = Unfolding {
        graph,
        open: Vec::new(),
        depth: limits.depth,
        nodes_left: limits.nodes,
        text_left: limits.text,
        path: Vec::new(),
        opaque: Vec::new(),
        end,
    };
    let value = unfolding.value(root)?;
    Ok(Decoded {
        value,
        opaque: unfolding.opaque,
    })
}

struct Unfolding<'g> {
    graph: &'g Graph,
    /// The lists and maps that the current value stands in.
    open: Vec<NodeId>,
    depth: usize,
    nodes_left: usize,
    text_left: usize,
    path: Vec<Step<'g>>,
    opaque: Vec<String>,
    end: usize,
}

/// From a value to one inside it.
enum Step<'g> {
    Name(Cow<'g, str>),
    Place(usize),
}

impl<'g> Unfolding<'g> {
    fn value(&mut self, id: NodeId) -> Result<Value, DecodeError> {
        self.count(1)?;
        match self.graph.node(id) {
            Node::Scalar(value) => self.scalar(value),
            Node::Opaque => Ok(self.opaque()),
            Node::List(_) | Node::Map(_) if self.open.contains(&id) => Ok(self.opaque()),
            Node::List(items) => {
                self.enter(id)?;
                let list = self.list(items);
                self.open.pop();
                list
            }
            Node::Map(entries) => {
                self.enter(id)?;
                let map = self.map(entries);
                self.open.pop();
                map
            }
        }
    }

    fn scalar(&mut self, value: &Value) -> Result<Value, DecodeError> {
        if let Value::String(text) = value {
            self.charge(text)?;
        }
        Ok(value.clone())
    }

    fn list(&mut self, items: &[NodeId]) -> Result<Value, DecodeError> {
        let mut list = Vec::new();
        for (place, item) in items.iter().enumerate() {
            list.push(self.member(Step::Place(place), *item)?);
        }
        Ok(Value::Array(list))
    }

    fn map(&mut self, entries: &'g [(Name, NodeId)]) -> Result<Value, DecodeError> {
        let mut map = Map::new();
        for (name, id) in self.named(entries)? {
            self.charge(&name)?;
            let value = self.member(Step::Name(name.clone()), id)?;
            map.insert(name.into_owned(), value);
        }
        Ok(Value::Object(map))
    }

    /// Of equal names the last holds, as where the record was written; a text and a number that read the same are
    /// different keys there, and the text holds. Entries that do not count as values count here, for a map may be
    /// repeated.
    fn named(
        &mut self,
        entries: &'g [(Name, NodeId)],
    ) -> Result<BTreeMap<Cow<'g, str>, NodeId>, DecodeError> {
        let mut named = BTreeMap::new();
        let mut texts = Vec::new();
        let mut complete = true;
        for (name, id) in entries {
            match self.graph.key(name) {
                Key::Number(number) => {
                    named.insert(Cow::Owned(number.to_string()), *id);
                }
                Key::Text(text) => texts.push((Cow::Borrowed(text), *id)),
                Key::Other => complete = false,
            }
        }
        if !complete {
            self.opaque();
        }
        named.extend(texts);
        self.count(entries.len() - named.len())?;
        Ok(named)
    }

    fn member(&mut self, step: Step<'g>, id: NodeId) -> Result<Value, DecodeError> {
        self.path.push(step);
        let value = self.value(id);
        self.path.pop();
        value
    }

    fn enter(&mut self, id: NodeId) -> Result<(), DecodeError> {
        if self.open.len() >= self.depth {
            return Err(self.fault(TOO_DEEP));
        }
        self.open.push(id);
        Ok(())
    }

    fn count(&mut self, nodes: usize) -> Result<(), DecodeError> {
        let left = self.nodes_left.checked_sub(nodes);
        self.nodes_left = left.ok_or_else(|| self.fault(TOO_MANY))?;
        Ok(())
    }

    fn charge(&mut self, text: &str) -> Result<(), DecodeError> {
        let left = self.text_left.checked_sub(text.len());
        self.text_left = left.ok_or_else(|| self.fault("more text than the limit"))?;
        Ok(())
    }

    fn opaque(&mut self) -> Value {
        if self.opaque.len() < OPAQUE_SHOWN {
            let steps: Vec<_> = self.path.iter().map(Step::shown).collect();
            self.opaque.push(steps.join("."));
        }
        Value::Null
    }

    fn fault(&self, fault: &'static str) -> DecodeError {
        DecodeError {
            at: self.end,
            fault,
        }
    }
}

impl Step<'_> {
    /// For people, so short and without control characters.
    fn shown(&self) -> String {
        let name = match self {
            Self::Place(place) => return place.to_string(),
            Self::Name(name) => name,
        };
        let plain = name.chars().map(|letter| match letter.is_control() {
            true => char::REPLACEMENT_CHARACTER,
            false => letter,
        });
        plain.take(NAME_SHOWN).collect()
    }
}

pub(super) const TOO_DEEP: &str = "nested deeper than the limit";
const OPAQUE_SHOWN: usize = 32;
const NAME_SHOWN: usize = 64;
