//! What becomes of the credential: exchanged for an identity it stays here, unless the route says otherwise.

use crate::harness::{Stack, record, stack};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: skygear}
  - {host: keep.test, upstream: 'unix:app.sock', identity: skygear, credentials: keep}
  - {host: none.test, upstream: 'unix:app.sock', identity: none}
  - {host: guarded.test, upstream: 'unix:app.sock', identity: none, require: session, credentials: strip}
";

fn started() -> Stack {
    stack(CONFIG).seed("token-a", &record("u-17")).start()
}

#[test]
fn a_bearer_that_was_exchanged_is_not_forwarded() {
    let stack = started();
    for (token, what) in [("token-a", "valid"), ("nobody", "invalid")] {
        assert_eq!(
            stack
                .get("/")
                .bearer(token)
                .send()
                .seen()
                .one("Authorization"),
            None,
            "{what}"
        );
    }
}

#[test]
fn of_a_cookie_line_only_our_pair_is_taken_out() {
    let stack = started();
    for (sent, left) in [
        ("session=token-a", None),
        ("a=1; session=token-a", Some("a=1")),
        ("session=token-a; a=1", Some("a=1")),
        ("a=1; session=token-a; b=\"x y\"", Some("a=1; b=\"x y\"")),
        (
            "a=1; session=token-a; session=token-a; b=2",
            Some("a=1; b=2"),
        ),
        ("a=1; b=2", Some("a=1; b=2")),
        ("a=1; Session=x; session=token-a", Some("a=1; Session=x")),
        ("\u{e4}=\u{ff}; session=nobody", Some("\u{e4}=\u{ff}")),
    ] {
        let seen = stack.get("/").header("Cookie", sent).send().seen();
        assert_eq!(seen.one("Cookie"), left, "Cookie: {sent}");
    }
}

#[test]
fn the_other_credential_of_the_same_source_stays_here_too() {
    let stack = started();
    let seen = stack
        .get("/")
        .bearer("token-a")
        .cookie("session", "token-a")
        .send()
        .seen();
    assert_eq!(
        (seen.one("Authorization"), seen.one("Cookie")),
        (None, None)
    );
}

#[test]
fn another_scheme_is_not_ours_and_passes() {
    let stack = started();
    let seen = stack
        .get("/")
        .header("Authorization", "Basic dTpw")
        .cookie("session", "token-a")
        .send()
        .seen();
    assert_eq!(
        (seen.one("Authorization"), seen.one("Cookie")),
        (Some("Basic dTpw"), None)
    );
}

#[test]
fn a_route_may_keep_the_credential_and_one_without_identity_does() {
    let stack = started();
    for host in ["keep.test", "none.test"] {
        let bearer = stack.get("/").host(host).bearer("token-a").send().seen();
        assert_eq!(
            bearer.one("Authorization"),
            Some("Bearer token-a"),
            "{host}"
        );
        let cookie = stack
            .get("/")
            .host(host)
            .header("Cookie", "a=1; session=token-a")
            .send()
            .seen();
        assert_eq!(cookie.one("Cookie"), Some("a=1; session=token-a"), "{host}");
    }
    assert_eq!(
        stack
            .get("/")
            .host("keep.test")
            .bearer("token-a")
            .send()
            .seen()
            .one("x-skygear-user-id"),
        Some("u-17")
    );
}

#[test]
fn a_route_without_identity_may_strip() {
    let stack = started();
    let seen = stack
        .get("/")
        .host("guarded.test")
        .bearer("token-a")
        .send()
        .seen();
    assert_eq!(
        (seen.one("Authorization"), seen.family("x-skygear-")),
        (None, vec![])
    );
}
