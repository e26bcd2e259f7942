//! `Node`: a JSON value for who takes it apart and keeps little of it.

use serde_json::{Number, Value};
use std::borrow::Cow;

/// A value that borrows its texts from the text that it was read from, where nothing in them is escaped.
#[derive(Debug, Default, PartialEq)]
pub enum Node<'t> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// Any number.
    Number(Number),
    /// Any string.
    Text(Cow<'t, str>),
    /// An array.
    List(Vec<Node<'t>>),
    /// An object, its members in the text's order.
    Object(Vec<(Cow<'t, str>, Node<'t>)>),
}

impl From<Node<'_>> for Value {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Null => Self::Null,
            Node::Flag(flag) => Self::Bool(flag),
            Node::Number(number) => Self::Number(number),
            Node::Text(text) => Self::String(text.into_owned()),
            Node::List(items) => items.into_iter().map(Self::from).collect(),
            Node::Object(members) => {
                let owned = |(name, node): (Cow<'_, str>, _)| (name.into_owned(), Self::from(node));
                Self::Object(members.into_iter().map(owned).collect())
            }
        }
    }
}
