//! What the gateway itself allocates for a request whose session is in the cache, from the complete head to the upstream's.

use crate::browser;
use crate::gateway::{self, Gateway, Received, TOKEN, UPSTREAM};
use allocation_counter::measure;
use pingora::http::RequestHeader;

#[test]
fn a_hit_allocates_no_more_than_it_did() {
    let bearer = browser::bearer(TOKEN);
    let cookies = browser::cookies(TOKEN, 4);
    let bearer = ("Authorization", &*bearer);
    let cookie = ("Cookie", &*cookies);
    let cases = [
        ("none", bearer, 6),
        ("skygear", bearer, 7),
        ("skygear", cookie, 9),
        ("authgear", bearer, 7),
        ("hasura", bearer, 7),
        ("custom", bearer, 7),
        ("assertion", bearer, 7),
    ];
    let gateway = Gateway::open(UPSTREAM);
    let made = cases.map(|(host, shown, most)| {
        let made = allocations(&gateway, &browser::head(host, &[shown]));
        (host, shown.0, made, most)
    });
    let is_over = made.iter().any(|(_, _, made, most)| made > most);
    assert!(!is_over, "profile, line, made, most: {made:#?}");
}

/// Of the second request: the first one fills the cache and makes what is made once.
fn allocations(gateway: &Gateway, head: &RequestHeader) -> u64 {
    gateway.warm(head);
    let serve = |mut request: Received, mut copy: RequestHeader| {
        let mut context = gateway.begin();
        gateway::decide(&mut context, &mut request);
        gateway::forward(&context, &mut copy);
    };
    serve(Received(head.clone()), head.clone());
    let (request, copy) = (Received(head.clone()), head.clone());
    measure(|| serve(request, copy)).count_total
}
