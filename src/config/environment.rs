//! `Environment`: the only door to the process environment, so that tests bring their own.

use std::path::PathBuf;

/// Variables as `${NAME}` and `{env: NAME}` see them.
pub trait Environment {
    /// The value, if the variable is set and is UTF-8.
    fn variable(&self, name: &str) -> Option<String>;

    /// Where systemd's `LoadCredential=` puts its files.
    fn credentials_directory(&self) -> Option<PathBuf> {
        self.variable("CREDENTIALS_DIRECTORY").map(PathBuf::from)
    }
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads it")]
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// What a test sets.
#[cfg(test)]
#[derive(Default)]
pub(super) struct FixedEnvironment(std::collections::HashMap<String, String>);

#[cfg(test)]
impl FixedEnvironment {
    pub(super) fn of(variables: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(variables.iter().map(owned).collect())
    }
}

#[cfg(test)]
impl Environment for FixedEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}
