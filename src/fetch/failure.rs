//! `FetchError`: why there is no answer, in words that hold nothing of the request or of the answer.

use pingora::{Error, ErrorType};
use std::borrow::Cow;
use thiserror::Error as ThisError;

/// No answer that can be used.
#[derive(Clone, Debug, PartialEq, Eq, ThisError)]
#[error("{detail}")]
pub struct FetchError {
    /// What an operator would do differently about it.
    pub kind: FetchFault,
    /// For the log; holds no header, no body and no query.
    pub detail: Cow<'static, str>,
}

/// Kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FetchFault {
    /// No connection, or one that was lost.
    Io,
    /// Not in time.
    Timeout,
    /// Too many exchanges in flight on this node.
    Overload,
    /// Not HTTP/1.1 as it should be.
    Protocol,
    /// A head or a body beyond its bound.
    TooLarge,
}

impl FetchError {
    pub(super) fn new(kind: FetchFault, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// While connecting nothing of ours has been sent: the whole cause can be told.
    pub(super) fn of_connect(error: &Error) -> Self {
        match error.etype() {
            ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => {
                Self::new(FetchFault::Timeout, "no connection in time")
            }
            _ => {
                // What TLS has to say stands in the context, and not in the cause.
                let cause = match &error.context {
                    Some(context) if *error.etype() == ErrorType::TLSHandshakeFailure => {
                        context.as_str().to_owned()
                    }
                    _ => error.root_cause().to_string(),
                };
                Self::new(FetchFault::Io, format!("cannot connect: {cause}"))
            }
        }
    }

    /// Pingora quotes what it has read in the text of an error (0.9.1), so that only its kind is told.
    pub(super) fn of_exchange(error: &Error) -> Self {
        match error.etype() {
            ErrorType::ReadTimedout | ErrorType::WriteTimedout => {
                Self::new(FetchFault::Timeout, "no answer in time")
            }
            ErrorType::ConnectionClosed | ErrorType::ReadError | ErrorType::WriteError => {
                Self::new(
                    FetchFault::Io,
                    "the connection was lost before the answer was complete",
                )
            }
            ErrorType::InvalidHTTPHeader => {
                Self::new(FetchFault::Protocol, "the answer has no head of HTTP/1.1")
            }
            other => Self::new(
                FetchFault::Protocol,
                format!("the answer cannot be read: {}", other.as_str()),
            ),
        }
    }
}
