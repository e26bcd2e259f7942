//! `Single`: one server behind a proxy, which loses, delays and refuses what the walk wants.

use super::site::Site;
use super::trouble::Trouble;
use crate::harness::{RedisProxy, Stack, stack};
use serde_json::Value;

const CONFIG: &str = "
sessions: {redis: {url: '${REDIS}', timeout: {connect: 300ms, reply: 300ms}}}
cache: {ttl: 3s, negative_ttl: 3s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: open.test, upstream: 'unix:app.sock', identity: skygear}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
";

pub(super) struct Single(Stack);

impl Single {
    pub(super) fn start() -> Self {
        Self(stack(CONFIG).redis_proxied().start())
    }
}

impl Site for Single {
    fn stack(&self) -> &Stack {
        &self.0
    }

    fn command(&self, words: &[&str]) -> String {
        self.0.redis().command(words)
    }

    fn wait_until_all_stays(&self) {}

    fn troubles(&self) -> &'static [Trouble] {
        &[
            Trouble::Cut,
            Trouble::Closed,
            Trouble::Silent,
            Trouble::Stalled,
            Trouble::Loading,
            Trouble::Frozen,
            Trouble::Restart,
            Trouble::Unwritable,
        ]
    }

    fn begin(&mut self, trouble: Trouble) {
        let proxy = self.0.proxy();
        match trouble {
            Trouble::Cut => proxy.cut(),
            Trouble::Closed => proxy.close(),
            Trouble::Silent => proxy.silence(),
            Trouble::Stalled => proxy.stall(),
            Trouble::Loading => proxy.refuse("LOADING Redis is loading the dataset in memory"),
            Trouble::Frozen => self.0.redis().freeze(),
            Trouble::Restart => self.0.redis_mut().restart(),
            Trouble::Unwritable => self.demand_replicas("1"),
            other => unreachable!("{other:?} takes several servers"),
        }
    }

    fn end(&mut self, trouble: Trouble) -> Option<Trouble> {
        match trouble {
            Trouble::Frozen => self.0.redis().thaw(),
            Trouble::Unwritable => self.demand_replicas("0"),
            _ => {}
        }
        self.0.proxy().restore();
        None
    }

    fn connection(&self) -> u64 {
        self.0.proxy().connections()
    }

    fn reads(&self, token: &str) -> usize {
        self.0.proxy().reads(token)
    }

    fn is_followed(&self, _: &Value) -> bool {
        true
    }

    fn proxy(&self) -> Option<&RedisProxy> {
        Some(self.0.proxy())
    }
}

impl Single {
    /// As many as there must be for Redis to take writes.
    fn demand_replicas(&self, count: &str) {
        self.command(&["CONFIG", "SET", "min-replicas-to-write", count]);
    }
}
