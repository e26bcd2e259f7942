//! `Output`: a path as it is written, which borrows the one that was read for as long as both agree.

use std::borrow::Cow;

/// ASCII text that stays a prefix of the input until the first byte that differs.
pub(super) struct Output<'a> {
    raw: &'a str,
    same: usize,
    own: Option<String>,
}

impl<'a> Output<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        Self {
            raw,
            same: 0,
            own: None,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        self.own.as_deref().unwrap_or_else(|| self.shared())
    }

    fn shared(&self) -> &'a str {
        self.raw.get(..self.same).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.as_str().len()
    }

    pub(super) fn since(&self, start: usize) -> &str {
        self.as_str().get(start..).unwrap_or_default()
    }

    /// Where the last segment of the first `end` bytes begins.
    pub(super) fn parent_of(&self, end: usize) -> Option<usize> {
        self.as_str().get(..end)?.rfind('/')
    }

    pub(super) fn push(&mut self, byte: u8) {
        if self.own.is_none() {
            if self.raw.as_bytes().get(self.same) == Some(&byte) {
                self.same += 1;
                return;
            }
            let mut own = String::with_capacity(self.raw.len() + 16);
            own.push_str(self.shared());
            self.own = Some(own);
        }
        if let Some(own) = &mut self.own {
            own.push(char::from(byte));
        }
    }

    pub(super) fn push_encoded(&mut self, value: u8) {
        self.push(b'%');
        for nibble in [value >> 4, value & 0x0f] {
            self.push(if nibble < 10 {
                b'0' + nibble
            } else {
                b'A' + nibble - 10
            });
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        match &mut self.own {
            Some(own) => own.truncate(len),
            None => self.same = len,
        }
    }

    pub(super) fn finish(self) -> Cow<'a, str> {
        let shared = self.shared();
        self.own.map_or(Cow::Borrowed(shared), Cow::Owned)
    }
}
