//! `Redirect`: a node's word that another one has the key.

use crate::store::settings::RedisNode;
use redis::{Pipeline, ServerError, Value, pipe};

/// Where a command is to go instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) way: Way,
    pub(super) node: RedisNode,
}

/// For how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The slot is there now.
    Moved,
    /// The slot is on its way; this key has arrived already, or is new.
    Ask,
}

impl Redirect {
    /// `MOVED 3999 10.0.0.1:7001` or `ASK …`; without a host it is the one that was asked.
    pub(super) fn of(reply: &Value, asked: &RedisNode) -> Option<Self> {
        let Value::ServerError(error) = reply else {
            return None;
        };
        let way = match error.code() {
            "MOVED" => Way::Moved,
            "ASK" => Way::Ask,
            _ => return None,
        };
        let node = node(error, asked)?;
        Some(Self { way, node })
    }

    /// The commands as that node will take them.
    pub(super) fn dress(&self, commands: Pipeline) -> Pipeline {
        if self.way == Way::Moved {
            return commands;
        }
        let mut asking = pipe();
        for command in commands.cmd_iter() {
            // Holds for the next command alone.
            asking.cmd("ASKING").add_command(command.clone());
        }
        asking
    }

    /// The replies to the commands themselves.
    pub(super) fn undress(&self, replies: Vec<Value>) -> Vec<Value> {
        let skipped = match self.way {
            Way::Moved => 1,
            Way::Ask => 2,
        };
        let mut replies = replies.into_iter();
        let mut own = Vec::new();
        while let Some(reply) = replies.nth(skipped - 1) {
            own.push(reply);
        }
        own
    }
}

fn node(error: &ServerError, asked: &RedisNode) -> Option<RedisNode> {
    let mut words = error.details()?.split_ascii_whitespace();
    let (_, address) = (words.next()?, words.next()?);
    let (host, port) = address.rsplit_once(':')?;
    let host = if host.is_empty() { &asked.host } else { host };
    Some(RedisNode {
        host: host.trim_matches(['[', ']']).to_owned(),
        port: port.parse().ok().filter(|port| *port > 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Redirect, Way};
    use crate::store::settings::RedisNode;
    use redis::{Value, parse_redis_value, pipe};

    #[test]
    fn a_redirect_names_a_node() {
        use Way::{Ask, Moved};
        let cases = [
            (
                "-MOVED 3999 10.0.0.1:7001\r\n",
                Some((Moved, "10.0.0.1", 7001)),
            ),
            (
                "-ASK 3999 node.internal:7001\r\n",
                Some((Ask, "node.internal", 7001)),
            ),
            ("-MOVED 3999 ::1:7001\r\n", Some((Moved, "::1", 7001))),
            ("-MOVED 3999 [::1]:7001\r\n", Some((Moved, "::1", 7001))),
            ("-MOVED 3999 :7001\r\n", Some((Moved, "asked", 7001))),
            ("-MOVED 3999\r\n", None),
            ("-MOVED\r\n", None),
            ("-MOVED 3999 10.0.0.1\r\n", None),
            ("-MOVED 3999 10.0.0.1:0\r\n", None),
            ("-MOVED 3999 10.0.0.1:70000\r\n", None),
            ("-TRYAGAIN x 10.0.0.1:7001\r\n", None),
            ("+OK\r\n", None),
        ];
        for (said, expected) in cases {
            let reply = parse_redis_value(said.as_bytes()).expect("RESP");
            let seen = Redirect::of(&reply, &node("asked", 1));
            let expected = expected.map(|(way, host, port)| Redirect {
                way,
                node: node(host, port),
            });
            assert_eq!(seen, expected, "{said}");
        }
    }

    #[test]
    fn each_command_asks_for_itself() {
        let mut commands = pipe();
        commands.cmd("GET").arg("a").cmd("GET").arg("b");
        let node = node("h", 1);
        let asked = Redirect {
            way: Way::Ask,
            node,
        };
        let mut expected = pipe();
        expected.cmd("ASKING").cmd("GET").arg("a");
        expected.cmd("ASKING").cmd("GET").arg("b");
        let dressed = asked.dress(commands).get_packed_pipeline();
        assert_eq!(dressed, expected.get_packed_pipeline());
        let replies = vec![Value::Okay, Value::Int(1), Value::Okay, Value::Int(2)];
        assert_eq!(asked.undress(replies), [Value::Int(1), Value::Int(2)]);
    }

    fn node(host: &str, port: u16) -> RedisNode {
        let host = host.to_owned();
        RedisNode { host, port }
    }
}
