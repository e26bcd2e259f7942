//! Question: which counts and locks would many threads fight over, and do they still?
//!
//! A count that all threads write is a cache line that they take from each other: with two threads an operation on it costs
//! a multiple of what it costs alone, however many cores there are, and sixteen make it worse. What a thread writes alone costs
//! the same whoever else is there.
//!
//! * `counter`, `histogram`, `in flight`: as the prometheus crate keeps them, and as the gateway does.
//! * `pin`: a request takes hold of the runtime, by one count for all threads and by a thread's own handle.
//! * `route`: a reference to the route that was met; the gateway notes its position and counts nothing.
//! * `names`: three configured header names are handed on, by reference count and as they are kept now.
//! * `turn`: whose turn it is among several servers: one count by nature.
//! * `line`: an access line is queued for the one thread that writes them.
//! * `peek`: the cache alone, each thread with a session of its own, and all with one.
//! * `request`: everything that the gateway does with a request on a cache hit, from pinning the runtime to the last count,
//!   without sockets and without access line; each thread with a session of its own, and all with one.
//!
//! Every thread does so many operations at once with the others; a cell is processor time per operation, the median of
//! several rounds: waiting for a core does not count.
//!
//! Run: `cargo bench --bench contention`, on a machine that has nothing else to do: two threads that never run at once do
//! not fight.
//!
//! Last result, 2026-11-26, 2 cores of a virtual EPYC with nothing else of ours on them, ns of processor time:
//!
//! | | 1 thread | 2 | 4 | 16 |
//! |---|---|---|---|---|
//! | counter, shared | 2.5 | 11.1 | 26.0 | 13.8 |
//! | counter, own | 6.2 | 5.9 | 6.0 | 6.1 |
//! | histogram, shared | 11.5 | 215.5 | 143.7 | 198.3 |
//! | histogram, own | 16.3 | 17.1 | 17.5 | 16.6 |
//! | in flight, shared | 10.6 | 99.7 | 99.1 | 133.4 |
//! | in flight, own | 11.6 | 12.4 | 11.5 | 11.7 |
//! | pin, shared | 12.8 | 81.5 | 67.3 | 67.4 |
//! | pin, own | 15.9 | 16.4 | 17.4 | 16.6 |
//! | route, shared | 5.4 | 58.4 | 58.3 | 58.1 |
//! | names, shared | 37.8 | 221.5 | 199.0 | 218.4 |
//! | names, own | 29.5 | 30.1 | 30.2 | 30.4 |
//! | turn, shared | 2.5 | 16.2 | 12.7 | 28.1 |
//! | line | 203.4 | 118.9 | 94.6 | 133.4 |
//! | peek, own session | 63.6 | 63.8 | 64.1 | 49.5 |
//! | peek, one session | 62.9 | 285.8 | 162.5 | 180.4 |
//! | request, own session | 4392.2 | 4535.6 | 4909.0 | 4165.4 |
//! | request, one session | 3386.0 | 4858.9 | 4896.5 | 4621.2 |
//!
//! Conclusion: on two cores a shared count costs four to twenty times what it costs one; what each thread has for itself costs
//! the same with sixteen. Alone an own counter is dearer by 4 ns and an own histogram by 5: some 50 ns a request. A whole request of
//! a session of its own takes 3 % more processor time on two cores than on one, so two do 1.9 times the work. One session that
//! everybody shows costs 220 ns more for a look, and half as much again for the request: its reference count and its shard's lock
//! are shared by nature.

use bytes::Bytes;
use pingora::http::RequestHeader;
use prometheus::{HistogramOpts, IntCounter, IntGauge};
use sessiongate::cache::{CacheKey, CachePolicy, Epoch, LoadLimits, Loaded, Lookup, SessionCache};
use sessiongate::clock::{Now, UnixMillis};
use sessiongate::config::{ProcessEnvironment, compile_text};
use sessiongate::live::{Live, Pinned};
use sessiongate::observe::{AttemptResult, Histogram, LineWriter, Metrics};
use sessiongate::proxy::{Context, Incoming, consider, prepare};
use sessiongate::runtime::Runtime;
use sessiongate::token::TokenDigest;
use std::fs;
use std::future::Future;
use std::hint::black_box;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

const THREADS: [usize; 4] = [1, 2, 4, 16];
const ROUNDS: usize = 7;
/// Of one thread, in each round.
const SPAN: Duration = Duration::from_millis(20);

/// What one thread does once; it is told which one it is.
type Operation<'a> = &'a (dyn Fn(usize) + Sync);

fn main() {
    let metrics = Metrics::new().expect("families register");
    counters(&metrics);
    references();
    queue();
    cache();
    requests();
}

fn counters(metrics: &Metrics) {
    let (shared, own) = (
        IntCounter::new("shared", "Shared.").expect("a name"),
        metrics.requests.with_label_values(&["contention", "200"]),
    );
    measure("counter, shared", &|_| shared.inc());
    measure("counter, own", &|_| own.inc());
    let opts = HistogramOpts::new("took", "Took.").buckets(Histogram::bounds().collect());
    let (shared, own) = (
        prometheus::Histogram::with_opts(opts).expect("a name"),
        metrics.overhead.with_label_values(&["contention"]),
    );
    let took = black_box(Duration::from_micros(7));
    measure("histogram, shared", &|_| shared.observe(took.as_secs_f64()));
    measure("histogram, own", &|_| own.observe(took));
    let (shared, own) = (
        IntGauge::new("flying", "Flying.").expect("a name"),
        metrics.in_flight.with_label_values(&["contention"]),
    );
    measure("in flight, shared", &|_| {
        let held = shared.clone();
        held.inc();
        held.dec();
    });
    measure("in flight, own", &|_| {
        own.begin();
        own.end();
    });
}

fn references() {
    let (shared, own) = (arc_swap::ArcSwap::from_pointee(7_u64), Live::new(7_u64));
    measure("pin, shared", &|_| drop(black_box(shared.load_full())));
    measure("pin, own", &|_| drop(black_box(own.pin())));
    let route = Arc::new(7_u64);
    measure("route, shared", &|_| drop(black_box(Arc::clone(&route))));
    let names = ["X-User", "X-Roles", "X-Email"];
    let (shared, own) = (
        names.map(|name| Bytes::from(name.to_owned())),
        names.map(|name| Bytes::from_static(name.as_bytes())),
    );
    measure("names, shared", &|_| drop(black_box(shared.clone())));
    measure("names, own", &|_| drop(black_box(own.clone())));
    let turn = AtomicUsize::new(0);
    measure("turn, shared", &|_| {
        _ = turn.fetch_add(1, Ordering::Relaxed)
    });
}

fn queue() {
    let dropped = IntCounter::new("dropped", "Dropped.").expect("a name");
    let lines = LineWriter::start(io::sink(), dropped).expect("a thread");
    let line = "x".repeat(300);
    measure("line", &|_| lines.send(line.clone()));
}

fn cache() {
    let (now, epoch) = (Now::read(), Arc::<Epoch>::default());
    let cache = SessionCache::new(CachePolicy::default(), LoadLimits::default(), now);
    let keys: Vec<_> = (0..=most_threads())
        .map(|number| CacheKey::new(0, TokenDigest::of(&token(number))))
        .collect();
    executor().block_on(async {
        for key in &keys {
            let load = || async {
                Loaded::Found {
                    value: Session(Arc::new(0)),
                    expires_at: None,
                    backing: None,
                }
            };
            let _: Lookup<_, ()> = cache.load(*key, &epoch, now, move || now, load).await;
        }
    });
    let peek = |number: usize| {
        let key = keys.get(number).expect("one for each thread");
        drop(black_box(cache.peek(key, &epoch, now)));
    };
    measure("peek, own session", &peek);
    measure("peek, one session", &|_| peek(0));
}

/// As large as what the gateway remembers.
#[derive(Clone)]
struct Session(Arc<u64>);

impl sessiongate::cache::Remembered for Session {
    fn holds(&self, _at: UnixMillis) -> bool {
        *self.0 == 0
    }
}

fn requests() {
    let live = Live::new(open());
    let heads: Vec<_> = (0..=most_threads()).map(|at| head(&token(at))).collect();
    let request = |number: usize| {
        let head = heads.get(number).expect("one for each thread");
        serve(live.pin(), Received(head.clone()));
    };
    executor().block_on(async {
        for head in &heads {
            let mut context = Context::new(live.pin(), Now::read());
            let decision = consider(&mut context, &mut Received(head.clone()), PEER).await;
            decision.expect("a head alone cannot break off");
        }
    });
    measure("request, own session", &request);
    measure("request, one session", &|_| request(0));
}

/// What the phases of the proxy do, in their order.
fn serve(runtime: Pinned<Runtime>, mut request: Received) {
    let mut context = Context::new(runtime, Now::read());
    let decision = ready(consider(&mut context, &mut request, PEER));
    context.decide(decision.expect("a head alone cannot break off"));
    let (decision, route) = context.decision().zip(context.route()).expect("decided");
    assert!(decision.verdict.is_ok(), "refused: {:?}", decision.reason());
    let peer = route.cluster.pick(context.began.mono);
    let (server, peer) = peer.expect("a literal address");
    black_box(Box::new(peer));
    let asked = Now::read().mono;
    route
        .connect_duration
        .observe(asked.saturating_duration_since(context.began.mono));
    let mut head = request.0;
    let forged = prepare(&mut head, &context, decision, route, PEER);
    route
        .metrics
        .forged_headers
        .inc_by(forged.expect("every header can be written"));
    if let Some(server) = route.servers.get(server) {
        server.count(AttemptResult::Response);
    }
    let now = Now::read_mono();
    let took = now.saturating_duration_since(context.began.mono);
    route.metrics.answered(http::StatusCode::OK);
    route.metrics.duration.observe(took);
    route.metrics.overhead.observe(context.spent(now));
    black_box(head);
}

fn open() -> Runtime {
    let folder = tempfile::tempdir().expect("a folder");
    let seed: String = (0..=most_threads())
        .map(|number| {
            let token = token(number);
            format!(
                "- {{token: {token}, record: {{v: 1, user_id: u-{number}, roles: [user], verified: true}}}}\n"
            )
        })
        .collect();
    fs::write(folder.path().join("seed.yaml"), seed).expect("writable");
    let loaded = compile_text("bench", CONFIG, folder.path(), &ProcessEnvironment);
    let loaded = loaded.unwrap_or_else(|issues| panic!("{issues}"));
    let metrics = Metrics::new().expect("families register");
    Runtime::open(&loaded.blueprint, &metrics, Now::read()).expect("a memory store opens")
}

const CONFIG: &str = "
listen: 127.0.0.1:8080
upstreams: {app: ['127.0.0.1:9000']}
sessions: {token: [bearer], memory: {seed: seed.yaml}}
routes:
  - {host: sky, upstream: app, identity: skygear}
";

const PEER: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));

fn head(token: &str) -> RequestHeader {
    let mut head = RequestHeader::build("GET", b"/articles?page=2", Some(16)).expect("a head");
    let credential = format!("Bearer {token}");
    for (name, value) in [
        ("Host", "sky"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)"),
        ("Accept", "text/html,application/xhtml+xml"),
        ("Authorization", &credential),
    ] {
        head.append_header(name, value).expect("a header");
    }
    head
}

fn token(number: usize) -> String {
    format!("Qm9zc2EgTm92YSBpcyBub3QgYSBzZXNzaW9u-{number:02}")
}

/// A request without body, as it came.
struct Received(RequestHeader);

impl Incoming for Received {
    fn head(&self) -> &RequestHeader {
        &self.0
    }

    async fn body(&mut self, _: usize, _: Duration) -> pingora::Result<Option<Bytes>> {
        Ok(None)
    }
}

/// What waits for nothing.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("not in the cache"),
    }
}

fn executor() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers")
}

fn most_threads() -> usize {
    THREADS.into_iter().max().unwrap_or_default()
}

/// Prints a row of the table.
fn measure(name: &str, operation: Operation<'_>) {
    let times = calibrated(operation);
    let median = |threads| {
        let mut rounds: Vec<_> = (0..ROUNDS)
            .map(|_| round(threads, times, operation))
            .collect();
        rounds.sort_by(f64::total_cmp);
        rounds.get(ROUNDS / 2).copied().unwrap_or_default()
    };
    let cells: String = THREADS
        .iter()
        .map(|threads| format!(" {:.1} |", median(*threads)))
        .collect();
    // Whoever closed the pipe does not want to know.
    let _ = writeln!(io::stdout(), "| {name} |{cells}");
}

/// How often one thread does it in a span.
fn calibrated(operation: Operation<'_>) -> u32 {
    let spent = |times: u32| round(1, times, operation) * f64::from(times);
    let mut times = 1_024;
    while spent(times) < SPAN.as_nanos() as f64 / 2.0 {
        times *= 2;
    }
    times
}

/// Nanoseconds of processor time for one operation, where all threads do it so often at once.
fn round(threads: usize, times: u32, operation: Operation<'_>) -> f64 {
    let start = Barrier::new(threads);
    let work = |thread: usize| {
        operation(thread);
        start.wait();
        let before = busy_ns();
        for _ in 0..times {
            operation(thread);
        }
        (busy_ns() - before) as f64 / f64::from(times)
    };
    let work = &work;
    let spent: f64 = thread::scope(|scope| {
        let working: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || work(thread)))
            .collect();
        let spent = working
            .into_iter()
            .map(|thread| thread.join().expect("no panic"));
        spent.sum()
    });
    spent / threads as f64
}

/// The first field of schedstat: how long this thread has had a processor. Yielding it brings the number up to date.
fn busy_ns() -> u64 {
    thread::yield_now();
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let busy = schedstat.split(' ').next().and_then(|ns| ns.parse().ok());
    busy.expect("a number")
}
