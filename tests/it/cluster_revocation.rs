//! In a cluster the keys of one session lie at several masters: revoked by name, by user or by message, it ends all the same.

use crate::harness::{Cluster, Stack, eventually, record, sha256_hex, sid, stack};
use redis::Value as Reply;
use serde_json::json;

const EVENTS: &str = "sessiongate:events";

fn running(mode: &str) -> (tempfile::TempDir, Cluster, Stack) {
    let folder = tempfile::tempdir().expect("scratch");
    let cluster = Cluster::start(folder.path());
    let config = format!(
        "
sessions: {{web: {{redis: {{cluster: ['127.0.0.1:${{NODE}}'], on_push: suspect}}}}}}
cache: {{ttl: 1h, negative_ttl: 1h, stale_if_error: 1h, invalidation: {mode}}}
routes: [{{upstream: 'unix:app.sock', identity: skygear, require: session, logout: true}}]
"
    );
    let port = cluster.nodes[0].port().to_string();
    let stack = stack(&config).env("NODE", &port).start();
    eventually("every master tells its changes", || {
        let connected = stack.metric("sessiongate_invalidation_connected{source=\"web\"}");
        (connected == 1.0).then_some(())
    });
    (folder, cluster, stack)
}

fn status(stack: &Stack, token: &str) -> u16 {
    stack.get("/").bearer(token).send().status
}

#[track_caller]
fn expect_remembered(stack: &Stack, token: &str, expected: u16) {
    eventually(&format!("{token} is answered {expected}"), || {
        (status(stack, token) == expected).then_some(())
    });
    assert_eq!(status(stack, token), expected, "{token}");
}

/// Three sessions of one user, each at another master.
#[track_caller]
fn known(cluster: &Cluster, stack: &Stack, user_id: &str) -> Vec<String> {
    let mut made = record(user_id);
    made["created_at"] = json!("2100-01-01T00:00:00Z");
    made["idle_timeout"] = json!("1h");
    let tokens: Vec<_> = (0..3).map(|at| Cluster::token_at(user_id, at)).collect();
    for token in &tokens {
        cluster.put(token, &made);
        expect_remembered(stack, token, 200);
    }
    tokens
}

fn messages(stack: &Stack, kind: &str) -> f64 {
    stack.metric(&format!(
        "sessiongate_events_total{{kind=\"{kind}\",source=\"web\"}}"
    ))
}

#[test]
fn marks_names_and_uses_lie_at_other_masters_and_count() {
    let (_folder, cluster, stack) = running("tracking");
    let tokens = known(&cluster, &stack, "u-17");
    for token in &tokens {
        let seen = format!("sessiongate:seen:{}", sha256_hex(token));
        eventually("the use is written", || {
            (cluster.run(&["EXISTS", &seen]) == Reply::Int(1)).then_some(())
        });
    }
    let revoked = format!("sessiongate:revoked:{}", sid(&tokens[0]));
    cluster.run(&["SET", &revoked, "1"]);
    expect_remembered(&stack, &tokens[0], 401);
    expect_remembered(&stack, &tokens[1], 200);
    let logout = stack.post("/.sessiongate/logout").bearer(&tokens[1]).send();
    assert_eq!(logout.status, 204);
    expect_remembered(&stack, &tokens[1], 401);
    let record = format!("session:{}", sha256_hex(&tokens[1]));
    assert_eq!(cluster.run(&["EXISTS", &record]), Reply::Int(0));
    expect_remembered(&stack, &tokens[2], 200);
    let end_of_time = json!({"not_before": 9_000_000_000_000_u64}).to_string();
    cluster.run(&["SET", "sessiongate:user:u-17", &end_of_time]);
    expect_remembered(&stack, &tokens[2], 401);
    let touched = known(&cluster, &stack, "u-18");
    for token in &touched {
        cluster.run(&["EXPIRE", &format!("session:{}", sha256_hex(token)), "1000"]);
        expect_remembered(&stack, token, 200);
    }
}

#[test]
fn a_message_that_every_master_brings_counts_once() {
    for mode in ["tracking", "pubsub"] {
        let (_folder, cluster, stack) = running(mode);
        let (one, other) = (
            known(&cluster, &stack, "u-17"),
            known(&cluster, &stack, "u-18"),
        );
        let end_of_time = json!({"revoke": {"user": "u-17", "not_before": 9_000_000_000_000_u64}});
        for (node, message) in [
            (1, end_of_time.to_string()),
            (
                2,
                json!({"revoke": {"session": sid(&other[0])}}).to_string(),
            ),
            (0, "nonsense".to_owned()),
        ] {
            let published = cluster.nodes[node].try_command(&["PUBLISH", EVENTS, &message]);
            assert!(published.is_some(), "{message}");
        }
        for token in &one {
            expect_remembered(&stack, token, 401);
        }
        expect_remembered(&stack, &other[0], 401);
        expect_remembered(&stack, &other[1], 200);
        eventually("all three are heard", || {
            (messages(&stack, "malformed") >= 1.0).then_some(())
        });
        let counts = ["user", "session", "malformed"].map(|kind| messages(&stack, kind));
        assert_eq!(counts, [1.0; 3], "{mode}");
        eventually("the mark is written at its master", || {
            match cluster.run(&["GET", "sessiongate:user:u-17"]) {
                Reply::BulkString(mark) => String::from_utf8(mark)
                    .ok()?
                    .contains("not_before")
                    .then_some(()),
                _ => None,
            }
        });
    }
}

#[test]
fn sessions_are_administered_whichever_master_they_lie_at() {
    let (_folder, cluster, stack) = running("tracking");
    let run = |line: &str| {
        let words: Vec<_> = line.split(' ').chain(["--config", "gate.yaml"]).collect();
        let output = stack.command(&words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{line}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let tokens: Vec<_> = (0..6)
        .map(|_| run("session create --user u-17 --ttl 1h"))
        .collect();
    for token in &tokens {
        expect_remembered(&stack, token, 200);
        // Without the user it is searched for at every master.
        assert!(run(&format!("session show {}", sid(token))).contains("u-17"));
    }
    let listed = run("session list u-17");
    assert!(
        tokens.iter().all(|token| listed.contains(&sid(token))),
        "{listed}"
    );
    run(&format!("session revoke {}", sid(&tokens[0])));
    expect_remembered(&stack, &tokens[0], 401);
    let record = format!("session:{}", sha256_hex(&tokens[0]));
    assert_eq!(cluster.run(&["EXISTS", &record]), Reply::Int(0));
    expect_remembered(&stack, &tokens[1], 200);
    run("user logout u-17");
    for token in &tokens {
        expect_remembered(&stack, token, 401);
    }
    let again = run("session create --user u-17 --ttl 1h");
    expect_remembered(&stack, &again, 200);
}
