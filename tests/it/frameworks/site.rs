//! `Site`: a Redis, an application of `tests/frameworks` and the gateway in front of it.

use super::app::App;
use super::browser::Browser;
use crate::harness::{Stack, free_port, stack};
use std::ops::Deref;
use std::process::{Command, Output};
use std::thread;

/// What the applications and the configurations in `docs/examples` name; the first of two keys signs.
const SECRETS: [(&str, &str); 5] = [
    ("BETTER_AUTH_SECRET", "0123456789abcdef0123456789abcdef"),
    ("JWT_KEY", "the key that signs the JSON Web Tokens"),
    ("SECRET_KEY", "the key of the Python application"),
    ("SESSION_SECRET", "new"),
    ("SESSION_SECRET_OLD", "old"),
];

/// Stops on drop, and shows what the application said when a case fails.
pub(super) struct Site {
    app: App,
    stack: Stack,
    port: u16,
}

impl Site {
    /// Starts all of it, with a configuration as an operator would write it: the gateway on `:8080`, Redis on
    /// 127.0.0.1:6379, the application on 127.0.0.1:3000.
    pub(super) fn start(file: &str, yaml: &str) -> Self {
        Self::start_with(file, yaml, &[])
    }

    /// The same, with other variables for the application than for the gateway.
    pub(super) fn start_with(file: &str, yaml: &str, changed: &[(&str, &str)]) -> Self {
        let mut app = App::absent();
        let (head, rest) = yaml.split_once('\n').expect("several lines");
        assert_eq!(head, "listen: :8080", "the stack listens in its place");
        let rest = rest
            .replace("127.0.0.1:6379", "127.0.0.1:${REDIS_PORT}")
            .replace("127.0.0.1:3000", "127.0.0.1:${APP_PORT}");
        let port = free_port();
        let builder = stack(&rest)
            .listen(&format!("[unix:gate.sock, '127.0.0.1:{port}']"))
            .redis()
            .redis_port()
            .env("APP_PORT", &app.port().to_string());
        let builder = SECRETS
            .iter()
            .fold(builder, |so_far, (name, value)| so_far.env(name, value));
        let stack = builder.start();
        let redis = format!("redis://127.0.0.1:{}", stack.redis().port());
        let known = SECRETS.iter().chain(changed).copied();
        let environment: Vec<_> = known.chain([("REDIS_URL", redis.as_str())]).collect();
        app.start(file, &environment, &stack.path(""));
        Self { app, stack, port }
    }

    /// Somebody who has not been there yet.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser::new(&self.stack)
    }

    /// What a line prints that is typed in the site's folder. It names the gateway as 127.0.0.1:8080 and the
    /// configuration's file as it likes.
    #[track_caller]
    pub(super) fn typed(&self, line: &str) -> String {
        let output = match line.strip_prefix("sessiongate ") {
            Some(arguments) => self.commanded(arguments),
            None => self.run(line),
        };
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {told}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commanded(&self, arguments: &str) -> Output {
        let words = arguments.split(' ').map(|word| {
            let is_file = word.ends_with(".yaml");
            if is_file { "gate.yaml" } else { word }
        });
        self.command(&words.collect::<Vec<_>>())
    }

    fn run(&self, line: &str) -> Output {
        let line = line.replace("127.0.0.1:8080", &format!("127.0.0.1:{}", self.port));
        let output = Command::new("sh")
            .args(["-c", &line])
            .current_dir(self.path(""))
            .output();
        output.expect("sh is there")
    }

    /// How many lookups of requests had to wait for an answer of Redis.
    #[track_caller]
    pub(super) fn lookups_in_store(&self) -> f64 {
        self.metric("sessiongate_session_lookups_total{result=\"store\",source=\"default\"}")
    }

    /// How many records were read again because they had been written.
    #[track_caller]
    pub(super) fn records_read_again(&self) -> f64 {
        self.metric_sum("sessiongate_session_refreshes_total")
    }
}

impl Deref for Site {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        &self.stack
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a failed case shows what the application said"
)]
impl Drop for Site {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- output of the application\n{}", self.app.output());
        }
    }
}
