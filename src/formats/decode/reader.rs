//! `Reader`: bytes from front to back, never past their end.

use super::decoded::DecodeError;

/// A place in the bytes of a record, or of a part of it.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which begin at offset `at` of the record.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { rest: bytes, at }
    }

    /// Offset in the record.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, DecodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.fault(ENDS));
        };
        self.go_on(rest);
        Ok(*taken)
    }

    /// As many bytes as the record declares; a length past the end of the record is refused here.
    pub(super) fn take(&mut self, declared: u64) -> Result<&'a [u8], DecodeError> {
        let taken = usize::try_from(declared)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length));
        let Some((taken, rest)) = taken else {
            return Err(self.fault(ENDS));
        };
        self.go_on(rest);
        Ok(taken)
    }

    /// What stands before the next `end`, which is passed over.
    pub(super) fn until(&mut self, end: u8) -> Result<&'a [u8], DecodeError> {
        let place = self.rest.iter().position(|byte| *byte == end);
        let Some(place) = place else {
            return Err(self.fault(ENDS));
        };
        let taken = self.take(place as u64)?;
        self.byte()?;
        Ok(taken)
    }

    /// Passes over exactly these bytes.
    pub(super) fn expect(&mut self, wanted: &[u8], fault: &'static str) -> Result<(), DecodeError> {
        let Some(rest) = self.rest.strip_prefix(wanted) else {
            return Err(self.fault(if self.is_empty() { ENDS } else { fault }));
        };
        self.go_on(rest);
        Ok(())
    }

    /// The record ends with the value.
    pub(super) fn end(&self) -> Result<(), DecodeError> {
        if self.is_empty() {
            return Ok(());
        }
        Err(self.fault("more follows the value"))
    }

    pub(super) fn fault(&self, fault: &'static str) -> DecodeError {
        DecodeError { at: self.at, fault }
    }

    fn go_on(&mut self, rest: &'a [u8]) {
        self.at += self.rest.len() - rest.len();
        self.rest = rest;
    }
}

/// Also what a length past the end of the record comes to.
pub(super) const ENDS: &str = "the record ends too early";
