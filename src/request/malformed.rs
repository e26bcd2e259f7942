//! `Malformed`: why a request head is refused before anything is decided about it.

use thiserror::Error;

/// The closed list of refusals; `Display` is the sentence for the client and quotes nothing it sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Malformed {
    /// Not a method this gateway knows; methods are case-sensitive (RFC 9110 §9.1).
    #[error("This method is not implemented.")]
    MethodUnknown,
    /// `TRACE`, which echoes credentials, and `CONNECT`, which makes a tunnel.
    #[error("This method is not allowed.")]
    MethodRefused,
    /// Neither `/…`, `OPTIONS *` nor `http://host/…` (RFC 9112 §3.2).
    #[error("The request target must be a path that starts with a slash.")]
    Target,
    /// Longer than [`crate::request::MAX_TARGET_BYTES`].
    #[error("The request target is too long.")]
    TargetTooLong,
    /// A control byte in the target, raw or percent-encoded.
    #[error("The request target holds a control character.")]
    ControlByte,
    /// `%` without two hex digits after it.
    #[error("The path holds an invalid percent-encoding.")]
    Percent,
    /// `\`, `%2f`, `%5c`, or one of them or a dot encoded more than once.
    #[error("The path holds a backslash or an encoded separator.")]
    Separator,
    /// A percent-encoded sequence that is overlong UTF-8 (RFC 3629 §3).
    #[error("The path holds an overlong character encoding.")]
    Overlong,
    /// `..` above the root, or a dot segment with parameters (`..;x`).
    #[error("The path holds a dot segment that cannot be resolved.")]
    DotSegment,
    /// No `Host`, or an empty one.
    #[error("The Host header is missing.")]
    HostMissing,
    /// More than one `Host` line.
    #[error("There is more than one Host header.")]
    HostRepeated,
    /// Not a host name, an address, or a port.
    #[error("The host is not a valid name or address.")]
    HostSyntax,
    /// An absolute-form target that names another host than `Host` does.
    #[error("The request target and the Host header name different hosts.")]
    HostMismatch,
    /// Repeated, listed, or not a number (RFC 9110 §8.6).
    #[error("The Content-Length header is not one plain number.")]
    ContentLength,
    /// Anything but one `chunked`, on HTTP/1.1, without `Content-Length` (RFC 9112 §6.1).
    #[error("The Transfer-Encoding header is not acceptable.")]
    TransferEncoding,
    /// Another expectation than `100-continue` (RFC 9110 §10.1.1).
    #[error("This expectation cannot be met.")]
    Expect,
    /// More than one credential in `Authorization` (design rule R11).
    #[error("There is more than one credential in the Authorization header.")]
    AuthorizationRepeated,
    /// More than one requested role (design rule R11).
    #[error("There is more than one role in the X-Hasura-Role header.")]
    RoleRepeated,
    /// More header lines than the limit.
    #[error("There are too many header lines.")]
    TooManyHeaders,
    /// More bytes of headers than the limit, or too many in one that a decision reads.
    #[error("The headers are too large.")]
    HeadersTooLarge,
}

impl Malformed {
    /// The label in metrics and the access log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MethodUnknown => "method_unknown",
            Self::MethodRefused => "method_refused",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::ControlByte => "control_byte",
            Self::Percent => "percent",
            Self::Separator => "separator",
            Self::Overlong => "overlong",
            Self::DotSegment => "dot_segment",
            Self::HostMissing => "host_missing",
            Self::HostRepeated => "host_repeated",
            Self::HostSyntax => "host_syntax",
            Self::HostMismatch => "host_mismatch",
            Self::ContentLength => "content_length",
            Self::TransferEncoding => "transfer_encoding",
            Self::Expect => "expect",
            Self::AuthorizationRepeated => "authorization_repeated",
            Self::RoleRepeated => "role_repeated",
            Self::TooManyHeaders => "too_many_headers",
            Self::HeadersTooLarge => "headers_too_large",
        }
    }

    /// The status code of the answer. A 405 also needs `Allow`: [`crate::request::ALLOWED_METHODS`].
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::MethodUnknown => 501,
            Self::MethodRefused => 405,
            Self::TargetTooLong => 414,
            Self::Expect => 417,
            Self::TooManyHeaders | Self::HeadersTooLarge => 431,
            Self::Target
            | Self::ControlByte
            | Self::Percent
            | Self::Separator
            | Self::Overlong
            | Self::DotSegment
            | Self::HostMissing
            | Self::HostRepeated
            | Self::HostSyntax
            | Self::HostMismatch
            | Self::ContentLength
            | Self::TransferEncoding
            | Self::AuthorizationRepeated
            | Self::RoleRepeated => 400,
        }
    }
}
