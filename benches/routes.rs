//! Question: does a request cost more where there are more routes, and what does a large configuration cost to load?
//!
//! * `look-up`: the route of a canonical host and path, in a table of so many: told apart by host, by the first segment of
//!   the path under one host, by wildcard host. `one` asks for the same route again and again, `all` for each in turn, in
//!   scattered order, so that the table comes out of as much cache as a request can hope for.
//! * `load`: a file is parsed and compiled, and opened where it says so. Before each time stands what that allocates: how
//!   often, how many bytes in all, how many at once.
//!
//! Run: `cargo bench --bench routes`.
//!
//! Last result, 2026-11-26, 2 shared cores of a virtual EPYC, other work beside it, without LTO, the system's allocator
//! with a counter in it, medians:
//!
//! | look-up | 1 route | 100, one and all | 10,000, one and all |
//! |---|---|---|---|
//! | by host | 23 ns | 27, 30 ns | 23, 67 ns |
//! | by path | 93 ns | 138, 100 ns | 124, 154 ns |
//! | by wildcard host | 27 ns | 26, 29 ns | 32, 78 ns |
//!
//! | load | time | allocations | at once |
//! |---|---|---|---|
//! | `conf/sessiongate.yaml`, `skygear.yaml`, `hasura.yaml` | 44, 115, 96 µs | 397, 861, 733 | 80 kB |
//! | 1 route, opening it | 80, 91 µs | 502, 830 | 80, 298 kB |
//! | 100 routes, opening them | 2.1, 0.9 ms | 14,277, 9,176 | 0.6, 0.8 MB |
//! | 10,000 routes, opening them | 1.0 s, 78 ms | 1.39 M, 0.84 M | 57, 49 MB |
//!
//! Conclusion: the same route is found as fast among 10,000 as alone. Where every request asks for another one, its entry
//! has left the nearest cache, which costs 50 ns: less than a hundredth of what a request costs. Nothing of a look-up
//! allocates.

#[path = "stage/counted.rs"]
mod counted;

use counted::Counted;
use criterion::{Criterion, criterion_group, criterion_main};
use sessiongate::clock::Now;
use sessiongate::config::{Loaded, ProcessEnvironment, compile_text};
use sessiongate::observe::Metrics;
use sessiongate::route::{HostPattern, PathPattern, RouteTable};
use sessiongate::runtime::Runtime;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

const SIZES: [usize; 3] = [1, 100, 10_000];

/// Of a table with so many routes: the patterns of the n-th, and a request that meets it.
struct Shape {
    id: &'static str,
    pattern: fn(usize) -> (String, String),
    request: fn(usize) -> (String, String),
}

const SHAPES: [Shape; 3] = [
    Shape {
        id: "host",
        pattern: |n| (format!("shop-{n}.example.com"), "/*".to_owned()),
        request: |n| (format!("shop-{n}.example.com"), PATH.to_owned()),
    },
    Shape {
        id: "path",
        pattern: |n| ("example.com".to_owned(), format!("/shop-{n}/*")),
        request: |n| ("example.com".to_owned(), format!("/shop-{n}{PATH}")),
    },
    Shape {
        id: "wildcard",
        pattern: |n| (format!("*.shop-{n}.example.com"), "/*".to_owned()),
        request: |n| (format!("www.shop-{n}.example.com"), PATH.to_owned()),
    },
];

const PATH: &str = "/api/articles/42";

fn look_up(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "look-up");
    for Shape {
        id,
        pattern,
        request,
    } in SHAPES
    {
        for size in SIZES {
            let table = RouteTable::new((0..size).map(|n| parsed(pattern(n), n)).collect());
            let requests: Vec<_> = (0..size).map(|n| request(scattered(n, size))).collect();
            let (host, path) = request(size / 2);
            let find = |host: &str, path: &str| {
                let found = table.find(black_box(host), black_box(path));
                *found.expect("a route").1
            };
            group.bench(&format!("{id} {size}, one"), || find(&host, &path));
            let mut walk = requests.iter().cycle();
            group.bench(&format!("{id} {size}, all"), || {
                walk.next().map(|(host, path)| find(host, path))
            });
        }
    }
}

fn parsed((host, path): (String, String), n: usize) -> (HostPattern, PathPattern, usize) {
    (
        HostPattern::parse(&host).expect("a host"),
        PathPattern::parse(&path).expect("a path"),
        n,
    )
}

/// Each number below `size` once, in an order that no prefetcher follows; 7919 is prime to every size here.
fn scattered(n: usize, size: usize) -> usize {
    n * 7_919 % size
}

fn load(criterion: &mut Criterion) {
    let mut group = Counted::new(criterion, "load");
    for (id, text) in [
        ("sessiongate.yaml", include_str!("../conf/sessiongate.yaml")),
        ("skygear.yaml", include_str!("../conf/skygear.yaml")),
        ("hasura.yaml", include_str!("../conf/hasura.yaml")),
    ] {
        group.bench(id, || compiled(text));
    }
    for size in SIZES {
        let text = generated(size);
        group.bench(&format!("{size} routes"), || compiled(&text));
        let loaded = compiled(&text);
        let open = |metrics: Metrics| {
            let runtime = Runtime::open(&loaded.blueprint, &metrics, Now::read());
            (runtime.expect("a memory store opens"), metrics)
        };
        group.bench_on(&format!("{size} routes, opening"), new_metrics, open);
    }
}

fn compiled(text: &str) -> Loaded {
    let loaded = compile_text("bench", text, Path::new("/"), &ProcessEnvironment);
    loaded.unwrap_or_else(|issues| panic!("{issues}"))
}

fn new_metrics() -> Metrics {
    Metrics::new().expect("families that can stand together")
}

fn generated(routes: usize) -> String {
    let mut text = String::from(
        "listen: 127.0.0.1:8080\nupstreams: {app: [\"127.0.0.1:9000\"]}\n\
         sessions: {token: [bearer, {cookie: session}], memory: {}}\nroutes:\n",
    );
    for n in 0..routes {
        let route = format!("host: shop-{n}.example.com, upstream: app, identity: skygear");
        writeln!(text, "  - {{{route}}}").expect("a String takes it");
    }
    text
}

criterion_group! {
    name = looking_up;
    config = Criterion::default().warm_up_time(SECOND).measurement_time(SECOND);
    targets = look_up
}
criterion_group! {
    name = loading;
    config = Criterion::default().sample_size(10).warm_up_time(SECOND).measurement_time(SECOND);
    targets = load
}
criterion_main!(looking_up, loading);
