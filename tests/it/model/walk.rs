//! `Walk`: a random sequence of operations on a running stack, each answer of which is compared with the truth.

use super::answer::{Answer, Door};
use super::dice::Dice;
use super::knowledge::Knowledge;
use super::operation::Operation;
use super::trouble::Trouble;
use super::truth::{Holder, Truth};
use crate::harness::{Clock, Stack, What, eventually, record, session_key};
use serde_json::json;
use std::collections::VecDeque;
use std::mem;
use std::thread;
use std::time::Duration;

/// One stack, what is true in it, and what its gateway must know by now.
pub(super) struct Walk {
    stack: Stack,
    dice: Dice,
    clock: Clock,
    truth: Truth,
    trouble: Option<Trouble>,
    knowledge: Knowledge,
    logins: usize,
    strangers: usize,
    trail: VecDeque<String>,
}

impl Walk {
    pub(super) fn new(stack: Stack, seed: u64) -> Self {
        Self {
            stack,
            dice: Dice::new(seed),
            clock: Clock::start(),
            truth: Truth::default(),
            trouble: None,
            knowledge: Knowledge::default(),
            logins: 0,
            strangers: 0,
            trail: VecDeque::new(),
        }
    }

    /// So many operations, and then peace.
    pub(super) fn run(&mut self, steps: usize) {
        for step in 0..steps {
            let choices = Operation::choices(self.trouble);
            let operation = self.dice.weighted(choices);
            self.note(format!("{step}: {operation:?}"));
            self.perform(operation);
        }
        self.end();
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Ask => {
                let token = self.any_token();
                self.ask(&token);
            }
            Operation::AskAcross => self.ask_across_a_change(),
            Operation::AskAsNobody => self.ask_as_nobody(),
            Operation::Login => {
                let token = self.any_token();
                self.login(&token);
            }
            Operation::ChangeRole => self.change(|walk, token| {
                let role = *walk.dice.pick(&ROLES);
                let holder = walk.truth.holder(token).map(|holder| Holder {
                    role,
                    ..holder.clone()
                });
                walk.write(token, holder);
            }),
            Operation::Touch => self.change(|walk, token| {
                let seconds = (600 + walk.dice.below(600)).to_string();
                walk.knowledge.forget(token);
                walk.stack
                    .redis()
                    .command(&["EXPIRE", &session_key(token), &seconds]);
            }),
            Operation::Revoke => self.change(|walk, token| walk.write(token, None)),
            Operation::Flush => self.flush(),
            Operation::Settle => drop(self.settle()),
            Operation::Begin => self.begin(),
            Operation::Outlast => self.outlast(),
            Operation::End => self.end(),
        }
    }

    fn any_token(&mut self) -> String {
        name(self.dice.below(TOKENS))
    }

    /// Does something to one of the sessions, unless there is none or nobody can write.
    fn change(&mut self, change: impl FnOnce(&mut Self, &str)) {
        let sessions = self.truth.sessions();
        if !sessions.is_empty() && self.trouble.is_none_or(Trouble::lets_others_write) {
            let token = self.dice.pick(&sessions).clone();
            self.note(format!("  … of {token}"));
            change(self, &token);
        }
    }

    fn login(&mut self, token: &str) {
        if self
            .trouble
            .is_some_and(|trouble| !trouble.lets_others_write())
        {
            return;
        }
        let holder = self.someone(token);
        self.note(format!("  … of {token} as {holder:?}"));
        self.write(token, Some(holder));
    }

    fn someone(&mut self, token: &str) -> Holder {
        self.logins += 1;
        Holder {
            user: format!("u-{}-of-{token}", self.logins),
            role: self.dice.pick::<&str>(&ROLES),
        }
    }

    fn write(&mut self, token: &str, holder: Option<Holder>) {
        self.knowledge.forget(token);
        let begun = self.clock.elapsed();
        store(&self.stack, token, holder.as_ref());
        self.truth
            .write(token, holder, (begun, self.clock.elapsed()));
    }

    fn flush(&mut self) {
        self.knowledge.forget_all((0..TOKENS).map(name));
        self.empty(|stack| drop(stack.redis().command(&["FLUSHALL"])));
    }

    /// Every session is gone after it.
    fn empty(&mut self, emptied: impl FnOnce(&mut Stack)) {
        let begun = self.clock.elapsed();
        emptied(&mut self.stack);
        self.truth.flush((begun, self.clock.elapsed()));
    }

    fn begin(&mut self) {
        let trouble = *self.dice.pick(&Trouble::ALL);
        self.note(format!("  … {trouble:?}"));
        self.knowledge.disturb();
        self.trouble = Some(trouble);
        if trouble.empties_redis() {
            self.knowledge.forget_all(std::iter::empty());
            self.empty(|stack| trouble.begin(stack));
        } else {
            trouble.begin(&mut self.stack);
        }
    }

    /// Goes on until the gateway has found out; known sessions are served all the while. How often it asks depends on the
    /// machine, so it throws dice of its own.
    fn outlast(&mut self) {
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

    /// Ends what trouble there is; the gateway recovers by itself.
    fn end(&mut self) {
        if let Some(trouble) = self.trouble.take() {
            trouble.end(&self.stack);
        }
        eventually("the gateway hears every change", || self.settle());
    }

    /// Asks for somebody who was never there: the answer comes over the connection that every push before it came over.
    fn settle(&mut self) -> Option<()> {
        self.strangers += 1;
        let stranger = format!("stranger-{}", self.strangers);
        let connections = self.stack.proxy().connections();
        let announced = self.is_announced();
        let sent = self.clock.elapsed();
        let reply = Door::Closed.request(&self.stack, &stranger).send();
        let answer = Door::Closed.read(&reply);
        let is_settled = announced
            && answer == Answer::Nobody
            && self.is_announced()
            && self.stack.proxy().connections() == connections
            && self.trouble.is_none();
        is_settled.then(|| self.knowledge.settle(connections, sent))
    }

    fn ask_as_nobody(&mut self) {
        let reply = self.stack.get("/").host("open.test").send();
        assert_eq!(
            Door::Open.read(&reply),
            Answer::Nobody,
            "{}",
            self.report("")
        );
    }

    fn ask(&mut self, token: &str) {
        let door = *self.dice.pick(&Door::ALL);
        let bound = self.bound();
        let reads = self.stack.proxy().reads(token);
        let sent = self.clock.elapsed();
        let reply = door.request(&self.stack, token).send();
        let answered = self.clock.elapsed();
        let answer = door.read(&reply);
        self.note(format!("  … {token} at {door:?} at {sent:?}: {answer:?}"));
        if answer == Answer::Unavailable {
            return self.judge_unavailable(token, answered - sent);
        }
        self.judge(token, door, &answer, (sent, answered), bound);
        if self.is_calm() && answered - sent < REPLY_TIMEOUT {
            self.knowledge.confirm(token);
            if self.stack.proxy().reads(token) == reads && self.is_current(token, door, &answer) {
                let connection = self.stack.proxy().connections();
                self.knowledge.remember(token, connection);
            }
        }
    }

    /// A request whose question or answer is on its way while the record changes.
    fn ask_across_a_change(&mut self) {
        let (token, door) = (self.any_token(), *self.dice.pick(&Door::ALL));
        let what = self
            .dice
            .pick(&[What::question(&token), What::answer(&token)])
            .clone();
        let next = (self.dice.below(2) == 0).then(|| self.someone(&token));
        self.note(format!("  … {token} at {door:?} across {next:?}"));
        let (stack, clock, bound) = (&self.stack, self.clock, self.bound());
        stack.proxy().hold(what.clone());
        let sent = clock.elapsed();
        let (reply, written) = thread::scope(|scope| {
            let asking = scope.spawn(|| door.request(stack, &token).send());
            eventually("it is on its way, or answered from memory", || {
                (stack.proxy().holds(&what) || asking.is_finished()).then_some(())
            });
            let begun = clock.elapsed();
            store(stack, &token, next.as_ref());
            let written = (begun, clock.elapsed());
            stack.proxy().restore();
            (asking.join().expect("an answer"), written)
        });
        let answered = clock.elapsed();
        self.knowledge.forget(&token);
        self.truth.write(&token, next, written);
        match door.read(&reply) {
            Answer::Unavailable => self.judge_unavailable(&token, answered - sent),
            answer => self.judge(&token, door, &answer, (sent, answered), bound),
        }
    }

    /// The answer is right for a state that was not over for longer than the bound, nor since everything was settled.
    fn judge(
        &self,
        token: &str,
        door: Door,
        answer: &Answer,
        (sent, answered): (Duration, Duration),
        bound: Duration,
    ) {
        let was_so = |bound: Duration, settled: Duration| {
            let from = sent.saturating_sub(bound).max(settled);
            let is_like = |holder: Option<&Holder>| door.answer(holder) == *answer;
            self.truth.was(token, (from, answered), is_like)
        };
        if !was_so(bound, self.knowledge.settled) {
            // The bound may have grown since it was read, or what was settled may be lost with the connection.
            let bound = bound.max(self.bound());
            let settled = if self.is_calm() {
                self.knowledge.settled
            } else {
                self.knowledge.settled_of(token)
            };
            assert!(
                was_so(bound, settled),
                "{token} was answered {answer:?}, asked at {sent:?} with a bound of {bound:?}, settled at {settled:?}{}",
                self.report(token)
            );
        }
        let goes_on = !self.knowledge.is_known(token) || self.is_current(token, door, answer);
        assert!(
            goes_on,
            "{token} was known and is answered {answer:?}{}",
            self.report(token)
        );
    }

    /// Nobody who is known may be told so, and nobody at all while nothing has happened to Redis. When Redis does not
    /// answer in time, who was known before the last trouble may have been revoked in it.
    fn judge_unavailable(&self, token: &str, took: Duration) {
        let connection = self.stack.proxy().connections();
        let is_late = took >= REPLY_TIMEOUT;
        let goes_on = if is_late {
            self.knowledge.is_known_by(token, connection)
        } else {
            self.knowledge.is_known(token) || self.is_calm()
        };
        assert!(!goes_on, "{token} cannot be told{}", self.report(token));
    }

    fn is_calm(&self) -> bool {
        let connection = self.stack.proxy().connections();
        self.knowledge.is_calm_on(connection) && self.is_announced()
    }

    fn is_current(&self, token: &str, door: Door, answer: &Answer) -> bool {
        let holder = self.truth.holder(token);
        holder.is_some() && door.answer(holder) == *answer
    }

    /// As the node reports it. What is said while changes are not announced is the ttl of a store that answers: a store
    /// that does not is bridged for longer (R7).
    fn bound(&self) -> Duration {
        let revocation = self.revocation();
        if revocation["announced"] != true {
            return Duration::MAX;
        }
        let bound = revocation["bound_seconds"].as_f64();
        Duration::from_secs_f64(bound.expect("a bound"))
    }

    fn is_announced(&self) -> bool {
        self.revocation()["announced"] == true
    }

    fn revocation(&self) -> serde_json::Value {
        self.stack.admin("/status.json").json()["sources"][0]["revocation"].take()
    }

    fn note(&mut self, line: String) {
        if self.trail.len() == TRAIL {
            self.trail.pop_front();
        }
        self.trail.push_back(line);
    }

    fn report(&self, token: &str) -> String {
        let trail: Vec<_> = self.trail.iter().map(String::as_str).collect();
        format!(
            "\nin {:?}\n{}\n{}",
            self.trouble,
            self.truth.describe(token),
            trail.join("\n")
        )
    }
}

/// Writes a record, or deletes it.
fn store(stack: &Stack, token: &str, holder: Option<&Holder>) {
    let Some(Holder { user, role }) = holder else {
        return stack.redis().remove(token);
    };
    let mut session = record(user);
    session["roles"] = json!([role]);
    session["default_role"] = json!(role);
    session["verified"] = json!(*role == "admin");
    stack.redis().put(token, &session);
}

fn name(index: usize) -> String {
    format!("token-{index}")
}

/// As in the configuration: a store that took so long was not at peace.
pub(super) const REPLY_TIMEOUT: Duration = Duration::from_millis(300);

const TOKENS: usize = 24;
const ROLES: [&str; 3] = ["user", "editor", "admin"];
const TRAIL: usize = 60;
