//! `Sentinels`: a set of sentinels, asked which server is the master.

use super::dialer::{Dialer, Dialled, Manner};
use super::fault::{fault, refusal, store_error};
use super::witness::{Witness, hear};
use crate::store::contract::{StoreError, StoreFault, StoreOpenError};
use crate::store::settings::{RedisNode, RedisSettings, RedisTls, SentinelSettings};
use redis::{Pipeline, PushInfo, RedisError, Value, cmd, pipe};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// The sentinels of one master.
pub(super) struct Sentinels {
    /// What they call it.
    pub(super) master: String,
    witnesses: Vec<Arc<Witness>>,
    question: Arc<Pipeline>,
    /// How to speak to the master.
    manner: Manner,
    tls: Option<RedisTls>,
    /// Of the newest configuration that was believed.
    epoch: AtomicU64,
}

/// A master, and how new the configuration is that says so: Sentinel counts it up with every failover.
#[derive(Debug, PartialEq, Eq)]
struct Named {
    epoch: u64,
    node: RedisNode,
}

impl Sentinels {
    /// Checks the settings; opens nothing.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn new(
        sentinel: &SentinelSettings,
        settings: &RedisSettings,
    ) -> Result<Self, StoreOpenError> {
        let manner = Manner::of(settings);
        let to_sentinels = Manner {
            db: 0,
            username: sentinel.username.clone(),
            password: sentinel.password.clone(),
            ..manner.clone()
        };
        let witness = |node: &RedisNode| {
            let dialer = Dialer::new(&node.address(sentinel.tls.as_ref()), &to_sentinels)?;
            Ok(Arc::new(Witness::new(node.clone(), dialer)))
        };
        Ok(Self {
            witnesses: sentinel
                .nodes
                .iter()
                .map(witness)
                .collect::<Result<_, _>>()?,
            question: Arc::new(question(&sentinel.master)),
            master: sentinel.master.clone(),
            manner,
            tls: sentinel.tls.clone(),
            epoch: AtomicU64::new(0),
        })
    }

    /// Connects to the server that the sentinels name, if it agrees that it is the master: one that was demoted just now
    /// does not.
    pub(super) async fn connect(
        &self,
        on_push: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> Result<Dialled, StoreError> {
        // A failover needs a majority of them, so a majority can tell of it.
        let named = self.ask(self.witnesses.len() / 2 + 1).await?;
        self.epoch.store(named.epoch, Ordering::Relaxed);
        let address = named.node.address(self.tls.as_ref());
        let dialer = Dialer::new(&address, &self.manner)
            .map_err(|error| fault(StoreFault::Io, error.to_string()))?;
        let mut dialled = dialer.connect(on_push).await?;
        let role = cmd("ROLE").query_async(&mut dialled.connection).await;
        understand_role(role.map_err(|error| role_error(&error))?)?;
        Ok(dialled)
    }

    /// Returns when the sentinels name another server than this one. One cut off from the others knows an old
    /// configuration and is not believed; that none of them answers means nothing.
    pub(super) async fn superseded(&self, current: &str) -> String {
        loop {
            sleep(EVERY).await;
            let Ok(named) = self.ask(self.witnesses.len()).await else {
                continue;
            };
            let address = named.node.address(self.tls.as_ref()).to_string();
            if address != current && named.epoch >= self.epoch.load(Ordering::Relaxed) {
                return address;
            }
        }
    }

    async fn ask(&self, enough: usize) -> Result<Named, StoreError> {
        let mut heard = hear(&self.witnesses, &self.question, enough, understand).await;
        heard.answers.sort_by_key(|named| named.epoch);
        match heard.answers.pop() {
            Some(newest) => Ok(newest),
            None => Err(heard
                .failure()
                .unwrap_or_else(|| fault(StoreFault::Io, "no sentinel was asked"))),
        }
    }
}

/// The first reply is right a little earlier: from the promotion on, not only when every replica follows.
fn question(master: &str) -> Pipeline {
    let mut question = pipe();
    question
        .cmd("SENTINEL")
        .arg("GET-MASTER-ADDR-BY-NAME")
        .arg(master);
    question.cmd("SENTINEL").arg("MASTER").arg(master);
    question
}

fn understand(_: &RedisNode, replies: Vec<Value>) -> Result<Named, StoreError> {
    let [address, details] = <[Value; 2]>::try_from(replies).map_err(|_| out_of_protocol())?;
    let node = match address {
        Value::Nil => return Err(fault(StoreFault::Unavailable, UNKNOWN_MASTER)),
        Value::ServerError(error) => return Err(sentinel_refusal(error.code())),
        Value::Array(parts) => node(&parts).ok_or_else(out_of_protocol)?,
        _ => return Err(out_of_protocol()),
    };
    if let Value::ServerError(error) = details {
        return Err(sentinel_refusal(error.code()));
    }
    let epoch = details.into_map_iter().ok().and_then(|mut fields| {
        let (_, epoch) = fields.find(|(name, _)| text(name) == Some("config-epoch"))?;
        text(&epoch)?.parse().ok()
    });
    let epoch = epoch.ok_or_else(out_of_protocol)?;
    Ok(Named { epoch, node })
}

fn node(parts: &[Value]) -> Option<RedisNode> {
    let [host, port] = parts else {
        return None;
    };
    let port = text(port)?.parse().ok().filter(|port| *port > 0)?;
    let host = text(host).filter(|host| !host.is_empty())?.to_owned();
    Some(RedisNode { host, port })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn understand_role(reply: Value) -> Result<(), StoreError> {
    match reply {
        Value::Array(parts) if parts.first().and_then(text) == Some("master") => Ok(()),
        Value::Array(_) => Err(fault(
            StoreFault::Unavailable,
            "the server that the sentinels name as the master is none",
        )),
        _ => Err(out_of_protocol()),
    }
}

fn role_error(error: &RedisError) -> StoreError {
    if error.code() == Some("NOPERM") {
        let text = "NOPERM: the ACL of this user does not allow ROLE; add +role";
        return fault(StoreFault::Auth, text);
    }
    store_error(error)
}

fn sentinel_refusal(code: &str) -> StoreError {
    let refused = refusal(code);
    match refused.kind {
        StoreFault::Auth => fault(StoreFault::Auth, format!("{code}: {SENTINEL_LOGIN}")),
        _ => fault(StoreFault::Unavailable, format!("{code}: {UNKNOWN_MASTER}")),
    }
}

fn out_of_protocol() -> StoreError {
    fault(
        StoreFault::Unavailable,
        "not a reply that a sentinel would give",
    )
}

const UNKNOWN_MASTER: &str = "the sentinels know no master of this name";

const SENTINEL_LOGIN: &str = "a sentinel refuses us: set `username` and `password` under `sentinel`; the user needs +sentinel|get-master-addr-by-name +sentinel|master";

/// An old master that is cut off from the sentinels, and not from us, is left so soon.
const EVERY: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::{Named, understand, understand_role};
    use crate::store::contract::StoreFault;
    use crate::store::settings::RedisNode;
    use redis::{Value, parse_redis_value};

    const ADDRESS: &str = "*2\r\n$9\r\n127.0.0.1\r\n$4\r\n7001\r\n";
    const FLAT: &str = "*4\r\n$4\r\nname\r\n$1\r\nm\r\n$12\r\nconfig-epoch\r\n$2\r\n17\r\n";
    const MAP: &str = "%1\r\n$12\r\nconfig-epoch\r\n$2\r\n17\r\n";

    #[test]
    fn an_answer_names_a_master_and_its_epoch() {
        for details in [FLAT, MAP] {
            let named = understand(&sentinel(), replies(&[ADDRESS, details]));
            let node = RedisNode {
                host: "127.0.0.1".into(),
                port: 7001,
            };
            assert_eq!(named.expect(details), Named { epoch: 17, node });
        }
    }

    #[test]
    fn an_answer_that_names_none_is_a_fault() {
        let cases = [
            (
                "unknown master",
                ["*-1\r\n", "-ERR No such master\r\n"],
                StoreFault::Unavailable,
            ),
            (
                "no login",
                ["-NOAUTH x\r\n", "-NOAUTH x\r\n"],
                StoreFault::Auth,
            ),
            ("half a right", [ADDRESS, "-NOPERM x\r\n"], StoreFault::Auth),
            (
                "no sentinel",
                ["-ERR unknown command\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            (
                "no port",
                ["*1\r\n$1\r\nh\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            (
                "port 0",
                ["*2\r\n$1\r\nh\r\n$1\r\n0\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            (
                "port 70000",
                ["*2\r\n$1\r\nh\r\n$5\r\n70000\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            (
                "no host",
                ["*2\r\n$0\r\n\r\n$4\r\n7001\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            (
                "not a port",
                ["*2\r\n$1\r\nh\r\n$1\r\nx\r\n", FLAT],
                StoreFault::Unavailable,
            ),
            ("a number", [":1\r\n", FLAT], StoreFault::Unavailable),
            ("no epoch", [ADDRESS, "*0\r\n"], StoreFault::Unavailable),
            (
                "half a pair",
                [ADDRESS, "*1\r\n$12\r\nconfig-epoch\r\n"],
                StoreFault::Unavailable,
            ),
            (
                "not an epoch",
                [ADDRESS, "%1\r\n$12\r\nconfig-epoch\r\n$2\r\n-1\r\n"],
                StoreFault::Unavailable,
            ),
        ];
        for (name, said, kind) in cases {
            let fault = understand(&sentinel(), replies(&said)).expect_err(name);
            assert_eq!(fault.kind, kind, "{name}: {fault}");
        }
        assert!(understand(&sentinel(), replies(&[ADDRESS])).is_err());
    }

    #[test]
    fn only_a_master_is_used() {
        let cases = [
            ("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", true),
            ("*2\r\n$5\r\nslave\r\n$1\r\nh\r\n", false),
            ("*0\r\n", false),
            ("+master\r\n", false),
        ];
        for (said, is_master) in cases {
            let role = parse_redis_value(said.as_bytes()).expect("RESP");
            assert_eq!(understand_role(role).is_ok(), is_master, "{said}");
        }
    }

    fn sentinel() -> RedisNode {
        RedisNode {
            host: "10.0.0.1".into(),
            port: 26379,
        }
    }

    fn replies(said: &[&str]) -> Vec<Value> {
        let parse = |text: &&str| parse_redis_value(text.as_bytes()).expect("RESP");
        said.iter().map(parse).collect()
    }
}
