//! How troubles begin, last and end on a walk, and when what was written must be known.

use super::answer::{Answer, Door};
use super::site::Site;
use super::trouble::Trouble;
use super::walk::Walk;
use crate::harness::eventually;
use std::mem;

impl<S: Site> Walk<S> {
    pub(super) fn begin(&mut self) {
        if self.to_come.is_empty() {
            self.to_come.extend(self.site.troubles());
        }
        let next = self.dice.below(self.to_come.len());
        let trouble = self.to_come.swap_remove(next);
        self.note(format!("  … {trouble:?}"));
        if !trouble.leaves_the_connection() {
            self.knowledge.disturb();
        }
        self.trouble = Some(trouble);
        if trouble.empties_redis() {
            self.knowledge.forget_all(std::iter::empty());
            self.empty(|site| site.begin(trouble));
        } else {
            self.site.begin(trouble);
        }
    }

    /// Goes on until the gateway has found out; known sessions are served all the while. How often it asks depends on the
    /// machine, so it throws dice of its own.
    pub(super) fn outlast(&mut self) {
        let aside = self.dice.fork();
        if self.trouble.is_some_and(Trouble::is_unsaid) {
            let after = mem::replace(&mut self.dice, aside);
            eventually("the gateway notices that it hears nothing", || {
                let token = self.any_token();
                self.ask(&token);
                (!self.is_announced()).then_some(())
            });
            self.dice = after;
        }
    }

    /// Ends what trouble there is, or goes on to the next; then the gateway recovers by itself.
    pub(super) fn end(&mut self) {
        if let Some(trouble) = self.trouble.take() {
            self.trouble = self.site.end(trouble);
        }
        if self.trouble.is_none() {
            eventually("the gateway hears every change", || self.settle());
            self.wait_until_all_is_written();
        }
    }

    /// Asks for somebody who was never there: the answer comes over the connection that every push before it came over.
    pub(super) fn settle(&mut self) -> Option<()> {
        self.strangers += 1;
        let stranger = format!("stranger-{}", self.strangers);
        let connection = self.site.connection();
        let is_followed = |source: &serde_json::Value| {
            source["revocation"]["announced"] == true && self.site.is_followed(source)
        };
        let followed = is_followed(&self.source());
        let sent = self.clock.elapsed();
        let reply = Door::Closed.request(self.stack(), &stranger).send();
        let answer = Door::Closed.read(&reply);
        let is_settled = followed
            && answer == Answer::Nobody
            && is_followed(&self.source())
            && self.site.connection() == connection
            && self.trouble.is_none_or(Trouble::leaves_the_connection);
        is_settled.then(|| self.knowledge.settle(connection, sent))
    }
}
