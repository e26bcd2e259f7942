//! Broken records of every kind: no panic, no result past the limits.

use super::fixture::fixtures;
use crate::formats::decode::{DecodeError, Decoded, Encoding, Limits, decode_spring};
use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use serde_json::Value;

const SMALL: Limits = Limits {
    bytes: 2048,
    depth: 6,
    nodes: 200,
    text: 4096,
};

#[test]
fn a_record_cut_at_any_byte_is_refused_or_read_within_the_limits() {
    for fixture in fixtures() {
        let mut whole = fixture.record.clone();
        for (part, bytes) in whole.parts().into_iter().enumerate() {
            for length in 0..bytes.len() {
                let mut cut = fixture.record.clone();
                cut.parts()[part].truncate(length);
                check(
                    cut.decode(&SMALL),
                    &SMALL,
                    &format!("{} cut at {length}", fixture.name),
                );
            }
        }
    }
}

#[test]
fn a_record_changed_two_thousand_times_is_refused_or_read_within_the_limits() {
    for fixture in fixtures() {
        let mut dice = Dice(0x5eed);
        for round in 0..2000 {
            let mut changed = fixture.record.clone();
            let mut parts = changed.parts();
            let part = dice.below(parts.len());
            for _ in 0..=dice.below(4) {
                change(parts[part], &mut dice);
            }
            check(
                changed.decode(&SMALL),
                &SMALL,
                &format!("{} round {round}", fixture.name),
            );
        }
    }
}

/// Flips, replaces, removes, repeats or inserts.
fn change(bytes: &mut Vec<u8>, dice: &mut Dice) {
    if bytes.is_empty() {
        return;
    }
    let place = dice.below(bytes.len());
    match dice.below(5) {
        0 => bytes[place] ^= 1 << dice.below(8),
        1 => bytes[place] = INTERESTING[dice.below(INTERESTING.len())],
        2 => {
            bytes.remove(place);
        }
        3 => {
            let end = (place + 1 + dice.below(16)).min(bytes.len());
            let again = bytes[place..end].to_vec();
            bytes.splice(place..place, again);
        }
        _ => bytes.insert(place, INTERESTING[dice.below(INTERESTING.len())]),
    }
}

proptest! {
    #[test]
    fn random_bytes_are_refused_or_read_within_the_limits(bytes in vec(any::<u8>(), 0..600)) {
        for encoding in Encoding::ALL {
            check(encoding.decode(&bytes, &SMALL), &SMALL, encoding.as_str());
        }
        let fields = [(b"sessionAttr:a".as_slice(), bytes.as_slice()), (b"creationTime", &bytes)];
        check(decode_spring(fields, &SMALL), &SMALL, "spring");
    }

    #[test]
    fn random_opcodes_are_refused_or_read_within_the_limits(
        picks in vec(0..INTERESTING.len(), 0..400)
    ) {
        let bytes: Vec<u8> = picks.into_iter().map(|pick| INTERESTING[pick]).collect();
        for encoding in Encoding::ALL {
            check(encoding.decode(&bytes, &SMALL), &SMALL, encoding.as_str());
        }
    }
}

fn check(read: Result<Decoded, DecodeError>, limits: &Limits, case: &str) {
    match read {
        Ok(decoded) => {
            let (mut nodes, mut text) = (0, 0);
            let depth = measure(&decoded.value, &mut nodes, &mut text);
            assert!(depth <= limits.depth, "{case}: {depth} levels");
            assert!(nodes <= limits.nodes, "{case}: {nodes} values");
            assert!(text <= limits.text, "{case}: {text} bytes of text");
            assert!(decoded.opaque.len() <= 32, "{case}");
        }
        Err(error) => assert!(error.at <= limits.bytes, "{case}: {error}"),
    }
}

fn measure(value: &Value, nodes: &mut usize, text: &mut usize) -> usize {
    *nodes += 1;
    match value {
        Value::String(string) => {
            *text += string.len();
            0
        }
        Value::Array(items) => {
            let depths = items.iter().map(|item| measure(item, nodes, text));
            1 + depths.max().unwrap_or(0)
        }
        Value::Object(members) => {
            let depths = members.iter().map(|(name, value)| {
                *text += name.len();
                measure(value, nodes, text)
            });
            1 + depths.max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// xorshift64*, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).expect("31 bits") % bound
    }
}

/// Tags, opcodes, marks and digits of all the encodings.
const INTERESTING: &[u8] =
    b"(.012FIJKLMNPQRSTUVXabcdeghijlopqrstu]})GBC{}[\"',:;|\\\n-09aisbdOCEN\
    \x00\x01\x7f\x80\x81\x82\x85\x86\x87\x88\x8a\x8b\x8c\x8d\x8f\x90\x91\x92\x93\x94\x95\x96\x97\x98\
    \x9f\xa1\xc0\xc1\xc4\xc7\xca\xcf\xd3\xd4\xd7\xd9\xdb\xdc\xdd\xde\xdf\xff\xac\xed\x05";
