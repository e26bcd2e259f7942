//! What the client shows: where a token may stand, how it is read, and by which digests it is named.

mod bearer;
mod body;
mod body_tokens;
mod cookie;
mod credential;
mod digest;
mod extract;
mod flaw;
mod mint;
mod shown;
mod source;
mod unusable;

pub use body::{BodyKind, FormField, JsonPath};
pub use body_tokens::BodyTokens;
pub use cookie::{Remaining, is_cookie_octet, pairs, strip};
pub use credential::Credential;
pub use digest::{Sid, TokenDigest};
pub use extract::{Extraction, asks_body, extract};
pub use flaw::{Flaw, FlawKind};
pub use mint::{NoRandomness, mint};
pub use shown::Shown;
pub use source::{CookieName, CookieSource, Duplicates, TokenSource};
pub use unusable::Unusable;
