//! `Reading`: the one way of reading that fits most records of a kind.

use crate::formats::{Decoded, Encoding, Limits, decode_spring};
use crate::store::{RawRecord, Shape};
use serde_json::Value;

/// Records that were read alike.
pub(super) struct Reading {
    /// How.
    pub(super) shape: Shape,
    /// Those that could be read so and are what sessions are: members with values.
    pub(super) decoded: Vec<Decoded>,
}

impl Reading {
    /// Tries every encoding; `None` where no record can be read in any.
    pub(super) fn of(records: &[RawRecord]) -> Option<Self> {
        let mut best: Option<Self> = None;
        for shape in shapes() {
            let decoded: Vec<Decoded> = records
                .iter()
                .filter_map(|record| decode(&shape, record))
                .collect();
            let most = best.as_ref().map_or(0, |best| best.decoded.len());
            // An earlier one is stricter: what reads as both is not taken for the later.
            if decoded.len() > most {
                best = Some(Self { shape, decoded });
            }
        }
        best
    }
}

/// Those that have the least in common with anything else come first.
fn shapes() -> impl Iterator<Item = Shape> {
    let texts = [
        Encoding::Json,
        Encoding::Laravel,
        Encoding::Php,
        Encoding::Pickle,
        Encoding::PhpSession,
        Encoding::Msgpack,
        Encoding::PhpBinary,
    ];
    let texts = texts.into_iter().map(Shape::Text);
    [Shape::SpringHash].into_iter().chain(texts)
}

fn decode(shape: &Shape, record: &RawRecord) -> Option<Decoded> {
    let limits = Limits::default();
    let decoded = match (shape, record) {
        // Nothing reads as anything.
        (Shape::Text(_), RawRecord::Text(bytes)) if bytes.is_empty() => return None,
        (Shape::Text(encoding), RawRecord::Text(bytes)) => encoding.decode(bytes, &limits).ok()?,
        (Shape::SpringHash, RawRecord::Hash(fields)) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_slice()));
            let decoded = decode_spring(fields, &limits).ok()?;
            decoded.value.get("creationTime")?;
            decoded
        }
        _ => return None,
    };
    let is_session = match &decoded.value {
        Value::Object(_) => true,
        // What PHP writes for a session without members.
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    is_session.then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::Reading;
    use crate::formats::Encoding;
    use crate::store::{RawRecord, Shape};

    fn shape(records: &[&[u8]]) -> Option<(Shape, usize)> {
        let records: Vec<_> = records
            .iter()
            .map(|record| RawRecord::Text(record.to_vec()))
            .collect();
        Reading::of(&records).map(|reading| (reading.shape, reading.decoded.len()))
    }

    #[test]
    fn the_encoding_is_the_one_that_most_records_have() {
        type Case<'a> = (&'a [&'a [u8]], Option<(Encoding, usize)>);
        let cases: [Case<'_>; 8] = [
            (&[b"{\"a\":1}", b"5", b"x"], Some((Encoding::Json, 1))),
            (
                &[b"a:0:{}", b"a:1:{s:1:\"a\";i:1;}"],
                Some((Encoding::Php, 2)),
            ),
            (
                &[b"a|i:1;", b"", b"{}", b"b|i:2;"],
                Some((Encoding::PhpSession, 2)),
            ),
            (&[b"s:6:\"a:0:{}\";"], Some((Encoding::Laravel, 1))),
            (&[b"\x81\xa1a\x01"], Some((Encoding::Msgpack, 1))),
            (&[b"\x01ai:1;"], Some((Encoding::PhpBinary, 1))),
            (&[b"12", b"text", b"", b"[1]", b"\xff\xfe"], None),
            (&[], None),
        ];
        for (records, expected) in cases {
            let expected = expected.map(|(encoding, read)| (Shape::Text(encoding), read));
            assert_eq!(shape(records), expected, "{records:?}");
        }
    }

    #[test]
    fn a_hash_is_a_session_if_it_has_a_time_of_creation() {
        let hash = |name: &str| RawRecord::Hash(vec![(name.to_owned(), b"1".to_vec())]);
        assert!(Reading::of(&[hash("name")]).is_none());
        let reading = Reading::of(&[hash("creationTime")]).expect("a session");
        assert_eq!(reading.shape, Shape::SpringHash);
    }
}
