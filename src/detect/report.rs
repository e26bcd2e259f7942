//! `Report`: what was found, in words and as JSON. Holds values; shows them only if it is asked to.

use super::candidate::{Candidate, SecretsAtHand};
use super::carried::Carried;
use super::follow::Followed;
use super::shown::Form;
use super::survey::Looked;
use super::table::table;
use serde_json::{Map, Value, json};

/// What was found.
#[derive(Default)]
pub struct Report {
    /// Where it was looked; no password.
    pub(super) server: Option<String>,
    pub(super) looked: Option<Looked>,
    /// The best first.
    pub(super) candidates: Vec<Candidate>,
    /// What the credential looks like.
    pub(super) form: Option<&'static str>,
    /// What it says, if it is a session by itself.
    pub(super) carried: Option<Carried>,
    /// Where it leads.
    pub(super) followed: Option<Followed>,
}

impl Report {
    /// Whether there is something to propose.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.yaml().is_some()
    }

    /// The session source to put into a configuration.
    #[must_use]
    pub fn yaml(&self) -> Option<&str> {
        let carried = self
            .carried
            .as_ref()
            .and_then(|carried| carried.yaml.as_deref());
        let best = self.candidates.first();
        carried.or(best.map(|best| best.yaml.as_str()))
    }

    /// For people.
    #[must_use]
    pub fn in_words(&self, show_values: bool) -> String {
        let mut parts = Vec::new();
        if let Some(form) = self.form {
            parts.push(self.credential_in_words(form, show_values));
        }
        if !self.candidates.is_empty() {
            let head = HEADINGS.map(str::to_owned).to_vec();
            let rows = self.candidates.iter().map(row);
            parts.push(table(&[head].into_iter().chain(rows).collect::<Vec<_>>()));
        }
        let carries = self
            .carried
            .as_ref()
            .is_some_and(|carried| carried.yaml.is_some());
        let best = self.candidates.first().filter(|_| !carries);
        parts.extend(best.map(|best| notes(best, show_values)));
        parts.push(match self.yaml() {
            Some(yaml) => yaml.to_owned(),
            None => "Nothing that fits: no records that sessiongate could read as sessions. docs/frameworks.md says what is read, and what to do instead.\n".to_owned(),
        });
        parts.extend(self.looked_in_words());
        parts.join("\n")
    }

    /// The same for programs.
    #[must_use]
    pub fn to_json(&self, show_values: bool) -> Value {
        let candidates = self.candidates.iter();
        let candidates: Vec<Value> = candidates
            .map(|candidate| candidate_json(candidate, show_values))
            .collect();
        json!({
            "server": self.server,
            "looked_at": self.looked.map(looked_json),
            "credential": self.form.map(|form| self.credential_json(form, show_values)),
            "candidates": candidates,
            "yaml": self.yaml(),
        })
    }

    fn credential_in_words(&self, form: &str, show_values: bool) -> String {
        let mut text = String::new();
        match &self.carried {
            Some(carried) => {
                let names = carried.names.join(", ");
                text.push_str(&format!("shown: {}\n  has: {names}\n", carried.what));
                if show_values {
                    let content = printable(&carried.content.to_string());
                    text.push_str(&format!("  content: {content}\n"));
                }
            }
            None => text.push_str(&format!("shown: {form}\n")),
        }
        match (&self.followed, self.candidates.first()) {
            (Some(followed), Some(best)) => {
                let (key, record) = (&best.key, &followed.record);
                let signature = followed.signature.in_words();
                text.push_str(&format!(
                    "  its record is under {key}: {record}\n  {signature}\n"
                ));
                if let Some(user) = followed.user.as_ref().filter(|_| show_values) {
                    text.push_str(&format!("  user: {user}\n"));
                }
            }
            _ if self.carried.is_none() && self.looked.is_some() => {
                text.push_str(match form == Form::Laravel.as_str() {
                    true => "  it leads nowhere without the application's key: name its variable with --secret-env\n",
                    false => "  no record was found for it\n",
                });
            }
            _ => {}
        }
        text
    }

    fn credential_json(&self, form: &str, show_values: bool) -> Value {
        let mut members = Map::new();
        members.insert("form".to_owned(), form.into());
        if let Some(carried) = &self.carried {
            members.insert("what".to_owned(), carried.what.as_str().into());
            members.insert("names".to_owned(), json!(carried.names));
            if show_values {
                members.insert("content".to_owned(), carried.content.clone());
            }
        }
        if let (Some(followed), Some(best)) = (&self.followed, self.candidates.first()) {
            members.insert("key".to_owned(), best.key.as_str().into());
            members.insert("record".to_owned(), followed.record.as_str().into());
            members.insert("signature".to_owned(), followed.signature.as_str().into());
            if let Some(user) = followed.user.as_deref().filter(|_| show_values) {
                members.insert("user".to_owned(), user.into());
            }
        }
        Value::Object(members)
    }

    fn looked_in_words(&self) -> Option<String> {
        let (server, looked) = (self.server.as_ref()?, self.looked?);
        let mut text = format!(
            "{server} has {}; {} were looked at, and {} under {} read. Nothing was written.\n",
            counted(looked.size, "key"),
            looked.keys,
            counted(looked.records as u64, "record"),
            counted(looked.kinds as u64, "head"),
        );
        if self.candidates.len() > 1 {
            text.push_str("The configuration of each is in the output of --json.\n");
        }
        if looked.own > 0 {
            text.push_str(&format!("{} keys are sessiongate's own.\n", looked.own));
        }
        if looked.too_large > 0 {
            let records = looked.too_large;
            text.push_str(&format!(
                "{records} records are over 64 KiB and were not read.\n"
            ));
        }
        if looked.refused > 0 {
            let records = looked.refused;
            text.push_str(&format!("The server's ACL refused {records} records: this user needs +scan +dbsize +type +pttl +getrange +hlen +hgetall +memory|usage.\n"));
        }
        if looked.is_cut {
            text.push_str("The time was up before all of it was done.\n");
        }
        Some(text)
    }
}

/// JSON escapes some of what steers a terminal, not all of it.
fn printable(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars() {
        match c.is_control() {
            true => safe.extend(c.escape_unicode()),
            false => safe.push(c),
        }
    }
    safe
}

fn row(candidate: &Candidate) -> Vec<String> {
    let counts = &candidate.counts;
    let numbers = [
        counts.sampled,
        counts.decoded,
        counts.with_user,
        counts.guests,
        counts.opaque,
        counts.with_ttl,
    ];
    let words = [candidate.word.to_owned(), candidate.key.clone()];
    let numbers = numbers.iter().map(ToString::to_string);
    words.into_iter().chain(numbers).collect()
}

/// What is to be known of the best one.
fn notes(best: &Candidate, show_values: bool) -> String {
    let counts = best.counts;
    let mut text = format!(
        "{}: {} of {} sampled records decode; {}\n",
        best.word,
        counts.decoded,
        counts.sampled,
        best.evidence.as_str()
    );
    let listed = |places: &[(String, usize)]| {
        let places = places
            .iter()
            .map(|(place, records)| format!("{place} in {records}"));
        places.collect::<Vec<_>>().join(", ")
    };
    if !best.user_paths.is_empty() {
        let paths = listed(&best.user_paths);
        text.push_str(&format!("  the user's id may be at: {paths}\n"));
    }
    if !best.opaque_places.is_empty() {
        let places = listed(&best.opaque_places);
        text.push_str(&format!(
            "  objects of classes, which are not read: {places}\n"
        ));
    }
    if counts.opaque > 0 {
        let opaque = counts.opaque;
        text.push_str(&format!(
            "  in {opaque} records the user seems to be inside such an object: keep the id in a plain attribute as well, or ask the auth service (`http`)\n"
        ));
    }
    if counts.with_user == 0 && counts.opaque == 0 {
        text.push_str("  no record names a user: say where the id stands with `user_id`\n");
    }
    for (fault, records) in &best.faults {
        text.push_str(&format!("  {records} records: {fault}\n"));
    }
    if best.secrets != SecretsAtHand::Given && best.yaml.contains("secrets:") {
        text.push_str("  its credentials are signed: `secrets` are the application's own\n");
    }
    if show_values {
        let users: Vec<_> = best.users.iter().take(3).map(String::as_str).collect();
        text.push_str(&format!("  users: {}\n", users.join(", ")));
    }
    text
}

fn candidate_json(candidate: &Candidate, show_values: bool) -> Value {
    let counts = candidate.counts;
    let listed = |places: &[(String, usize)]| {
        let places = places.iter();
        let places = places.map(|(place, records)| json!({"path": place, "records": records}));
        places.collect::<Vec<_>>()
    };
    let faults = candidate.faults.iter();
    let faults = faults.map(|(fault, records)| json!({"fault": fault, "records": records}));
    let mut value = json!({
        "format": candidate.word,
        "why": candidate.evidence.as_str(),
        "key": candidate.key,
        "keys": candidate.keys,
        "sampled": counts.sampled,
        "decoded": counts.decoded,
        "with_user": counts.with_user,
        "guests": counts.guests,
        "opaque": counts.opaque,
        "with_ttl": counts.with_ttl,
        "user_id": candidate.user_id,
        "user_id_places": listed(&candidate.user_paths),
        "opaque_places": listed(&candidate.opaque_places),
        "faults": faults.collect::<Vec<_>>(),
        "yaml": candidate.yaml,
    });
    if let Some(members) = value.as_object_mut().filter(|_| show_values) {
        let users: Vec<_> = candidate.users.iter().take(3).collect();
        members.insert("users".to_owned(), json!(users));
    }
    value
}

fn looked_json(looked: Looked) -> Value {
    json!({
        "size": looked.size,
        "keys": looked.keys,
        "own_keys": looked.own,
        "kinds": looked.kinds,
        "records": looked.records,
        "too_large": looked.too_large,
        "refused": looked.refused,
        "cut": looked.is_cut,
    })
}

const HEADINGS: [&str; 8] = [
    "format",
    "key",
    "sampled",
    "decoded",
    "with user",
    "guests",
    "opaque",
    "with TTL",
];

fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
