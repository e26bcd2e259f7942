//! Public keys in PEM: `PUBLIC KEY` (RFC 5280 §4.1.2.7), `CERTIFICATE`, and PKCS#1's `RSA PUBLIC KEY` (RFC 8017 A.1.1).

use super::key::{Key, KeyFault, Material};
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry::{
    OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_NIST_EC_P384, OID_PKCS1_RSAENCRYPTION,
    OID_SIG_ED25519,
};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::RSAPublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Every block in order, each a key or what is wrong with it. Text around the blocks does not count.
///
/// Of a certificate its key alone counts: that it stands in the configuration is what makes it trusted, not its issuer
/// or its dates.
pub(super) fn read(text: &str) -> impl Iterator<Item = Result<Key, KeyFault>> {
    Pem::iter_from_buffer(text.as_bytes()).map(|block| {
        let block = block.map_err(|_| KeyFault::Malformed)?;
        Ok(Key {
            id: None,
            algorithm: None,
            material: material(&block)?,
        })
    })
}

fn material(block: &Pem) -> Result<Material, KeyFault> {
    let der = block.contents.as_slice();
    match block.label.as_str() {
        "PUBLIC KEY" => from_info(&whole(SubjectPublicKeyInfo::from_der(der))?),
        "CERTIFICATE" => from_info(whole(X509Certificate::from_der(der))?.public_key()),
        "RSA PUBLIC KEY" => from_pkcs1(der),
        label if label.contains("PRIVATE KEY") => Err(KeyFault::Private),
        _ => Err(KeyFault::UnknownType),
    }
}

fn from_info(info: &SubjectPublicKeyInfo<'_>) -> Result<Material, KeyFault> {
    let (kind, key) = (
        &info.algorithm.algorithm,
        info.subject_public_key.data.as_ref(),
    );
    if info.subject_public_key.unused_bits != 0 {
        return Err(KeyFault::Malformed);
    }
    if *kind == OID_PKCS1_RSAENCRYPTION {
        return from_pkcs1(key);
    }
    if *kind == OID_SIG_ED25519 {
        return Material::ed25519(key);
    }
    if *kind != OID_KEY_TYPE_EC_PUBLIC_KEY {
        return Err(KeyFault::UnknownType);
    }
    let parameters = info.algorithm.parameters.as_ref();
    let curve = parameters
        .and_then(|parameters| parameters.as_oid().ok())
        .ok_or(KeyFault::UnknownType)?;
    if curve == OID_EC_P256 {
        Material::p256(key.to_vec())
    } else if curve == OID_NIST_EC_P384 {
        Material::p384(key.to_vec())
    } else {
        Err(KeyFault::UnknownType)
    }
}

fn from_pkcs1(der: &[u8]) -> Result<Material, KeyFault> {
    let key = whole(RSAPublicKey::from_der(der))?;
    Material::rsa(key.modulus, key.exponent)
}

/// What was read, if nothing is left over.
fn whole<T, E>(read: Result<(&[u8], T), E>) -> Result<T, KeyFault> {
    match read {
        Ok(([], value)) => Ok(value),
        _ => Err(KeyFault::Malformed),
    }
}
