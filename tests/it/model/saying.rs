//! What is said on `sessiongate:events` on a walk. The node that hears it writes it down, sooner or later.

use super::changes::{revoked_key, user_key};
use super::site::Site;
use super::trouble::Trouble;
use super::truth::{Holder, Mark};
use super::walk::Walk;
use crate::harness::{eventually, sha256_hex, sid};
use serde_json::{Value, json};
use std::mem;
use std::time::Duration;

/// A revocation that was announced.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// Of the session of a token.
    Session(String),
    /// Of all sessions of a user that were made before.
    User(String, u64),
}

impl<S: Site> Walk<S> {
    pub(super) fn say_session(&mut self) {
        if !self.is_listened_to() {
            return;
        }
        if let Some(token) = self.any_session() {
            let name = *self.dice.pick(&[sid, sha256_hex]);
            let message = json!({"revoke": {"session": name(&token)}});
            self.say(Said::Session(token.clone()), &token, &message.to_string());
        }
    }

    pub(super) fn say_user(&mut self) {
        if !self.is_listened_to() {
            return;
        }
        let Some(token) = self.any_session() else {
            return;
        };
        if let Some(Holder { user, .. }) = self.truth.holder(&token).cloned() {
            let not_before = self.moment();
            let message = json!({"revoke": {"user": user, "not_before": not_before}});
            self.say(Said::User(user, not_before), &token, &message.to_string());
        }
    }

    pub(super) fn say_nonsense(&mut self) {
        if self.is_listened_to() {
            let message = *self.dice.pick(&NONSENSE);
            self.publish(message);
        }
    }

    /// A message is lost on a node that does not listen: then nobody is revoked.
    fn is_listened_to(&self) -> bool {
        self.trouble.is_none_or(Trouble::leaves_the_connection)
    }

    /// From the first time on it may be heard, and soon it is. Said again if the connection has ended by itself. The
    /// session of the token is one of those that are revoked.
    fn say(&mut self, said: Said, token: &str, message: &str) {
        self.note(format!("  … {said:?}"));
        let begun = self.clock.elapsed();
        let mut heard_by = self.publish(message);
        self.count(&said, begun);
        self.ask(token);
        eventually("the gateway has heard what was said", || {
            let is_settled = self.settle().is_some();
            if heard_by != Some(self.site.connection()) {
                heard_by = self.publish(message);
                return None;
            }
            is_settled.then_some(())
        });
        self.ask(token);
        if self.trouble.is_none() {
            self.wait_until_written(&said);
        } else {
            self.unwritten.push(said);
        }
    }

    fn count(&mut self, said: &Said, begun: Duration) {
        let when = (begun, self.clock.elapsed());
        self.doubt(said);
        match said {
            Said::Session(token) => self.truth.revoke(token, true, when),
            Said::User(user, not_before) => {
                let mark = self.truth.mark_of(user);
                let not_before = mark.not_before.max(Some(*not_before));
                self.truth.mark(user, Mark { not_before, ..mark }, when);
            }
        }
    }

    /// Redis takes writes again: what was said meanwhile is found in it.
    pub(super) fn wait_until_all_is_written(&mut self) {
        for said in mem::take(&mut self.unwritten) {
            self.wait_until_written(&said);
        }
    }

    /// Afterwards the node has nothing in hand that it would write later.
    fn wait_until_written(&mut self, said: &Said) {
        self.doubt(said);
        eventually("what was said is written down", || {
            self.is_written(said).then_some(())
        });
        self.site.wait_until_all_stays();
        eventually("the node knows that it is written", || self.settle());
    }

    fn is_written(&self, said: &Said) -> bool {
        match said {
            Said::Session(token) => self.site.command(&["EXISTS", &revoked_key(token)]) == "1",
            Said::User(user, not_before) => {
                let mark = self.site.command(&["GET", &user_key(user)]);
                let mark = serde_json::from_str::<Value>(&mark).unwrap_or_default();
                mark["not_before"]
                    .as_u64()
                    .is_some_and(|at| at >= *not_before)
            }
        }
    }

    /// The message, and what is written for it, are two changes.
    fn doubt(&mut self, said: &Said) {
        match said {
            Said::Session(token) => {
                self.knowledge.doubt(token);
                self.knowledge.doubt(&sid(token));
            }
            Said::User(user, _) => self.knowledge.doubt(user),
        }
    }

    /// Gives the connection that it is told on, if there is one.
    fn publish(&self, message: &str) -> Option<u64> {
        let connection = self.site.connection();
        let listeners = self
            .site
            .command(&["PUBLISH", "sessiongate:events", message]);
        (listeners != "0").then_some(connection)
    }
}

const NONSENSE: [&str; 6] = [
    "",
    "{}",
    r#"{"revoke":"u-1"}"#,
    r#"{"revoke":{"user":1}}"#,
    r#"{"revoke":{"session":"token-1"}}"#,
    r#"{"revoke":{"user":"u-1","session":"x"}}"#,
];
