//! `Tokens`: the known sessions of a file, and which of them is asked for next.

use rand::RngExt;
use rand::distr::Distribution;
use rand::distr::weighted::WeightedIndex;
use rand::rngs::SmallRng;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use thiserror::Error;

/// A session and whose it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) token: Box<str>,
    /// Empty where the file names none.
    pub(crate) user: Box<str>,
}

/// Tokens and a way to choose among them.
pub(crate) struct Tokens {
    all: Vec<Token>,
    choice: Choice,
}

enum Choice {
    Uniform,
    /// The cumulative table of 1 / rank^s.
    Zipf(WeightedIndex<f64>),
    /// Shared by all threads: how many have been taken, those skipped included.
    InTurn(AtomicUsize),
}

/// Why a file of tokens is no use.
#[derive(Debug, Error)]
pub(crate) enum TokensError {
    #[error("{file}: {fault}")]
    Unreadable {
        file: PathBuf,
        #[source]
        fault: std::io::Error,
    },
    #[error("{0}: no token in it")]
    Empty(PathBuf),
    #[error("{0}, line {1}: a token is visible ASCII without spaces")]
    NotAToken(PathBuf, usize),
    #[error("--zipf must be a number from 0 to 10")]
    Exponent,
}

impl Tokens {
    /// Uniform at exponent 0.
    pub(crate) fn by_zipf(all: Vec<Token>, exponent: f64) -> Result<Self, TokensError> {
        if !(0.0..=10.0).contains(&exponent) {
            return Err(TokensError::Exponent);
        }
        let weights = (1..=all.len()).map(|rank| (rank as f64).powf(-exponent));
        let choice = if exponent == 0.0 {
            Choice::Uniform
        } else {
            let table = WeightedIndex::new(weights);
            Choice::Zipf(table.map_err(|_| TokensError::Exponent)?)
        };
        Ok(Self { all, choice })
    }

    /// One after another, over all threads, from the one after `skip`.
    pub(crate) fn in_turn(all: Vec<Token>, skip: usize) -> Self {
        Self {
            all,
            choice: Choice::InTurn(AtomicUsize::new(skip)),
        }
    }

    /// `None` only where there are none.
    pub(crate) fn choose(&self, rng: &mut SmallRng) -> Option<&Token> {
        let at = match &self.choice {
            Choice::Uniform if self.all.is_empty() => return None,
            Choice::Uniform => rng.random_range(0..self.all.len()),
            Choice::Zipf(table) => table.sample(rng),
            Choice::InTurn(taken) => taken.fetch_add(1, Ordering::Relaxed) % self.all.len().max(1),
        };
        self.all.get(at)
    }

    /// With `in_turn`: how many were taken, those skipped included, and of how many.
    pub(crate) fn taken(&self) -> Option<(usize, usize)> {
        match &self.choice {
            Choice::InTurn(taken) => Some((taken.load(Ordering::Relaxed), self.all.len())),
            Choice::Uniform | Choice::Zipf(_) => None,
        }
    }
}

/// Lines of token, tab, user id.
pub(crate) fn read(file: &Path) -> Result<Vec<Token>, TokensError> {
    let text = std::fs::read_to_string(file).map_err(|fault| TokensError::Unreadable {
        file: file.to_owned(),
        fault,
    })?;
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let (token, user) = line.split_once('\t').unwrap_or((line, ""));
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokensError::NotAToken(file.to_owned(), number + 1));
        }
        all.push(Token {
            token: token.into(),
            user: user.into(),
        });
    }
    if all.is_empty() {
        return Err(TokensError::Empty(file.to_owned()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{Token, Tokens, TokensError, read};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;
    use std::collections::HashMap;

    fn numbered(count: usize) -> Vec<Token> {
        let token = |number: usize| Token {
            token: number.to_string().into(),
            user: format!("user-{number}").into(),
        };
        (1..=count).map(token).collect()
    }

    fn counts(tokens: &Tokens, draws: u32) -> HashMap<u32, u32> {
        let mut rng = SmallRng::seed_from_u64(3);
        let mut counts = HashMap::new();
        for _ in 0..draws {
            let token = tokens.choose(&mut rng).expect("there are some");
            *counts
                .entry(token.token.parse().expect("a number"))
                .or_default() += 1;
        }
        counts
    }

    #[test]
    fn zipf_asks_for_each_rank_in_proportion() {
        let draws = 100_000;
        for exponent in [0.0, 0.8, 1.0, 1.2] {
            let tokens = Tokens::by_zipf(numbered(1000), exponent).expect("a sound exponent");
            let counts = counts(&tokens, draws);
            let sum: f64 = (1..=1000_u32)
                .map(|rank| f64::from(rank).powf(-exponent))
                .sum();
            for rank in [1, 2, 10, 100_u32] {
                let due = f64::from(draws) * f64::from(rank).powf(-exponent) / sum;
                let got = f64::from(counts.get(&rank).copied().unwrap_or_default());
                // Five standard deviations.
                assert!(
                    (got - due).abs() < 5.0 * due.sqrt(),
                    "exponent {exponent}, rank {rank}: {got}, due {due:.0}"
                );
            }
        }
        assert!(Tokens::by_zipf(numbered(3), -0.1).is_err());
        assert!(Tokens::by_zipf(numbered(3), f64::NAN).is_err());
    }

    #[test]
    fn in_turn_takes_each_once_before_any_twice() {
        let tokens = Tokens::in_turn(numbered(5), 2);
        let mut rng = SmallRng::seed_from_u64(1);
        let taken: Vec<_> = (0..6)
            .filter_map(|_| tokens.choose(&mut rng))
            .map(|token| token.token.to_string())
            .collect();
        assert_eq!(taken, ["3", "4", "5", "1", "2", "3"]);
        assert_eq!(tokens.taken(), Some((8, 5)));
    }

    #[test]
    fn a_file_is_read_or_refused_with_its_line() {
        let dir = tempfile::tempdir().expect("scratch");
        let file = dir.path().join("tokens.tsv");
        std::fs::write(&file, "t1\tuser 1\nt2\n").expect("written");
        let tokens = read(&file).expect("sound");
        assert_eq!((&*tokens[0].token, &*tokens[0].user), ("t1", "user 1"));
        assert_eq!((&*tokens[1].token, &*tokens[1].user), ("t2", ""));
        for (text, line) in [("t1\n\nt3\n", 2), ("a b\tu\n", 1), ("t\r\n\tu", 2)] {
            std::fs::write(&file, text).expect("written");
            let fault = read(&file).expect_err(text);
            assert!(
                matches!(fault, TokensError::NotAToken(_, at) if at == line),
                "{text:?}: {fault}"
            );
        }
        std::fs::write(&file, "").expect("written");
        assert!(matches!(read(&file), Err(TokensError::Empty(_))));
    }
}
