//! `Graph`: values that may share and even contain each other, as PHP's references and pickle's memo make them.

use super::decoded::DecodeError;
use super::limits::Limits;
use serde_json::{Number, Value};

/// The values of one record, as they are read.
pub(super) struct Graph {
    nodes: Vec<Node>,
    limit: usize,
}

/// A value of the graph it came from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeId(usize);

pub(super) enum Node {
    /// `null`, a boolean, a number or a text.
    Scalar(Value),
    List(Vec<NodeId>),
    Map(Vec<(Name, NodeId)>),
    /// Something that is no data.
    Opaque,
}

/// The key of an entry, as its language has it.
#[derive(PartialEq, Eq)]
pub(super) enum Name {
    Text(String),
    Number(i128),
    /// A value of the graph: a long text that is the key of many entries is there once.
    At(NodeId),
    /// Neither text nor a whole number.
    Other,
}

/// What a name comes to.
pub(super) enum Key<'g> {
    Text(&'g str),
    Number(i128),
    Other,
}

impl Graph {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            nodes: Vec::new(),
            limit: limits.nodes,
        }
    }

    /// Takes in the value that was read before offset `at`.
    pub(super) fn add(&mut self, node: Node, at: usize) -> Result<NodeId, DecodeError> {
        if self.nodes.len() >= self.limit {
            return Err(DecodeError {
                at,
                fault: TOO_MANY,
            });
        }
        self.nodes.push(node);
        Ok(NodeId(self.nodes.len() - 1))
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id.0).unwrap_or(&Node::Opaque)
    }

    pub(super) fn key<'g>(&'g self, name: &'g Name) -> Key<'g> {
        match name {
            Name::Text(text) => Key::Text(text),
            Name::Number(number) => Key::Number(*number),
            Name::At(id) => Key::of(self.node(*id)),
            Name::Other => Key::Other,
        }
    }

    /// The value, to be filled.
    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0)
    }

    /// Puts a finished value where its place was kept.
    pub(super) fn fill(&mut self, id: NodeId, node: Node) {
        if let Some(place) = self.node_mut(id) {
            *place = node;
        }
    }
}

impl Node {
    /// Bytes are a text where they are UTF-8.
    pub(super) fn text(bytes: &[u8]) -> Self {
        str::from_utf8(bytes).map_or(Self::Opaque, |text| Self::Scalar(Value::from(text)))
    }

    /// Past what JSON's readers hold, an integer is its decimal text: an id keeps all its digits.
    pub(super) fn integer(number: i128) -> Self {
        let exact = i64::try_from(number)
            .map(Value::from)
            .or_else(|_| u64::try_from(number).map(Value::from));
        Self::Scalar(exact.unwrap_or_else(|_| Value::from(number.to_string())))
    }

    /// An infinity and what is no number are no data.
    pub(super) fn float(number: f64) -> Self {
        Number::from_f64(number).map_or(Self::Opaque, |number| Self::Scalar(Value::Number(number)))
    }
}

impl Name {
    /// The key that a value makes.
    pub(super) fn of(node: &Node) -> Self {
        match Key::of(node) {
            Key::Text(text) => Self::Text(text.to_owned()),
            Key::Number(number) => Self::Number(number),
            Key::Other => Self::Other,
        }
    }
}

impl<'g> Key<'g> {
    fn of(node: &'g Node) -> Self {
        match node {
            Node::Scalar(Value::String(text)) => Self::Text(text),
            Node::Scalar(Value::Number(number)) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Number(number.into()),
                (None, Some(number)) => Self::Number(number.into()),
                (None, None) => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

pub(super) const TOO_MANY: &str = "more values than the limit";
