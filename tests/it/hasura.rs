//! The hasura profile: user id, role and allowed roles; requested roles owned and not owned (R2 to R5, R11).

use crate::harness::{Request, Stack, record, stack};
use serde_json::{Value, json};

const CONFIG: &str = "
sessions:
  web: {memory: {seed: seed.yaml}}
routes:
  - {upstream: 'unix:app.sock', identity: hasura}
  - {host: allowed.test, upstream: 'unix:app.sock', identity: {profile: hasura, allowed_roles: true}}
  - {host: strict.test, upstream: 'unix:app.sock', identity: {profile: hasura, anonymous_role_request: reject}}
  - {host: lenient.test, upstream: 'unix:app.sock', identity: hasura, invalid: anonymous, disabled: forward}
  - {host: blog.test, upstream: 'unix:app.sock', identity: skygear}
";

fn with_roles(user_id: &str, roles: &[&str], default_role: Option<&str>) -> Value {
    let mut record = json!({"v": 1, "user_id": user_id, "roles": roles});
    if let Some(role) = default_role {
        record["default_role"] = json!(role);
    }
    record
}

fn started() -> Stack {
    let mut disabled = with_roles("u-disabled", &["user"], None);
    disabled["disabled"] = json!(true);
    stack(CONFIG)
        .seed(
            "both",
            &with_roles("u-both", &["user", "admin"], Some("admin")),
        )
        .seed("first", &with_roles("u-first", &["editor", "user"], None))
        .seed("none", &with_roles("u-none", &[], None))
        .seed("disabled", &disabled)
        .seed("full", &record("u-full"))
        .start()
}

/// All that the upstream is told of the family, as `id role allowed-roles`, `-` for what is absent; else the refusal.
#[track_caller]
fn told(request: &Request<'_>) -> String {
    let reply = request.send();
    if reply.status != 200 {
        let (status, label) = reply.denial();
        return format!("{status} {label}");
    }
    let seen = reply.seen();
    let names = [
        "X-Hasura-User-Id",
        "X-Hasura-Role",
        "X-Hasura-Allowed-Roles",
    ];
    let values = names.map(|name| seen.one(name));
    let told = values.iter().flatten().count();
    assert_eq!(
        seen.family("x-hasura").len(),
        told,
        "nothing else of the family"
    );
    values.map(|value| value.unwrap_or("-")).join(" ")
}

#[test]
fn the_role_is_the_default_one_else_the_first_else_user() {
    let stack = started();
    for (token, expected) in [
        ("both", "u-both admin -"),
        ("first", "u-first editor -"),
        ("none", "u-none user -"),
    ] {
        assert_eq!(told(&stack.get("/").bearer(token)), expected, "{token}");
    }
}

#[test]
fn allowed_roles_are_told_where_the_route_asks_for_them() {
    let stack = started();
    for (token, expected) in [
        ("both", "u-both admin user,admin"),
        ("first", "u-first editor editor,user"),
        ("none", "u-none user user"),
    ] {
        let request = stack.get("/").host("allowed.test").bearer(token);
        assert_eq!(told(&request), expected, "{token}");
    }
}

#[test]
fn a_requested_role_that_is_owned_is_passed_on() {
    let stack = started();
    for (name, token, role, expected) in [
        ("X-Hasura-Role", "both", "user", "u-both user -"),
        ("x-hasura-role", "both", "admin", "u-both admin -"),
        ("X-HASURA-ROLE", "first", "user", "u-first user -"),
        ("X-Hasura-Role", "none", "user", "u-none user -"),
    ] {
        let request = stack.get("/").bearer(token).header(name, role);
        assert_eq!(told(&request), expected, "{name}: {role}");
    }
}

#[test]
fn a_requested_role_that_is_not_owned_is_403_and_the_upstream_never_hears_of_it() {
    let stack = started();
    let roles = [
        "root",
        "Admin",
        "adm",
        "admin2",
        "",
        "anonymous",
        "admin;user",
        "\u{e4}dmin",
        "admin user",
    ];
    for role in roles {
        for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS"] {
            let request = stack.request(method, "/").bearer("both");
            let refusal = told(&request.header("X-Hasura-Role", role));
            assert_eq!(refusal, "403 role_not_owned", "{method} {role:?}");
        }
        let head = stack.request("HEAD", "/").bearer("both");
        assert_eq!(
            head.header("X-Hasura-Role", role).send().status,
            403,
            "HEAD {role:?}"
        );
    }
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn a_repeated_or_listed_requested_role_is_400() {
    let stack = started();
    for roles in [
        &["user", "admin"][..],
        &["user", "user"],
        &["user,admin"],
        &["user, admin"],
    ] {
        let request = stack.get("/").bearer("both");
        let request = roles.iter().fold(request, |request, role| {
            request.header("X-Hasura-Role", role)
        });
        assert_eq!(told(&request), "400 role_repeated", "{roles:?}");
    }
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn a_role_is_requested_under_its_own_name_only() {
    let stack = started();
    for name in [
        "X_Hasura_Role",
        "X.Hasura.Role",
        "X-Hasura_Role",
        "X-Hasura-Role-",
        "x-hasura--role",
    ] {
        let request = stack.get("/").bearer("both").header(name, "user");
        assert_eq!(told(&request), "u-both admin -", "{name}");
    }
}

#[test]
fn a_role_is_requested_on_hasura_routes_only() {
    let stack = started();
    let blog = || {
        stack
            .get("/")
            .host("blog.test")
            .header("X-Hasura-Role", "root")
    };
    assert_eq!(
        told(&blog().bearer("both")),
        "- - -",
        "a skygear route reads no role"
    );
    assert_eq!(
        told(&blog().header("X-Hasura-Role", "user")),
        "- - -",
        "nor refuses two"
    );
}

#[test]
fn without_a_credential_the_role_is_anonymous_and_nothing_else_is_told() {
    let stack = started();
    for host in ["app.test", "allowed.test"] {
        let request = || stack.get("/").host(host);
        assert_eq!(told(&request()), "- anonymous -", "{host}");
        let asked = request().header("X-Hasura-Role", "admin");
        assert_eq!(
            told(&asked),
            "- anonymous -",
            "{host}: a requested role is overwritten"
        );
    }
}

#[test]
fn a_route_may_refuse_to_overwrite_what_an_anonymous_caller_asks_for() {
    let stack = started();
    let ask = |role| {
        stack
            .get("/")
            .host("strict.test")
            .header("X-Hasura-Role", role)
    };
    assert_eq!(told(&ask("admin")), "403 anonymous_role");
    assert_eq!(stack.upstream.count(), 0);
    assert_eq!(told(&ask("anonymous")), "- anonymous -");
}

#[test]
fn an_invalid_credential_is_401_unless_the_route_says_otherwise() {
    let stack = started();
    let unknown = || stack.get("/").bearer("nobody");
    for (what, request) in [
        ("unknown", unknown()),
        (
            "malformed",
            stack.get("/").header("Authorization", "Bearer a b"),
        ),
        (
            "asking for anonymous",
            unknown().header("X-Hasura-Role", "anonymous"),
        ),
    ] {
        assert_eq!(told(&request), "401 invalid_session", "{what}");
    }
    assert_eq!(stack.upstream.count(), 0);
    assert_eq!(told(&unknown().host("lenient.test")), "- anonymous -");
}

#[test]
fn a_disabled_user_is_403_because_no_header_could_say_so() {
    let stack = started();
    let request = || stack.get("/").bearer("disabled");
    assert_eq!(told(&request()), "403 disabled");
    assert_eq!(stack.upstream.count(), 0);
    assert_eq!(
        told(&request().host("lenient.test")),
        "u-disabled user -",
        "unless the route forwards them"
    );
}

#[test]
fn other_members_of_the_family_never_pass() {
    let stack = started();
    let names = [
        "X-Hasura-Admin-Secret",
        "X-Hasura-User-Id",
        "X-Hasura-Allowed-Roles",
        "X-Hasura-Org-Id",
    ];
    let request = stack.get("/").bearer("full");
    let request = names
        .iter()
        .fold(request, |request, name| request.header(name, "root"));
    assert_eq!(told(&request), "u-full user -");
}
