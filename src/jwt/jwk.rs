//! One public key as a JWK (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use super::algorithm::Algorithm;
use super::key::{Key, KeyFault, Material};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

type Members = Map<String, Value>;

/// The members that only a private key has (RFC 7518 §6.2.2, §6.3.2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// Reads the key, or says why it is of no use. `x5c`, `x5u` and other members do not count.
pub(super) fn read(members: &Members) -> Result<Key, KeyFault> {
    let kind = text(members, "kty")?.ok_or(KeyFault::Malformed)?;
    if kind == "oct" {
        return Err(KeyFault::Shared);
    }
    if PRIVATE.iter().any(|name| members.contains_key(*name)) {
        return Err(KeyFault::Private);
    }
    if !is_for_signatures(members)? {
        return Err(KeyFault::OtherUse);
    }
    let algorithm = match text(members, "alg")? {
        Some(word) => Some(Algorithm::parse(word).map_err(|_| KeyFault::OtherAlgorithm)?),
        None => None,
    };
    let material = material(kind, members)?;
    if algorithm.is_some_and(|only| only.family() != material.family()) {
        return Err(KeyFault::OtherAlgorithm);
    }
    Ok(Key {
        id: text(members, "kid")?.map(Into::into),
        algorithm,
        material,
    })
}

fn material(kind: &str, members: &Members) -> Result<Material, KeyFault> {
    let curve = text(members, "crv")?;
    match (kind, curve) {
        ("RSA", _) => Material::rsa(&bytes(members, "n")?, &bytes(members, "e")?),
        ("EC", Some("P-256")) => Material::p256(point(members, 32)?),
        ("EC", Some("P-384")) => Material::p384(point(members, 48)?),
        ("OKP", Some("Ed25519")) => Material::ed25519(&bytes(members, "x")?),
        ("EC" | "OKP", None) => Err(KeyFault::Malformed),
        _ => Err(KeyFault::UnknownType),
    }
}

fn is_for_signatures(members: &Members) -> Result<bool, KeyFault> {
    let used_so = text(members, "use")?.is_none_or(|word| word == "sig");
    let operations = match members.get("key_ops") {
        None => None,
        Some(Value::Array(operations)) => Some(operations),
        Some(_) => return Err(KeyFault::Malformed),
    };
    let verifies = operations.is_none_or(|all| all.iter().any(|word| word == "verify"));
    Ok(used_so && verifies)
}

/// Both coordinates at full length, as RFC 7518 §6.2.1.2 demands; shorter ones would shift the point.
fn point(members: &Members, coordinate_bytes: usize) -> Result<Vec<u8>, KeyFault> {
    let (x, y) = (bytes(members, "x")?, bytes(members, "y")?);
    if x.len() != coordinate_bytes || y.len() != coordinate_bytes {
        return Err(KeyFault::Malformed);
    }
    Ok([&[4], x.as_slice(), &y].concat())
}

fn bytes(members: &Members, name: &str) -> Result<Vec<u8>, KeyFault> {
    let encoded = text(members, name)?.ok_or(KeyFault::Malformed)?;
    URL_SAFE_NO_PAD
        .decode(encoded)
        .map_err(|_| KeyFault::Malformed)
}

fn text<'m>(members: &'m Members, name: &str) -> Result<Option<&'m str>, KeyFault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyFault::Malformed),
    }
}
