//! The cookies and the store keys of one login each (tests/fixtures/sessions): what is opened is what the key names.

use super::given::{
    better_auth, express, laravel, opened, signed_flask_session, spring_session, text,
};
use crate::formats::handle::{Handle, LaravelCipher};
use serde_json::Value;

macro_rules! logins {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../../../tests/fixtures/sessions/", $name, "/fixture.json")))),*]
    };
}

const LOGINS: [(&str, &str); 12] = logins![
    "express-session" "better-auth" "flask-session-signed" "flask-session-json" "flask-session-msgpack" "laravel"
    "spring-jdk" "spring-json" "django" "django-redis" "php-session-php" "php-session-php-serialize"
];

#[test]
fn the_key_of_a_record_ends_with_the_id_that_its_cookie_names() {
    for (name, fixture) in LOGINS {
        let login: Value = serde_json::from_str(fixture).expect("a fixture");
        let handle = handle(name, &login);
        let id = opened(&handle, text(&login["cookie"], "value")).expect("a real cookie");
        let key = text(&login, "key");
        let head = key
            .strip_suffix(&id)
            .unwrap_or_else(|| panic!("{id} is not in {key}"));
        assert!(id.len() >= 26 && head.len() >= 5, "{name}: {id} of {key}");
    }
}

fn handle(name: &str, login: &Value) -> Handle {
    let listed: Vec<&str> = login["secrets"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    match name {
        "express-session" => express(&listed),
        "better-auth" => better_auth(&listed),
        "flask-session-signed" => signed_flask_session(&listed),
        "laravel" => laravel(
            LaravelCipher::Aes256Cbc,
            &listed,
            text(&login["cookie"], "name"),
        ),
        "spring-jdk" | "spring-json" => spring_session(),
        _ => Handle::default(),
    }
}
