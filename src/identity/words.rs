//! `Words`: the short texts of a session in one piece of memory.

use std::iter;

/// Each behind its length, which stands as a character, so that no text can be taken for another or for two.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words(Box<str>);

impl Words {
    pub(super) fn of<'a>(words: impl Iterator<Item = &'a str> + Clone) -> Self {
        // Exact but for long ones: an allocator may leave what is cut off where it is.
        let capacity = words.clone().map(|word| 1 + word.len()).sum();
        let mut all = String::with_capacity(capacity);
        for word in words {
            let length = u32::try_from(word.len()).ok().and_then(char::from_u32);
            all.push(length.expect("rule R2: 256 bytes at most"));
            all.push_str(word);
        }
        Self(all.into())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.0;
        iter::from_fn(move || {
            let length = rest.chars().next()?;
            let (word, others) = rest
                .strip_prefix(length)?
                .split_at_checked(length as usize)?;
            rest = others;
            Some(word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Words;

    #[test]
    fn words_come_back_as_they_were() {
        let long = "x".repeat(256);
        let cases: [&[&str]; 5] = [
            &[],
            &["u-17"],
            &["", "", "a"],
            &["\u{1}a", "admin\u{5}admin", "\0"],
            &[&long, "Jérôme", &long],
        ];
        for words in cases {
            let kept = Words::of(words.iter().copied());
            assert_eq!(kept.iter().collect::<Vec<_>>(), words);
        }
    }
}
