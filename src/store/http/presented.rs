//! The credential in a question, in the way in which it was shown to us.

use crate::store::contract::LookupError;
use crate::store::contract::NoSession;
use crate::token::{Credential, Flaw, FlawKind, TokenSource};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderName, HeaderValue};

/// The one header of the question that holds the credential. One that no request has shown is presented in the first way
/// that its source knows.
///
/// # Errors
/// When it cannot stand in a header: it is then no session, and nobody is asked.
pub(super) fn header(
    credential: &Credential,
    tokens: &[TokenSource],
) -> Result<(HeaderName, HeaderValue), LookupError> {
    let token = credential.token();
    let source = tokens.get(credential.place().unwrap_or(0));
    let (name, text) = match source {
        Some(TokenSource::Cookie(cookie)) => (COOKIE, format!("{}={token}", cookie.name.as_str())),
        Some(TokenSource::SignedCookie { cookie, signature }) => {
            let (name, other) = (cookie.name.as_str(), signature.name.as_str());
            let signature = credential.signature().unwrap_or_default();
            (COOKIE, format!("{name}={token}; {other}={signature}"))
        }
        // A question has no body in which a token of one could stand.
        Some(TokenSource::Bearer | TokenSource::Form(_) | TokenSource::Json(_)) | None => {
            (AUTHORIZATION, format!("Bearer {token}"))
        }
    };
    let value = HeaderValue::from_str(&text).map_err(|_| {
        let flaw = Flaw::new(FlawKind::Malformed, "it cannot stand in a header");
        LookupError::from(NoSession::from(flaw))
    })?;
    Ok((name, value))
}
