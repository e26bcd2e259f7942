//! How a body that is looked into is read, and that the upstream gets the same bytes.

use super::site::{FORM, chunked, form_of, post, started};
use crate::harness::{Answer, eventually};

#[test]
fn every_size_up_to_the_cap_passes_byte_for_byte_and_one_more_is_413() {
    let stack = started();
    let sizes = [
        ("app.test", 1024),
        ("data.test", 64 * 1024),
        ("members.test", 16 * 1024),
    ];
    for (host, cap) in sizes {
        for size in [40, cap - 1, cap] {
            let body = form_of(size, "token-1");
            for request in [
                post(host, FORM, "", &body),
                chunked(host, FORM, &body, 1000),
            ] {
                assert_eq!(stack.exchange(&request).status, 200, "{host} {size}");
                let seen = stack.upstream.last();
                assert!(
                    seen.body == body,
                    "{host}: {size} bytes became {}",
                    seen.body.len()
                );
                let length = seen.one("Content-Length").map(str::to_owned);
                let sent = String::from_utf8_lossy(&request).contains("chunked");
                assert_eq!(
                    length,
                    (!sent).then(|| size.to_string()),
                    "framed as it was"
                );
            }
        }
        let count = stack.upstream.count();
        let body = form_of(cap + 1, "token-1");
        for request in [
            post(host, FORM, "", &body),
            chunked(host, FORM, &body, 1000),
        ] {
            let mut connection = stack.connect();
            let _ = connection.try_send(&request);
            let told = connection.reply().denial();
            assert_eq!(told, (413, "token_body_too_large".to_owned()), "{host}");
            assert!(connection.is_closed());
        }
        assert_eq!(
            stack.upstream.count(),
            count,
            "{host}: nothing of it is passed on"
        );
    }
    let one = stack.exchange(post("app.test", FORM, "", "a"));
    assert_eq!(
        (one.user(), one.seen().body),
        ("-".to_owned(), b"a".to_vec())
    );
}

#[test]
fn a_body_larger_than_the_cap_passes_where_nothing_is_looked_for_in_it() {
    let stack = started();
    let body = form_of(5000, "token-1");
    for (media_type, lines, user) in [
        ("text/plain", "", "-"),
        ("application/octet-stream", "", "-"),
        (FORM, "Authorization: Bearer token-2\r\n", "u-18"),
        (FORM, "Cookie: session=token-2\r\n", "u-18"),
        (FORM, "Authorization: Bearer nobody\r\n", "-"),
    ] {
        let reply = stack.exchange(post("app.test", media_type, lines, &body));
        assert_eq!(
            (reply.status, reply.user().as_str()),
            (200, user),
            "{media_type} {lines}"
        );
        assert!(stack.upstream.last().body == body);
    }
    let told = stack
        .exchange(post("small.test", FORM, "", form_of(101, "token-1")))
        .denial();
    assert_eq!(
        told,
        (413, "body_too_large".to_owned()),
        "max_body is the smaller bound"
    );
}

#[test]
fn a_source_before_the_body_decides_without_waiting_for_it() {
    let stack = started();
    for (path, lines, user) in [
        ("/1", "Authorization: Bearer token-2", "u-18"),
        ("/2", "Authorization: Bearer nobody", "-"),
        ("/3", "Authorization: Bearer", "-"),
        ("/4", "Cookie: session=token-2", "u-18"),
    ] {
        let mut connection = stack.connect();
        connection.send(format!(
            "POST {path} HTTP/1.1\r\nHost: app.test\r\nContent-Type: {FORM}\r\n{lines}\r\nContent-Length: 20\r\n\r\n"
        ));
        let seen = stack.upstream.wait_for(path, 0);
        assert!(
            !seen.is_complete,
            "{lines}: the upstream hears of it before the body has come"
        );
        connection.send("access_token=token-1");
        assert_eq!(connection.reply().user(), user, "{lines}");
    }
    let late = "Cookie: late=token-2\r\n";
    let of = |body: &str| stack.exchange(post("app.test", FORM, late, body)).user();
    assert_eq!(
        of("access_token=token-1"),
        "u-17",
        "a source after the body does not matter"
    );
    assert_eq!(
        of("access_token=nobody"),
        "-",
        "nor does it replace what is invalid"
    );
    assert_eq!(of("access_token="), "-");
    assert_eq!(
        of("b=1"),
        "u-18",
        "where the body shows nothing the next source is asked"
    );
}

#[test]
fn an_encoded_body_that_may_hold_a_token_is_415() {
    let stack = started();
    let body = "access_token=token-1";
    for coding in ["gzip", "identity, br", "x-unheard-of"] {
        let lines = format!("Content-Encoding: {coding}\r\n");
        let reply = stack.exchange(post("app.test", FORM, &lines, body));
        assert_eq!(reply.denial(), (415, "encoded_body".to_owned()), "{coding}");
        assert_eq!(reply.header("Accept-Encoding"), Some("identity"));
    }
    assert_eq!(stack.upstream.count(), 0);
    let encoded = |host: &str, media_type: &str, lines: &str| {
        let lines = format!("Content-Encoding: gzip\r\n{lines}");
        stack.exchange(post(host, media_type, &lines, body)).user()
    };
    assert_eq!(encoded("app.test", "text/plain", ""), "-");
    assert_eq!(
        encoded("app.test", FORM, "Authorization: Bearer token-2\r\n"),
        "u-18"
    );
    let lines = "Content-Encoding: identity\r\n";
    assert_eq!(
        stack.exchange(post("app.test", FORM, lines, body)).user(),
        "u-17"
    );
}

#[test]
fn a_route_that_does_not_look_streams_the_body_and_sees_nobody() {
    let stack = started();
    let mut connection = stack.connect();
    connection.send(format!(
        "POST /plain HTTP/1.1\r\nHost: app.test\r\nContent-Type: {FORM}\r\nContent-Length: 20\r\n\r\n"
    ));
    assert!(!stack.upstream.wait_for("/plain", 0).is_complete);
    connection.send("access_token=token-1");
    assert_eq!(connection.reply().user(), "-");
    let get = format!(
        "GET /p HTTP/1.1\r\nHost: app.test\r\nContent-Type: {FORM}\r\nContent-Length: 20\r\n\r\naccess_token=token-1"
    );
    assert_eq!(
        stack.exchange(get).user(),
        "-",
        "nor is the body of a GET looked into"
    );
    let put = String::from_utf8(post("app.test", FORM, "", "access_token=token-1")).expect("text");
    for method in ["PUT", "PATCH", "DELETE"] {
        let reply = stack.exchange(put.replacen("POST", method, 1));
        assert_eq!(reply.user(), "u-17", "{method}");
    }
}

#[test]
fn a_client_that_waits_for_100_gets_one_and_its_connection_stays_open() {
    let stack = started();
    let mut connection = stack.connect();
    for _ in 0..3 {
        connection.send(format!(
            "POST /wait HTTP/1.1\r\nHost: members.test\r\nContent-Type: {FORM}\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n"
        ));
        let go_on = b"HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(connection.take(go_on.len()), go_on);
        connection.send("access_token=token-1");
        let reply = connection.reply();
        assert_eq!(reply.header("Connection"), Some("keep-alive"));
        let seen = reply.seen();
        assert_eq!(
            (seen.one("Expect"), seen.one("x-skygear-user-id")),
            (None, Some("u-17"))
        );
    }
    connection.send(post(
        "members.test",
        FORM,
        "Expect: 100-continue\r\n",
        "access_token=token-1",
    ));
    let told = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK";
    assert_eq!(connection.take(told.len()), told, "one 100 and no other");
    let refused = |lines: &str, length: usize, status: u16| {
        let mut connection = stack.connect();
        connection.send(format!(
            "POST /p HTTP/1.1\r\nHost: members.test\r\nContent-Type: {FORM}\r\nExpect: 100-continue\r\n{lines}Content-Length: {length}\r\n\r\n"
        ));
        let head = format!("HTTP/1.1 {status} ");
        assert_eq!(
            connection.take(head.len()),
            head.as_bytes(),
            "refused without a 100"
        );
    };
    refused("", 16 * 1024 + 1, 413);
    refused("Content-Encoding: gzip\r\n", 20, 415);
    refused("Authorization: Bearer nobody\r\n", 20, 401);
}

#[test]
fn a_body_that_does_not_come_in_time_is_408_and_one_that_breaks_off_is_nothing() {
    let stack = started();
    let head = format!(
        "POST /slow HTTP/1.1\r\nHost: app.test\r\nContent-Type: {FORM}\r\nContent-Length: 999\r\n\r\naccess"
    );
    let mut silent = stack.connect();
    silent.send(&head);
    assert_eq!(silent.reply().denial(), (408, "request_timeout".to_owned()));
    assert!(silent.is_closed());
    let mut dripping = stack.connect();
    dripping.send(&head);
    // Byte after byte, each well within the time for all of them.
    eventually("the connection is closed", || {
        dripping.try_send("x").is_err().then_some(())
    });
    assert_eq!(
        dripping.reply().denial(),
        (408, "request_timeout".to_owned())
    );
    let mut broken = stack.connect();
    broken.send("POST /p HTTP/1.1\r\nHost: app.test\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_eq!(broken.reply().denial(), (400, "bad_body".to_owned()));
    let mut gone = stack.connect();
    gone.send(&head);
    drop(gone);
    stack.expect_metric(
        r#"sessiongate_http_requests_total{route="sky",status="499"}"#,
        1.0,
    );
    assert_eq!(stack.upstream.count(), 0);
}

#[test]
fn an_old_client_and_one_that_keeps_the_connection_are_served() {
    let stack = started();
    let body = "access_token=token-1";
    let mut old = stack.connect();
    old.send(format!(
        "POST /old HTTP/1.0\r\nHost: app.test\r\nContent-Type: {FORM}\r\nExpect: 100-continue\r\nContent-Length: 20\r\n\r\n{body}"
    ));
    assert!(old.take(9).starts_with(b"HTTP/1."), "an answer");
    let mut connection = stack.connect();
    let (good, bad) = (
        post("members.test", FORM, "", body),
        post("members.test", FORM, "", "access_token=nobody"),
    );
    let bare = "GET /bare HTTP/1.1\r\nHost: members.test\r\nAuthorization: Bearer token-2\r\n\r\n";
    for _ in 0..2 {
        for (request, status) in [(&good, 200), (&bad, 401), (&good, 200), (&bare.into(), 200)] {
            connection.send(request);
            assert_eq!(connection.reply().status, status);
        }
    }
    connection.send("GET /anonymous HTTP/1.1\r\nHost: app.test\r\n\r\n");
    assert_eq!(
        connection.reply().user(),
        "-",
        "nothing of a body is remembered"
    );
}

#[test]
fn a_request_behind_a_body_is_a_request_of_its_own() {
    let stack = started();
    for first in ["access_token=token-1", "access_token=nobody"] {
        let second = "GET /second HTTP/1.1\r\nHost: app.test\r\n\r\n";
        let mut connection = stack.connect();
        connection.send([&post("app.test", FORM, "", first), second.as_bytes()].concat());
        let seen = connection.reply().seen();
        assert_eq!(seen.body, first.as_bytes());
        // Pingora closes rather than answer what came too early.
        if let Ok(reply) = connection.try_reply() {
            assert_eq!(
                (reply.seen().target(), reply.user().as_str()),
                ("/second", "-")
            );
        }
    }
}

#[test]
fn what_is_sent_again_is_the_same_body_and_counts_once() {
    let stack = started();
    stack.upstream.on("/dead", Answer::RawThenClose(Vec::new()));
    let body = form_of(60, "token-1");
    for (host, body) in [("app.test", form_of(1024, "token-1")), ("small.test", body)] {
        for request in [
            post(host, FORM, "", &body),
            post(host, FORM, "Expect: 100-continue\r\n", &body),
            chunked(host, FORM, &body, 9),
        ] {
            let before = stack.upstream.count();
            assert_eq!(
                stack.get("/warm").send().status,
                200,
                "a connection for the pool"
            );
            let put = [b"PUT /dead".as_slice(), &request["POST /p".len()..]].concat();
            let told = stack.exchange(put).denial();
            assert_eq!(told, (502, "upstream_error".to_owned()));
            let seen = stack.upstream.seen().split_off(before + 1);
            assert_eq!(
                seen.len(),
                2,
                "{host}: once more on a connection of its own"
            );
            for seen in seen {
                assert!(
                    seen.is_complete && seen.body == body,
                    "{host}: {}",
                    seen.body.len()
                );
                assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"));
            }
        }
    }
}

#[test]
fn a_body_is_read_however_its_bytes_arrive() {
    let stack = started();
    let body = b"a=%00&access_token=token-1&b=+";
    for request in [
        post("members.test", FORM, "", body),
        chunked("members.test", FORM, body, 9),
    ] {
        for cut in 1..request.len() {
            let mut connection = stack.connect();
            let (head, tail) = request.split_at(cut);
            let reply = connection.send(head).send(tail).reply();
            assert_eq!(reply.status, 200, "cut at {cut}");
            assert_eq!(reply.seen().body, body, "cut at {cut}");
        }
    }
}
