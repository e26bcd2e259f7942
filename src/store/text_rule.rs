//! `TextRule`: which texts design rule R2 lets into a session.

/// A set of legal texts.
#[derive(Clone, Copy, Debug)]
pub enum TextRule {
    /// Ids of users, identities and authenticators: 1 to 256 bytes of visible ASCII.
    Id,
    /// Roles: 1 to 64 of `A-Za-z0-9_.:-`.
    Role,
    /// Types and channels: 1 to 32 of `a-z0-9_`.
    Word,
}

impl TextRule {
    /// Whether the text is in the set.
    #[must_use]
    pub fn holds(self, text: &str) -> bool {
        let (max_bytes, legal): (usize, fn(u8) -> bool) = match self {
            Self::Id => (256, |byte| byte.is_ascii_graphic()),
            Self::Role => (64, |byte| {
                byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte)
            }),
            Self::Word => (32, |byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
            }),
        };
        (1..=max_bytes).contains(&text.len()) && text.bytes().all(legal)
    }

    /// What to say of a text outside the set.
    #[must_use]
    pub fn fault(self) -> &'static str {
        match self {
            Self::Id => "not 1 to 256 bytes of visible ASCII",
            Self::Role => "not 1 to 64 of A-Z a-z 0-9 _ . : -",
            Self::Word => "not 1 to 32 of a-z 0-9 _",
        }
    }
}
