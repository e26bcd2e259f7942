//! `Site`: a Redis, an application of `tests/frameworks` and the gateway in front of it.

use super::app::App;
use super::browser::Browser;
use crate::harness::{Stack, stack};
use std::ops::Deref;
use std::thread;

/// What the applications and the configurations in `docs/frameworks` name; the first of two keys signs.
const SECRETS: [(&str, &str); 5] = [
    ("BETTER_AUTH_SECRET", "0123456789abcdef0123456789abcdef"),
    ("JWT_KEY", "the key of the JSON Web Tokens"),
    ("SECRET_KEY", "the key of the Python application"),
    ("SESSION_SECRET", "new"),
    ("SESSION_SECRET_OLD", "old"),
];

/// Stops on drop, and shows what the application said when a case fails.
pub(super) struct Site {
    app: App,
    stack: Stack,
}

impl Site {
    /// Starts all of it, with a configuration as an operator would write it: the gateway on `:8080`, Redis on
    /// 127.0.0.1:6379, the application on 127.0.0.1:3000.
    pub(super) fn start(file: &str, yaml: &str) -> Self {
        let mut app = App::absent();
        let (head, rest) = yaml.split_once('\n').expect("several lines");
        assert_eq!(head, "listen: :8080", "the stack listens in its place");
        let rest = rest
            .replace("127.0.0.1:6379", "127.0.0.1:${REDIS_PORT}")
            .replace("127.0.0.1:3000", "127.0.0.1:${APP_PORT}");
        let builder = stack(&rest).redis().redis_port();
        let builder = builder.env("APP_PORT", &app.port().to_string());
        let builder = SECRETS
            .iter()
            .fold(builder, |so_far, (name, value)| so_far.env(name, value));
        let stack = builder.start();
        let mut environment = SECRETS
            .map(|(name, value)| (name, value.to_owned()))
            .to_vec();
        let redis = format!("redis://127.0.0.1:{}", stack.redis().port());
        environment.push(("REDIS_URL", redis));
        app.start(file, &environment, &stack.path(""));
        Self { app, stack }
    }

    /// Somebody who has not been there yet.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser::new(&self.stack)
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
