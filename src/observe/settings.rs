//! `LogSettings`: the `log:` section.

/// What is logged, how, and how much of the access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct LogSettings {
    /// The gateway's own messages.
    pub level: LogLevel,
    /// Shape of every line.
    pub format: LogFormat,
    /// One line per request, or fewer.
    pub access: AccessLog,
}

/// `level:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Only what is broken.
    Error,
    /// And what will be.
    Warn,
    /// And what changed.
    #[default]
    Info,
    /// And why.
    Debug,
}

/// `format:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// `text` on a terminal, `json` elsewhere.
    #[default]
    Auto,
    /// One JSON object per line.
    Json,
    /// For people.
    Text,
}

/// `access:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AccessLog {
    /// Every request.
    #[default]
    All,
    /// Every failure and denial, and one in a hundred of the rest.
    Sampled,
    /// No request.
    None,
}
