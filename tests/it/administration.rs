//! Sessions made, listed and revoked, users logged out and disabled: by the commands and over the admin listener.

use crate::harness::{Sibling, Stack, eventually, record, sha256_hex, sid, stack};
use serde_json::{Value, json};
use std::process::Output;

/// Entries and absences are trusted for a minute: whatever is noticed before was told.
const YAML: &str = "
sessions: {web: {redis: '${REDIS}', token: [bearer]}}
cache: {ttl: 60s, negative_ttl: 60s}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session, disabled: reject}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
";

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command on the stack's configuration; it must succeed.
#[track_caller]
fn run(stack: &Stack, line: &str) -> Output {
    let words: Vec<_> = line.split(' ').chain(["--config", "gate.yaml"]).collect();
    let output = stack.command(&words);
    assert_eq!(output.status.code(), Some(0), "{line}: {}", err(&output));
    output
}

/// The token alone on standard output.
#[track_caller]
fn create(stack: &Stack, options: &str) -> String {
    let output = run(stack, &format!("session create {options}"));
    let token = out(&output).trim_end_matches('\n').to_owned();
    assert_eq!(token.len(), 43, "{token}");
    assert!(!err(&output).contains(&token), "{}", err(&output));
    token
}

fn listed(stack: &Stack, user: &str) -> Vec<String> {
    let output = run(stack, &format!("session list {user} --json"));
    let answer: Value = serde_json::from_str(&out(&output)).expect("JSON");
    let sessions = answer["sessions"].as_array().expect("a list");
    let sids = sessions
        .iter()
        .filter_map(|session| session["sid"].as_str());
    sids.map(str::to_owned).collect()
}

fn status(stack: &Stack, token: &str) -> u16 {
    stack.get("/").bearer(token).send().status
}

#[track_caller]
fn expect_soon(what: &str, mut status: impl FnMut() -> u16, expected: u16) {
    eventually(&format!("{what} is answered {expected}"), || {
        (status() == expected).then_some(())
    });
}

#[test]
fn a_created_session_opens_and_its_token_is_kept_nowhere() {
    let stack = stack(YAML).redis().start();
    let token = create(
        &stack,
        "--user u-17 --role user --role admin --default-role admin --verified --ttl 1h --attr tier=gold",
    );
    let seen = stack
        .get("/")
        .host("hasura.test")
        .bearer(&token)
        .send()
        .seen();
    assert_eq!(seen.one("X-Hasura-User-Id"), Some("u-17"));
    assert_eq!(seen.one("X-Hasura-Role"), Some("admin"));
    let verified = stack.get("/").bearer(&token).send().seen();
    assert_eq!(verified.one("X-Skygear-User-Verified"), Some("true"));
    let everything = "local all = {} for _, key in ipairs(redis.call('KEYS', '*')) do all[#all + 1] = key \
        if redis.call('TYPE', key).ok == 'string' then all[#all + 1] = redis.call('GET', key) end end \
        return table.concat(all, ' ')";
    let kept = stack.redis().command(&["EVAL", everything, "0"]);
    assert!(kept.contains(&sha256_hex(&token)), "{kept}");
    assert!(!kept.contains(&token), "{kept}");
    assert!(!stack.gateway.output().contains(&token));
    let life = stack
        .redis()
        .command(&["PTTL", &format!("session:{}", sha256_hex(&token))]);
    let life: u64 = life.parse().unwrap_or_default();
    assert!((3_000_000..=3_600_000).contains(&life), "{life}");
}

#[test]
fn sessions_are_listed_and_shown_without_tokens_and_personal_data() {
    let stack = stack(YAML).redis().start();
    let token = create(
        &stack,
        "--user u-17 --role user --attr email=jane@example.com",
    );
    let other = create(&stack, "--user u-18");
    assert_eq!(listed(&stack, "u-17"), [sid(&token)]);
    for arguments in [
        format!("session show {}", sid(&token)),
        format!("session show {} --user u-17 --json", sid(&token)),
        "session list u-17".to_owned(),
    ] {
        let said = out(&run(&stack, &arguments));
        assert!(said.contains(&sid(&token)), "{said}");
        for hidden in [
            &*token,
            &sha256_hex(&token),
            "jane@example.com",
            &*sid(&other),
        ] {
            assert!(!said.contains(hidden), "{arguments}: {said}");
        }
    }
    let page = stack.admin(&format!("/sessions/{}", sid(&token)));
    let session = page.json();
    assert_eq!(
        (
            page.status,
            &session["user_id"],
            &session["attrs"],
            &session["source"]
        ),
        (200, &json!("u-17"), &json!(["email"]), &json!("web"))
    );
    assert_eq!(session["revoked"], json!(false));
    let page = stack.admin("/users/u-18/sessions").json();
    assert_eq!(page["sessions"][0]["sid"], json!(sid(&other)));
    // What an auth service wrote by itself is found by a search.
    stack.redis().put("own-token", &record("u-19"));
    let page = stack.admin(&format!("/sessions/{}?user=u-19", sid("own-token")));
    assert_eq!(page.json()["user_id"], json!("u-19"));
}

#[test]
fn a_revoked_session_is_refused_on_every_node_and_no_other() {
    let stack = stack(YAML).redis().start();
    let second = Sibling::start(&stack, "second", YAML);
    let (one, two) = (create(&stack, "--user u-17"), create(&stack, "--user u-17"));
    let there = |token: &str| second.get("/").bearer(token).send().status;
    for token in [&one, &two] {
        expect_soon("a new session", || status(&stack, token), 200);
        expect_soon("a new session there", || there(token), 200);
    }
    let said = err(&run(&stack, &format!("session revoke {}", sid(&one))));
    assert!(said.contains("1 record deleted"), "{said}");
    expect_soon("the revoked one", || status(&stack, &one), 401);
    expect_soon("the revoked one there", || there(&one), 401);
    assert_eq!((status(&stack, &two), there(&two)), (200, 200));
    assert_eq!(listed(&stack, "u-17"), [sid(&two)]);
    let reply = stack
        .admin_request("DELETE", &format!("/sessions/{}", sid(&two)))
        .send();
    assert_eq!(
        reply.json(),
        json!({"revoked": "session", "records": 1, "rest": []})
    );
    assert_eq!(
        status(&stack, &two),
        401,
        "at once on the node that was asked"
    );
    expect_soon("the other one there", || there(&two), 401);
}

#[test]
fn a_user_is_logged_out_everywhere_and_may_log_in_again() {
    let stack = stack(YAML).redis().start();
    let second = Sibling::start(&stack, "second", YAML);
    let there = |token: &str| second.get("/").bearer(token).send().status;
    // One of them was written by an auth service and stands in no index.
    stack.redis().put("own-token", &record("u-17"));
    let mut tokens = vec![create(&stack, "--user u-17"), create(&stack, "--user u-17")];
    tokens.push("own-token".to_owned());
    let other = create(&stack, "--user u-18");
    for token in tokens.iter().chain([&other]) {
        expect_soon("a session", || status(&stack, token), 200);
        expect_soon("a session there", || there(token), 200);
    }
    run(&stack, "user logout u-17");
    for token in &tokens {
        expect_soon("a session", || status(&stack, token), 401);
        expect_soon("a session there", || there(token), 401);
    }
    assert_eq!((status(&stack, &other), there(&other)), (200, 200));
    let again = create(&stack, "--user u-17");
    expect_soon("a new login", || status(&stack, &again), 200);
    expect_soon("a new login there", || there(&again), 200);
    assert!(out(&run(&stack, "user show u-17")).contains("are revoked"));
    let reply = stack.admin_request("DELETE", "/users/u-17/sessions").send();
    assert_eq!(reply.json()["revoked"], json!("user"));
    assert_eq!(
        status(&stack, &again),
        401,
        "at once on the node that was asked"
    );
}

#[test]
fn a_user_is_disabled_and_enabled() {
    let stack = stack(YAML).redis().start();
    let token = create(&stack, "--user u-17");
    expect_soon("the session", || status(&stack, &token), 200);
    run(&stack, "user disable u-17");
    expect_soon("the session", || status(&stack, &token), 403);
    let page = stack.admin("/users/u-17").json();
    let mark = json!({"source": "web", "disabled": true, "not_before": null});
    assert_eq!(page["sources"], json!([mark]));
    let enable = stack
        .admin_request("PUT", "/users/u-17")
        .body("{\"disabled\": false}");
    assert_eq!(enable.send().status, 200);
    assert_eq!(
        status(&stack, &token),
        200,
        "at once on the node that was asked"
    );
}

#[test]
fn an_event_is_taken_over_http_as_on_the_bus() {
    let stack = stack(&YAML.replace("cache: {", "cache: {invalidation: pubsub, "))
        .redis()
        .start();
    let (one, two) = (create(&stack, "--user u-17"), create(&stack, "--user u-18"));
    for token in [&one, &two] {
        expect_soon("a session", || status(&stack, token), 200);
    }
    let send = |body: &str| {
        stack
            .admin_request("POST", "/events")
            .body(body)
            .send()
            .status
    };
    assert_eq!(send("{\"revoke\":{\"session\":17}}"), 400);
    assert_eq!(send("{\"revoke\":{\"jti\":\"t-1\"}}"), 200);
    assert_eq!(
        stack.redis().command(&["GET", "sessiongate:revoked:t-1"]),
        "1"
    );
    let name = sha256_hex(&one);
    assert_eq!(
        send(&format!("{{\"revoke\":{{\"session\":\"{name}\"}}}}")),
        200
    );
    assert_eq!((status(&stack, &one), status(&stack, &two)), (401, 200));
    let later = "{\"revoke\":{\"user\":\"u-18\",\"not_before\":1}}";
    assert_eq!(
        (send(later), status(&stack, &two)),
        (200, 200),
        "made after 1970"
    );
    assert_eq!(send("{\"revoke\":{\"user\":\"u-18\"}}"), 200);
    assert_eq!(status(&stack, &two), 401);
}

#[test]
fn a_flush_has_every_answer_asked_for_again() {
    let stack = stack(&YAML.replace("cache: {", "cache: {invalidation: none, "))
        .redis()
        .start();
    stack.redis().put("token-a", &record("u-17"));
    assert_eq!(status(&stack, "token-a"), 200);
    stack.redis().remove("token-a");
    assert_eq!(status(&stack, "token-a"), 200, "nobody was told");
    let reply = stack.admin_request("POST", "/cache/flush").send();
    assert_eq!(reply.json(), json!({"flushed": ["web"]}));
    assert_eq!(status(&stack, "token-a"), 401);
}

#[test]
fn the_memory_of_a_node_is_administered_through_the_node() {
    let yaml = YAML.replace("redis: '${REDIS}'", "memory: {seed: seed.yaml}");
    let stack = stack(&yaml).seed("seeded", &record("u-17")).start();
    let token = create(&stack, "--user u-17 --ttl none --source web");
    assert_eq!(status(&stack, &token), 200, "at once");
    assert_eq!(listed(&stack, "u-17").len(), 2);
    run(&stack, &format!("session revoke {}", sid(&token)));
    assert_eq!(
        (status(&stack, &token), status(&stack, "seeded")),
        (401, 200)
    );
    run(&stack, "user disable u-17");
    assert_eq!(status(&stack, "seeded"), 403);
    run(&stack, "user enable u-17");
    run(&stack, "user logout u-17");
    assert_eq!(status(&stack, "seeded"), 401);
    let again = create(&stack, "--user u-17");
    assert_eq!(status(&stack, &again), 200);
    let output = stack.gateway.output();
    assert!(
        !output.contains(&token) && !output.contains(&again),
        "{output}"
    );
    for change in [
        "session created",
        "session revoked",
        "user disabled",
        "user logged out",
    ] {
        assert!(output.contains(change), "{change} in {output}");
    }
    assert!(output.contains("unix socket"), "{output}");
}

/// A command, its exit code, and what it says.
const FAILING: [(&str, i32, &str); 11] = [
    ("session create --user u -c gate.yaml", 1, "name one"),
    (
        "session create --user u --source c -c gate.yaml",
        1,
        "there are: a, b",
    ),
    (
        "session list u --source a -c gate.yaml",
        1,
        "sessions a: store io",
    ),
    (
        "session list u -c alone.yaml",
        1,
        "add `admin: {listen: unix:",
    ),
    (
        "session show 0123456789abcdef --source b -c gate.yaml",
        1,
        "no session of this sid",
    ),
    (
        "session create --user u --role a,b --source b -c gate.yaml",
        1,
        "roles.0",
    ),
    ("session list u -c broken.yaml", 3, "listen"),
    (
        "session show nonsense -c gate.yaml",
        2,
        "16 lower-case hex digits",
    ),
    (
        "session create --ttl soon --user u -c gate.yaml",
        2,
        "such as 12h",
    ),
    (
        "session create --attr x --user u -c gate.yaml",
        2,
        "NAME=VALUE",
    ),
    ("user logout -c gate.yaml", 2, "<ID>"),
];

#[test]
fn a_command_that_cannot_says_why_and_what_to_do() {
    let two = "
sessions: {a: {redis: '${REDIS}', token: [bearer]}, b: {memory: {}, token: [{cookie: sid}]}}
routes: [{upstream: 'unix:app.sock', identity: skygear}]
";
    let stack = stack(two)
        .redis_away()
        .file("alone.yaml", "listen: unix:x.sock\nsessions: {memory: {}}\nroutes: [{upstream: 'unix:app.sock', identity: skygear}]\n")
        .file("broken.yaml", "listen: 1\n")
        .start();
    for (line, code, part) in FAILING {
        let output = stack.command(&line.split(' ').collect::<Vec<_>>());
        let said = err(&output);
        assert_eq!(output.status.code(), Some(code), "{line}: {said}");
        assert!(said.contains(part), "{line}: {said}");
        assert_eq!(out(&output), "", "{line}");
    }
}
