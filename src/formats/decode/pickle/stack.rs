//! The stack and the marks on it.

use crate::formats::decode::graph::NodeId;

/// No call but `pop_to_mark` reaches below the last mark.
#[derive(Default)]
pub(super) struct Stack {
    values: Vec<NodeId>,
    /// Heights at which marks stand.
    marks: Vec<usize>,
}

impl Stack {
    pub(super) fn push(&mut self, id: NodeId) {
        self.values.push(id);
    }

    pub(super) fn mark(&mut self) {
        self.marks.push(self.values.len());
    }

    pub(super) fn top(&self) -> Option<NodeId> {
        self.above_mark().last().copied()
    }

    /// The top values, the lowest first.
    pub(super) fn pop_many(&mut self, count: usize) -> Option<Vec<NodeId>> {
        if self.above_mark().len() < count {
            return None;
        }
        Some(self.values.split_off(self.values.len() - count))
    }

    /// Takes the last mark away, and what is above it.
    pub(super) fn pop_to_mark(&mut self) -> Option<Vec<NodeId>> {
        let mark = self.marks.pop()?;
        Some(self.values.split_off(mark.min(self.values.len())))
    }

    /// Whether the last mark is the topmost thing there is.
    pub(super) fn ends_in_mark(&self) -> bool {
        self.marks.last() == Some(&self.values.len())
    }

    fn above_mark(&self) -> &[NodeId] {
        let mark = self.marks.last().copied().unwrap_or(0);
        self.values.get(mark..).unwrap_or_default()
    }
}
