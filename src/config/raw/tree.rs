//! `Node`: what YAML says, before anything is made of it. Keeps duplicate keys and the order of the file.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use std::cell::Cell;
use std::fmt;

/// One value. Keys and values are numbered in the order of the file, which is how a node is found again in the text.
pub(crate) struct Node {
    pub(crate) id: usize,
    pub(crate) yaml: Yaml,
}

/// The shapes a value can have.
pub(crate) enum Yaml {
    Empty,
    Bool(bool),
    Number(Number),
    Text {
        text: String,
        /// `${NAME}` put it there: a number or a bool in it counts as one, and the file holds no secret.
        interpolated: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One line of a mapping.
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_id: usize,
    pub(crate) value: Node,
}

impl Node {
    /// The value of a key, the first if there are several.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        let entry = self.entries().iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }

    /// The lines of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.yaml {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The words of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.yaml {
            Yaml::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    /// What a person would call this shape.
    pub(crate) fn shape(&self) -> &'static str {
        match self.yaml {
            Yaml::Empty => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Number(_) => "a number",
            Yaml::Text { .. } => "text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a mapping",
        }
    }

    /// The same value as JSON; of a repeated key the last one.
    pub(crate) fn to_json(&self) -> Value {
        match &self.yaml {
            Yaml::Empty => Value::Null,
            Yaml::Bool(value) => (*value).into(),
            Yaml::Number(number) => number.clone().into(),
            Yaml::Text { text, .. } => text.as_str().into(),
            Yaml::List(items) => items.iter().map(Node::to_json).collect(),
            Yaml::Map(entries) => {
                let member = |entry: &Entry| (entry.key.clone(), entry.value.to_json());
                Value::Object(entries.iter().map(member).collect())
            }
        }
    }

    /// Dotted path of the node or key with this number, seen from here: `routes[1].upstream`.
    pub(crate) fn path_to(&self, id: usize) -> Option<String> {
        if self.id == id {
            return Some(String::new());
        }
        match &self.yaml {
            Yaml::List(items) => items
                .iter()
                .enumerate()
                .find_map(|(i, item)| Some(format!("[{i}]{}", item.path_to(id)?))),
            Yaml::Map(entries) => entries.iter().find_map(|entry| {
                let rest = if entry.key_id == id {
                    String::new()
                } else {
                    entry.value.path_to(id)?
                };
                Some(format!(".{}{rest}", shown_key(&entry.key)))
            }),
            _ => None,
        }
    }
}

/// A key as it may be quoted. None of the format holds a colon: in `password:hunter2` the rest is a value.
pub(crate) fn shown_key(key: &str) -> &str {
    key.split(':').next().unwrap_or_default()
}

/// Builds the tree, or stops at one number so that the parser stamps the place on its error:
/// `serde_yaml` keeps no positions, but every error raised while it parses carries one.
pub(super) struct Build<'c> {
    counter: &'c Cell<usize>,
    stop_at: Option<usize>,
}

impl<'c> Build<'c> {
    pub(super) fn tree(counter: &'c Cell<usize>) -> Self {
        Self {
            counter,
            stop_at: None,
        }
    }

    pub(super) fn until(counter: &'c Cell<usize>, id: usize) -> Self {
        Self {
            counter,
            stop_at: Some(id),
        }
    }

    fn next(&self) -> Self {
        Self { ..*self }
    }
}

impl<'de> DeserializeSeed<'de> for Build<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let id = self.counter.replace(self.counter.get() + 1);
        if self.stop_at == Some(id) {
            return deserializer.deserialize_any(Stop);
        }
        let yaml = deserializer.deserialize_any(Shape(self))?;
        Ok(Node { id, yaml })
    }
}

/// Refuses whatever comes: every default `visit_` method is an error.
struct Stop;

impl Visitor<'_> for Stop {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place")
    }
}

struct Shape<'c>(Build<'c>);

impl<'de> Visitor<'de> for Shape<'_> {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a list or a mapping without a YAML tag")
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Empty)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Empty)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Yaml, E> {
        Number::from_f64(value)
            .map(Yaml::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text {
            text: value.to_owned(),
            interpolated: false,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.0.next())? {
            items.push(item);
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(self.0.next())? {
            let key_id = key.id;
            let key = match key.yaml {
                Yaml::Text { text, .. } => text,
                Yaml::Number(number) => number.to_string(),
                Yaml::Bool(value) => value.to_string(),
                Yaml::Empty | Yaml::List(_) | Yaml::Map(_) => {
                    return Err(A::Error::custom("a key is a single word"));
                }
            };
            let value = map.next_value_seed(self.0.next())?;
            entries.push(Entry { key, key_id, value });
        }
        Ok(Yaml::Map(entries))
    }
}
