//! What is asked on a walk, and whether the answer may be given.

use super::answer::{Answer, Door};
use super::site::Site;
use super::truth::Told;
use super::walk::Walk;
use crate::harness::{RedisProxy, What, eventually};
use std::thread;
use std::time::Duration;

impl<S: Site> Walk<S> {
    pub(super) fn ask_as_nobody(&mut self) {
        let reply = self.stack().get("/").host("open.test").send();
        assert_eq!(
            Door::Open.read(&reply),
            Answer::Nobody,
            "{}",
            self.report("")
        );
    }

    pub(super) fn ask(&mut self, token: &str) {
        let door = *self.dice.pick(&Door::ALL);
        let bound = self.bound();
        let reads = self.site.reads(token);
        let sent = self.clock.elapsed();
        let reply = door.request(self.stack(), token).send();
        let answered = self.clock.elapsed();
        let answer = door.read(&reply);
        self.note(format!("  … {token} at {door:?} at {sent:?}: {answer:?}"));
        if answer == Answer::Unavailable {
            return self.judge_unavailable(token, answered - sent);
        }
        self.judge(token, door, &answer, (sent, answered), bound);
        if self.is_calm() && answered - sent < REPLY_TIMEOUT {
            self.knowledge.confirm(token);
            if let Some(Told { holder, .. }) = self.current(token, door, &answer) {
                self.knowledge.confirm(&holder.user);
                if self.site.reads(token) == reads {
                    let connection = self.site.connection();
                    self.knowledge.remember(token, &holder.user, connection);
                }
            }
        }
    }

    /// A request whose question or answer is on its way while the record changes.
    pub(super) fn ask_across_a_change(&mut self) {
        let (token, door) = (self.any_token(), *self.dice.pick(&Door::ALL));
        let what = self
            .dice
            .pick(&[What::question(&token), What::answer(&token)])
            .clone();
        let next = (self.dice.below(2) == 0).then(|| self.someone());
        self.note(format!("  … {token} at {door:?} across {next:?}"));
        let (site, clock, bound) = (&self.site, self.clock, self.bound());
        if let Some(proxy) = site.proxy() {
            proxy.hold(what.clone());
        }
        let sent = clock.elapsed();
        let (reply, written) = thread::scope(|scope| {
            let asking = scope.spawn(|| door.request(site.stack(), &token).send());
            if let Some(proxy) = site.proxy() {
                eventually("it is on its way, or answered from memory", || {
                    (proxy.holds(&what) || asking.is_finished()).then_some(())
                });
            }
            let begun = clock.elapsed();
            super::changes::store(site, &token, next.as_ref());
            let written = (begun, clock.elapsed());
            site.proxy().map(RedisProxy::restore);
            (asking.join().expect("an answer"), written)
        });
        let answered = clock.elapsed();
        self.knowledge.doubt(&token);
        self.truth.write(&token, next, written);
        match door.read(&reply) {
            Answer::Unavailable => self.judge_unavailable(&token, answered - sent),
            answer => self.judge(&token, door, &answer, (sent, answered), bound),
        }
    }

    /// The answer is right for facts that were not over for longer than the bound, nor since everything was settled.
    fn judge(
        &self,
        token: &str,
        door: Door,
        answer: &Answer,
        (sent, answered): (Duration, Duration),
        bound: Duration,
    ) {
        let was_so = |bound: Duration, settled: &dyn Fn(&str) -> Duration| {
            let since = |name: &str| sent.saturating_sub(bound).max(settled(name));
            let is_like = |told: Option<&Told>| door.answer(told) == *answer;
            self.truth.was(token, (since, answered), is_like)
        };
        let settled = self.knowledge.settled;
        if !was_so(bound, &|_| settled) {
            // The bound may have grown since it was read, or what was settled may be lost with the connection.
            let (bound, is_calm) = (bound.max(self.bound()), self.is_calm());
            let settled = |name: &str| match is_calm {
                true => settled,
                false => self.knowledge.settled_of(name),
            };
            assert!(
                was_so(bound, &settled),
                "{token} was answered {answer:?}, asked at {sent:?} with a bound of {bound:?}, settled at {:?}{}",
                settled(token),
                self.report(token)
            );
        }
        let goes_on =
            !self.knowledge.is_known(token) || self.current(token, door, answer).is_some();
        assert!(
            goes_on,
            "{token} was known and is answered {answer:?}{}",
            self.report(token)
        );
    }

    /// Nobody who is known may be told so, and nobody at all while nothing has happened to Redis. When Redis does not
    /// answer in time, who was known before the last trouble may have been revoked in it.
    fn judge_unavailable(&self, token: &str, took: Duration) {
        let connection = self.site.connection();
        let is_late = took >= REPLY_TIMEOUT;
        let goes_on = if is_late {
            self.knowledge.is_known_by(token, connection)
        } else {
            self.knowledge.is_known(token) || self.is_calm()
        };
        assert!(!goes_on, "{token} cannot be told{}", self.report(token));
    }

    /// The session as it is now, if this is what is told of it.
    fn current(&self, token: &str, door: Door, answer: &Answer) -> Option<Told> {
        let told = self.truth.told(token)?;
        (door.answer(Some(&told)) == *answer).then_some(told)
    }
}

/// As in the configuration: a store that took so long was not at peace.
const REPLY_TIMEOUT: Duration = Duration::from_millis(300);
