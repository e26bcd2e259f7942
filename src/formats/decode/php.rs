//! What PHP's `serialize` writes: `a:1:{s:4:"user";i:7;}`. Objects are maps of their properties; no class is loaded.
//!
//! Sources: `ext/standard/var.c` and `var_unserializer.re` of PHP 8.2. Lists are arrays whose keys are 0, 1, 2 …

use super::decoded::{DecodeError, Decoded};
use super::graph::{Graph, Name, Node, NodeId};
use super::limits::Limits;
use super::reader::Reader;
use super::unfold::{TOO_DEEP, unfold};
use serde_json::Value;

/// Reads one serialised value, which begins at offset `at` of the record.
pub(super) fn decode(bytes: &[u8], at: usize, limits: &Limits) -> Result<Decoded, DecodeError> {
    let mut values = Php::new(Reader::new(bytes, at), limits);
    let root = values.value(limits.depth)?;
    values.reader.end()?;
    unfold(&values.graph, root, limits, values.reader.at())
}

/// Serialised values that follow each other and may refer to each other.
pub(super) struct Php<'a> {
    pub(super) reader: Reader<'a>,
    pub(super) graph: Graph,
    /// What `R:1;`, `r:1;` and so on refer to.
    slots: Vec<NodeId>,
    /// How many slots are surely numbered as PHP numbers them: what a class serialised itself may hold more.
    sure: usize,
}

impl<'a> Php<'a> {
    pub(super) fn new(reader: Reader<'a>, limits: &Limits) -> Self {
        Self {
            reader,
            graph: Graph::new(limits),
            slots: Vec::new(),
            sure: usize::MAX,
        }
    }

    /// Reads the next value, with so many levels of nesting to spare.
    pub(super) fn value(&mut self, depth_left: usize) -> Result<NodeId, DecodeError> {
        let tag = self.reader.byte()?;
        if matches!(tag, b'R' | b'r') {
            return self.reference(tag);
        }
        // A value has its slot before those inside it have theirs.
        let id = self.graph.add(Node::Opaque, self.reader.at())?;
        self.slots.push(id);
        let node = match tag {
            b'a' => self.array(depth_left)?,
            b'O' => self.object(depth_left)?,
            b'C' => self.custom()?,
            b'E' => self.enumerator()?,
            _ => self.scalar(tag)?,
        };
        self.graph.fill(id, node);
        Ok(id)
    }

    fn scalar(&mut self, tag: u8) -> Result<Node, DecodeError> {
        match tag {
            b'N' => {
                self.reader.expect(b";", "no `;` after a null")?;
                Ok(Node::Scalar(Value::Null))
            }
            b'b' => match self.field(b';')? {
                b"0" => Ok(Node::Scalar(Value::Bool(false))),
                b"1" => Ok(Node::Scalar(Value::Bool(true))),
                _ => Err(self.reader.fault("a boolean is neither 0 nor 1")),
            },
            b'i' => Ok(Node::integer(self.integer()?.into())),
            b'd' => self.float(),
            b's' => {
                let text = self.quoted()?;
                self.reader.expect(b";", "no `;` after a text")?;
                Ok(Node::text(text))
            }
            _ => Err(self.reader.fault("not a tag of PHP's serialize")),
        }
    }

    fn float(&mut self) -> Result<Node, DecodeError> {
        let text = str::from_utf8(self.field(b';')?).unwrap_or_default();
        let number = text.parse();
        let number = number.map_err(|_| self.reader.fault("not a number"))?;
        Ok(Node::float(number))
    }

    fn array(&mut self, depth_left: usize) -> Result<Node, DecodeError> {
        self.reader.expect(b":", "no `:` after a tag")?;
        let entries = self.entries(depth_left)?;
        let is_list = (0..)
            .zip(&entries)
            .all(|(place, (name, _))| *name == Name::Number(place));
        Ok(match is_list {
            true => Node::List(entries.into_iter().map(|(_, id)| id).collect()),
            false => Node::Map(entries),
        })
    }

    fn object(&mut self, depth_left: usize) -> Result<Node, DecodeError> {
        self.quoted()?;
        self.reader.expect(b":", "no `:` after a class")?;
        let properties = self.entries(depth_left)?;
        let properties = properties.into_iter().map(|(name, id)| (visible(name), id));
        Ok(Node::Map(properties.collect()))
    }

    /// What a class made of itself by `Serializable`: only it knows what that says.
    fn custom(&mut self) -> Result<Node, DecodeError> {
        self.quoted()?;
        let length = self.length(b':')?;
        self.reader.expect(b"{", "no `{` where an object begins")?;
        self.reader.take(length)?;
        self.reader.expect(b"}", "no `}` where an object ends")?;
        self.sure = self.sure.min(self.slots.len());
        Ok(Node::Opaque)
    }

    fn enumerator(&mut self) -> Result<Node, DecodeError> {
        self.quoted()?;
        self.reader.expect(b";", "no `;` after an enumerator")?;
        Ok(Node::Opaque)
    }

    /// `R` is the same variable and has no slot; `r` is the same object, in a slot of its own.
    fn reference(&mut self, tag: u8) -> Result<NodeId, DecodeError> {
        let number = self.length(b';')?;
        let place = usize::try_from(number)
            .ok()
            .and_then(|number| number.checked_sub(1));
        let Some(target) = place.and_then(|place| self.slots.get(place).copied()) else {
            return Err(self.reader.fault("a reference to nothing"));
        };
        let target = match place.is_some_and(|place| place < self.sure) {
            true => target,
            false => self.graph.add(Node::Opaque, self.reader.at())?,
        };
        if tag == b'r' {
            self.slots.push(target);
        }
        Ok(target)
    }

    /// `2:{<key><value><key><value>}`
    fn entries(&mut self, depth_left: usize) -> Result<Vec<(Name, NodeId)>, DecodeError> {
        let deeper = depth_left.checked_sub(1);
        let deeper = deeper.ok_or_else(|| self.reader.fault(TOO_DEEP))?;
        let text = self.reader.until(b':')?;
        let count = self.number::<u64>(text)?;
        self.reader.expect(b"{", "no `{` where entries begin")?;
        let mut entries = Vec::new();
        for _ in 0..count {
            let name = self.name()?;
            entries.push((name, self.value(deeper)?));
        }
        self.reader.expect(b"}", "no `}` where entries end")?;
        Ok(entries)
    }

    fn name(&mut self) -> Result<Name, DecodeError> {
        match self.reader.byte()? {
            tag @ (b'i' | b's') => Ok(Name::of(&self.scalar(tag)?)),
            _ => Err(self
                .reader
                .fault("a key is neither text nor a whole number")),
        }
    }

    fn integer(&mut self) -> Result<i64, DecodeError> {
        let text = self.field(b';')?;
        self.number(text)
    }

    fn length(&mut self, end: u8) -> Result<u64, DecodeError> {
        let text = self.field(end)?;
        self.number(text)
    }

    /// `:4:"text"`
    pub(super) fn quoted(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.length(b':')?;
        self.reader.expect(b"\"", "no quote before a text")?;
        let text = self.reader.take(length)?;
        self.reader.expect(b"\"", "no quote after a text")?;
        Ok(text)
    }

    /// `:<field><end>`
    fn field(&mut self, end: u8) -> Result<&'a [u8], DecodeError> {
        self.reader.expect(b":", "no `:` after a tag")?;
        self.reader.until(end)
    }

    fn number<T: std::str::FromStr>(&self, text: &[u8]) -> Result<T, DecodeError> {
        let number = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.reader.fault("not a whole number"))
    }
}

/// A protected property is `\0*\0name`, a private one `\0Class\0name`.
fn visible(name: Name) -> Name {
    let Name::Text(text) = &name else { return name };
    match text
        .strip_prefix('\0')
        .and_then(|text| text.split_once('\0'))
    {
        Some((_, plain)) => Name::Text(plain.to_owned()),
        None => name,
    }
}
