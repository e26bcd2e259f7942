//! One line per request, from its `Context`. No query, no header, no token: a session is named by its sid (R13).

use super::context::Context;
use super::decision::{Decision, Standing};
use crate::clock::UnixMillis;
use crate::observe::{AccessLog, LineWriter, LogSettings, logging};
use crate::timestamp;
use crate::token::Sid;
use http::StatusCode;
use serde::{Serialize, Serializer};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

/// Of a hundred unremarkable requests `sampled` writes one.
const ONE_IN: u32 = 100;

/// Bytes of a path that a line shows: the lines that wait for a slow reader are bounded in number, so each has to be
/// bounded too (R15).
const LONGEST_PATH: usize = 2048;

/// Writes access-log lines, or none.
pub struct AccessLogger {
    writer: Arc<LineWriter>,
    access: AccessLog,
    is_json: bool,
}

/// The facts about a finished request that the context does not hold.
pub struct Finished<'a> {
    /// 499: the client was gone before any answer.
    pub status: StatusCode,
    /// Response body bytes sent.
    pub bytes: usize,
    /// From the request head to now.
    pub took: Duration,
    /// As the client wrote it.
    pub method: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    ts: String,
    level: &'static str,
    event: &'static str,
    route: &'a str,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    status: u16,
    ms: f64,
    overhead_us: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What is wrong with the credential, where that is not the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    invalid: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<IpAddr>,
}

/// Written straight into the line.
struct Shown(Sid);

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl AccessLogger {
    /// Lines go to `writer` in the shape that the settings ask for.
    #[must_use]
    pub fn new(writer: Arc<LineWriter>, settings: LogSettings) -> Self {
        Self {
            writer,
            access: settings.access,
            is_json: logging::is_json(settings.format),
        }
    }

    /// Writes the line, if this request gets one.
    pub fn log(&self, context: &Context, finished: &Finished<'_>) {
        let is_wanted = match self.access {
            AccessLog::None => false,
            AccessLog::All => true,
            AccessLog::Sampled => is_remarkable(context, finished) || fastrand::u32(..ONE_IN) == 0,
        };
        if is_wanted {
            let line = line(context, finished);
            self.writer.send(if self.is_json {
                line.to_json()
            } else {
                line.to_text()
            });
        }
    }
}

fn is_remarkable(context: &Context, finished: &Finished<'_>) -> bool {
    let reason = context.decision().and_then(Decision::reason);
    finished.status.as_u16() >= 400 || reason.is_some()
}

fn line<'a>(context: &'a Context, finished: &Finished<'a>) -> Line<'a> {
    let decision = context.decision();
    let route = context.route();
    let server = context.attempt.server;
    let cluster = route
        .filter(|_| server.is_some())
        .map(|route| &route.cluster);
    let source =
        decision.and_then(|decision| context.runtime.resolver.sources().get(decision.source?));
    Line {
        ts: timestamp_of(context.began.wall),
        level: if finished.status.is_server_error() {
            "warn"
        } else {
            "info"
        },
        event: "access",
        route: route.map_or("none", |route| &route.settings.name),
        method: finished.method,
        host: context.target.host(),
        path: cut(context.target.path()),
        status: finished.status.as_u16(),
        ms: (finished.took.as_secs_f64() * 1e6).round() / 1e3,
        overhead_us: u64::try_from(context.overhead.as_micros()).unwrap_or(u64::MAX),
        upstream: cluster.map(|cluster| cluster.name()),
        server: cluster.and_then(|cluster| Some(cluster.servers().get(server?)?.label())),
        source: source.map(|source| source.name.as_str()),
        outcome: decision.map_or(Standing::Absent.as_str(), |decision| {
            decision.standing.as_str()
        }),
        tier: decision
            .and_then(|decision| decision.tier)
            .map(crate::resolver::Tier::as_str),
        reason: decision.and_then(Decision::reason),
        invalid: decision.and_then(Decision::refused_credential),
        sid: decision.and_then(|decision| decision.sid).map(Shown),
        request_id: context.request_id.as_ref().and_then(|id| id.to_str().ok()),
        bytes: finished.bytes,
        client: context.client,
    }
}

/// A canonical path is ASCII and can be cut anywhere; that of a refused request is short.
fn cut(path: &str) -> &str {
    path.get(..LONGEST_PATH).unwrap_or(path)
}

/// Empty only outside the years 0000 to 9999.
fn timestamp_of(at: UnixMillis) -> String {
    let mut text = String::with_capacity(24);
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000);
    let _ = at.map(|at| timestamp::write(at, &mut text));
    text
}

impl Line<'_> {
    /// For machines. A line usually has 300 to 500 bytes.
    fn to_json(&self) -> String {
        let mut text = Vec::with_capacity(512);
        let written = serde_json::to_writer(&mut text, self).ok();
        let text = written.and_then(|()| String::from_utf8(text).ok());
        text.unwrap_or_default()
    }

    /// For a terminal: what matters first.
    fn to_text(&self) -> String {
        let sid = self.sid.as_ref().map(|shown| shown.0.to_string());
        let reason = self
            .reason
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        format!(
            "{} {} {} {}{} → {}  {} {}{}  {:.1} ms, ours {} µs",
            self.ts,
            self.status,
            self.method,
            self.host,
            self.path,
            self.server.unwrap_or("-"),
            self.outcome,
            sid.as_deref().unwrap_or("-"),
            reason,
            self.ms,
            self.overhead_us,
        )
    }
}
