//! `admit`: route, token, session, policy, in this order. What the proxy and `explain` both call.

use super::decision::{Decision, Denial, Standing};
use crate::cache::Ending;
use crate::clock::Now;
use crate::policy::{InvalidReason, Pass, Standing as Judged};
use crate::request::RequestView;
use crate::resolver::{Resolution, Resolved};
use crate::runtime::{Route, Runtime};
use crate::token::{BodyTokens, Extraction, FlawKind, Unusable, extract};

/// Decides about one request. Everything it may read of it is in the view, and in what its body showed.
pub async fn admit(
    runtime: &Runtime,
    view: &RequestView<'_>,
    body: &BodyTokens,
    now: Now,
) -> Decision {
    let Some((at, route)) = runtime.routes.find(view.host, view.path) else {
        return Decision::refused(None, Denial::NoRoute);
    };
    let asks_for_roles = route.policy.anonymous_role.is_some();
    let requested_role = match asks_for_roles.then(|| view.requested_role()).transpose() {
        Ok(role) => role.flatten(),
        Err(fault) => return Decision::refused(Some(at), Denial::Malformed(fault)),
    };
    let mut decision = look_up(runtime, at, route, view, body, now).await;
    decision.requested_role = requested_role.cloned();
    if decision.verdict.is_ok() {
        let judged = match &decision.standing {
            Standing::Valid(identity) => Judged::Valid(identity),
            Standing::Invalid(reason) => Judged::Invalid(*reason),
            Standing::Absent | Standing::Error => Judged::Absent,
        };
        let role = requested_role.map(http::HeaderValue::as_bytes);
        let verdict = route.policy.judge(judged, role, view.is_preflight());
        let counts_as = match route.policy.effective(judged) {
            Judged::Invalid(reason) => Some(Standing::Invalid(reason)),
            Judged::Valid(_) | Judged::Absent => None,
        };
        decision.verdict = verdict.map_err(Denial::Refused);
        decision.standing = counts_as.unwrap_or(decision.standing);
    }
    refuse_unrenderable(runtime, route, &mut decision, now);
    decision
}

/// A session that passes must also be one that the route's profile can speak of (R2).
fn refuse_unrenderable(runtime: &Runtime, route: &Route, decision: &mut Decision, now: Now) {
    let (Ok(Pass::AsValid), Standing::Valid(identity), Some(plan)) =
        (decision.verdict, &decision.standing, route.plan)
    else {
        return;
    };
    let Err(record) = identity.rendered(plan) else {
        return;
    };
    if let (Some(source), Some(sid)) = (decision.source, decision.sid) {
        runtime.resolver.unrenderable(source, sid, record, now);
    }
    decision.verdict = Err(Denial::BrokenRecord);
    decision.standing = Standing::Error;
}

/// The credential and what became of it. The verdict is open (`Ok`) unless the lookup itself failed.
async fn look_up(
    runtime: &Runtime,
    at: usize,
    route: &Route,
    view: &RequestView<'_>,
    body: &BodyTokens,
    now: Now,
) -> Decision {
    let mut decision = Decision::open(at);
    let (shown, place) = match extract(&route.tokens, view.headers, body) {
        Extraction::Absent => {
            if !route.tokens.is_empty() {
                runtime.resolver.absent();
            }
            return decision;
        }
        Extraction::Found { shown, source } => (Ok(shown), source),
        Extraction::Unusable { reason, source } => (Err(reason), source),
    };
    let token = shown.as_ref().map_or("", |shown| shown.token);
    let Some((place, owner)) = route.owner(place, token) else {
        return decision;
    };
    let source = owner.source;
    (decision.source, decision.place) = (Some(source), Some(place));
    let shown = match shown {
        Ok(shown) => shown,
        Err(reason) => {
            runtime.resolver.unusable(source);
            decision.standing = Standing::Invalid(match reason {
                Unusable::Malformed => InvalidReason::Malformed,
                Unusable::Ambiguous => InvalidReason::Ambiguous,
            });
            return decision;
        }
    };
    let Some(Resolved {
        sid,
        resolution,
        tier,
    }) = runtime
        .resolver
        .resolve(source, owner.place, shown, now)
        .await
    else {
        return decision;
    };
    decision.sid = Some(sid);
    decision.tier = Some(tier);
    decision.standing = match resolution {
        Resolution::Valid(identity) => Standing::Valid(identity),
        Resolution::Unknown => Standing::Invalid(InvalidReason::Unknown),
        Resolution::Ended(Ending::Revoked) => Standing::Invalid(InvalidReason::Revoked),
        Resolution::Ended(Ending::Idle) => Standing::Invalid(InvalidReason::Idle),
        Resolution::Ended(Ending::Guest) => Standing::Absent,
        Resolution::Ended(Ending::Flawed(kind)) => Standing::Invalid(reason_of(kind)),
        Resolution::Broken => decision.fail(Denial::BrokenRecord),
        Resolution::Unavailable(fault) => decision.fail(Denial::StoreDown(fault)),
    };
    decision
}

fn reason_of(flaw: FlawKind) -> InvalidReason {
    match flaw {
        FlawKind::Malformed => InvalidReason::Malformed,
        FlawKind::Signature => InvalidReason::Signature,
        FlawKind::Expired => InvalidReason::Expired,
        FlawKind::Claims => InvalidReason::Claims,
    }
}
