//! Question: how much memory does a cached session take?
//!
//! Loads so many sessions, each of a user of its own, through the resolver and counts what has become more: bytes asked
//! of the allocator, and resident memory with mimalloc. A session is a native record with UUIDs for the user, the
//! identity and the authenticator, one role and both times, on one route with the `skygear` profile, whose ten headers
//! take 156 bytes of text beside words that stand in the program. The store makes each record when it is asked and keeps nothing.
//!
//! Run: `cargo bench --bench memory`; `SESSIONS=100000` for another number.
//!
//! Last result, 2026-11-26, Linux, mimalloc 3.3: 472 bytes asked for and 572 resident for each of 1,000,000; 480 and 582 for
//! each of 300,000.
//!
//! Of those asked for, counted from the types:
//!
//! | bytes | for |
//! |---|---|
//! | 111 | the entry: 88, a control byte, and a fifth of the buckets free |
//! | 21 | what is said of the user: one for every eight sessions |
//! | 88 | the identity and its two reference counts |
//! | 43 | user id and role |
//! | 16 | the list of plans, of which there is one |
//! | 192 | the ten headers of the plan: 156 of text, 20 for their places, 16 for the reference counts |
//!
//! Conclusion: within 512 bytes by what is asked for; a fifth more is resident, for size classes and for what the allocator
//! keeps of tables that have grown. Allow 600 MB for a million sessions.

use async_trait::async_trait;
use cap::Cap;
use mimalloc::MiMalloc;
use sessiongate::cache::{CachePolicy, Epoch};
use sessiongate::clock::{Now, UnixMillis};
use sessiongate::headers::{HeaderPlan, IdentityTypes, Profile};
use sessiongate::observe::Metrics;
use sessiongate::resolver::{Resolution, Resolver, Source, SourceMetrics};
use sessiongate::store::{
    Administration, LookupError, NewSession, Removal, Revocation, Search, SessionKey, SessionList,
    SessionReport, SessionStore, StoreError, StoredSession, UserMark, decode_native,
};
use sessiongate::token::{Credential, Shown, Sid, TokenDigest};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::{env, fs};

#[global_allocator]
static ALLOCATOR: Cap<MiMalloc> = Cap::new(MiMalloc, usize::MAX);

#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of its own: this is how it is asked and answers"
)]
fn main() {
    let sessions = env::var("SESSIONS").ok().and_then(|text| text.parse().ok());
    let sessions: usize = sessions.unwrap_or(1_000_000);
    let resolver = resolver(sessions);
    let (asked, resident) = (ALLOCATOR.allocated(), resident_bytes());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime without drivers").block_on(async {
        for number in 0..sessions {
            let (token, now) = (token(number), Now::read());
            let resolved = resolver.resolve(0, 0, Shown::plain(&token), now).await;
            let resolution = resolved.map(|resolved| resolved.resolution);
            assert!(matches!(resolution, Some(Resolution::Valid(_))));
        }
    });
    let kept = resolver.cache().stats().sessions;
    let each = |bytes: usize| bytes / kept.entries.max(1);
    let asked = each(ALLOCATOR.allocated() - asked);
    let resident = each(resident_bytes() - resident);
    println!("{kept:?}");
    println!(
        "{asked} bytes asked for, {resident} resident, for each of {} sessions",
        kept.entries
    );
}

fn resolver(sessions: usize) -> Resolver {
    let now = Now::read();
    let metrics = Metrics::new().expect("metrics");
    let source = Source {
        name: "main".to_owned(),
        fingerprint: 7,
        handle: None,
        cookies: Box::default(),
        store: Arc::new(Generated),
        idle_timeout: None,
        epoch: Arc::new(Epoch::default()),
        metrics: SourceMetrics::new(&metrics, "main"),
    };
    let plan = HeaderPlan::new(&[Profile::Skygear(IdentityTypes::Seed)]).expect("a plan");
    let policy = CachePolicy {
        max_entries: NonZeroUsize::new(sessions).expect("at least one session"),
        ..CachePolicy::default()
    };
    Resolver::new(vec![Arc::new(source)], [plan].into(), policy, &metrics, now)
}

fn token(number: usize) -> String {
    format!("token-{number:026}")
}

/// A session for every token that ends in a number.
struct Generated;

#[async_trait]
impl SessionStore for Generated {
    async fn find(&self, shown: &Credential, _: Now) -> Result<Option<StoredSession>, LookupError> {
        let number = shown
            .token()
            .trim_start_matches(|character| !('1'..='9').contains(&character));
        let number: u64 = number.parse().unwrap_or_default();
        let record = format!(
            r#"{{"v":1,"user_id":"87dfaacf-a872-444a-948a-{number:012x}","roles":["user"],"verified":true,
                "identity":{{"id":"5c2f5f0e-77cb-4b0c-a3e5-{number:012x}","type":"password","updated_at":"2026-09-17T00:00:00.000Z"}},
                "authenticator":{{"id":"0d9a3d6b-18d4-4f0e-9c55-{number:012x}","type":"oob","channel":"sms","updated_at":"2026-09-17T00:05:00.000Z"}},
                "created_at":"2026-09-17T00:00:00Z","expires_at":"2099-09-18T00:00:00Z"}}"#
        );
        let session = decode_native(record.as_bytes())?;
        Ok(Some(StoredSession::new(session, None)))
    }

    async fn find_again(
        &self,
        _: &SessionKey,
        _: Now,
    ) -> Result<Option<StoredSession>, LookupError> {
        Ok(None)
    }

    async fn is_revoked(&self, _: TokenDigest, _: Option<&str>) -> Result<bool, LookupError> {
        Ok(false)
    }

    async fn last_seen(&self, _: TokenDigest) -> Result<Option<UnixMillis>, LookupError> {
        Ok(None)
    }

    async fn user(&self, _: &str) -> Result<UserMark, LookupError> {
        Ok(UserMark::default())
    }

    async fn seen(&self, _: TokenDigest, _: UnixMillis, _: UnixMillis) -> Result<(), StoreError> {
        Ok(())
    }

    async fn end(&self, _: &Credential) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_up(&self) -> bool {
        true
    }
}

/// Nobody administers it.
#[async_trait]
impl Administration for Generated {
    async fn create(&self, _: NewSession, _: Now) -> Result<(), StoreError> {
        Ok(())
    }

    async fn show(
        &self,
        _: Sid,
        _: Option<&str>,
        _: Now,
    ) -> Result<Search<SessionReport>, LookupError> {
        Ok(Search::Absent)
    }

    async fn list(&self, _: &str, _: Now) -> Result<SessionList, LookupError> {
        Ok(SessionList {
            sessions: Vec::new(),
            is_cut: false,
        })
    }

    async fn revoke(&self, _: &Revocation, _: Now) -> Result<Removal, StoreError> {
        Ok(Removal::default())
    }

    async fn set_disabled(&self, _: &str, _: bool) -> Result<(), StoreError> {
        Ok(())
    }

    fn distrust(&self) {}
}

/// Linux counts pages of 4 KiB.
fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages = statm
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<usize>().ok());
    pages.expect("a number of pages") * 4096
}
