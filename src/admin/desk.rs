//! `Desk`: does errands at the stores, for the admin listener and for the command line alike.

use super::errand::{Errand, Wish};
use super::gate::Way;
use super::refusal::Refusal;
use crate::clock::Now;
use crate::resolver::Source;
use crate::store::{NewSession, Revocation, Search};
use crate::token::{Sid, mint};
use http::StatusCode;
use ring::rand::SystemRandom;
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;
use tracing::{info, warn};

/// The sources that an errand is about, and by which way it came.
pub struct Desk<'s> {
    sources: Vec<&'s Arc<Source>>,
    way: Way,
    now: Now,
}

/// What came of an errand.
pub struct Answer {
    /// 200, or 201.
    pub status: StatusCode,
    /// For whoever asked; never stored.
    pub body: Value,
}

/// Never shows the body, which may hold a new session's token (R13).
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({})", self.status)
    }
}

impl<'s> Desk<'s> {
    /// About the source of that name, or all of them.
    ///
    /// # Errors
    /// When there is no such source.
    pub fn open(
        sources: &'s [Arc<Source>],
        chosen: Option<&str>,
        way: Way,
        now: Now,
    ) -> Result<Self, Refusal> {
        let is_chosen = |source: &&Arc<Source>| chosen.is_none_or(|name| source.name == name);
        let chosen: Vec<_> = sources.iter().filter(is_chosen).collect();
        if chosen.is_empty() {
            let names = names(&sources.iter().collect::<Vec<_>>());
            let message = if names.is_empty() {
                "no session sources are configured; add `sessions:`".to_owned()
            } else {
                format!("no such session source; there are: {names}")
            };
            return Err(Refusal::new(StatusCode::NOT_FOUND, message));
        }
        Ok(Self {
            sources: chosen,
            way,
            now,
        })
    }

    /// Does it.
    ///
    /// # Errors
    /// With what is wrong and what to do about it.
    pub async fn run(&self, errand: Errand) -> Result<Answer, Refusal> {
        match errand {
            Errand::Create(wish) => self.create(wish).await,
            Errand::Show { sid, user_id } => self.show(sid, user_id.as_deref()).await,
            Errand::List(user_id) => self.list(&user_id).await,
            Errand::Revoke(revocation) => self.revoke(&revocation).await,
            Errand::ShowUser(user_id) => self.user(&user_id).await,
            Errand::SetDisabled { user_id, disabled } => {
                self.set_disabled(&user_id, disabled).await
            }
            Errand::Flush => Ok(self.flush()),
        }
    }

    async fn create(&self, wish: Wish) -> Result<Answer, Refusal> {
        let [source] = self.sources.as_slice() else {
            let message = format!(
                "several session sources; name one (`--source NAME`, or `source` in the body): {}",
                names(&self.sources)
            );
            return Err(Refusal::bad(message));
        };
        let credential = mint(&SystemRandom::new())
            .map_err(|fault| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, fault.to_string()))?;
        let token = credential.token().to_owned();
        let new = NewSession::new(credential, wish.members, wish.ttl, self.now.wall)
            .map_err(|fault| Refusal::bad(format!("{}: {}", fault.field, fault.fault)))?;
        let mut session = new.report(self.now.wall).to_json(source.idle_timeout);
        let (sid, user_id) = (new.sid(), new.user_id().to_owned());
        let created = source.store.create(new, self.now).await;
        created.map_err(|error| Refusal::store(&source.name, &error))?;
        info!(change = "session created", %sid, user_id, source = source.name, by = self.way.as_str());
        name_source(&mut session, source);
        Ok(Answer {
            status: StatusCode::CREATED,
            body: json!({"token": token, "session": session}),
        })
    }

    async fn show(&self, sid: Sid, user_id: Option<&str>) -> Result<Answer, Refusal> {
        let mut has_given_up = false;
        for source in &self.sources {
            let shown = source.store.show(sid, user_id, self.now).await;
            match shown.map_err(|error| Refusal::lookup(&source.name, &error))? {
                Search::Found(report) => {
                    let mut session = report.to_json(source.idle_timeout);
                    name_source(&mut session, source);
                    return Ok(ok(session));
                }
                Search::Absent => {}
                Search::GaveUp => has_given_up = true,
            }
        }
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            if has_given_up {
                "not found among the first million keys; name the session's user (`?user=ID`, `--user ID`)"
            } else {
                "no session of this sid"
            },
        ))
    }

    async fn list(&self, user_id: &str) -> Result<Answer, Refusal> {
        let (mut sessions, mut is_cut) = (Vec::new(), false);
        for source in &self.sources {
            let list = source.store.list(user_id, self.now).await;
            let list = list.map_err(|error| Refusal::lookup(&source.name, &error))?;
            is_cut |= list.is_cut;
            for report in list.sessions {
                let mut session = report.to_json(source.idle_timeout);
                name_source(&mut session, source);
                sessions.push(session);
            }
        }
        Ok(ok(
            json!({"user_id": user_id, "sessions": sessions, "cut": is_cut}),
        ))
    }

    /// At every source, whatever becomes of the others.
    async fn revoke(&self, revocation: &Revocation) -> Result<Answer, Refusal> {
        let (mut records, mut rest, mut failed) = (0, Vec::new(), None);
        for source in &self.sources {
            match source.store.revoke(revocation, self.now).await {
                Ok(removal) => {
                    records += removal.records;
                    rest.extend(
                        removal
                            .rest
                            .map(|why| format!("sessions {}: {why}", source.name)),
                    );
                    self.audit_revocation(revocation, source);
                }
                Err(error) => failed = Some(Refusal::store(&source.name, &error)),
            }
        }
        if let Some(refusal) = failed {
            warn!(
                change = "revocation failed",
                by = self.way.as_str(),
                "{refusal}"
            );
            return Err(refusal);
        }
        Ok(ok(
            json!({"revoked": revocation.as_str(), "records": records, "rest": rest}),
        ))
    }

    fn audit_revocation(&self, revocation: &Revocation, source: &Source) {
        let (by, source) = (self.way.as_str(), &source.name);
        match revocation {
            Revocation::Session(sid) => info!(change = "session revoked", %sid, source, by),
            Revocation::User { id, .. } => {
                info!(change = "user logged out", user_id = id, source, by);
            }
            Revocation::Token { .. } => info!(change = "signed token revoked", source, by),
        }
    }

    async fn user(&self, user_id: &str) -> Result<Answer, Refusal> {
        let mut marks = Vec::new();
        for source in &self.sources {
            let mark = source.store.user(user_id).await;
            let mark = mark.map_err(|error| Refusal::lookup(&source.name, &error))?;
            marks.push(json!({
                "source": source.name,
                "disabled": mark.disabled,
                "not_before": mark.not_before.map(|at| at.0),
            }));
        }
        Ok(ok(json!({"user_id": user_id, "sources": marks})))
    }

    async fn set_disabled(&self, user_id: &str, disabled: bool) -> Result<Answer, Refusal> {
        for source in &self.sources {
            let set = source.store.set_disabled(user_id, disabled).await;
            set.map_err(|error| Refusal::store(&source.name, &error))?;
            let change = if disabled {
                "user disabled"
            } else {
                "user enabled"
            };
            info!(
                change,
                user_id,
                source = source.name,
                by = self.way.as_str()
            );
        }
        self.user(user_id).await
    }

    fn flush(&self) -> Answer {
        for source in &self.sources {
            source.store.distrust();
            info!(
                change = "cache flushed",
                source = source.name,
                by = self.way.as_str()
            );
        }
        let names = self.sources.iter().map(|source| source.name.as_str());
        ok(json!({"flushed": names.collect::<Vec<_>>()}))
    }
}

fn ok(body: Value) -> Answer {
    Answer {
        status: StatusCode::OK,
        body,
    }
}

fn names(sources: &[&Arc<Source>]) -> String {
    let names = sources.iter().map(|source| source.name.as_str());
    names.collect::<Vec<_>>().join(", ")
}

fn name_source(session: &mut Value, source: &Source) {
    if let Value::Object(members) = session {
        members.insert("source".to_owned(), source.name.as_str().into());
    }
}
