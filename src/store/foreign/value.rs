//! How the values of foreign records are read: each language writes numbers, flags and times in its own way.

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A text, or a whole number from 0 on, read as its decimal digits.
pub(super) fn text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => number
            .as_u64()
            .map(|number| number.to_string())
            .ok_or("not a whole number from 0 on"),
        _ => Err("neither a text nor a whole number"),
    }
}

/// A list of texts, or one text with commas or blanks between them.
pub(super) fn texts(values: Vec<&Value>) -> Result<Vec<String>, &'static str> {
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::Array(items) => {
                for item in items {
                    texts.push(text(item)?);
                }
            }
            Value::String(list) => {
                let parts = list.split(|c: char| c == ',' || c.is_ascii_whitespace());
                let named = parts.filter(|part| !part.is_empty());
                texts.extend(named.map(str::to_owned));
            }
            Value::Number(_) => texts.push(text(value)?),
            _ => return Err("not a list of texts"),
        }
    }
    Ok(texts)
}

/// `true`, 1 and "true", or `false`, 0 and "false".
pub(super) fn flag(value: &Value) -> Result<bool, &'static str> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.as_str() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
    .ok_or("neither true nor false")
}

/// A whole number, or its digits.
pub(super) fn whole_number(value: &Value) -> Result<i64, &'static str> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    };
    number.ok_or("not a whole number")
}

/// RFC 3339, or a number since 1970: of milliseconds if it could be no number of seconds before the year 5138.
pub(super) fn time(value: &Value) -> Result<OffsetDateTime, &'static str> {
    let number = match value {
        Value::String(text) => match text.parse::<f64>() {
            Ok(number) => Some(number),
            Err(_) => return rfc3339(text).ok_or(NOT_A_TIME),
        },
        value => value.as_f64(),
    };
    number.and_then(since_1970).ok_or(NOT_A_TIME)
}

fn rfc3339(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    at.checked_to_offset(UtcOffset::UTC)
}

fn since_1970(number: f64) -> Option<OffsetDateTime> {
    let ms = if number.abs() < FIRST_MILLISECONDS {
        number * 1_000.0
    } else {
        number
    };
    // Whatever does not fit saturates, and is no time then.
    let nanos = (ms.trunc() as i128).checked_mul(1_000_000)?;
    let is_number = number.is_finite();
    is_number
        .then(|| OffsetDateTime::from_unix_timestamp_nanos(nanos).ok())
        .flatten()
}

const FIRST_MILLISECONDS: f64 = 100_000_000_000.0;
const NOT_A_TIME: &str =
    "neither an RFC 3339 time nor a number of seconds or milliseconds since 1970";

#[cfg(test)]
mod tests {
    use super::{flag, texts, time};
    use serde_json::json;
    use time::macros::datetime;

    #[test]
    fn a_time_is_read_in_every_spelling() {
        let expected = datetime!(2026-01-01 00:00:00 UTC);
        for value in [
            json!("2026-01-01T00:00:00Z"),
            json!("2026-01-01T01:00:00.000+01:00"),
            json!(1_767_225_600),
            json!(1_767_225_600.4),
            json!(1_767_225_600_000_u64),
            json!("1767225600"),
            json!("1767225600000"),
        ] {
            let read = time(&value).expect("a time");
            let off = (read - expected).whole_milliseconds();
            assert!((0..=400).contains(&off), "{value}: {off}");
        }
        for value in [
            json!("soon"),
            json!(1e300),
            json!("NaN"),
            json!("inf"),
            json!(true),
            json!({}),
        ] {
            assert!(time(&value).is_err(), "{value}");
        }
    }

    #[test]
    fn roles_come_as_a_list_or_as_one_text() {
        let cases = [
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!("a b,c,, d"), vec!["a", "b", "c", "d"]),
            (json!(""), vec![]),
            (json!(7), vec!["7"]),
        ];
        for (value, expected) in cases {
            assert_eq!(
                texts(vec![&value]),
                Ok(expected.into_iter().map(str::to_owned).collect())
            );
        }
        assert!(texts(vec![&json!([{"name": "a"}])]).is_err());
    }

    #[test]
    fn a_flag_is_one_of_two() {
        for (value, expected) in [
            (json!(true), Ok(true)),
            (json!(0), Ok(false)),
            (json!("1"), Ok(true)),
            (json!("False"), Ok(false)),
            (json!(2), Err(())),
            (json!("yes"), Err(())),
        ] {
            assert_eq!(flag(&value).map_err(|_| ()), expected, "{value}");
        }
    }
}
