//! What exactly is wrong with the credential that decided.

use crate::clock::Now;
use crate::proxy::{Context, Decision, Standing};
use crate::token::{Extraction, extract};
use http::HeaderMap;

/// In words that quote nothing of it; `None` where it is a session, or where the decision says all there is to say. The source
/// is asked once more: the proxy remembers only the kind.
pub(super) async fn flaw_of(
    context: &Context,
    decision: &Decision,
    headers: &HeaderMap,
) -> Option<String> {
    if matches!(decision.standing, Standing::Valid(_)) {
        return None;
    }
    let route = context.route_of(decision)?;
    let Extraction::Found { shown, source } = extract(&route.tokens, headers, &context.body_tokens)
    else {
        return None;
    };
    let (_, owner) = route.owner(source, shown.token)?;
    let resolver = &context.runtime.resolver;
    let fault = resolver.fault(owner.source, owner.place, shown, Now::read());
    fault.await
}
