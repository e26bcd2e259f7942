//! `Walk`: a random sequence of operations at a site, each answer of which is compared with the truth.

use super::dice::Dice;
use super::knowledge::Knowledge;
use super::operation::Operation;
use super::site::Site;
use super::trouble::Trouble;
use super::truth::Truth;
use crate::harness::{Clock, Stack};
use serde_json::Value;
use std::collections::VecDeque;
use std::time::Duration;

/// One site, what is true at it, and what its gateway must know by now.
pub(super) struct Walk<S> {
    pub(super) site: S,
    pub(super) dice: Dice,
    pub(super) clock: Clock,
    pub(super) truth: Truth,
    pub(super) trouble: Option<Trouble>,
    /// Each comes once before any comes again.
    pub(super) to_come: Vec<Trouble>,
    pub(super) knowledge: Knowledge,
    pub(super) logins: usize,
    /// Of the services: every login and every "log out everywhere" has a millisecond of its own.
    pub(super) moments: u64,
    pub(super) strangers: usize,
    /// What was said while Redis took no writes.
    pub(super) unwritten: Vec<super::saying::Said>,
    trail: VecDeque<String>,
}

impl<S: Site> Walk<S> {
    pub(super) fn new(site: S, seed: u64) -> Self {
        Self {
            site,
            dice: Dice::new(seed),
            clock: Clock::start(),
            truth: Truth::default(),
            trouble: None,
            to_come: Vec::new(),
            knowledge: Knowledge::default(),
            logins: 0,
            moments: 0,
            strangers: 0,
            unwritten: Vec::new(),
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
        while self.trouble.is_some() {
            self.end();
        }
    }

    fn perform(&mut self, operation: Operation) {
        match operation {
            Operation::Ask => {
                let token = self.any_token();
                self.ask(&token);
            }
            Operation::AskAcross => self.ask_across_a_change(),
            Operation::AskAsNobody => self.ask_as_nobody(),
            Operation::Login => self.login(),
            Operation::ChangeRole => self.change_role(),
            Operation::Touch => self.touch(),
            Operation::Revoke => self.revoke(),
            Operation::RevokeByName => self.revoke_by_name(),
            Operation::Absolve => self.absolve(),
            Operation::LogOutEverywhere => self.log_out_everywhere(),
            Operation::Disable => self.disable(),
            Operation::Unmark => self.unmark(),
            Operation::SaySession => self.say_session(),
            Operation::SayUser => self.say_user(),
            Operation::SayNonsense => self.say_nonsense(),
            Operation::Flush => self.flush(),
            Operation::Settle => drop(self.settle()),
            Operation::Begin => self.begin(),
            Operation::Outlast => self.outlast(),
            Operation::End => self.end(),
        }
    }

    pub(super) fn any_token(&mut self) -> String {
        name(self.dice.below(TOKENS))
    }

    pub(super) fn stack(&self) -> &Stack {
        self.site.stack()
    }

    pub(super) fn is_calm(&self) -> bool {
        let connection = self.site.connection();
        self.knowledge.is_calm_on(connection) && self.is_announced()
    }

    /// As the node reports it. What is said while changes are not announced is the ttl of a store that answers: a store
    /// that does not is bridged for longer (R7).
    pub(super) fn bound(&self) -> Duration {
        let revocation = &self.source()["revocation"];
        if revocation["announced"] != true {
            return Duration::MAX;
        }
        let bound = revocation["bound_seconds"].as_f64();
        Duration::from_secs_f64(bound.expect("a bound"))
    }

    pub(super) fn is_announced(&self) -> bool {
        self.source()["revocation"]["announced"] == true
    }

    pub(super) fn source(&self) -> Value {
        self.stack().admin("/status.json").json()["sources"][0].take()
    }

    pub(super) fn note(&mut self, line: String) {
        if self.trail.len() == TRAIL {
            self.trail.pop_front();
        }
        self.trail.push_back(line);
    }

    pub(super) fn report(&self, token: &str) -> String {
        let trail: Vec<_> = self.trail.iter().map(String::as_str).collect();
        format!(
            "\nin {:?}\n{}\n{}",
            self.trouble,
            self.truth.describe(token),
            trail.join("\n")
        )
    }
}

pub(super) fn name(index: usize) -> String {
    format!("token-{index}")
}

pub(super) const TOKENS: usize = 24;
const TRAIL: usize = 60;
