//! Every line that `sessiongate demo` suggests does, typed as printed, what its comment says.

use super::harness::{eventually, free_port};
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output};

const BINARY: &str = env!("CARGO_BIN_EXE_sessiongate");

/// The comment, what the answer holds, and what it does not.
const SUGGESTIONS: [(&str, &[&str], &[&str]); 22] = [
    (
        "nobody: no identity headers",
        &["(no identity headers)"],
        &["x-skygear-"],
    ),
    (
        "Ada: the service is told who she is, and not her token",
        &[
            "x-skygear-user-id: 87dfaacf-a872-444a-948a-1497c6bb2a03",
            "x-skygear-user-verified: true",
        ],
        &["authorization", "Authorization", "demo-ada"],
    ),
    (
        "the same with a cookie",
        &["x-skygear-user-id: 87dfaacf"],
        &["ookie", "demo-ada"],
    ),
    (
        "Bob is not verified",
        &["x-skygear-user-id: bob", "x-skygear-user-verified: false"],
        &["demo-bob"],
    ),
    (
        "Eve is disabled; this service is told and decides",
        &["x-skygear-user-disabled: true"],
        &[],
    ),
    (
        "Max gave a second factor: authenticator headers",
        &[
            "x-skygear-session-authenticator-type: oob",
            "x-skygear-session-authenticator-oob-channel: sms",
        ],
        &[],
    ),
    (
        "Tim's session ends a minute after the start",
        &["x-skygear-user-id: tim"],
        &[],
    ),
    (
        "an unknown token is nobody here",
        &["(no identity headers)"],
        &["x-skygear-", "guess"],
    ),
    (
        "a forged header never arrives",
        &["(no identity headers)"],
        &["x-skygear-", "root"],
    ),
    (
        "a page of Max's asks who he is",
        &["\"user_id\":\"max\""],
        &["demo-max"],
    ),
    (
        "Max logs out, and the browser forgets its cookie",
        &["HTTP/1.1 204", "session=; Path=/; Max-Age=0"],
        &["demo-max"],
    ),
    (
        "what is left of Max's token",
        &["(no identity headers)"],
        &["x-skygear-", "demo-max"],
    ),
    (
        "hasura, nobody: the role is anonymous",
        &["200 OK", "x-hasura-role: anonymous"],
        &["x-hasura-user-id"],
    ),
    (
        "hasura, Ada: her default role",
        &[
            "x-hasura-user-id: 87df",
            "x-hasura-role: user\n",
            "user,admin",
        ],
        &[],
    ),
    (
        "hasura, Ada asks for a role she has",
        &["x-hasura-role: admin\n"],
        &[],
    ),
    (
        "hasura, Ada asks for a role she has not: 403",
        &["HTTP/1.1 403", "no-store"],
        &["x-hasura-user-id"],
    ),
    (
        "hasura, Eve is disabled: 403",
        &["HTTP/1.1 403"],
        &["x-hasura-user-id"],
    ),
    (
        "hasura, an unknown token: 401",
        &["HTTP/1.1 401", "Bearer"],
        &["x-hasura-role"],
    ),
    (
        "a signed assertion of Ada, for this service alone",
        &["x-sessiongate-assertion: ey"],
        &["(no identity headers)", "demo-ada"],
    ),
    (
        "the key that the service checks it with",
        &["{\"keys\":[{\"alg\":\"ES256\","],
        &["\"d\""],
    ),
    (
        "how often somebody tried to forge",
        &["sessiongate_forged_headers_total{route=\"*\"} 1"],
        &[],
    ),
    (
        "what this node does",
        &["\"state\": \"serving\""],
        &["demo-"],
    ),
];

/// A running demo, stopped on drop.
struct Demo {
    child: Child,
    listen: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let out = File::create(folder.join("out")).expect("scratch is writable");
        let listen = format!("127.0.0.1:{}", free_port());
        let admin = format!("127.0.0.1:{}", free_port());
        let child = demo(&listen, &admin)
            .stdout(out)
            .spawn()
            .expect("the binary runs");
        let mut demo = Self { child, listen };
        eventually("the demo serves", || {
            let ended = demo.child.try_wait().expect("it is ours");
            assert!(ended.is_none(), "the demo ended with {ended:?}");
            TcpStream::connect(&demo.listen).ok()
        });
        demo
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn demo(listen: &str, admin: &str) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["demo", "--listen", listen, "--admin", admin]);
    command
}

fn typed(line: &str) -> Output {
    Command::new("sh")
        .args(["-c", line])
        .output()
        .expect("sh and curl are installed")
}

#[test]
fn every_suggestion_works_as_printed() {
    let folder = tempfile::tempdir().expect("scratch");
    let _demo = Demo::start(folder.path());
    let guide = eventually("the guide is printed", || {
        let out = fs::read_to_string(folder.path().join("out")).ok()?;
        out.contains("/status.json").then_some(out)
    });
    for (comment, held, not_held) in SUGGESTIONS {
        let line = guide
            .lines()
            .skip_while(|line| *line != format!("# {comment}"))
            .nth(1);
        let line = line.unwrap_or_else(|| panic!("no suggestion `{comment}` in\n{guide}"));
        let output = typed(line);
        let answer = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}\n{answer}");
        for words in held {
            assert!(
                answer.contains(words),
                "`{words}` is missing: {line}\n{answer}"
            );
        }
        for words in not_held {
            assert!(
                !answer.contains(words),
                "`{words}` must not be there: {line}\n{answer}"
            );
        }
    }
    let suggested = guide
        .lines()
        .filter(|line| line.starts_with("curl "))
        .count();
    assert_eq!(
        suggested,
        SUGGESTIONS.len(),
        "every suggestion is tried:\n{guide}"
    );
}

#[test]
fn a_taken_port_names_the_option_and_exits_with_1() {
    let folder = tempfile::tempdir().expect("scratch");
    let running = Demo::start(folder.path());
    let free = format!("127.0.0.1:{}", free_port());
    let cases = [
        (&running.listen, &free, "--listen"),
        (&free, &running.listen, "--admin"),
    ];
    for (listen, admin, option) in cases {
        let output = demo(listen, admin).output().expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{option}: {said}");
        assert!(
            said.contains(option) && said.contains(&running.listen),
            "{option}: {said}"
        );
    }
}

#[test]
fn ctrl_c_ends_the_demo() {
    let folder = tempfile::tempdir().expect("scratch");
    let mut demo = Demo::start(folder.path());
    let pid = demo.child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    eventually("the demo ends", || {
        demo.child.try_wait().expect("it is ours")
    });
}
