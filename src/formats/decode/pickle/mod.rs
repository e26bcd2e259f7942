//! Python's pickle, protocols 0 to 5: the part of it that is data.
//!
//! A pickle is a program. The opcodes that build scalars, texts, lists and maps are carried out; whatever would find,
//! call or fill an object of a class leaves an opaque value in its place, its arguments dropped. Nothing is imported.

mod line;
mod machine;
mod opcode;
mod scalar;
mod stack;

pub(super) use machine::decode;
