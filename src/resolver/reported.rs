//! `Reported`: which broken records were logged lately.

use super::source::Source;
use crate::store::BrokenRecord;
use crate::token::Sid;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tracing::error;

/// Remembers which broken records were logged lately, so that a client that retries does not fill the log.
#[derive(Default)]
pub(super) struct Reported(Mutex<VecDeque<(Sid, Instant)>>);

impl Reported {
    /// The same session is reported again after this long.
    const AGAIN: Duration = Duration::from_secs(60);
    const REMEMBERED: usize = 1024;

    pub(super) fn broken(&self, source: &Source, sid: Sid, record: &BrokenRecord, now: Instant) {
        if self.is_news(sid, now) {
            let (field, fault) = (&record.field, &record.fault);
            error!(source = %source.name, %sid, %field, %fault, "broken session record, answered 502");
        }
    }

    fn is_news(&self, sid: Sid, now: Instant) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|(_, at)| now.saturating_duration_since(*at) < Self::AGAIN);
        let is_news = seen.iter().all(|(known, _)| *known != sid);
        if is_news {
            if seen.len() == Self::REMEMBERED {
                seen.pop_front();
            }
            seen.push_back((sid, now));
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use super::Reported;
    use crate::clock::Now;
    use crate::token::TokenDigest;
    use std::time::Duration;

    #[test]
    fn a_broken_record_is_news_once_a_minute() {
        let (reported, sid) = (Reported::default(), TokenDigest::of("t").sid());
        let now = Now::read().mono;
        assert!(reported.is_news(sid, now));
        assert!(!reported.is_news(sid, now + Duration::from_secs(59)));
        assert!(reported.is_news(TokenDigest::of("u").sid(), now));
        assert!(reported.is_news(sid, now + Duration::from_secs(60)));
    }
}
