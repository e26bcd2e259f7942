//! `Truth`: what was so of each session, and since when that can have been known.

use super::history::History;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a record says. Every login is another one, so that no answer is right by chance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    pub(super) login: String,
    pub(super) user: String,
    pub(super) role: &'static str,
    /// Some records do not say it.
    pub(super) made_at: Option<u64>,
}

impl Holder {
    pub(super) fn is_verified(&self) -> bool {
        self.role == "admin"
    }
}

/// What is said of all sessions of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) not_before: Option<u64>,
    pub(super) disabled: bool,
}

impl Mark {
    fn ends(self, holder: &Holder) -> bool {
        self.not_before
            .is_some_and(|not_before| holder.made_at.is_none_or(|made_at| made_at < not_before))
    }
}

/// A session as the services are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) holder: Holder,
    pub(super) disabled: bool,
}

/// Three facts make a session: its record, the mark of its user, and that its name is not revoked. Tokens and users have
/// different names.
#[derive(Default)]
pub(super) struct Truth {
    records: BTreeMap<String, History<Option<Holder>>>,
    marks: BTreeMap<String, History<Mark>>,
    revoked: BTreeMap<String, History<bool>>,
}

/// From when a write was sent until Redis had acknowledged it.
pub(super) type When = (Duration, Duration);

impl Truth {
    /// A record is written, or with `None` deleted.
    pub(super) fn write(&mut self, token: &str, holder: Option<Holder>, when: When) {
        let history = self.records.entry(token.to_owned()).or_default();
        history.write(holder, when);
    }

    /// A user's mark is written.
    pub(super) fn mark(&mut self, user: &str, mark: Mark, when: When) {
        let history = self.marks.entry(user.to_owned()).or_default();
        history.write(mark, when);
    }

    /// A session is revoked by its name, or no longer.
    pub(super) fn revoke(&mut self, token: &str, is_revoked: bool, when: When) {
        let history = self.revoked.entry(token.to_owned()).or_default();
        history.write(is_revoked, when);
    }

    /// Every key is deleted.
    pub(super) fn flush(&mut self, when: When) {
        let records = self.records.values_mut();
        records.for_each(|record| record.reset(when));
        self.marks.values_mut().for_each(|mark| mark.reset(when));
        self.revoked.values_mut().for_each(|name| name.reset(when));
    }

    /// What the record says now.
    pub(super) fn holder(&self, token: &str) -> Option<&Holder> {
        self.records.get(token)?.now().as_ref()
    }

    /// What the mark of a user says now.
    pub(super) fn mark_of(&self, user: &str) -> Mark {
        self.marks
            .get(user)
            .map_or_else(Mark::default, |mark| *mark.now())
    }

    /// The session as it is now.
    pub(super) fn told(&self, token: &str) -> Option<Told> {
        let holder = self.holder(token)?;
        let is_revoked = self.revoked.get(token).is_some_and(|name| *name.now());
        tell(holder, self.mark_of(&holder.user), is_revoked)
    }

    /// The tokens that have a session now.
    pub(super) fn sessions(&self) -> Vec<String> {
        let tokens = self.records.keys();
        tokens
            .filter(|token| self.told(token).is_some())
            .cloned()
            .collect()
    }

    /// The tokens that are revoked by name.
    pub(super) fn revoked(&self) -> Vec<String> {
        let names = self.revoked.iter();
        names
            .filter(|(_, name)| *name.now())
            .map(|(token, _)| token.clone())
            .collect()
    }

    /// Whether the session was like this, when each fact that makes it was as at some time after `since` its name, and
    /// until then.
    pub(super) fn was(
        &self,
        token: &str,
        (since, until): (impl Fn(&str) -> Duration, Duration),
        is_like: impl Fn(Option<&Told>) -> bool,
    ) -> bool {
        let revoked = History::during(self.revoked.get(token), (since(token), until));
        History::during(self.records.get(token), (since(token), until))
            .into_iter()
            .any(|record| {
                let Some(holder) = record else {
                    return is_like(None);
                };
                let of_user = self.marks.get(&holder.user);
                let marks = History::during(of_user, (since(&holder.user), until));
                let mut all = marks
                    .iter()
                    .flat_map(|mark| revoked.iter().map(|revoked| (*mark, *revoked)));
                all.any(|(mark, revoked)| is_like(tell(&holder, mark, revoked).as_ref()))
            })
    }

    /// The latest states of each fact, for the report of a failure.
    pub(super) fn describe(&self, token: &str) -> String {
        let records = self.records.get(token);
        let mut text = records.map_or_else(String::new, History::describe);
        if let Some(revoked) = self.revoked.get(token) {
            text += &format!("revoked by name:\n{}", revoked.describe());
        }
        let states = records.map(History::latest).unwrap_or_default();
        for user in states.iter().flatten().map(|holder| &holder.user) {
            if let Some(mark) = self.marks.get(user) {
                text += &format!("{user}:\n{}", mark.describe());
            }
        }
        text
    }
}

fn tell(holder: &Holder, mark: Mark, is_revoked: bool) -> Option<Told> {
    let is_over = is_revoked || mark.ends(holder);
    (!is_over).then(|| Told {
        holder: holder.clone(),
        disabled: mark.disabled,
    })
}
