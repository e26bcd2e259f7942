//! `Member`: one master of the cluster, with its connection and its canary.

use crate::store::confluence::Confluence;
use crate::store::contract::StoreOpenError;
use crate::store::redis::announcer::Announcer;
use crate::store::redis::dialer::Manner;
use crate::store::redis::link::Link;
use crate::store::redis::target::Target;
use crate::store::settings::{RedisNode, RedisSettings, RedisTls};
use redis::cluster_routing::Slot;
use std::sync::Arc;

/// A connection of its own, proved by a canary in one of the master's slots.
pub(in crate::store::redis) struct Member {
    pub(super) node: RedisNode,
    /// Unlike any other's, past ones included.
    pub(super) number: u64,
    pub(in crate::store::redis) link: Link,
    pub(super) announcer: Arc<Announcer>,
    canary_slot: Option<Slot>,
}

/// What all members have in common.
pub(super) struct Crew {
    pub(super) store: Box<str>,
    pub(super) settings: RedisSettings,
    pub(super) tls: Option<RedisTls>,
    pub(super) confluence: Arc<Confluence>,
}

impl Crew {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When the CA cannot be read.
    pub(super) fn member(
        &self,
        node: &RedisNode,
        number: u64,
        tag: Option<(String, Slot)>,
    ) -> Result<Member, StoreOpenError> {
        let (tag, canary_slot) = tag.unzip();
        let tag = tag.unwrap_or_default();
        let announcer = Arc::new(Announcer::new(&self.store, &self.settings, &tag));
        announcer.watch(self.confluence.tributary(number));
        let address = node.address(self.tls.as_ref());
        let target = Target::fixed(&address, &Manner::of(&self.settings))?;
        Ok(Member {
            node: node.clone(),
            number,
            link: Link::new(target, Arc::clone(&announcer)),
            announcer,
            canary_slot,
        })
    }
}

impl Member {
    /// Whether its canary still lies at this master. A slot that has gone to another takes the proof along.
    pub(super) fn keeps_its_canary(&self, has: impl Fn(Slot) -> bool) -> bool {
        self.canary_slot.is_some_and(has)
    }
}
