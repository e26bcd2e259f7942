//! What a request costs in allocations. A target of its own, since counting takes the place of the allocator.

/// Request heads as a browser sends them.
#[path = "../../benches/stage/browser.rs"]
mod browser;
/// An opened gateway without sockets.
#[path = "../../benches/stage/gateway.rs"]
mod gateway;
/// The gateway's own steps on a hit.
mod hit;
/// The same proxied with sockets on both sides, beside Pingora alone.
mod proxied;
