//! Handles that real frameworks gave out (tests/fixtures/handles): opened, and not once they are changed.

use super::given::{opened, other_than, real};
use crate::formats::handle::Handle;
use crate::token::FlawKind::Signature;

#[test]
fn what_real_frameworks_gave_out_is_opened_with_any_secret_of_the_list() {
    for case in real() {
        let (secret, other) = (case.secret.as_str(), other_than(&case.secret));
        for list in [&[secret][..], &[&other, secret], &[secret, &other]] {
            let found = opened(&(case.handle)(list), &case.shown);
            assert_eq!(found.as_ref(), Ok(&case.id), "{}", case.shown);
        }
        let found = opened(&(case.handle)(&[&other]), &case.shown);
        assert_eq!(found, Err(Signature), "{}", case.shown);
    }
}

#[test]
fn no_character_can_be_changed_taken_out_or_added() {
    for case in real() {
        let handle = (case.handle)(&[&case.secret]);
        // Another way of writing the same bytes is no change: what is shown is decoded first.
        let decoded = handle
            .decode
            .iter()
            .fold(case.shown.clone().into_bytes(), |shown, step| {
                step.undo(&shown).expect("a real handle")
            });
        let proved = Handle {
            decode: Vec::new(),
            ..handle
        };
        let decoded = String::from_utf8(decoded).expect("text");
        assert_eq!(opened(&proved, &decoded).as_ref(), Ok(&case.id));
        for at in 0..decoded.len() {
            for changed in changes(&decoded, at) {
                let found = opened(&proved, &changed);
                assert!(found.is_err(), "{changed} was taken for {decoded}");
            }
        }
    }
}

fn changes(text: &str, at: usize) -> Vec<String> {
    let (before, after) = text.split_at(at);
    let (one, rest) = (after.chars().next().expect("a character"), &after[1..]);
    let other = |change: char| format!("{before}{change}{rest}");
    let flipped = char::from(u8::try_from(one).expect("ASCII") ^ 1);
    let case = if one.is_ascii_lowercase() {
        one.to_ascii_uppercase()
    } else {
        one.to_ascii_lowercase()
    };
    let mut changed = vec![
        before.to_owned(),
        format!("{before}{rest}"),
        format!("{before}A{after}"),
    ];
    changed.extend(
        [flipped, case, '.', '=', 'é']
            .into_iter()
            .filter(|new| *new != one)
            .map(other),
    );
    changed.retain(|changed| changed != text);
    changed
}

#[test]
fn debug_and_refusals_show_no_secret_and_no_handle() {
    for case in real() {
        let handle = (case.handle)(&[&case.secret]);
        let settings = format!("{handle:?}");
        let id = format!("{:?}", handle.open(&case.shown));
        let flaw = handle.open(&case.shown[1..]).expect_err("a change");
        for shown in [settings, id, flaw.to_string()] {
            assert!(!shown.contains(&case.secret), "{shown}");
            assert!(!shown.contains(&case.id), "{shown}");
        }
    }
}
