//! Signed tokens: checked against configured keys, never against what the token says of itself (RFC 7515, 7519, 8725).
