//! `Limits`: how much of a foreign record is read before it is refused.

/// Bounds of one decoding. What a record declares about itself never allocates: only what is there does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the record in bytes; of all fields together where it is a hash.
    pub bytes: usize,
    /// Lists and maps inside each other.
    pub depth: usize,
    /// Values in the result, what a record repeats by reference counted each time.
    pub nodes: usize,
    /// Bytes of text in the result, names and repetitions included.
    pub text: usize,
}

impl Default for Limits {
    /// 64 KiB, 32 levels, 20,000 values, 256 KiB of text.
    fn default() -> Self {
        Self {
            bytes: 64 * 1024,
            depth: 32,
            nodes: 20_000,
            text: 256 * 1024,
        }
    }
}
