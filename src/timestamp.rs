//! Times as seed 002 writes them: `2019-09-17T00:00:00.000Z`.

use thiserror::Error;
use time::{OffsetDateTime, UtcOffset};

/// RFC 3339 has four digits for the year, and no sign.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("lies outside the years 0000 to 9999 in UTC")]
pub struct OutOfRange;

/// Appends the time in UTC, cut (not rounded) to three digits: a rounded time could lie in the future.
pub fn write(at: OffsetDateTime, out: &mut String) -> Result<(), OutOfRange> {
    let utc = at
        .checked_to_offset(UtcOffset::UTC)
        .filter(|utc| (0..=9999).contains(&utc.year()))
        .ok_or(OutOfRange)?;
    // Without the machinery of `fmt`: each session that is loaded has two or three, and each line of the access log one.
    let mut put = |number: u32, digits: u32, after: char| {
        let places = (0..digits)
            .rev()
            .map(|place| number / 10_u32.pow(place) % 10);
        out.extend(places.filter_map(|digit| char::from_digit(digit, 10)));
        out.push(after);
    };
    put(utc.year().unsigned_abs(), 4, '-');
    put(u8::from(utc.month()).into(), 2, '-');
    put(utc.day().into(), 2, 'T');
    put(utc.hour().into(), 2, ':');
    put(utc.minute().into(), 2, ':');
    put(utc.second().into(), 2, '.');
    put(utc.millisecond().into(), 3, 'Z');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OutOfRange, write};
    use time::macros::datetime;

    #[test]
    fn a_time_has_three_digits_and_is_utc() {
        let cases = [
            (
                datetime!(2019-09-17 00:00:00 UTC),
                "2019-09-17T00:00:00.000Z",
            ),
            (
                datetime!(2019-09-17 08:30:05.9999 +8),
                "2019-09-17T00:30:05.999Z",
            ),
            (
                datetime!(2020-02-29 23:59:59.001 -1),
                "2020-03-01T00:59:59.001Z",
            ),
            (
                datetime!(0000-01-01 00:00:00 UTC),
                "0000-01-01T00:00:00.000Z",
            ),
            (
                datetime!(9999-12-31 23:59:59.999 UTC),
                "9999-12-31T23:59:59.999Z",
            ),
        ];
        for (at, expected) in cases {
            let mut out = String::new();
            assert_eq!(write(at, &mut out), Ok(()), "{at}");
            assert_eq!(out, expected, "{at}");
        }
    }

    #[test]
    fn a_time_that_utc_moves_out_of_four_digits_is_refused() {
        for at in [
            datetime!(9999-12-31 23:59:59 -1),
            datetime!(0000-01-01 00:00:00 +1),
            datetime!(-0001-01-01 00:00:00 UTC),
        ] {
            assert_eq!(write(at, &mut String::new()), Err(OutOfRange), "{at}");
        }
    }
}
