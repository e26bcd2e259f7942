//! `PublicJwk`: the public half of a signing key as others read it (RFC 7517, RFC 8037), named by its thumbprint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One member of a key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    required: BTreeMap<&'static str, String>,
    algorithm: &'static str,
    kid: String,
}

/// What ring gives of a public key.
#[derive(Clone, Copy)]
pub(super) enum Form<'k> {
    /// An uncompressed point: 4, then x and y of 32 bytes each (SEC 1, section 2.3.3).
    P256(&'k [u8]),
    /// 32 bytes.
    Ed25519(&'k [u8]),
}

impl PublicJwk {
    pub(super) fn new(form: Form<'_>, algorithm: &'static str) -> Self {
        let (kty, crv, coordinates) = match form {
            Form::P256(point) => {
                let (x, y) = halves(point);
                ("EC", "P-256", vec![("x", x), ("y", y)])
            }
            Form::Ed25519(x) => ("OKP", "Ed25519", vec![("x", x)]),
        };
        let mut required = BTreeMap::from([("kty", kty.to_owned()), ("crv", crv.to_owned())]);
        for (name, bytes) in coordinates {
            required.insert(name, URL_SAFE_NO_PAD.encode(bytes));
        }
        Self {
            kid: thumbprint(&required),
            required,
            algorithm,
        }
    }

    /// The key's RFC 7638 thumbprint: 43 characters that name it wherever it is.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key with `kid`, `alg` and `use: sig`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let required = self.required.iter();
        let mut members: Map<String, Value> = required
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        members.insert("alg".to_owned(), self.algorithm.into());
        members.insert("kid".to_owned(), self.kid.as_str().into());
        members.insert("use".to_owned(), "sig".into());
        members.into()
    }
}

/// A key set of these keys (RFC 7517 §5), in their order.
#[must_use]
pub fn public_key_set<'k>(keys: impl IntoIterator<Item = &'k PublicJwk>) -> Value {
    let keys: Value = keys.into_iter().map(PublicJwk::to_json).collect();
    json!({"keys": keys})
}

fn halves(point: &[u8]) -> (&[u8], &[u8]) {
    let coordinates = point.strip_prefix(&[4]).unwrap_or(point);
    coordinates.split_at(coordinates.len() / 2)
}

/// RFC 7638 §3: of the required members, in order of their names, without blanks.
fn thumbprint(required: &BTreeMap<&'static str, String>) -> String {
    let text = json!(required).to_string();
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{Form, PublicJwk, public_key_set, thumbprint};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// RFC 7638 §3.1.
    const MODULUS: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        let rsa = BTreeMap::from([
            ("n", MODULUS.to_owned()),
            ("kty", "RSA".to_owned()),
            ("e", "AQAB".to_owned()),
        ]);
        assert_eq!(
            thumbprint(&rsa),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    /// RFC 8037, appendix A.2 and A.3.
    #[test]
    fn an_ed25519_key_is_written_and_named_as_in_the_standard() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let bytes = URL_SAFE_NO_PAD.decode(x).expect("base64url");
        let key = PublicJwk::new(Form::Ed25519(&bytes), "EdDSA");
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let expected = json!({
            "kty": "OKP", "crv": "Ed25519", "x": x, "alg": "EdDSA", "use": "sig", "kid": key.kid(),
        });
        assert_eq!(public_key_set([&key]), json!({"keys": [expected]}));
    }

    /// RFC 7515, appendix A.3.1.
    #[test]
    fn a_point_is_split_into_its_coordinates() {
        let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
        let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let point = [vec![4], decode(x), decode(y)].concat();
        let key = PublicJwk::new(Form::P256(&point), "ES256").to_json();
        assert_eq!(
            (&key["kty"], &key["crv"], &key["x"], &key["y"]),
            (&json!("EC"), &json!("P-256"), &json!(x), &json!(y))
        );
    }
}
