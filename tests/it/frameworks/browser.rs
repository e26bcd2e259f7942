//! `Browser`: a cookie jar and what a person does with it.

use crate::harness::{Reply, Request, Stack};
use serde_json::Value;

/// Keeps the cookies of one site.
pub(super) struct Browser<'s> {
    stack: &'s Stack,
    cookies: Vec<(String, String)>,
}

impl<'s> Browser<'s> {
    /// One that has not been anywhere yet.
    pub(super) fn new(stack: &'s Stack) -> Self {
        Self {
            stack,
            cookies: Vec::new(),
        }
    }

    /// A thief's, with the same cookies.
    pub(super) fn copied(&self) -> Self {
        Self {
            stack: self.stack,
            cookies: self.cookies.clone(),
        }
    }

    /// Sends the login form.
    #[track_caller]
    pub(super) fn log_in(&mut self, user: &str) {
        let reply = self.post("/login", &format!("user={user}"));
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(!self.cookies.is_empty(), "the app sets a cookie");
    }

    /// Sends the logout form.
    #[track_caller]
    pub(super) fn log_out(&mut self) {
        let reply = self.post("/logout", "");
        assert_eq!(reply.status, 204, "{}", reply.text());
    }

    /// What the application says of the session that it sees itself (`app`) and of the headers that it was sent (`gateway`).
    #[track_caller]
    pub(super) fn whoami(&mut self) -> Value {
        let reply = self.get("/whoami");
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    pub(super) fn get(&mut self, target: &str) -> Reply {
        self.send(self.stack.get(target))
    }

    fn post(&mut self, target: &str, form: &str) -> Reply {
        let kind = "application/x-www-form-urlencoded";
        let request = self.stack.post(target).header("Content-Type", kind);
        self.send(request.body(form))
    }

    /// Sends a request with the cookies and takes those of the answer.
    pub(super) fn send(&mut self, request: Request<'_>) -> Reply {
        let pairs: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let reply = match pairs.as_slice() {
            [] => request.send(),
            pairs => request.header("Cookie", &pairs.join("; ")).send(),
        };
        for line in reply.all("Set-Cookie") {
            self.take(line);
        }
        reply
    }

    fn take(&mut self, set_cookie: &str) {
        let (pair, attributes) = set_cookie.split_once(';').unwrap_or((set_cookie, ""));
        let (name, value) = pair.split_once('=').expect("name=value");
        self.cookies.retain(|(own, _)| own != name);
        let attributes = attributes.to_ascii_lowercase();
        let is_removed = attributes.contains("max-age=0") || attributes.contains("1970");
        if !is_removed {
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Changes one character in the middle of a cookie's value.
    #[track_caller]
    pub(super) fn tamper(&mut self, name: &str) {
        let found = self.cookies.iter_mut().find(|(own, _)| own == name);
        let (_, value) = found.unwrap_or_else(|| panic!("a cookie `{name}`"));
        let middle = value.len() / 2;
        let other = if &value[middle..=middle] == "A" {
            "B"
        } else {
            "A"
        };
        value.replace_range(middle..=middle, other);
    }
}
