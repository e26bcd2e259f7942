//! `Worker`: one thread's connections, from their first request to their last answer.

use crate::clock;
use crate::connection::{Connection, Exchange, Fault};
use crate::mix::Ask;
use crate::plan::{Pace, Plan};
use crate::schedule::Schedule;
use crate::tally::{Tally, Window, nanoseconds};
use crate::turns::{Turn, Turns};
use crate::verdict::Wrong;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::cell::RefCell;
use std::io;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Builder;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::timeout_at;

/// What the connections of one thread share.
struct Worker {
    plan: Arc<Plan>,
    window: Window,
    turns: Turns,
    rng: RefCell<SmallRng>,
    tally: RefCell<Tally>,
}

/// What one thread is to do.
pub(crate) struct Share {
    /// Of `plan.threads`, from 0.
    pub(crate) thread: usize,
    pub(crate) streams: Vec<TcpStream>,
    /// When the run begins; the window comes later.
    pub(crate) origin: Instant,
    pub(crate) window: Window,
}

/// Runs to the end of the window, and until the last answer, or as long as there is patience.
pub(crate) fn work(plan: Arc<Plan>, share: Share) -> io::Result<Tally> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(plan, share))
}

async fn run(plan: Arc<Plan>, share: Share) -> io::Result<Tally> {
    let Share {
        thread,
        streams,
        origin,
        window,
    } = share;
    let connections = streams.len();
    let seed = plan.seed.wrapping_add(thread as u64);
    let mut rng = SmallRng::seed_from_u64(seed);
    let pace = plan.pace;
    let schedule = match pace {
        Pace::Open { rate, arrival } => {
            let own = SmallRng::from_rng(&mut rng);
            Some(Schedule::new(arrival, rate, thread, plan.threads, own))
        }
        Pace::Closed => None,
    };
    let worker = Rc::new(Worker {
        turns: match pace {
            Pace::Open { .. } => Turns::open(),
            Pace::Closed => Turns::Closed { end: window.to },
        },
        window,
        rng: RefCell::new(rng),
        tally: RefCell::new(Tally::new()),
        plan,
    });
    let mut busy = JoinSet::new();
    for stream in streams {
        let connection = Connection::new(stream, worker.plan.target)?;
        busy.spawn_local(Rc::clone(&worker).serve(connection));
    }
    if let Some(schedule) = schedule {
        let on_due = |due| worker.count_due(due);
        let turns = &worker.turns;
        turns
            .hand_out(schedule, origin, window.to, connections, on_due)
            .await?;
    }
    let last = window.to + worker.plan.patience;
    // What is not answered by then shows as due but not settled.
    let _ = timeout_at(last.into(), async {
        while busy.join_next().await.is_some() {}
    })
    .await;
    drop(busy);
    Ok(worker.tally.replace(Tally::new()))
}

impl Worker {
    /// One connection's life: a turn, a request, its answer, again.
    async fn serve(self: Rc<Self>, mut connection: Connection) {
        let plan = Arc::clone(&self.plan);
        let mut head = Vec::with_capacity(1024);
        while let Some(turn) = self.turns.take().await {
            if matches!(self.turns, Turns::Closed { .. }) {
                self.count_due(turn.due);
            }
            let ask = plan.mix.draw(&mut self.rng.borrow_mut());
            plan.template.render(&ask, &mut head);
            let outcome = self.ask(&mut connection, turn, &ask, &head).await;
            self.settle(turn, &ask, head.len(), outcome);
        }
    }

    async fn ask(
        &self,
        connection: &mut Connection,
        turn: Turn,
        ask: &Ask<'_>,
        head: &[u8],
    ) -> Result<Exchange<Option<Wrong>>, Fault> {
        if connection.make_ready().await? {
            self.tally.borrow_mut().reconnects += 1;
        }
        if self.window.contains(turn.due) {
            let lag = clock::now() - turn.due.max(turn.free_since);
            let mut tally = self.tally.borrow_mut();
            tally.send_lag.saturating_record(nanoseconds(lag));
            tally.waited += u64::from(turn.free_since > turn.due);
        }
        let expected = &self.plan.expected;
        let echo_header = expected.echo_header.as_deref();
        connection
            .exchange(head, echo_header, |answer| expected.judge(ask, answer))
            .await
    }

    fn count_due(&self, due: Instant) {
        self.tally.borrow_mut().due += u64::from(self.window.contains(due));
    }

    fn settle(
        &self,
        turn: Turn,
        ask: &Ask<'_>,
        sent: usize,
        outcome: Result<Exchange<Option<Wrong>>, Fault>,
    ) {
        let now = clock::now();
        let mut tally = self.tally.borrow_mut();
        tally.settled += u64::from(self.window.contains(turn.due));
        let exchange = match outcome {
            Ok(exchange) => exchange,
            Err(fault) => {
                tally.kind(ask.kind).failed += 1;
                tally.example(|| example(ask, &fault));
                return;
            }
        };
        if let Some(wrong) = exchange.verdict {
            tally.kind(ask.kind).wrong += 1;
            tally.example(|| example(ask, &wrong));
        }
        if self.window.contains(now) {
            tally.answered += 1;
            tally.bytes_sent += sent as u64;
            tally.bytes_received += exchange.bytes as u64;
        }
        if self.window.contains(turn.due) {
            let took = nanoseconds(now - turn.due);
            tally.kind(ask.kind).latency.saturating_record(took);
        }
    }
}

/// With no more of the token than tells it from others: half of it, six characters at most.
fn example(ask: &Ask<'_>, fault: &dyn std::fmt::Display) -> String {
    let kind = ask.kind.as_str();
    match &ask.token {
        None => format!("{kind}: {fault}"),
        Some(token) => {
            let shown: String = token.chars().take(6.min(token.len() / 2)).collect();
            format!("{kind}, token {shown}…: {fault}")
        }
    }
}
