//! `Courier`: takes each command to the master of its key, and on where that one says.

use super::fleet::Fleet;
use super::member::Member;
use super::redirect::{Redirect, Way};
use super::standing::Standing;
use crate::store::confluence::Confluence;
use crate::store::contract::{StoreError, StoreFault};
use crate::store::redis::fault::fault;
use redis::{Pipeline, Value, pipe};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Courier {
    pub(super) standing: Arc<watch::Sender<Standing>>,
    pub(super) confluence: Arc<Confluence>,
}

impl Courier {
    /// Gives each command its reply, in order. Every node is asked once, all at the same time.
    pub(super) async fn ask(&self, question: &Pipeline) -> Result<Vec<Value>, StoreError> {
        let mut parts = self.settled().await?.parts(question)?;
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return self.deliver(&only.member, question).await;
        }
        let mut asked = JoinSet::new();
        for part in parts {
            let (courier, commands) = (self.clone(), pick(question, &part.positions));
            asked.spawn(async move {
                let replies = courier.deliver(&part.member, &commands).await;
                (part.positions, replies)
            });
        }
        let mut replies = vec![Value::Nil; question.len()];
        while let Some(done) = asked.join_next().await {
            let (positions, own) =
                done.map_err(|_| fault(StoreFault::Io, "the store is shut down"))?;
            put(&mut replies, &positions, own?);
        }
        Ok(replies)
    }

    /// The masters, once the first survey is over.
    pub(super) async fn settled(&self) -> Result<Arc<Fleet>, StoreError> {
        let mut standing = self.standing.subscribe();
        let settled = standing
            .wait_for(|standing| !matches!(standing, Standing::Unknown))
            .await;
        settled.expect("self.standing holds the sender").fleet()
    }

    /// Sends commands to a master; those that it sends elsewhere are followed, a few times.
    async fn deliver(
        &self,
        member: &Member,
        commands: &Pipeline,
    ) -> Result<Vec<Value>, StoreError> {
        let mut replies = member.link.ask(commands).await?;
        for _ in 0..MOST_HOPS {
            let find = |reply: &Value| Redirect::of(reply, &member.node);
            let Some(redirect) = replies.iter().find_map(find) else {
                break;
            };
            let same = replies.iter().enumerate();
            let same = same.filter(|(_, reply)| find(reply).as_ref() == Some(&redirect));
            let positions: Vec<usize> = same.map(|(position, _)| position).collect();
            let target = self.target(&redirect).await?;
            let again = redirect.dress(pick(commands, &positions));
            let own = redirect.undress(target.link.ask(&again).await?);
            put(&mut replies, &positions, own);
        }
        Ok(replies)
    }

    /// The member that a redirect names. Nothing is read over any other connection: it would not tell of changes. So a
    /// node that is not known yet is waited for.
    async fn target(&self, redirect: &Redirect) -> Result<Arc<Member>, StoreError> {
        let known = |standing: &Standing| standing.fleet().ok()?.at(&redirect.node).cloned();
        if redirect.way == Way::Moved {
            self.confluence.disturb();
        }
        if let Some(member) = known(&self.standing.borrow()) {
            return Ok(member);
        }
        self.confluence.disturb();
        let mut standing = self.standing.subscribe();
        let surveyed = standing.wait_for(|standing| known(standing).is_some());
        let found = match timeout(PATIENCE, surveyed).await {
            Ok(Ok(standing)) => known(&standing),
            _ => None,
        };
        let unknown = "the slot of this key is at a node that has no slots of its own yet";
        found.ok_or_else(|| fault(StoreFault::Unavailable, unknown))
    }
}

fn pick(commands: &Pipeline, positions: &[usize]) -> Pipeline {
    let mut picked = pipe();
    for (position, command) in commands.cmd_iter().enumerate() {
        if positions.contains(&position) {
            picked.add_command(command.clone());
        }
    }
    picked
}

fn put(replies: &mut [Value], positions: &[usize], own: Vec<Value>) {
    for (position, reply) in positions.iter().zip(own) {
        if let Some(place) = replies.get_mut(*position) {
            *place = reply;
        }
    }
}

/// A key is two steps away at most, unless masters change meanwhile.
const MOST_HOPS: usize = 4;

/// How long a lookup waits for a node that is heard of the first time.
const PATIENCE: Duration = Duration::from_secs(1);
