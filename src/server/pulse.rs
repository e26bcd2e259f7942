//! `Pulse`: asks the proxy's own threads whether they still turn. A watchdog fed by a timer elsewhere proves nothing.

use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The asking side.
pub(super) struct Pulse(mpsc::Sender<oneshot::Sender<()>>);

/// The side that lives in the proxy's runtime.
pub(super) struct Heart(mpsc::Receiver<oneshot::Sender<()>>);

/// The two ends of one pulse.
pub(super) fn pulse() -> (Pulse, Heart) {
    let (ask, asked) = mpsc::channel(1);
    (Pulse(ask), Heart(asked))
}

impl Pulse {
    /// Whether an answer comes in time.
    pub(super) async fn is_felt(&self, patience: Duration) -> bool {
        let asked = async {
            let (answer, answered) = oneshot::channel();
            self.0.send(answer).await.ok()?;
            answered.await.ok()
        };
        matches!(timeout(patience, asked).await, Ok(Some(())))
    }
}

impl Heart {
    /// Answers until nobody asks any more; runs on the threads in question.
    pub(super) async fn beat(mut self) {
        while let Some(answer) = self.0.recv().await {
            // Whoever asked may have lost patience.
            let _ = answer.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::pulse;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_pulse_is_felt_while_the_heart_beats_and_not_before_or_after() {
        let patience = Duration::from_secs(1);
        let (pulse, heart) = pulse();
        assert!(!pulse.is_felt(patience).await, "nobody answers yet");
        let beating = tokio::spawn(heart.beat());
        assert!(pulse.is_felt(patience).await);
        beating.abort();
        assert!(beating.await.is_err());
        assert!(!pulse.is_felt(patience).await);
    }
}
