//! How long to wait before dialling again.

use std::time::Duration;

/// The pause after so many failures in a row: none after a steady connection broke, then 50 ms doubling to 2 s, of
/// which `dice` (any 64 bits) takes up to half away, so that many nodes do not come back at the same moment.
pub(super) fn pause(failures: u32, dice: u64) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else {
        return Duration::ZERO;
    };
    let full_ms = FIRST_MS
        .saturating_mul(1 << doublings.min(16))
        .min(LONGEST_MS);
    Duration::from_millis(full_ms - dice % (full_ms / 2 + 1))
}

const FIRST_MS: u64 = 50;
const LONGEST_MS: u64 = 2_000;

#[cfg(test)]
mod tests {
    use super::pause;
    use std::time::Duration;

    #[test]
    fn the_pause_doubles_up_to_two_seconds() {
        let cases = [
            (0, 0, 0),
            (1, 0, 50),
            (1, 25, 25),
            (1, 26, 50),
            (2, 0, 100),
            (6, 0, 1_600),
            (7, 0, 2_000),
            (7, 1_000, 1_000),
            (u32::MAX, 0, 2_000),
            (u32::MAX, u64::MAX, 2_000 - u64::MAX % 1_001),
        ];
        for (failures, dice, expected_ms) in cases {
            let expected = Duration::from_millis(expected_ms);
            assert_eq!(
                pause(failures, dice),
                expected,
                "{failures} failures, dice {dice}"
            );
        }
    }
}
