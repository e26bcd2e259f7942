//! A fetcher against a server that misbehaves in every way.

use super::failure::FetchFault;
use super::fetcher::Fetcher;
use super::limits::FetchLimits;
use super::request::FetchRequest;
use super::response::FetchResponse;
use super::test_server::{Step, TestServer};
use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderValue, Method};
use std::time::Duration;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-user: u\r\n\r\nok";

fn answer(bytes: &str) -> Step {
    Step::Answer(bytes.as_bytes().to_vec())
}

fn post() -> FetchRequest {
    FetchRequest::new(Method::POST).with_body(Bytes::from_static(b"{}"))
}

fn fetcher(server: &TestServer) -> Fetcher {
    Fetcher::new(server.target("/resolve?x=1"), FetchLimits::default())
}

/// What becomes of one request that is answered with these bytes.
async fn outcome(step: Step, limits: FetchLimits) -> Result<FetchResponse, FetchFault> {
    let server = TestServer::start(vec![vec![step]]).await;
    let fetcher = Fetcher::new(server.target("/"), limits);
    let answer = fetcher.fetch(&FetchRequest::get()).await;
    answer.map_err(|error| error.kind)
}

fn short() -> FetchLimits {
    FetchLimits {
        total: Duration::from_millis(200),
        ..FetchLimits::default()
    }
}

#[tokio::test]
async fn a_request_goes_out_as_it_was_written() {
    let server = TestServer::start(vec![vec![answer(OK), answer(OK)]]).await;
    let fetcher = fetcher(&server);
    let request = FetchRequest::get()
        .with_header(AUTHORIZATION, HeaderValue::from_static("Bearer t"))
        .with_header(COOKIE, HeaderValue::from_static("session=t"));
    let answer = fetcher.fetch(&request).await.expect("an answer");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers.get("x-user"),
        Some(&HeaderValue::from_static("u"))
    );
    assert_eq!(answer.body, "ok");
    fetcher.fetch(&post()).await.expect("an answer");
    let seen = server.seen();
    let host = format!("127.0.0.1:{}", server.port());
    let agent = concat!("sessiongate/", env!("CARGO_PKG_VERSION"));
    let get = format!(
        "GET /resolve?x=1 HTTP/1.1\r\nauthorization: Bearer t\r\ncookie: session=t\r\nHost: {host}\r\nUser-Agent: {agent}\r\n\r\n"
    );
    assert_eq!(seen[0].1.to_lowercase(), get.to_lowercase());
    let sent = seen[1].1.to_lowercase();
    assert!(sent.starts_with("post /resolve?x=1 http/1.1\r\n"), "{sent}");
    assert!(sent.ends_with("content-length: 2\r\n\r\n{}"), "{sent}");
}

#[tokio::test]
async fn a_connection_is_kept_and_used_again() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    let steps = [OK, chunked, empty, OK].map(answer).to_vec();
    let server = TestServer::start(vec![steps]).await;
    let fetcher = fetcher(&server);
    for body in ["ok", "ok", "", "ok"] {
        let answer = fetcher
            .fetch(&FetchRequest::get())
            .await
            .expect("an answer");
        assert_eq!(answer.body, body);
    }
    assert_eq!(server.connections(), [0, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_used_again_from_any_thread() {
    let empty = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let server = TestServer::start(vec![vec![answer(empty); 20]]).await;
    let fetcher = std::sync::Arc::new(fetcher(&server));
    for _ in 0..20 {
        let fetcher = std::sync::Arc::clone(&fetcher);
        let asked = tokio::spawn(async move { fetcher.fetch(&FetchRequest::get()).await });
        asked.await.expect("no panic").expect("an answer");
    }
    assert_eq!(server.connections(), [0; 20]);
}

#[tokio::test]
async fn a_connection_that_will_not_do_is_not_kept() {
    let closing = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok";
    let unframed = Step::Last(b"HTTP/1.1 200 OK\r\n\r\nok".to_vec());
    let overlong = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n";
    let script = vec![
        vec![answer(closing), answer(OK)],
        vec![unframed],
        vec![answer(overlong), answer(OK)],
        vec![answer(OK)],
    ];
    let server = TestServer::start(script).await;
    let fetcher = fetcher(&server);
    for _ in 0..4 {
        let answer = fetcher
            .fetch(&FetchRequest::get())
            .await
            .expect("an answer");
        assert_eq!(answer.body, "ok");
    }
    assert_eq!(server.connections(), [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_safe_request_is_sent_again_when_a_kept_connection_was_lost_before_its_answer() {
    let script = vec![vec![answer(OK), Step::Close], vec![answer(OK)]];
    let server = TestServer::start(script).await;
    let fetcher = fetcher(&server);
    for _ in 0..2 {
        let answer = fetcher
            .fetch(&FetchRequest::get())
            .await
            .expect("an answer");
        assert_eq!(answer.status, 200);
    }
    assert_eq!(server.connections(), [0, 0, 1]);
}

#[tokio::test]
async fn no_other_request_is_sent_again() {
    let lost = || Step::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok".to_vec());
    let cases = [
        (
            "a POST",
            post(),
            vec![answer(OK), Step::Close],
            [0, 0].as_slice(),
        ),
        (
            "no kept connection",
            FetchRequest::get(),
            vec![Step::Close],
            &[0],
        ),
        (
            "an answer had begun",
            FetchRequest::get(),
            vec![answer(OK), lost()],
            &[0, 0],
        ),
    ];
    for (case, request, steps, connections) in cases {
        let server = TestServer::start(vec![steps, vec![answer(OK)]]).await;
        let fetcher = fetcher(&server);
        for _ in 1..connections.len() {
            fetcher
                .fetch(&FetchRequest::get())
                .await
                .expect("an answer");
        }
        let error = fetcher.fetch(&request).await.expect_err(case);
        assert_eq!(error.kind, FetchFault::Io, "{case}");
        assert_eq!(server.connections(), connections, "{case}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_not_waited_for() {
    let parts = [
        "",
        "HTTP/1.1 200 OK\r\nx: ",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
        "HTTP/1.1 200 OK\r\n\r\nok",
    ];
    for part in parts {
        let seen = outcome(Step::Hang(part.into()), short()).await;
        assert_eq!(seen.err(), Some(FetchFault::Timeout), "{part}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(20);
    let cases = [
        ("SSH-2.0-OpenSSH_9.6\r\n", FetchFault::Protocol),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", FetchFault::Protocol),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok",
            FetchFault::Protocol,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            FetchFault::Protocol,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            FetchFault::Protocol,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
            FetchFault::Protocol,
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
            FetchFault::Protocol,
        ),
        (interim.as_str(), FetchFault::Protocol),
        ("HTTP/1.1 200 OK\r\nx: y\r\n", FetchFault::Io),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
            FetchFault::Io,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n",
            FetchFault::Io,
        ),
        ("", FetchFault::Io),
    ];
    for (bytes, fault) in cases {
        let seen = outcome(Step::Last(bytes.into()), FetchLimits::default()).await;
        assert_eq!(seen.err(), Some(fault), "{bytes}");
    }
}

#[tokio::test]
async fn statuses_that_announce_the_answer_are_passed_over() {
    let early = format!("HTTP/1.1 103 Early Hints\r\nx-user: evil\r\n\r\n{OK}");
    let seen = outcome(answer(&early), FetchLimits::default()).await;
    let seen = seen.expect("an answer");
    assert_eq!(seen.status, 200);
    assert_eq!(
        seen.headers.get("x-user"),
        Some(&HeaderValue::from_static("u"))
    );
}

#[tokio::test]
async fn a_folded_header_is_one_line() {
    let folded = "HTTP/1.1 200 OK\r\nx-user: a\r\n b\r\ncontent-length: 0\r\n\r\n";
    let seen = outcome(answer(folded), FetchLimits::default()).await;
    let user = seen.map(|seen| seen.headers.get("x-user").cloned());
    assert_eq!(user, Ok(Some(HeaderValue::from_static("a b"))));
}

#[tokio::test]
async fn no_more_is_taken_than_the_limits_say() {
    let limits = FetchLimits {
        max_head_bytes: 1024,
        max_body_bytes: 1024,
        ..FetchLimits::default()
    };
    let head = |size: usize| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: {}\r\n\r\n",
            "a".repeat(size)
        )
    };
    let sized = |size: usize| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {size}\r\n\r\n{}",
            "a".repeat(size)
        )
    };
    let chunked = |size: usize| {
        let chunk = format!("100\r\n{}\r\n", "a".repeat(256)).repeat(size / 256);
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n")
    };
    let open = |size: usize| format!("HTTP/1.1 200 OK\r\n\r\n{}", "a".repeat(size));
    type OfSize<'a> = &'a dyn Fn(usize) -> String;
    let kinds: [(&str, OfSize<'_>, usize, usize); 4] = [
        ("head", &head, 900, 1024),
        ("content-length", &sized, 1024, 1025),
        ("chunked", &chunked, 1024, 1280),
        ("until the end", &open, 1024, 1025),
    ];
    for (kind, bytes, fits, exceeds) in kinds {
        let seen = outcome(Step::Last(bytes(fits).into()), limits).await;
        assert!(seen.is_ok(), "{kind}: {seen:?}");
        let seen = outcome(Step::Hang(bytes(exceeds).into()), limits).await;
        assert_eq!(seen.err(), Some(FetchFault::TooLarge), "{kind}");
    }
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n";
    let seen = outcome(Step::Hang(announced.into()), limits).await;
    assert_eq!(seen.err(), Some(FetchFault::TooLarge), "before it has come");
}

#[tokio::test]
async fn redirects_are_answers_like_any_other() {
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let seen = outcome(answer(moved), FetchLimits::default()).await;
    assert_eq!(seen.map(|answer| answer.status.as_u16()).ok(), Some(302));
}

#[tokio::test]
async fn beyond_the_bound_a_request_fails_at_once() {
    let server = TestServer::start(vec![vec![Step::Hang(Vec::new())]]).await;
    let limits = FetchLimits {
        max_in_flight: 1,
        total: Duration::from_secs(60),
        ..FetchLimits::default()
    };
    let fetcher = Fetcher::new(server.target("/"), limits);
    let request = FetchRequest::get();
    let first = fetcher.fetch(&request);
    tokio::select! {
        biased;
        _ = first => panic!("nothing answers"),
        second = fetcher.fetch(&request) => {
            assert_eq!(second.map_err(|error| error.kind).err(), Some(FetchFault::Overload));
        }
    }
}

#[tokio::test]
async fn a_fetch_that_is_dropped_gives_its_place_back() {
    let script = vec![vec![Step::Hang(Vec::new())], vec![answer(OK)]];
    let server = TestServer::start(script).await;
    let limits = FetchLimits {
        max_in_flight: 1,
        ..FetchLimits::default()
    };
    let fetcher = Fetcher::new(server.target("/"), limits);
    let request = FetchRequest::get();
    {
        let mut dropped = Box::pin(fetcher.fetch(&request));
        while server.seen().is_empty() {
            tokio::select! {
                _ = &mut dropped => panic!("nothing answers"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert!(fetcher.fetch(&request).await.is_ok());
    assert_eq!(server.connections(), [0, 1]);
}

#[tokio::test]
async fn errors_quote_nothing_of_an_answer() {
    let leaking = "HTTP/1.1 200 OK\r\nset-cookie: secret\r\nno colon\r\n\r\n";
    let server = TestServer::start(vec![vec![answer(leaking)]]).await;
    let error = fetcher(&server).fetch(&FetchRequest::get()).await;
    let error = error.expect_err("no answer");
    assert!(
        !format!("{error} {error:?}").contains("secret"),
        "{error:?}"
    );
}

#[test]
fn a_fetcher_outlives_the_runtime_that_it_was_used_in() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime")
    };
    let serving = runtime();
    let script = vec![vec![answer(OK), answer(OK)], vec![answer(OK)]];
    let server = serving.block_on(TestServer::start(script));
    let fetcher = fetcher(&server);
    for _ in 0..2 {
        let asking = runtime();
        let answer = asking.block_on(fetcher.fetch(&FetchRequest::get()));
        assert!(answer.is_ok(), "{answer:?}");
    }
}
