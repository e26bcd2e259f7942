//! Keys that are fetched: they come, change, go, and fail to come.

use super::issuer::{Issuer, NOW, settings};
use crate::jwt::remote::MOST_WAITING;
use crate::jwt::{
    Algorithm, Claims, FetchKeys, FetchedKeys, KeyFetchError, Keys, KeysUnavailable,
    RefreshSettings, RemoteKeys, Verifier, VerifyError,
};
use crate::token::FlawKind;
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// Where an issuer publishes its keys, and how it answers.
struct Publisher {
    answer: Mutex<Answer>,
    fetches: AtomicU64,
}

#[derive(Clone)]
enum Answer {
    Keys(String, Option<Duration>),
    Fails,
    Hangs,
    AfterSeconds(u64, String),
}

impl Publisher {
    fn new(answer: Answer) -> Arc<Self> {
        Arc::new(Self {
            answer: Mutex::new(answer),
            fetches: AtomicU64::new(0),
        })
    }

    fn answers(&self, answer: Answer) {
        *self.answer.lock().expect("not poisoned") = answer;
    }

    fn fetches(&self) -> u64 {
        self.fetches.load(Ordering::Relaxed)
    }

    fn fetch(self: &Arc<Self>) -> FetchKeys {
        let publisher = Arc::clone(self);
        Box::new(move || {
            publisher.fetches.fetch_add(1, Ordering::Relaxed);
            let answer = publisher.answer.lock().expect("not poisoned").clone();
            Box::pin(answer.give())
        })
    }

    /// A verifier that asks it, and the task that does.
    fn verifier(self: &Arc<Self>) -> (Arc<Verifier>, JoinHandle<()>) {
        let (keys, refresh) = RemoteKeys::new("test", RefreshSettings::default(), self.fetch());
        let settings = settings(&[Algorithm::Es256]);
        let verifier = Verifier::new(settings, Keys::Remote(Arc::new(keys)));
        (
            Arc::new(verifier.expect("fetched keys fit")),
            tokio::spawn(refresh.run()),
        )
    }
}

impl Answer {
    async fn give(self) -> Result<FetchedKeys, String> {
        match self {
            Self::Keys(document, max_age) => Ok(FetchedKeys {
                body: document.into(),
                max_age,
            }),
            Self::Fails => Err("connection refused".to_owned()),
            Self::Hangs => std::future::pending().await,
            Self::AfterSeconds(seconds, document) => {
                sleep(Duration::from_secs(seconds)).await;
                Ok(FetchedKeys {
                    body: document.into(),
                    max_age: None,
                })
            }
        }
    }
}

fn keys_of(issuers: &[&Issuer]) -> String {
    let jwks: Vec<_> = issuers.iter().map(|issuer| issuer.jwk()).collect();
    json!({"keys": jwks}).to_string()
}

fn publishes(issuers: &[&Issuer]) -> Answer {
    Answer::Keys(keys_of(issuers), None)
}

/// `Err(None)`: nobody can say.
async fn ask(verifier: &Verifier, token: &str) -> Result<(), Option<FlawKind>> {
    let said: Result<Claims, VerifyError> = verifier.verify(token, NOW).await;
    said.map(|_| ()).map_err(|error| match error {
        VerifyError::Flawed(flaw) => Some(flaw.kind),
        VerifyError::KeysUnavailable(_) => None,
    })
}

async fn seconds(count: u64) {
    sleep(Duration::from_secs(count)).await;
}

const FORGED: Result<(), Option<FlawKind>> = Err(Some(FlawKind::Signature));
const UNSAID: Result<(), Option<FlawKind>> = Err(None);

#[tokio::test(start_paused = true)]
async fn the_first_lookups_wait_for_one_fetch() {
    let issuer = Issuer::new("1");
    let publisher = Publisher::new(Answer::AfterSeconds(3, keys_of(&[&issuer])));
    let (verifier, _task) = publisher.verifier();
    let token = issuer.token();
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let (verifier, token) = (Arc::clone(&verifier), token.clone());
            tokio::spawn(async move { ask(&verifier, &token).await })
        })
        .collect();
    for answer in asked {
        assert_eq!(answer.await.expect("no panic"), Ok(()));
    }
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn without_any_keys_nobody_can_say() {
    let issuer = Issuer::new("1");
    let publisher = Publisher::new(Answer::Hangs);
    let (verifier, _task) = publisher.verifier();
    let begin = Instant::now();
    assert_eq!(ask(&verifier, &issuer.token()).await, UNSAID);
    assert!(
        begin.elapsed() <= Duration::from_millis(5_100),
        "{:?}",
        begin.elapsed()
    );
    publisher.answers(Answer::Fails);
    seconds(10).await;
    let begin = Instant::now();
    let error = verifier
        .verify(&issuer.token(), NOW)
        .await
        .expect_err("no keys");
    let fault = KeyFetchError::Failed("connection refused".to_owned());
    let expected = VerifyError::KeysUnavailable(KeysUnavailable::Fault(fault));
    assert_eq!(error, expected);
    assert_eq!(begin.elapsed(), Duration::ZERO, "it answers at once");
    publisher.answers(publishes(&[&issuer]));
    seconds(10).await;
    assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_dead_issuer_is_asked_once_per_cooldown_whatever_is_shown() {
    let (issuer, stranger) = (Issuer::new("1"), Issuer::new("2"));
    let publisher = Publisher::new(Answer::Fails);
    let (verifier, _task) = publisher.verifier();
    for _ in 0..600 {
        for token in [issuer.token(), stranger.token()] {
            assert_eq!(ask(&verifier, &token).await, UNSAID);
        }
        sleep(Duration::from_millis(100)).await;
    }
    let fetches = publisher.fetches();
    assert!((5..=7).contains(&fetches), "{fetches} in 60 s");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_fetched_once_per_cooldown() {
    let (issuer, next, stranger) = (Issuer::new("1"), Issuer::new("2"), Issuer::new("3"));
    let publisher = Publisher::new(publishes(&[&issuer]));
    let (verifier, _task) = publisher.verifier();
    assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
    publisher.answers(publishes(&[&issuer, &next]));
    assert_eq!(ask(&verifier, &next.token()).await, FORGED, "just asked");
    assert_eq!(publisher.fetches(), 1);
    seconds(10).await;
    assert_eq!(ask(&verifier, &next.token()).await, Ok(()));
    assert_eq!(publisher.fetches(), 2);
    for _ in 0..300 {
        assert_eq!(ask(&verifier, &stranger.token()).await, FORGED);
        assert_eq!(ask(&verifier, &next.token()).await, Ok(()));
        sleep(Duration::from_millis(100)).await;
    }
    let fetches = publisher.fetches();
    assert!((4..=5).contains(&fetches), "{fetches} after 30 s more");
}

#[tokio::test(start_paused = true)]
async fn a_forged_signature_of_a_known_key_asks_nobody() {
    let (issuer, stranger) = (Issuer::new("1"), Issuer::new("1"));
    let publisher = Publisher::new(publishes(&[&issuer]));
    let (verifier, _task) = publisher.verifier();
    seconds(60).await;
    for _ in 0..10 {
        assert_eq!(ask(&verifier, &stranger.token()).await, FORGED);
        seconds(11).await;
    }
    assert_eq!(publisher.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_has_left_the_set_is_gone_with_the_next_refresh() {
    let (old, new) = (Issuer::new("1"), Issuer::new("2"));
    let publisher = Publisher::new(publishes(&[&old, &new]));
    let (verifier, _task) = publisher.verifier();
    assert_eq!(ask(&verifier, &old.token()).await, Ok(()));
    publisher.answers(publishes(&[&new]));
    seconds(269).await;
    assert_eq!(
        publisher.fetches(),
        1,
        "not before nine tenths of five minutes"
    );
    seconds(32).await;
    assert_eq!(publisher.fetches(), 2);
    assert_eq!(ask(&verifier, &old.token()).await, FORGED);
    assert_eq!(ask(&verifier, &new.token()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn max_age_shortens_the_time_down_to_a_minute() {
    let issuer = Issuer::new("1");
    for (max_age_s, earliest_s, latest_s) in [(0, 54, 60), (120, 108, 120), (86_400, 270, 300)] {
        let max_age = Some(Duration::from_secs(max_age_s));
        let publisher = Publisher::new(Answer::Keys(keys_of(&[&issuer]), max_age));
        let (_verifier, _task) = publisher.verifier();
        seconds(earliest_s - 1).await;
        assert_eq!(publisher.fetches(), 1, "max-age {max_age_s}");
        seconds(latest_s - earliest_s + 2).await;
        assert_eq!(publisher.fetches(), 2, "max-age {max_age_s}");
    }
}

#[tokio::test(start_paused = true)]
async fn old_keys_stay_for_a_day_when_no_new_ones_come() {
    let (issuer, stranger) = (Issuer::new("1"), Issuer::new("2"));
    let broken = Answer::Keys("<html>".to_owned(), None);
    let nothing_usable = Answer::Keys(r#"{"keys":[]}"#.to_owned(), None);
    for failing in [Answer::Fails, Answer::Hangs, broken, nothing_usable] {
        let publisher = Publisher::new(publishes(&[&issuer]));
        let (verifier, _task) = publisher.verifier();
        assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
        publisher.answers(failing);
        seconds(23 * 3600).await;
        assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
        assert_eq!(
            ask(&verifier, &stranger.token()).await,
            UNSAID,
            "it may be new"
        );
        seconds(3600 + 1).await;
        assert_eq!(ask(&verifier, &issuer.token()).await, UNSAID);
        let report = verifier.remote().expect("fetched keys").report();
        assert_eq!((report.usable, report.age), (0, None));
        assert!(report.fault.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_waits_a_second_for_a_slow_issuer() {
    let (issuer, next) = (Issuer::new("1"), Issuer::new("2"));
    let publisher = Publisher::new(publishes(&[&issuer]));
    let (verifier, _task) = publisher.verifier();
    assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
    publisher.answers(Answer::AfterSeconds(2, keys_of(&[&issuer, &next])));
    seconds(20).await;
    let begin = Instant::now();
    assert_eq!(ask(&verifier, &next.token()).await, UNSAID);
    assert!(
        begin.elapsed() <= Duration::from_millis(1_100),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(
        ask(&verifier, &issuer.token()).await,
        Ok(()),
        "known keys do not wait"
    );
    seconds(2).await;
    assert_eq!(ask(&verifier, &next.token()).await, Ok(()));
    assert_eq!(publisher.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_a_few_wait_for_a_slow_issuer() {
    let issuer = Issuer::new("1");
    let publisher = Publisher::new(publishes(&[&issuer]));
    let (verifier, _task) = publisher.verifier();
    assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
    publisher.answers(Answer::Hangs);
    seconds(20).await;
    let forged = Issuer::new("2").token();
    let waiting: Vec<_> = (0..MOST_WAITING)
        .map(|_| {
            let (verifier, forged) = (Arc::clone(&verifier), forged.clone());
            tokio::spawn(async move { ask(&verifier, &forged).await })
        })
        .collect();
    // The runtime does not come to all of them in one round.
    for _ in 0..MOST_WAITING {
        tokio::task::yield_now().await;
    }
    let begin = Instant::now();
    assert_eq!(ask(&verifier, &forged).await, UNSAID);
    assert_eq!(begin.elapsed(), Duration::ZERO, "it does not wait");
    for one in waiting {
        assert_eq!(one.await.expect("no panic"), UNSAID);
    }
    assert!(begin.elapsed() >= Duration::from_secs(1), "they did");
    assert_eq!(ask(&verifier, &issuer.token()).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_who_asks() {
    let publisher = Publisher::new(publishes(&[&Issuer::new("1")]));
    let (verifier, task) = publisher.verifier();
    seconds(1).await;
    drop(verifier);
    task.await.expect("it ends by itself");
}
