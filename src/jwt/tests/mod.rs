//! The room as a whole: tokens of others, tokens of attackers, keys that change.

mod attacks;
mod flips;
mod issuer;
mod key_sets;
mod rotation;
mod vectors;
