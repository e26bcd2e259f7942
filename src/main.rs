//! The `sessiongate` binary.

fn main() {}
