//! Tokens in bodies: what is found decides, as a token in a header would.

mod site;
mod wire;

use self::site::{FORM, JSON, chunked, post, started};
use crate::harness::{Stack, record, stack};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use std::fs;

#[test]
fn a_form_or_json_body_says_who_it_is_and_reaches_the_upstream_unchanged() {
    let stack = started();
    for (media_type, body, user) in [
        (FORM, "access_token=token-1", "u-17"),
        (FORM, "a=1&access_token=token%2D2&b=%zz+", "u-18"),
        (
            "Application/X-WWW-Form-URLencoded; charset=UTF-8",
            "access_token=token-1&access_token=token-1",
            "u-17",
        ),
        (JSON, r#"{"token":"token-1"}"#, "u-17"),
        (
            JSON,
            " {\"a\" : [1.0, \"\\u0000\"],\n\"auth\":{\"token\":\"token\\u002d2\"}}\r\n",
            "u-18",
        ),
        (
            "application/json;charset=utf-8",
            r#"{"auth":{"token":"token-2"},"token":"token-1"}"#,
            "u-17",
        ),
        (FORM, "b=1", "-"),
        (FORM, "token=token-1", "-"),
        (JSON, r#"{"access_token":"token-1"}"#, "-"),
        (JSON, r#"["token","token-1"]"#, "-"),
        (FORM, "", "-"),
        (JSON, "", "-"),
        ("text/plain", "access_token=token-1", "-"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Disposition: form-data; name=access_token\r\n\r\ntoken-1\r\n--x--\r\n",
            "-",
        ),
        ("application/problem+json", r#"{"token":"token-1"}"#, "-"),
    ] {
        for request in [
            post("app.test", media_type, "", body),
            chunked("app.test", media_type, body.as_bytes(), 7),
        ] {
            let reply = stack.exchange(&request);
            assert_eq!(
                (reply.status, reply.user().as_str()),
                (200, user),
                "{media_type} {body}"
            );
            let seen = stack.upstream.last();
            assert_eq!(seen.body, body.as_bytes(), "{media_type}");
            assert_eq!(seen.one("Content-Type"), Some(media_type));
        }
    }
}

#[test]
fn what_is_no_token_is_invalid_and_never_absent() {
    let stack = started();
    for (media_type, body, outcome) in [
        (
            FORM,
            "access_token=token-1&access_token=token-2",
            "invalid ambiguous",
        ),
        (FORM, "access_token=", "invalid malformed"),
        (FORM, "access_token", "invalid malformed"),
        (FORM, "access_token=a+b", "invalid malformed"),
        (FORM, "access_token=nobody", "invalid unknown"),
        (
            JSON,
            r#"{"token":"token-1","token":"token-2"}"#,
            "invalid ambiguous",
        ),
        (JSON, r#"{"token":""}"#, "invalid malformed"),
        (JSON, r#"{"token":null}"#, "invalid malformed"),
        (JSON, r#"{"token":17}"#, "invalid malformed"),
        (JSON, r#"{"token":"token-1""#, "invalid malformed"),
        (JSON, "access_token=token-1", "invalid malformed"),
        (JSON, r#"{"token":"nobody"}"#, "invalid unknown"),
        (JSON, "{}", "absent -"),
        (FORM, "a=1", "absent -"),
        (FORM, "access_token=token-1", "valid -"),
    ] {
        let reply = stack.exchange(post("app.test", media_type, "", body));
        assert_eq!(stack.outcome(&reply), outcome, "{body}");
        assert_eq!(
            reply.seen().body,
            body.as_bytes(),
            "skygear routes let it pass as nobody"
        );
        let strict = stack.exchange(post("members.test", media_type, "", body));
        let told = match outcome {
            "valid -" => (200, String::new()),
            "absent -" => (401, "no_session".to_owned()),
            _ => (401, "invalid_session".to_owned()),
        };
        assert_eq!(strict.denial(), told, "{body}");
    }
    let longest = format!("access_token={}", "x".repeat(8193));
    let reply = stack.exchange(post("members.test", FORM, "", longest));
    assert_eq!(stack.outcome(&reply), "invalid invalid_session");
}

#[test]
fn sources_look_in_the_bodies_of_the_routes_that_ask_them() {
    let stack = started();
    stack.redis().put("token-3", &record("u-19"));
    let user = |host: &str, body: &str| stack.exchange(post(host, FORM, "", body)).user();
    assert_eq!(user("both.test", "other_token=token-3"), "u-19");
    assert_eq!(
        user("both.test", "other_token=token-3&access_token=token-1"),
        "u-17"
    );
    assert_eq!(
        user("both.test", "other_token=token-1"),
        "-",
        "each in its own store"
    );
    assert_eq!(user("app.test", "other_token=token-3"), "-");
}

#[test]
fn hasura_roles_come_with_a_token_in_a_body() {
    let stack = started();
    let ask = |lines: &str, body: &str| stack.exchange(post("data.test", JSON, lines, body));
    let body = r#"{"query":"{ a }","token":"token-1"}"#;
    let seen = ask("X-Hasura-Role: admin\r\nX-Hasura-User-Id: root\r\n", body).seen();
    assert_eq!(
        (seen.one("X-Hasura-Role"), seen.one("X-Hasura-User-Id")),
        (Some("admin"), Some("u-17"))
    );
    let told = ask("X-Hasura-Role: root\r\n", body).denial();
    assert_eq!(told, (403, "role_not_owned".to_owned()));
    let told = ask("", r#"{"token":"nobody"}"#).denial();
    assert_eq!(told, (401, "invalid_session".to_owned()));
    let seen = ask("", r#"{"query":"{ a }"}"#).seen();
    assert_eq!(
        seen.family("x-hasura-"),
        [("x-hasura-role".to_owned(), "anonymous".to_owned())]
    );
}

#[test]
fn forged_headers_go_and_the_token_stays_in_the_body() {
    let stack = started();
    let body = "access_token=token-1&x-skygear-user-id=root";
    let forged =
        "x-skygear-user-id: root\r\nX_Skygear_User_Id: root\r\nCookie: a=1; late=token-2\r\n";
    for (host, cookie) in [("app.test", "a=1"), ("keep.test", "a=1; late=token-2")] {
        let seen = stack.exchange(post(host, FORM, forged, body)).seen();
        assert_eq!(seen.all("x-skygear-user-id"), ["u-17"], "{host}");
        assert_eq!(seen.one("x_skygear_user_id"), None);
        assert_eq!(seen.one("Cookie"), Some(cookie));
        assert_eq!(
            seen.body,
            body.as_bytes(),
            "{host}: the body is not ours to change"
        );
    }
    assert!(!stack.gateway.output().contains("token-1"), "R13");
}

#[test]
fn a_page_that_a_browser_asks_about_beforehand_is_told_without_a_body() {
    let stack = started();
    let preflight = "OPTIONS /p HTTP/1.1\r\nHost: members.test\r\nOrigin: https://a.test\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n";
    assert_eq!(stack.exchange(preflight).status, 200);
}

#[test]
fn a_token_in_a_body_logs_out() {
    let stack = started();
    let log_out = |body: &str| {
        stack.exchange(format!(
            "POST /.sessiongate/logout HTTP/1.1\r\nHost: app.test\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    let user = || {
        stack
            .exchange(post("app.test", FORM, "", "access_token=token-1"))
            .user()
    };
    assert_eq!((log_out("a=1").status, user()), (204, "u-17".to_owned()));
    let reply = log_out("access_token=token-1");
    assert_eq!((reply.status, reply.header("Set-Cookie")), (204, None));
    assert_eq!(user(), "-");
}

/// What `explain` says about a body of this type.
fn explained(stack: &Stack, host: &str, media_type: &str, options: &[&str]) -> Value {
    let content_type = format!("Content-Type: {media_type}");
    let words = ["explain", "-c", "gate.yaml", "--json", "--host", host, "-H"];
    let output = stack.command(&[&words[..], &[&content_type], options].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(!said.contains("token-1"), "R13: {said}");
    serde_json::from_str(&said).expect("JSON")
}

#[test]
fn what_is_explained_of_a_body_is_what_is_done() {
    let stack = started();
    let file = stack.path("body.json");
    fs::write(file, r#"{"auth":{"token":"token-1"}}"#).expect("scratch is writable");
    let large = "x".repeat(1025);
    let form = ["--data", "access_token=token-1"];
    let cases: [(&str, &str, [&str; 2], Value); 6] = [
        (
            "app.test",
            FORM,
            form,
            json!(["form:access_token", "valid", null]),
        ),
        (
            "app.test",
            JSON,
            ["--data-file", "body.json"],
            json!(["json:auth.token", "valid", null]),
        ),
        (
            "members.test",
            JSON,
            ["-d", "nonsense"],
            json!(["json:token", "invalid", 401]),
        ),
        (
            "app.test",
            FORM,
            ["-d", &large],
            json!([null, "absent", 413]),
        ),
        (
            "app.test",
            "text/plain",
            form,
            json!([null, "absent", null]),
        ),
        (
            "app.test",
            FORM,
            ["--token", "token-1"],
            json!(["bearer", "valid", null]),
        ),
    ];
    for (host, media_type, options, expected) in cases {
        for live in [&[][..], &["--live"]] {
            let said = explained(&stack, host, media_type, &[&options[..], live].concat());
            let told = json!([said["credential"], said["outcome"], said["status"]]);
            assert_eq!(told, expected, "{host} {media_type} {options:?}: {said:#}");
        }
    }
}

/// Seed 001: the token is a JWT, wherever it stands, and its own fields say who it is.
#[test]
fn a_jwt_in_a_body_says_who_it_is() {
    let yaml = "
sessions:
  api:
    token: [bearer, {cookie: access_token}, {form: access_token}, {json: token}]
    jwt: {algorithms: [HS256], secret: {env: JWT_KEY}, no_expiry: allow, map: {user_id: id}}
routes:
  - {host: members.test, upstream: 'unix:app.sock', identity: skygear, require: session, body_token: true}
";
    let key = "0123456789abcdef0123456789abcdef";
    let stack = stack(yaml).env("JWT_KEY", key).start();
    let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let head = coded(br#"{"alg":"HS256","typ":"JWT"}"#);
    let claims = json!({"id": "u-123", "email": "user@email.com"}).to_string();
    let signed = format!("{head}.{}", coded(claims.as_bytes()));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()),
        signed.as_bytes(),
    );
    let jwt = format!("{signed}.{}", coded(tag.as_ref()));
    let ask =
        |media_type: &str, body: String| stack.exchange(post("members.test", media_type, "", body));
    assert_eq!(ask(FORM, format!("access_token={jwt}&a=1")).user(), "u-123");
    assert_eq!(ask(JSON, json!({"token": jwt}).to_string()).user(), "u-123");
    let forged = jwt.replacen(&head, &coded(br#"{"alg":"none"}"#), 1);
    let told = ask(JSON, json!({"token": forged}).to_string()).denial();
    assert_eq!(told, (401, "invalid_session".to_owned()));
}
