//! What came of an errand, for people: data on standard output, talk on standard error.
#![expect(clippy::print_stderr, reason = "data goes to stdout, talk to stderr")]

use super::failure::Failure;
use super::output::print;
use crate::admin::Errand;
use crate::store::Revocation;
use crate::timestamp;
use serde_json::Value;
use time::OffsetDateTime;

/// Prints it.
pub(super) fn say(errand: &Errand, answer: &Value) -> Result<(), Failure> {
    match errand {
        Errand::Create(_) => created(answer),
        Errand::Show { .. } => print(&in_lines(answer)),
        Errand::List(_) => list(answer),
        Errand::Revoke(revocation) => {
            revoked(revocation, answer);
            Ok(())
        }
        Errand::ShowUser(_) | Errand::SetDisabled { .. } => print(&user(answer)),
        Errand::Flush => Ok(()),
    }
}

/// The token stands alone, so that a script can take it.
fn created(answer: &Value) -> Result<(), Failure> {
    let [sid, user, source, end] = [
        "/session/sid",
        "/session/user_id",
        "/session/source",
        "/session/expires_at",
    ]
    .map(|pointer| text(answer, pointer));
    eprintln!(
        "session {sid} of user {user} at {source}, ends: {end}; the token is shown this once"
    );
    print(&format!("{}\n", text(answer, "/token")))
}

fn in_lines(session: &Value) -> String {
    let members = session.as_object().into_iter().flatten();
    members
        .map(|(name, value)| format!("{name:<22}{}\n", shown(value)))
        .collect()
}

/// One line for each session.
fn list(answer: &Value) -> Result<(), Failure> {
    let sessions = answer.pointer("/sessions").and_then(Value::as_array);
    let lines: String = sessions.into_iter().flatten().map(line).collect();
    if lines.is_empty() {
        eprintln!("no sessions are known of this user");
    }
    if answer.pointer("/cut") == Some(&Value::Bool(true)) {
        eprintln!("there are more; the 1000 longest-lived of each source are shown");
    }
    print(&lines)
}

fn line(session: &Value) -> String {
    let is = |pointer| session.pointer(pointer) == Some(&Value::Bool(true));
    let state = match (session.pointer("/broken"), is("/revoked"), is("/disabled")) {
        (Some(_), _, _) => "broken",
        (None, true, _) => "revoked",
        (None, false, true) => "disabled",
        (None, false, false) => "valid",
    };
    let [sid, source, made, end, used] = [
        "/sid",
        "/source",
        "/created_at",
        "/expires_at",
        "/last_seen",
    ]
    .map(|pointer| text(session, pointer));
    format!("{sid}  {source}  {state:<8}  made {made}  ends {end}  used {used}\n")
}

fn revoked(revocation: &Revocation, answer: &Value) {
    let what = match revocation {
        Revocation::User { .. } => "logged out: what was made before now is revoked",
        Revocation::Session(_) | Revocation::Token { .. } => "revoked",
    };
    let records = answer.pointer("/records").and_then(Value::as_u64);
    match records.unwrap_or_default() {
        0 => eprintln!("{what}; no record was there to delete"),
        1 => eprintln!("{what}; 1 record deleted"),
        more => eprintln!("{what}; {more} records deleted"),
    }
    let rest = answer.pointer("/rest").and_then(Value::as_array);
    for why in rest.into_iter().flatten() {
        eprintln!("{}", shown(why));
    }
}

/// One line for each source.
fn user(answer: &Value) -> String {
    let sources = answer.pointer("/sources").and_then(Value::as_array);
    let line = |mark: &Value| {
        let is_disabled = mark.pointer("/disabled") == Some(&Value::Bool(true));
        let state = if is_disabled { "disabled" } else { "enabled" };
        let moment = mark.pointer("/not_before").and_then(Value::as_u64);
        let logged_out = moment.map_or("never logged out everywhere".to_owned(), |at_ms| {
            format!("sessions made before {} are revoked", rfc3339(at_ms))
        });
        format!("{}  {state}, {logged_out}\n", text(mark, "/source"))
    };
    sources.into_iter().flatten().map(line).collect()
}

fn rfc3339(at_ms: u64) -> String {
    let mut written = String::new();
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at_ms) * 1_000_000);
    match at.map(|at| timestamp::write(at, &mut written)) {
        Ok(Ok(())) => written,
        _ => format!("{at_ms} ms after 1970"),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).map(shown).unwrap_or_default()
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{line, rfc3339, user};
    use serde_json::json;

    #[test]
    fn a_session_is_one_line_with_its_state() {
        let cases = [
            (json!({"sid": "a", "broken": {"field": "v"}}), "broken"),
            (
                json!({"sid": "a", "revoked": true, "disabled": true}),
                "revoked",
            ),
            (
                json!({"sid": "a", "revoked": false, "disabled": true}),
                "disabled",
            ),
            (
                json!({"sid": "a", "revoked": false, "disabled": false}),
                "valid",
            ),
        ];
        for (session, state) in cases {
            let line = line(&session);
            assert!(line.contains(state) && line.ends_with('\n'), "{line}");
        }
    }

    #[test]
    fn a_moment_is_told_as_a_time() {
        let marks = json!({"sources": [{"source": "web", "disabled": true, "not_before": 1_500},
            {"source": "api", "disabled": false, "not_before": null}]});
        assert_eq!(
            user(&marks),
            "web  disabled, sessions made before 1970-01-01T00:00:01.500Z are revoked\n\
             api  enabled, never logged out everywhere\n"
        );
        assert_eq!(rfc3339(u64::MAX), format!("{} ms after 1970", u64::MAX));
    }
}
