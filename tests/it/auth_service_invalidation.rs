//! The Redis of an auth service is followed: a session that ends there is over here, its being used costs nothing, and
//! nothing is ever written.

use crate::harness::{Answer, Cluster, Redis, Stack, Upstream, eventually, sha256_hex, sid, stack};
use serde_json::Value;
use tempfile::TempDir;

/// Remembered for long, so that questions can be counted.
const CONFIG: &str = "
sessions:
  main:
    token: [bearer, {cookie: app_session}]
    http:
      url: 'http://127.0.0.1:${AUTH}/resolve'
      identity: authgear
      invalidated_by: {redis: REDIS, prefixes: ['app:main:session:', 'app:main:access-grant:']}
    MARKS
cache: {ttl: 1h, negative_ttl: 1h}
routes: [{upstream: 'unix:app.sock', identity: authgear, invalid: reject}]
";

const URL: &str = "'redis://127.0.0.1:${ACCOUNTS}'";

const VALID: &str = "HTTP/1.1 200 OK\r\nx-authgear-session-valid: true\r\nx-authgear-user-id: u-17\r\n\
    x-authgear-user-anonymous: false\r\nx-authgear-user-verified: true\r\n\
    x-authgear-user-can-reauthenticate: true\r\ncontent-length: 0\r\n\r\n";

const ENDED: &str = "HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n";

struct Site {
    stack: Stack,
    service: Upstream,
    /// The service's own.
    accounts: Redis,
    _folder: TempDir,
}

fn site() -> Site {
    site_with("", URL, "")
}

/// The service's Redis has these options and is reached like this; marks are kept there.
fn site_with(options: &str, redis: &str, marks: &str) -> Site {
    let folder = tempfile::tempdir().expect("scratch");
    let accounts = Redis::start(folder.path(), options);
    let service = Upstream::tcp();
    let config = CONFIG.replace("REDIS", redis).replace("MARKS", marks);
    let builder = stack(&config)
        .env("AUTH", &service.port().to_string())
        .env("ACCOUNTS", &accounts.port().to_string());
    let builder = if marks.is_empty() {
        builder
    } else {
        builder.redis()
    };
    let site = Site {
        stack: builder.start(),
        service,
        accounts,
        _folder: folder,
    };
    site.answers(VALID);
    site.expect_told(true);
    site
}

impl Site {
    fn answers(&self, answer: &str) {
        self.service
            .on("/resolve", Answer::Raw(answer.as_bytes().to_vec()));
    }

    fn status(&self, token: &str) -> u16 {
        self.stack.get("/").bearer(token).send().status
    }

    fn source(&self) -> Value {
        self.stack.admin("/status.json").json()["sources"][0].clone()
    }

    fn expect_told(&self, is_told: bool) {
        eventually(&format!("changes are told: {is_told}"), || {
            (self.source()["revocation"]["announced"] == is_told).then_some(())
        });
    }

    /// As the service does when a session is made, and whenever it is asked for one.
    fn used(&self, key: &str) {
        self.accounts.command(&["SET", key, "{}"]);
    }

    fn expect_ended(&self, token: &str) {
        eventually(&format!("{token} has ended"), || {
            (self.status(token) == 401).then_some(())
        });
    }
}

#[test]
fn a_session_that_ends_at_the_service_is_over_here() {
    let site = site();
    site.used("app:main:session:id");
    for token in ["id.one", "id.other", "next.one"] {
        assert_eq!(site.status(token), 200);
    }
    site.answers(ENDED);
    for token in ["id.one", "id.other", "next.one"] {
        assert_eq!(site.status(token), 200, "{token} is remembered");
    }
    site.accounts.command(&["DEL", "app:main:session:id"]);
    site.expect_ended("id.one");
    site.expect_ended("id.other");
    assert_eq!(site.status("next.one"), 200);
}

#[test]
fn a_token_whose_hash_is_the_key_ends_with_it() {
    let site = site();
    let key = format!("app:main:access-grant:{}", sha256_hex("opaque"));
    site.used(&key);
    assert_eq!(site.status("opaque"), 200);
    site.answers(ENDED);
    // An end by itself is told as well.
    site.accounts.command(&["PEXPIRE", &key, "1"]);
    site.expect_ended("opaque");
}

#[test]
fn a_session_that_is_written_at_every_use_is_asked_of_its_service_once() {
    let site = site();
    let key = "app:main:session:id";
    for round in 1..=50 {
        site.used(key);
        eventually("the key was asked for", || {
            (site.accounts.calls("exists") >= round).then_some(())
        });
        assert_eq!(site.status("id.one"), 200);
    }
    assert_eq!(site.service.count(), 1);
}

#[test]
fn what_is_not_followed_ends_nothing_and_a_flush_ends_all() {
    let site = site();
    for key in ["app:main:session:id", "app:main:offline-grant:id"] {
        site.used(key);
    }
    assert_eq!(site.status("id.one"), 200);
    site.accounts.command(&["DEL", "app:main:offline-grant:id"]);
    // Told after it, and so dealt with after it.
    site.used("app:main:session:other");
    eventually("the other was asked for", || {
        (site.accounts.calls("exists") >= 2).then_some(())
    });
    assert_eq!(site.status("id.one"), 200);
    assert_eq!(site.service.count(), 1);
    site.answers(ENDED);
    site.accounts.command(&["FLUSHALL"]);
    site.expect_ended("id.one");
}

#[test]
fn while_the_redis_of_the_service_is_away_the_service_is_asked() {
    let mut site = site();
    assert_eq!(site.status("id.one"), 200);
    assert_eq!(site.status("id.one"), 200);
    assert_eq!(site.service.count(), 1);
    site.accounts.kill();
    site.expect_told(false);
    let server = site.source()["servers"].clone();
    assert_eq!(server[1]["up"], false, "{server}");
    assert_eq!(site.status("id.one"), 200);
    assert_eq!(site.service.count(), 2, "nobody told of it any more");
    site.answers(ENDED);
    site.accounts.restart();
    site.expect_told(true);
    assert_eq!(site.status("id.one"), 401, "asked again after the return");
}

#[test]
fn nothing_is_written_into_it_and_rights_to_read_are_enough() {
    let user = "--user follower on >hunter2 ~app:* +@read +ping +client|tracking";
    let redis = "{url: 'redis://127.0.0.1:${ACCOUNTS}', username: follower, password: hunter2}";
    let site = site_with(user, redis, "");
    site.used("app:main:session:id");
    assert_eq!(site.status("id.one"), 200);
    site.answers(ENDED);
    site.accounts.command(&["DEL", "app:main:session:id"]);
    site.expect_ended("id.one");
    let pings = site.accounts.calls("ping");
    eventually("it was proved twice more", || {
        (site.accounts.calls("ping") >= pings + 2).then_some(())
    });
    let refused = redis::cmd("ACL")
        .arg("LOG")
        .query::<Vec<redis::Value>>(&mut site.accounts.connection());
    let mut refused = refused.expect("the log");
    // Its library introduces itself to servers that know the command.
    refused.retain(|entry| !format!("{entry:?}").contains("setinfo"));
    assert!(refused.is_empty(), "{refused:?}");
    assert_eq!(site.accounts.command(&["KEYS", "*"]), "");
    for command in [
        "publish",
        "subscribe",
        "eval",
        "get",
        "getrange",
        "pttl",
        "expire",
    ] {
        assert_eq!(site.accounts.calls(command), 0, "{command}");
    }
    let writes = (site.accounts.calls("set"), site.accounts.calls("del"));
    assert_eq!(writes, (1, 1), "those of this test");
}

#[test]
fn a_key_that_may_not_be_asked_for_counts_as_gone() {
    let user = "--user follower on >hunter2 ~app:* +ping +client|tracking";
    let redis = "{url: 'redis://127.0.0.1:${ACCOUNTS}', username: follower, password: hunter2}";
    let site = site_with(user, redis, "");
    assert_eq!(site.status("id.one"), 200);
    site.answers(ENDED);
    site.used("app:main:session:id");
    site.expect_ended("id.one");
}

#[test]
fn marks_in_another_redis_and_the_service_are_followed_at_once() {
    let mut site = site_with("", URL, "revoked: ${REDIS}");
    for key in ["app:main:session:a", "app:main:session:b"] {
        site.used(key);
    }
    for token in ["a.x", "b.x", "c.x"] {
        assert_eq!(site.status(token), 200);
    }
    let revoked = format!("sessiongate:revoked:{}", sid("a.x"));
    site.stack.redis().command(&["SET", &revoked, "1"]);
    site.expect_ended("a.x");
    site.accounts.command(&["DEL", "app:main:session:b"]);
    site.answers(ENDED);
    site.expect_ended("b.x");
    assert_eq!(site.status("c.x"), 200, "remembered");
    site.stack.redis_mut().kill();
    site.expect_told(false);
    site.accounts.kill();
    site.stack.redis_mut().restart();
    eventually("the marks are back", || {
        (site.source()["servers"][0]["up"] == true).then_some(())
    });
    assert_eq!(site.source()["revocation"]["announced"], false);
    site.accounts.restart();
    site.expect_told(true);
    assert_eq!(site.status("c.x"), 401);
}

#[test]
fn marks_of_which_nobody_tells_do_not_keep_the_service_from_being_followed() {
    let marks = "revoked: {url: '${REDIS}', invalidation: none}";
    let site = site_with("", URL, marks);
    site.used("app:main:session:id");
    assert_eq!(site.status("id.one"), 200);
    assert_eq!(site.source()["revocation"]["by"], "tracking");
    site.answers(ENDED);
    site.accounts.command(&["UNLINK", "app:main:session:id"]);
    site.expect_ended("id.one");
}

#[test]
fn a_cluster_is_followed_at_each_of_its_masters() {
    let folder = tempfile::tempdir().expect("scratch");
    let cluster = Cluster::start(folder.path());
    let service = Upstream::tcp();
    let redis = "{cluster: ['127.0.0.1:${NODE}'], timeout: {reply: 5s}}";
    let config = CONFIG.replace("REDIS", redis).replace("MARKS", "");
    let stack = stack(&config)
        .env("AUTH", &service.port().to_string())
        .env("NODE", &cluster.nodes[0].port().to_string())
        .start();
    let answers = |text: &str| service.on("/resolve", Answer::Raw(text.as_bytes().to_vec()));
    let status = |token: &str| stack.get("/").bearer(token).send().status;
    answers(VALID);
    eventually("changes are told", || {
        let source = stack.admin("/status.json").json()["sources"][0].clone();
        (source["revocation"]["announced"] == true).then_some(())
    });
    let ids: Vec<String> = (0..8).map(|number| format!("id-{number}")).collect();
    for id in &ids {
        cluster.run(&["SET", &format!("app:main:session:{id}"), "{}"]);
        assert_eq!(status(&format!("{id}.x")), 200);
    }
    answers(ENDED);
    for id in &ids {
        cluster.run(&["DEL", &format!("app:main:session:{id}")]);
        eventually("it has ended", || {
            (status(&format!("{id}.x")) == 401).then_some(())
        });
    }
}
