//! Integration tests: the real binary, a real redis-server, a raw-byte client and upstream. A line of purpose per
//! module; numbers such as R5 are the rules of the design.
#![cfg(test)]

mod harness;

// The house: imports point down.
mod floors;

// What the upstream is told.
// A signed token, and the keys to check it with.
mod assertion;
// R1: never a reserved header of the client's.
mod forged;
// R2 to R5: user id and roles.
mod hasura;
// Authgear, custom, none, several together.
mod profiles;
// R2, R6: ten headers, present and absent.
mod skygear;

// What the client shows.
// Tokens in forms and JSON; the upstream gets the same bytes.
mod body_tokens;
// R11: cookies as browsers send them.
mod cookies;
// The credential that was exchanged stays here.
mod credentials;
// Who may pass, and how a refusal reads (R12).
mod policy;
// R11: bearer, and which of several decides.
mod tokens;
// Cookies of cookie-session (seed 001).
mod cookie_sessions;
// Signed tokens, and that they can be revoked.
mod signed_tokens;

// Where sessions come from.
// R7: a service is asked, and its answers are kept.
mod auth_service;
mod auth_service_invalidation;
// What `detect` says of a Redis, and that it shows and changes nothing.
mod detect;
mod detect_harm;
// Records and cookies that real frameworks wrote.
mod foreign_records;
// R2: a record that cannot be used is 502.
mod broken_records;
// No round trip on the hot path; bounded (R15).
mod cache;
// Masters of a cluster go, slots move.
mod cluster;
// Names, users and messages in a cluster.
mod cluster_revocation;
// R8: sessions that are not used.
mod idle;
// R9: orders of events between a question, its answer, a change and its push.
mod interleavings;
// R8: the end of a session by the store's own clock.
mod lifetimes;
// R7, R9: thousands of random operations against a simple model.
mod model;
// R7, R9: silence, slowness, and what holds when Redis is back.
mod recovery;
// Addresses, users, secrets.
mod redis_access;
// R8: found, absent, ended to the millisecond.
mod redis_store;
// Revocations by message.
mod events;
// R9: users and names, whatever the record says.
mod log_out;
// R9: what is revoked is refused within milliseconds.
mod revocation;
// A failover by sentinels is followed.
mod sentinel;
// R7: a store that cannot say hurts nobody.
mod store_failures;
// Records that are written on every use.
mod volatile;

// The road of a request.
// Streaming, limits, ends of messages.
mod bodies;
// Deadlines for clients.
mod connections;
// Who the upstream is told is asking.
mod forwarding;
// R10, R14: nothing is smuggled, hop-by-hop headers end here.
mod framing;
// R14: odd heads are refused.
mod heads;
// Logging out and whoami, answered here.
mod own_answers;
// What of an answer reaches the client.
mod responses;
// R14: one canonical form decides and is forwarded.
mod routing;
// Several servers, away, slow, talking nonsense.
mod upstreams;
// Upgrades.
mod websocket;

// All of it together.
// Real Express, Flask, Django and PHP applications; `make test-frameworks`.
mod frameworks;

// The process.
// Pages and metrics.
mod admin;
// Who may see sessions and change things.
mod admin_access;
// Sessions made, listed, revoked; users logged out.
mod administration;
// Check, what is printed, exit codes.
mod cli;
// What is refused, and how it is said.
mod config;
// Every line that the demo suggests.
mod demo;
// What is explained is what is done.
mod explain;
// Check --live and status.
mod live;
// The numbers add up, labels are closed.
mod metrics;
// What systemd is told.
mod notify;
// Start, signals, drain.
mod process;
// What README, docs and conf claim.
mod reference;
// Examples of the pages on tokens and frameworks.
mod doc_examples;
// R13: what is never shown.
mod secrets;
