//! `Stack`: everything one scenario needs, in a scratch folder of its own; all of it stops on drop.

use super::client::Connection;
use super::gateway::{Command, Gateway};
use super::redis::Redis;
use super::redis_proxy::RedisProxy;
use super::reply::Reply;
use super::request::Request;
use super::upstream::Upstream;
use super::wait::eventually;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use tempfile::TempDir;

/// Sockets are named relative to the folder of the file. Two workers, so that requests do meet.
const HEAD: &str = "listen: unix:gate.sock\nadmin: unix:admin.sock\nthreads: 2\n";

/// Begins a stack whose gateway has this configuration, `listen:`, `admin:` and `threads:` aside.
///
/// The upstream is `unix:app.sock`. `${REDIS}` is the URL of the stack's Redis, and `sessions: ${REDIS}` asks it.
pub(crate) fn stack(yaml: &str) -> StackBuilder {
    let folder = tempfile::tempdir().expect("scratch");
    let environment = vec![("REDIS".to_owned(), redis_url(folder.path()))];
    StackBuilder {
        folder,
        yaml: yaml.to_owned(),
        head: HEAD.to_owned(),
        environment,
        seeds: Vec::new(),
        redis: None,
        proxy: None,
    }
}

fn redis_url(folder: &Path) -> String {
    format!("unix://{}", folder.join("redis.sock").display())
}

/// A stack that is not running yet.
pub(crate) struct StackBuilder {
    folder: TempDir,
    yaml: String,
    head: String,
    environment: Vec<(String, String)>,
    seeds: Vec<Value>,
    redis: Option<Redis>,
    proxy: Option<RedisProxy>,
}

impl StackBuilder {
    /// Seeds the embedded store, which the configuration names as `memory: {seed: seed.yaml}`.
    pub(crate) fn seed(mut self, token: &str, record: &Value) -> Self {
        self.seeds.push(json!({"token": token, "record": record}));
        self
    }

    /// Another number of workers than two.
    pub(crate) fn threads(mut self, count: usize) -> Self {
        self.head = self
            .head
            .replace("threads: 2", &format!("threads: {count}"));
        self
    }

    /// Starts a Redis.
    pub(crate) fn redis(self) -> Self {
        self.redis_with("")
    }

    /// Starts a Redis with further options of its command line.
    pub(crate) fn redis_with(mut self, options: &str) -> Self {
        self.redis = Some(Redis::start(self.folder.path(), options));
        self
    }

    /// Starts a Redis that the gateway reaches through a proxy of the test's, while `Stack::redis` speaks to it directly.
    pub(crate) fn redis_proxied(self) -> Self {
        let mut builder = self.redis();
        let path = builder.folder.path().join("proxy.sock");
        let server = builder.redis.as_ref().expect("started").socket();
        builder.proxy = Some(RedisProxy::listen(&path, &server));
        builder.env("REDIS", &format!("unix://{}", path.display()))
    }

    /// Names a Redis that is not there yet.
    pub(crate) fn redis_away(mut self) -> Self {
        self.redis = Some(Redis::absent(self.folder.path()));
        self
    }

    /// Sets a variable that the configuration may name.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The Redis's TCP port as `${REDIS_PORT}`.
    pub(crate) fn redis_port(self) -> Self {
        let port = self.redis.as_ref().expect("a Redis").port().to_string();
        self.env("REDIS_PORT", &port)
    }

    /// Replaces `listen:`.
    pub(crate) fn listen(mut self, endpoint: &str) -> Self {
        self.head = self.head.replace("unix:gate.sock", endpoint);
        self
    }

    /// A socket file that nobody listens on.
    pub(crate) fn leftover(self, name: &str) -> Self {
        drop(UnixListener::bind(self.folder.path().join(name)).expect("scratch is writable"));
        self
    }

    /// A file beside the configuration.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.folder.path().join(name), text).expect("scratch is writable");
        self
    }

    /// Starts the upstream and the gateway and waits until the gateway is ready.
    pub(crate) fn start(self) -> Stack {
        let mut stack = self.spawn();
        stack.gateway.wait_until_ready();
        stack
    }

    /// Starts the upstream and the gateway.
    pub(crate) fn spawn(self) -> Stack {
        let folder = self.folder.path();
        if !self.seeds.is_empty() {
            fs::write(folder.join("seed.yaml"), json!(self.seeds).to_string())
                .expect("scratch is writable");
        }
        fs::write(folder.join("gate.yaml"), self.head + &self.yaml).expect("scratch is writable");
        let upstream = Upstream::unix(&folder.join("app.sock"));
        let gateway = Gateway::spawn(folder, &self.environment);
        Stack {
            gateway,
            upstream,
            redis: self.redis,
            proxy: self.proxy,
            environment: self.environment,
            folder: self.folder,
        }
    }
}

/// A running gateway between a client and an upstream.
pub(crate) struct Stack {
    pub(crate) gateway: Gateway,
    pub(crate) upstream: Upstream,
    redis: Option<Redis>,
    proxy: Option<RedisProxy>,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

impl Stack {
    pub(crate) fn get(&self, target: &str) -> Request<'_> {
        self.request("GET", target)
    }

    pub(crate) fn post(&self, target: &str) -> Request<'_> {
        self.request("POST", target)
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> Request<'_> {
        Request::new(|| self.connect(), method, target)
    }

    /// Runs another command of the binary beside the gateway, with its files and variables.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(self.folder.path(), arguments)
            .environment(&self.environment)
            .run()
    }

    /// The variables that the configuration may name.
    pub(super) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// A client's connection, for bytes.
    #[track_caller]
    pub(crate) fn connect(&self) -> Connection {
        Connection::unix(&self.path("gate.sock")).expect("the gateway listens")
    }

    /// Sends bytes on a connection of their own and reads one response.
    #[track_caller]
    pub(crate) fn exchange(&self, bytes: impl AsRef<[u8]>) -> Reply {
        self.connect().send(bytes).reply()
    }

    /// The line of the access log for an answered request.
    #[track_caller]
    pub(crate) fn access_line(&self, reply: &Reply) -> Value {
        self.gateway
            .access_line(reply.header("X-Request-Id").expect("an id"))
    }

    /// Outcome and reason of an answered request, as the access log has them.
    #[track_caller]
    pub(crate) fn outcome(&self, reply: &Reply) -> String {
        let line = self.access_line(reply);
        let word = |key: &str| {
            line.get(key)
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        format!("{} {}", word("outcome"), word("reason"))
    }

    /// A page of the admin listener.
    #[track_caller]
    pub(crate) fn admin(&self, page: &str) -> Reply {
        self.admin_request("GET", page).send()
    }

    pub(crate) fn admin_request(&self, method: &str, page: &str) -> Request<'_> {
        let connect =
            || Connection::unix(&self.path("admin.sock")).expect("the admin listener listens");
        Request::new(connect, method, page).host("localhost")
    }

    /// The value of a metric with exactly these labels, as it is printed; 0 when it is not there.
    #[track_caller]
    pub(crate) fn metric(&self, name_and_labels: &str) -> f64 {
        let page = self.admin("/metrics").text();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix(name_and_labels)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().expect("a number"))
    }

    /// The sum over all labels of a metric.
    #[track_caller]
    pub(crate) fn metric_sum(&self, name: &str) -> f64 {
        let page = self.admin("/metrics").text();
        let lines = page.lines().filter_map(|line| {
            let rest = line
                .strip_prefix(name)
                .filter(|rest| rest.starts_with(['{', ' ']))?;
            rest.rsplit(' ').next()?.parse::<f64>().ok()
        });
        lines.sum()
    }

    /// Waits until the metric has this value: a request is counted a moment after its last byte was sent.
    #[track_caller]
    pub(crate) fn expect_metric(&self, name_and_labels: &str, expected: f64) {
        eventually(&format!("{name_and_labels} is {expected}"), || {
            (self.metric(name_and_labels) == expected).then_some(())
        });
    }

    /// The same for the sum over all labels.
    #[track_caller]
    pub(crate) fn expect_metric_sum(&self, name: &str, expected: f64) {
        eventually(&format!("{name} sums to {expected}"), || {
            (self.metric_sum(name) == expected).then_some(())
        });
    }

    /// The stack's Redis.
    #[track_caller]
    pub(crate) fn redis(&self) -> &Redis {
        self.redis.as_ref().expect("this stack has a Redis")
    }

    /// The stack's Redis, to stop and start it.
    #[track_caller]
    pub(crate) fn redis_mut(&mut self) -> &mut Redis {
        self.redis.as_mut().expect("this stack has a Redis")
    }

    /// What stands between the gateway and Redis.
    #[track_caller]
    pub(crate) fn proxy(&self) -> &RedisProxy {
        self.proxy.as_ref().expect("this stack has a proxy")
    }

    /// A file in the scratch folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a failed case shows what the gateway said"
)]
impl Drop for Stack {
    /// Shows what the gateway said when a case fails. When none does, the upstream must have been content.
    fn drop(&mut self) {
        let faults = self.upstream.faults();
        if thread::panicking() {
            eprintln!("--- output of the gateway\n{}", self.gateway.output());
            eprintln!("--- faults at the upstream: {faults:?}");
            return;
        }
        assert!(
            faults.is_empty(),
            "the upstream received what RFC 9112 does not allow: {faults:?}"
        );
        let faults = self.proxy.as_ref().map(RedisProxy::faults);
        assert!(
            faults.iter().flatten().next().is_none(),
            "the gateway or Redis sent what is no RESP: {faults:?}"
        );
        assert!(
            !self.gateway.output().contains("panicked at"),
            "the gateway panicked:\n{}",
            self.gateway.output()
        );
    }
}
