//! `detect`: looks, compares, proposes.

use super::candidate::{Candidate, Wishes};
use super::carried::Carried;
use super::follow::{follow, usual_keys};
use super::head::known_heads;
use super::proposal::Server;
use super::report::Report;
use super::shown::{Form, Shown};
use super::survey::{Bounds, survey};
use crate::config::Environment;
use crate::secret::Secret;
use crate::store::{Onlooker, RedisSettings, StoreError};
use tokio::time::Instant;

/// What is asked.
pub struct Question {
    /// Where to look; `None`: only at what was shown.
    pub redis: Option<RedisSettings>,
    /// The variable that holds the password of Redis, where the settings have it from one.
    pub password_variable: Option<String>,
    /// A credential of a real session.
    pub shown: Option<ShownCredential>,
    /// Variables that hold the application's secrets.
    pub secrets: Vec<String>,
    /// How much is looked at.
    pub bounds: Bounds,
    /// When looking ends.
    pub deadline: Instant,
}

/// A credential as a client shows it.
pub struct ShownCredential {
    /// The name of the cookie; `None`: a bearer token.
    pub cookie: Option<String>,
    /// Its value, as the client sends it.
    pub value: Secret<String>,
}

/// Looks at a Redis, at a credential, or at both. Writes nothing.
///
/// # Errors
/// When the server could not say.
pub async fn detect(
    question: &Question,
    environment: &dyn Environment,
) -> Result<Report, StoreError> {
    let value = question
        .shown
        .as_ref()
        .map_or("", |shown| shown.value.expose().trim_matches('"'));
    let shown = question.shown.as_ref().map(|_| Shown::of(value));
    let cookie = question
        .shown
        .as_ref()
        .and_then(|shown| shown.cookie.as_deref());
    let mut report = Report {
        form: shown.as_ref().map(|shown| shown.form.as_str()),
        carried: shown
            .as_ref()
            .and_then(|shown| Carried::of(&shown.form, cookie)),
        ..Report::default()
    };
    let Some(redis) = &question.redis else {
        return Ok(report);
    };
    let server = Server::of(redis, question.password_variable.as_deref());
    let mut onlooker = Onlooker::connect(redis, question.deadline).await?;
    let first = match &shown {
        Some(shown) => there(&mut onlooker, shown).await?,
        None => Vec::new(),
    };
    let (looked, sampled) = survey(&mut onlooker, question.bounds, first).await?;
    let is_signed = |shown: &Shown| matches!(shown.form, Form::Dotted);
    let wishes = Wishes {
        server: &server,
        environment,
        secrets: &question.secrets,
        cookie,
        is_signed: shown.as_ref().is_some_and(is_signed),
    };
    let found = sampled
        .iter()
        .filter_map(|sampled| Candidate::of(sampled, &wishes));
    let mut candidates: Vec<_> = found.collect();
    let akin = shown.as_ref().and_then(|shown| shown.form.framework());
    candidates.sort_by_key(|candidate| (akin != Some(candidate.word), candidate.order()));
    if let Some(shown) = shown.filter(|shown| !shown.carries()) {
        let followed = follow(&mut onlooker, value, &shown, &candidates).await;
        // What was found until the end of the time is told all the same.
        report.followed = match followed {
            Err(_) if onlooker.is_late() => None,
            followed => followed?,
        };
    }
    if let Some(followed) = &mut report.followed {
        let best = candidates.remove(followed.candidate);
        candidates.insert(0, best);
        followed.candidate = 0;
    }
    report.server = Some(server.as_str().to_owned());
    report.looked = Some(looked);
    report.candidates = candidates;
    Ok(report)
}

/// The record of the credential, where its framework keeps records unless it is told otherwise.
async fn there(onlooker: &mut Onlooker, shown: &Shown) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = usual_keys(shown, known_heads());
    let seen = onlooker.look(&keys).await?;
    let there = keys
        .into_iter()
        .zip(seen)
        .filter(|(_, glimpse)| glimpse.is_there());
    Ok(there.map(|(key, _)| key.into_bytes()).collect())
}
