//! `Fleet`: the masters of one chart, and who of them has a key.

use super::chart::Chart;
use super::member::{Crew, Member};
use crate::store::contract::{StoreError, StoreFault, StoreOpenError};
use crate::store::redis::command::key_of;
use crate::store::redis::fault::fault;
use crate::store::settings::RedisNode;
use redis::cluster_routing::Slot;
use redis::{Cmd, Pipeline};
use std::sync::Arc;

/// Never changes; another chart is another fleet, with the same members where they are the same.
pub(super) struct Fleet {
    pub(super) chart: Chart,
    /// In the order of the chart's masters.
    pub(super) members: Vec<Arc<Member>>,
}

/// The positions of commands that go to one master.
pub(super) struct Part {
    pub(super) member: Arc<Member>,
    pub(super) positions: Vec<usize>,
}

impl Fleet {
    /// The fleet of this chart. Members of the one before stay, with their connections.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn of(
        chart: Chart,
        before: Option<&Self>,
        crew: &Crew,
        mut next_number: impl FnMut() -> u64,
    ) -> Result<Self, StoreOpenError> {
        let mut members = Vec::with_capacity(chart.masters.len());
        for (at, node) in chart.masters.iter().enumerate() {
            let known = before
                .and_then(|before| before.at(node))
                .filter(|known| known.keeps_its_canary(|slot| chart.owner(slot) == Some(at)));
            members.push(match known {
                Some(known) => Arc::clone(known),
                None => {
                    let tag = chart.tag_of(at, fastrand::u32(..));
                    Arc::new(crew.member(node, next_number(), tag)?)
                }
            });
        }
        Ok(Self { chart, members })
    }

    /// The member at this address.
    pub(super) fn at(&self, node: &RedisNode) -> Option<&Arc<Member>> {
        self.members.iter().find(|member| member.node == *node)
    }

    /// The masters that the commands go to. One without a key goes to any master that is up.
    ///
    /// # Errors
    /// When no master has the slot of a key.
    pub(super) fn parts(&self, question: &Pipeline) -> Result<Vec<Part>, StoreError> {
        let mut parts: Vec<Part> = Vec::with_capacity(1);
        for (position, command) in question.cmd_iter().enumerate() {
            let member = self.master_of(command).ok_or_else(|| {
                let unserved = "no master of the cluster has the slot of this key";
                fault(StoreFault::Unavailable, unserved)
            })?;
            let known = |part: &&mut Part| part.member.number == member.number;
            match parts.iter_mut().find(known) {
                Some(part) => part.positions.push(position),
                None => parts.push(Part {
                    member: Arc::clone(member),
                    positions: vec![position],
                }),
            }
        }
        Ok(parts)
    }

    fn master_of(&self, command: &Cmd) -> Option<&Arc<Member>> {
        if let Some(key) = key_of(command) {
            let owner = self.chart.owner(Slot::for_key(key))?;
            return self.members.get(owner);
        }
        let up = self.members.iter().find(|member| member.link.is_up());
        up.or(self.members.first())
    }
}
