//! `LineWriter`: access-log lines leave through a thread of their own, so that a slow reader of standard output
//! never holds a request back.

use prometheus::IntCounter;
use std::io::{self, BufWriter, Write};
use std::iter;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that may wait; past that they are dropped and counted.
const QUEUE: usize = 16_384;

/// After a first line, others are waited for: to wake the thread and call the system for each line costs more than the line.
const GATHERING: Duration = Duration::from_millis(10);

/// The sending side, shared behind an `Arc`. The thread ends with it.
pub struct LineWriter {
    queue: SyncSender<Message>,
    dropped: IntCounter,
}

enum Message {
    Line(String),
    /// Answered once everything before it is written.
    Flush(SyncSender<()>),
}

impl LineWriter {
    /// Starts the thread, which writes to `out`.
    ///
    /// # Errors
    /// When the system refuses another thread.
    pub fn start<W>(out: W, dropped: IntCounter) -> io::Result<Self>
    where
        W: Write + Send + 'static,
    {
        let (queue, messages) = sync_channel(QUEUE);
        let out = BufWriter::with_capacity(64 * 1024, out);
        thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || write_all(&messages, out))?;
        Ok(Self { queue, dropped })
    }

    /// Queues one line, without its newline.
    pub fn send(&self, line: String) {
        if self.queue.try_send(Message::Line(line)).is_err() {
            self.dropped.inc();
        }
    }

    /// Returns once every queued line is written, or after `patience`.
    pub fn flush(&self, patience: Duration) {
        let (done, written) = sync_channel(1);
        if self.queue.try_send(Message::Flush(done)).is_ok() {
            // Whether it was in time changes nothing for a process that ends now.
            let _ = written.recv_timeout(patience);
        }
    }
}

/// Writes what is queued, a gathering at a time.
fn write_all<W: Write>(messages: &Receiver<Message>, mut out: BufWriter<W>) {
    while let Ok(first) = messages.recv() {
        if matches!(first, Message::Line(_)) {
            thread::sleep(GATHERING);
        }
        for message in iter::once(first).chain(messages.try_iter()) {
            // A broken pipe ends nothing: the gateway serves on without its log.
            match message {
                Message::Line(line) => {
                    let _ = out
                        .write_all(line.as_bytes())
                        .and_then(|()| out.write_all(b"\n"));
                }
                Message::Flush(done) => {
                    let _ = out.flush();
                    let _ = done.send(());
                }
            }
        }
        let _ = out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::LineWriter;
    use prometheus::IntCounter;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic while held").write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flush_returns_after_every_line_before_it() {
        let out = Shared::default();
        let dropped = IntCounter::new("dropped", "dropped").expect("legal name");
        let writer = LineWriter::start(out.clone(), dropped.clone()).expect("thread");
        for n in 0..100 {
            writer.send(n.to_string());
        }
        writer.flush(Duration::from_secs(60));
        let expected: String = (0..100).map(|n| format!("{n}\n")).collect();
        let written = out.0.lock().expect("no panic while held").clone();
        assert_eq!(String::from_utf8(written), Ok(expected));
        assert_eq!(dropped.get(), 0);
    }
}
