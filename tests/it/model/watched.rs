//! `Watched`: a master and its replica, watched by three sentinels. Either may be the master.

use super::site::Site;
use super::trouble::Trouble;
use crate::harness::{PASSWORD, RedisProxy, SENTINEL_PASSWORD, Sentinels, Stack, stack};
use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = "
sessions:
  web:
    redis:
      sentinel:
        master: sessions
        nodes: ['127.0.0.1:${SENTINEL_0}', '127.0.0.1:${SENTINEL_1}', '127.0.0.1:${SENTINEL_2}']
        password: {env: SENTINEL_PASSWORD}
      password: {env: PASSWORD}
      timeout: {connect: 300ms, reply: 300ms}
cache: {ttl: 3s, negative_ttl: 3s, stale_if_error: 1h}
routes:
  - {upstream: 'unix:app.sock', identity: skygear, require: session}
  - {host: open.test, upstream: 'unix:app.sock', identity: skygear}
  - {host: hasura.test, upstream: 'unix:app.sock', identity: hasura}
";

pub(super) struct Watched {
    stack: Stack,
    set: Sentinels,
    /// Where the services write.
    master: usize,
    /// Whether the other one follows it.
    is_copied: bool,
    /// Of the servers; it is removed when they have stopped.
    _folder: TempDir,
}

impl Watched {
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().expect("scratch");
        let set = Sentinels::start(folder.path());
        set.hurry();
        let mut builder = stack(CONFIG)
            .env("PASSWORD", PASSWORD)
            .env("SENTINEL_PASSWORD", SENTINEL_PASSWORD);
        for (at, sentinel) in set.sentinels.iter().enumerate() {
            builder = builder.env(&format!("SENTINEL_{at}"), &sentinel.port().to_string());
        }
        Self {
            stack: builder.start(),
            set,
            master: 0,
            is_copied: true,
            _folder: folder,
        }
    }

    fn other(&self) -> usize {
        1 - self.master
    }

    /// As many replicas as there must be for the master to take writes.
    fn demand_replicas(&self, count: &str) {
        let master = &self.set.servers[self.master];
        master.command(&["CONFIG", "SET", "min-replicas-to-write", count]);
    }

    /// The services turn to the other one as soon as the sentinels agree on it, whatever the gateway does.
    fn change_over(&mut self) {
        self.set.wait_for_master(self.other());
        self.master = self.other();
        self.is_copied = false;
    }

    fn wait_until_followed(&mut self) {
        self.set.wait_for_follower(self.other());
        self.set.hurry();
        self.set.servers[self.master].wait_until_copied();
        self.is_copied = true;
    }
}

impl Site for Watched {
    fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Replication is asynchronous: what is not at the replica yet is lost with the master, and nobody could tell (see
    /// docs/redis.md). So a write counts as done once the replica has acknowledged it, and no failover begins before;
    /// what is written while there is no replica has got to it before the next one.
    fn command(&self, words: &[&str]) -> String {
        let master = &self.set.servers[self.master];
        let writes = ["SET", "DEL", "EXPIRE", "FLUSHALL"].contains(&words[0]);
        if writes && self.is_copied {
            master.command_copied(words)
        } else {
            master.command(words)
        }
    }

    fn wait_until_all_stays(&self) {
        self.set.servers[self.master].wait_until_copied();
    }

    fn troubles(&self) -> &'static [Trouble] {
        &[
            Trouble::MasterKilled,
            Trouble::MasterFrozen,
            Trouble::Switched,
            Trouble::Cut,
            Trouble::Unwritable,
        ]
    }

    fn begin(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::MasterKilled => self.set.servers[self.master].kill(),
            Trouble::MasterFrozen => self.set.servers[self.master].freeze(),
            Trouble::Switched => self.set.change_over(),
            Trouble::Cut => {
                let master = &self.set.servers[self.master];
                for kind in ["normal", "pubsub"] {
                    master.command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
                }
            }
            Trouble::Unwritable => self.demand_replicas("2"),
            other => unreachable!("{other:?} takes a proxy"),
        }
    }

    fn end(&mut self, trouble: Trouble) -> Option<Trouble> {
        match trouble {
            Trouble::MasterKilled => {
                self.change_over();
                let other = self.other();
                self.set.servers[other].restart();
                return Some(Trouble::Alone);
            }
            // For a moment it believes to be the master still.
            Trouble::MasterFrozen => {
                self.change_over();
                self.set.servers[self.other()].thaw();
                return Some(Trouble::Alone);
            }
            Trouble::Switched => {
                self.change_over();
                return Some(Trouble::Alone);
            }
            Trouble::Alone => self.wait_until_followed(),
            Trouble::Unwritable => self.demand_replicas("0"),
            _ => {}
        }
        None
    }

    fn connection(&self) -> u64 {
        // The gateway says how often it had to doubt everything: with each connection, and when everything is gone.
        let losses = "sessiongate_cache_invalidations_total{origin=\"flush\"}";
        self.stack.metric(losses) as u64
    }

    fn reads(&self, _: &str) -> usize {
        let lookups = "sessiongate_session_lookups_total";
        let from_memory = format!("{lookups}{{result=\"hit\",source=\"web\"}}");
        (self.stack.metric_sum(lookups) - self.stack.metric(&from_memory)) as usize
    }

    fn is_followed(&self, source: &Value) -> bool {
        source["servers"][0]["address"] == self.set.servers[self.master].address().as_str()
    }

    fn proxy(&self) -> Option<&RedisProxy> {
        None
    }
}
