//! The skygear profile: each of its ten headers, present and absent, with its exact value (R2, R3, R4, R6).

use crate::harness::{record, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: any.test, upstream: 'unix:app.sock', identity: {profile: skygear, types: any}}
";

/// What the upstream is told about a record, without the common head of the names.
fn told(record: &Value) -> Vec<(String, String)> {
    told_on("app.test", record)
}

fn told_on(host: &str, record: &Value) -> Vec<(String, String)> {
    let stack = stack(CONFIG).seed("token-1", record).start();
    without_head(
        stack
            .get("/")
            .host(host)
            .bearer("token-1")
            .send()
            .seen()
            .family("x-skygear-"),
    )
}

fn without_head(family: Vec<(String, String)>) -> Vec<(String, String)> {
    family
        .into_iter()
        .map(|(name, value)| (name.replacen("x-skygear-", "", 1), value))
        .collect()
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn a_full_session_is_told_in_ten_headers() {
    let expected = owned(&[
        ("session-authenticator-id", "au-1"),
        ("session-authenticator-oob-channel", "sms"),
        ("session-authenticator-type", "oob"),
        (
            "session-authenticator-updated-at",
            "2019-09-17T01:02:03.004Z",
        ),
        ("session-identity-id", "id-1"),
        ("session-identity-type", "password"),
        ("session-identity-updated-at", "2019-09-17T00:00:00.000Z"),
        ("user-disabled", "false"),
        ("user-id", "87dfaacf-a872-444a-948a-1497c6bb2a03"),
        ("user-verified", "true"),
    ]);
    assert_eq!(
        told(&record("87dfaacf-a872-444a-948a-1497c6bb2a03")),
        expected
    );
}

#[test]
fn a_bare_session_is_told_in_three() {
    let expected = owned(&[
        ("user-disabled", "false"),
        ("user-id", "u"),
        ("user-verified", "false"),
    ]);
    assert_eq!(told(&json!({"v": 1, "user_id": "u"})), expected);
}

#[test]
fn a_disabled_and_unverified_user_is_forwarded_and_the_service_decides() {
    let mut record = json!({"v": 1, "user_id": "u"});
    record["disabled"] = json!(true);
    let expected = owned(&[
        ("user-disabled", "true"),
        ("user-id", "u"),
        ("user-verified", "false"),
    ]);
    assert_eq!(told(&record), expected);
}

#[test]
fn authenticator_headers_are_there_only_with_an_authenticator_and_the_channel_only_for_oob() {
    let mut totp = record("u");
    totp["authenticator"] = json!({"id": "au-2", "type": "totp", "channel": "sms"});
    let mut none = record("u");
    none.as_object_mut()
        .expect("a record")
        .remove("authenticator");
    let authenticator = |record: &Value| {
        let mut told = told(record);
        told.retain(|(name, _)| name.contains("authenticator"));
        told
    };
    let expected = owned(&[
        ("session-authenticator-id", "au-2"),
        ("session-authenticator-type", "totp"),
    ]);
    assert_eq!(
        authenticator(&totp),
        expected,
        "a channel in the record of another type is not told"
    );
    assert_eq!(authenticator(&none), []);
}

#[test]
fn times_are_utc_with_three_digits_whatever_the_record_wrote() {
    for (written, expected) in [
        ("2019-09-17T00:00:00Z", "2019-09-17T00:00:00.000Z"),
        ("2019-09-17T02:00:00+02:00", "2019-09-17T00:00:00.000Z"),
        ("2019-09-17T00:00:00.123987Z", "2019-09-17T00:00:00.123Z"),
        ("2019-09-17T00:00:00.5-00:30", "2019-09-17T00:30:00.500Z"),
    ] {
        let mut record = record("u");
        record["identity"]["updated_at"] = json!(written);
        let told = told(&record);
        let time = told
            .iter()
            .find(|(name, _)| name == "session-identity-updated-at");
        assert_eq!(
            time.map(|(_, value)| value.as_str()),
            Some(expected),
            "{written}"
        );
    }
}

#[test]
fn every_word_of_the_enumerations_passes() {
    for kind in ["password", "oauth", "custom_token"] {
        let mut record = record("u");
        record["identity"]["type"] = json!(kind);
        assert!(
            told(&record).contains(&("session-identity-type".to_owned(), kind.to_owned())),
            "{kind}"
        );
    }
    for kind in ["totp", "oob", "bearer_token", "recovery_code"] {
        let mut record = record("u");
        record["authenticator"]["type"] = json!(kind);
        assert!(
            told(&record).contains(&("session-authenticator-type".to_owned(), kind.to_owned())),
            "{kind}"
        );
    }
    let mut email = record("u");
    email["authenticator"]["channel"] = json!("email");
    assert!(told(&email).contains(&(
        "session-authenticator-oob-channel".to_owned(),
        "email".to_owned()
    )));
}

#[test]
fn another_word_is_a_broken_record_unless_the_profile_takes_any() {
    let mut record = record("u");
    record["identity"]["type"] = json!("passkey");
    assert!(
        told_on("any.test", &record)
            .contains(&("session-identity-type".to_owned(), "passkey".to_owned()))
    );
    let stack = stack(CONFIG).seed("token-1", &record).start();
    let reply = stack.get("/").bearer("token-1").send();
    assert_eq!(reply.denial(), (502, "broken_record".to_owned()));
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn without_a_valid_session_all_are_absent_and_the_request_goes_on() {
    let stack = stack(CONFIG).seed("token-1", &record("u")).start();
    for (what, request) in [
        ("no credential", stack.get("/")),
        ("an unknown token", stack.get("/").bearer("token-2")),
        (
            "an unknown cookie",
            stack.get("/").cookie("session", "token-2"),
        ),
        (
            "a token that cannot be one",
            stack.get("/").header("Authorization", "Bearer a b"),
        ),
        (
            "no token after the scheme",
            stack.get("/").header("Authorization", "Bearer"),
        ),
        (
            "another scheme",
            stack.get("/").header("Authorization", "Basic dTpw"),
        ),
    ] {
        let reply = request.send();
        assert_eq!(reply.status, 200, "{what}");
        assert_eq!(reply.seen().family("x-skygear-"), [], "{what}");
        assert!(reply.header("Set-Cookie").is_none(), "{what}");
    }
}

#[test]
fn each_header_stands_once_and_after_none_of_the_clients() {
    let stack = stack(CONFIG).seed("token-1", &record("u-17")).start();
    let seen = stack
        .get("/")
        .header("x-skygear-user-id", "root")
        .bearer("token-1")
        .send()
        .seen();
    assert_eq!(seen.all("x-skygear-user-id"), ["u-17"]);
}
