//! `Chart`: which master has which slot, as one node of the cluster sees it.

use crate::store::contract::{StoreError, StoreFault};
use crate::store::redis::fault::{fault, refusal};
use crate::store::settings::RedisNode;
use ahash::AHashMap;
use redis::cluster_routing::Slot;
use redis::{Pipeline, Value, pipe};

/// The masters and their slots.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chart {
    /// Counted up with every failover and every slot that has moved: of two charts the greater one is newer.
    pub(super) epoch: u64,
    /// Those that have slots.
    pub(super) masters: Vec<RedisNode>,
    /// Those that may become masters.
    pub(super) replicas: Vec<RedisNode>,
    /// By position in `masters`.
    owners: AHashMap<Slot, usize>,
}

impl Chart {
    /// The position of the master that has this slot.
    pub(super) fn owner(&self, slot: Slot) -> Option<usize> {
        self.owners.get(&slot).copied()
    }

    /// Text in braces that puts a key into a slot of this master; `dice` keeps nodes from all choosing the same.
    pub(super) fn tag_of(&self, master: usize, dice: u32) -> Option<(String, Slot)> {
        (0..MOST_TRIES)
            .map(|number| {
                let tag = format!("{{{}}}", dice.wrapping_add(number));
                let slot = Slot::for_key(&tag);
                (tag, slot)
            })
            .find(|(_, slot)| self.owner(*slot) == Some(master))
    }

    fn master(&mut self, node: RedisNode) -> Result<usize, StoreError> {
        if let Some(known) = self.masters.iter().position(|known| *known == node) {
            return Ok(known);
        }
        if self.masters.len() == MOST_MASTERS {
            let text = format!("the cluster has more than {MOST_MASTERS} masters");
            return Err(fault(StoreFault::Unavailable, text));
        }
        self.masters.push(node);
        Ok(self.masters.len() - 1)
    }
}

/// Asks a node for its chart.
pub(super) fn question() -> Pipeline {
    let mut question = pipe();
    question.cmd("CLUSTER").arg("INFO");
    question.cmd("CLUSTER").arg("SLOTS");
    question
}

/// Understands the replies of `asked`.
///
/// # Errors
/// When the node is none of a cluster, refuses, or answers what cannot be understood.
pub(super) fn understand(asked: &RedisNode, replies: Vec<Value>) -> Result<Chart, StoreError> {
    let [info, ranges] = <[Value; 2]>::try_from(replies).map_err(|_| out_of_protocol())?;
    let epoch = epoch(&info)?;
    let ranges = match ranges {
        Value::Array(ranges) => ranges,
        Value::ServerError(error) => return Err(cluster_refusal(error.code())),
        _ => return Err(out_of_protocol()),
    };
    let mut chart = Chart {
        epoch,
        masters: Vec::new(),
        replicas: Vec::new(),
        owners: AHashMap::new(),
    };
    for range in ranges {
        enter(&mut chart, range, asked)?;
    }
    if chart.masters.is_empty() {
        let text = "no node of the cluster has a slot";
        return Err(fault(StoreFault::Unavailable, text));
    }
    Ok(chart)
}

/// First slot, last slot, the master, its replicas.
fn enter(chart: &mut Chart, range: Value, asked: &RedisNode) -> Result<(), StoreError> {
    let Value::Array(range) = range else {
        return Err(out_of_protocol());
    };
    let [Value::Int(first), Value::Int(last), master, replicas @ ..] = range.as_slice() else {
        return Err(out_of_protocol());
    };
    let master = node(master, asked).ok_or_else(out_of_protocol)?;
    let master = chart.master(master)?;
    let bound = |slot: &i64| {
        u16::try_from(*slot)
            .ok()
            .filter(|slot| Slot::new(*slot).is_some())
    };
    let (Some(first), Some(last)) = (bound(first), bound(last)) else {
        return Err(out_of_protocol());
    };
    chart.owners.extend(
        (first..=last)
            .filter_map(Slot::new)
            .map(|slot| (slot, master)),
    );
    for replica in replicas.iter().filter_map(|replica| node(replica, asked)) {
        if !chart.replicas.contains(&replica) && chart.replicas.len() < MOST_MASTERS {
            chart.replicas.push(replica);
        }
    }
    Ok(())
}

/// Host, port, and more. A node that does not know how it is reached leaves the host out: it is where we asked.
fn node(parts: &Value, asked: &RedisNode) -> Option<RedisNode> {
    let Value::Array(parts) = parts else {
        return None;
    };
    let [host, Value::Int(port), ..] = parts.as_slice() else {
        return None;
    };
    let host = match host {
        Value::Nil => "",
        Value::BulkString(bytes) => str::from_utf8(bytes).ok()?,
        Value::SimpleString(text) => text,
        _ => return None,
    };
    let host = if host.is_empty() || host == "?" {
        &asked.host
    } else {
        host
    };
    Some(RedisNode {
        host: host.to_owned(),
        port: u16::try_from(*port).ok().filter(|port| *port > 0)?,
    })
}

fn epoch(info: &Value) -> Result<u64, StoreError> {
    let text = match info {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::VerbatimString { text, .. } => Some(text.as_str()),
        Value::ServerError(error) => return Err(cluster_refusal(error.code())),
        _ => None,
    };
    let mut lines = text.ok_or_else(out_of_protocol)?.lines();
    let epoch = lines.find_map(|line| line.strip_prefix("cluster_current_epoch:"));
    let epoch = epoch.and_then(|epoch| epoch.trim_end().parse().ok());
    epoch.ok_or_else(out_of_protocol)
}

fn cluster_refusal(code: &str) -> StoreError {
    match code {
        "NOPERM" => fault(
            StoreFault::Auth,
            "NOPERM: the ACL of this user does not allow CLUSTER; add +cluster|info +cluster|slots",
        ),
        "ERR" => fault(
            StoreFault::Unavailable,
            "ERR: this server is no node of a cluster; name it with `url`",
        ),
        _ => refusal(code),
    }
}

fn out_of_protocol() -> StoreError {
    fault(
        StoreFault::Unavailable,
        "not a reply that a node of a cluster would give",
    )
}

/// Redis itself advises against more than 1000 nodes, replicas included.
const MOST_MASTERS: usize = 512;

/// Enough to find a master's only slot among 16384.
const MOST_TRIES: u32 = 500_000;
