//! The machine: what each opcode does to the stack and the memo.
//!
//! Source: `pickletools.py` of Python 3.11, which describes each opcode.

use super::line;
use super::opcode as op;
use super::scalar::scalar;
use super::stack::Stack;
use crate::formats::decode::decoded::{DecodeError, Decoded};
use crate::formats::decode::graph::{Graph, Name, Node, NodeId};
use crate::formats::decode::limits::Limits;
use crate::formats::decode::reader::Reader;
use crate::formats::decode::unfold::unfold;
use std::collections::HashMap;

/// Reads a pickle up to its STOP, which must be its last byte.
pub(in crate::formats::decode) fn decode(
    bytes: &[u8],
    limits: &Limits,
) -> Result<Decoded, DecodeError> {
    let mut machine = Machine {
        reader: Reader::new(bytes, 0),
        graph: Graph::new(limits),
        stack: Stack::default(),
        memo: HashMap::new(),
    };
    let root = machine.run()?;
    machine.reader.end()?;
    unfold(&machine.graph, root, limits, bytes.len())
}

struct Machine<'a> {
    reader: Reader<'a>,
    graph: Graph,
    stack: Stack,
    memo: HashMap<u64, NodeId>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<NodeId, DecodeError> {
        loop {
            let opcode = self.reader.byte()?;
            if opcode == op::STOP {
                return self.pop();
            }
            if let Some(node) = scalar(opcode, &mut self.reader)? {
                self.push(node)?;
            } else if !self.arrange(opcode)?
                && !self.collect(opcode)?
                && !self.remember(opcode)?
                && !self.withhold(opcode)?
            {
                return Err(self.reader.fault("not an opcode of pickle"));
            }
        }
    }

    /// Opcodes about the stack and the record itself. False if this is none, as in the three that follow.
    fn arrange(&mut self, opcode: u8) -> Result<bool, DecodeError> {
        match opcode {
            op::MARK => self.stack.mark(),
            // POP on a mark takes the mark.
            op::POP if !self.stack.ends_in_mark() => {
                self.pop()?;
            }
            op::POP | op::POP_MARK => {
                self.pop_to_mark()?;
            }
            op::DUP => {
                let top = self.top()?;
                self.stack.push(top);
            }
            op::PROTO => {
                if self.reader.byte()? > 5 {
                    return Err(self.reader.fault("a protocol of pickle above 5"));
                }
            }
            op::FRAME => {
                self.reader.array::<8>()?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Opcodes that make and fill lists and maps; a tuple and a set are lists.
    fn collect(&mut self, opcode: u8) -> Result<bool, DecodeError> {
        match opcode {
            op::EMPTY_LIST | op::EMPTY_TUPLE | op::EMPTY_SET => {
                self.push(Node::List(Vec::new()))?
            }
            op::EMPTY_DICT => self.push(Node::Map(Vec::new()))?,
            op::LIST | op::TUPLE | op::FROZENSET => {
                let items = self.pop_to_mark()?;
                self.push(Node::List(items))?;
            }
            op::TUPLE1..=op::TUPLE3 => {
                let items = self.pop_many(usize::from(opcode - op::TUPLE1) + 1)?;
                self.push(Node::List(items))?;
            }
            op::DICT => {
                let items = self.pop_to_mark()?;
                self.push(Node::Map(Vec::new()))?;
                self.set_items(&items)?;
            }
            op::APPEND => {
                let item = self.pop()?;
                self.append(vec![item])?;
            }
            op::APPENDS | op::ADDITEMS => {
                let items = self.pop_to_mark()?;
                self.append(items)?;
            }
            op::SETITEM => {
                let item = self.pop_many(2)?;
                self.set_items(&item)?;
            }
            op::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set_items(&items)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Opcodes of the memo.
    fn remember(&mut self, opcode: u8) -> Result<bool, DecodeError> {
        match opcode {
            op::PUT => self.put_at(line::number)?,
            op::BINPUT => self.put_at(|reader| Ok(reader.byte()?.into()))?,
            op::LONG_BINPUT => {
                self.put_at(|reader| Ok(u32::from_le_bytes(reader.array()?).into()))?
            }
            op::MEMOIZE => {
                let next = self.memo.len() as u64;
                self.put_at(|_| Ok(next))?;
            }
            op::GET => self.get_at(line::number)?,
            op::BINGET => self.get_at(|reader| Ok(reader.byte()?.into()))?,
            op::LONG_BINGET => {
                self.get_at(|reader| Ok(u32::from_le_bytes(reader.array()?).into()))?
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Opcodes that would reach for code: what they take goes, what they give is opaque.
    fn withhold(&mut self, opcode: u8) -> Result<bool, DecodeError> {
        match opcode {
            op::GLOBAL => self.lines(2)?,
            op::INST => {
                self.lines(2)?;
                self.pop_to_mark()?;
            }
            op::OBJ => drop(self.pop_to_mark()?),
            op::REDUCE | op::NEWOBJ | op::STACK_GLOBAL => drop(self.pop_many(2)?),
            op::NEWOBJ_EX => drop(self.pop_many(3)?),
            op::BUILD => {
                self.pop()?;
                return self.build().map(|()| true);
            }
            op::PERSID => self.lines(1)?,
            op::BINPERSID => drop(self.pop()?),
            op::EXT1 => drop(self.reader.array::<1>()?),
            op::EXT2 => drop(self.reader.array::<2>()?),
            op::EXT4 => drop(self.reader.array::<4>()?),
            op::NEXT_BUFFER => {}
            op::READONLY_BUFFER => return self.top().map(|_| true),
            _ => return Ok(false),
        }
        self.push(Node::Opaque)?;
        Ok(true)
    }

    fn lines(&mut self, count: usize) -> Result<(), DecodeError> {
        for _ in 0..count {
            self.reader.until(b'\n')?;
        }
        Ok(())
    }

    /// BUILD fills an object that is opaque already.
    fn build(&self) -> Result<(), DecodeError> {
        match self.graph.node(self.top()?) {
            Node::Opaque => Ok(()),
            _ => Err(self.reader.fault("a state for what is no object")),
        }
    }

    fn append(&mut self, items: Vec<NodeId>) -> Result<(), DecodeError> {
        let list = self.top()?;
        match self.graph.node_mut(list) {
            Some(Node::List(list)) => list.extend(items),
            Some(Node::Opaque) => {}
            _ => return Err(self.reader.fault("items for what is no list")),
        }
        Ok(())
    }

    fn set_items(&mut self, items: &[NodeId]) -> Result<(), DecodeError> {
        let map = self.top()?;
        let (pairs, odd) = items.as_chunks::<2>();
        if !odd.is_empty() {
            return Err(self.reader.fault("a key without a value"));
        }
        let names = pairs.iter().map(|[name, value]| (Name::At(*name), *value));
        let entries: Vec<_> = names.collect();
        match self.graph.node_mut(map) {
            Some(Node::Map(map)) => map.extend(entries),
            Some(Node::Opaque) => {}
            _ => return Err(self.reader.fault("entries for what is no map")),
        }
        Ok(())
    }

    fn put_at(
        &mut self,
        place: impl Fn(&mut Reader<'_>) -> Result<u64, DecodeError>,
    ) -> Result<(), DecodeError> {
        let place = place(&mut self.reader)?;
        let top = self.top()?;
        self.memo.insert(place, top);
        Ok(())
    }

    fn get_at(
        &mut self,
        place: impl Fn(&mut Reader<'_>) -> Result<u64, DecodeError>,
    ) -> Result<(), DecodeError> {
        let place = place(&mut self.reader)?;
        let Some(kept) = self.memo.get(&place) else {
            return Err(self.reader.fault("nothing is kept in the memo there"));
        };
        self.stack.push(*kept);
        Ok(())
    }

    fn push(&mut self, node: Node) -> Result<(), DecodeError> {
        let id = self.graph.add(node, self.reader.at())?;
        self.stack.push(id);
        Ok(())
    }

    fn top(&self) -> Result<NodeId, DecodeError> {
        self.stack.top().ok_or_else(|| self.reader.fault(NOTHING))
    }

    fn pop(&mut self) -> Result<NodeId, DecodeError> {
        let top = self.top()?;
        self.stack.pop_many(1);
        Ok(top)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<NodeId>, DecodeError> {
        let values = self.stack.pop_many(count);
        values.ok_or_else(|| self.reader.fault(NOTHING))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<NodeId>, DecodeError> {
        let values = self.stack.pop_to_mark();
        values.ok_or_else(|| self.reader.fault("no mark on the stack"))
    }
}

const NOTHING: &str = "too little on the stack";
