//! A fetcher and the addresses that it is given.

use super::failure::FetchFault;
use super::fetcher::Fetcher;
use super::limits::FetchLimits;
use super::request::FetchRequest;
use super::target::FetchTarget;
use super::test_server::{Step, TestServer};

fn answer() -> Step {
    Step::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_vec())
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_its_address() {
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        free.local_addr().expect("an address").port()
    };
    for url in [
        format!("http://127.0.0.1:{port}/?key=secret"),
        format!("http://localhost:{port}/?key=secret"),
        "unix:/nonexistent/auth.sock:/?key=secret".to_owned(),
        "http://no-such-name.invalid/?key=secret".to_owned(),
    ] {
        let target = FetchTarget::parse(&url, None).expect("a URL");
        let fetcher = Fetcher::new(target, FetchLimits::default());
        let error = fetcher.fetch(&FetchRequest::get()).await.expect_err(&url);
        assert_eq!(error.kind, FetchFault::Io, "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn a_name_is_asked_where_it_listens() {
    // `localhost` may be ::1 first, where nobody listens.
    let server = TestServer::start(vec![vec![answer(), answer()]]).await;
    let url = format!("http://localhost:{}/", server.port());
    let target = FetchTarget::parse(&url, None).expect("a URL");
    let fetcher = Fetcher::new(target, FetchLimits::default());
    for _ in 0..2 {
        assert!(fetcher.fetch(&FetchRequest::get()).await.is_ok());
    }
    assert_eq!(server.connections(), [0, 0]);
}

#[tokio::test]
async fn a_unix_socket_is_asked_and_kept_through_a_link() {
    let dir = tempfile::tempdir().expect("a folder");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(dir.path(), &link).expect("a link");
    let script = vec![vec![answer(), answer()]];
    let server = TestServer::start_unix(&dir.path().join("auth.sock"), script).await;
    let url = format!("unix:{}/auth.sock:/resolve", link.display());
    let target = FetchTarget::parse(&url, None).expect("a URL");
    let fetcher = Fetcher::new(target, FetchLimits::default());
    for _ in 0..2 {
        assert!(fetcher.fetch(&FetchRequest::get()).await.is_ok());
    }
    let seen = server.seen();
    assert!(
        seen[0].1.starts_with("GET /resolve HTTP/1.1\r\n"),
        "{seen:?}"
    );
    assert_eq!(server.connections(), [0, 0]);
}
