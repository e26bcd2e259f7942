//! `Report`: the figures of a run, as JSON and as a table.

use crate::args::Args;
use crate::mix::Kind;
use crate::process::Usage;
use crate::run::Outcome;
use crate::tally::Tally;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// One run. Rates and times are of the window; what went wrong is of the warm-up as well.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    started_unix: u64,
    version: &'static str,
    settings: &'a Args,
    /// Answers that came in the window.
    requests: u64,
    requests_per_second: f64,
    /// Requests whose intended start lay in the window.
    due: u64,
    /// Those of them that had no answer when patience was at its end.
    unanswered: u64,
    wrong: u64,
    failed: u64,
    latency_us: Quantiles,
    send_lag_us: Quantiles,
    waited_for_connection: u64,
    reconnects: u64,
    bytes_sent: u64,
    bytes_received: u64,
    kinds: BTreeMap<&'static str, KindReport>,
    cpu: BTreeMap<&'a str, CpuReport>,
    /// With `--in-turn`: the `--skip` of a run that is to go on where this one ended.
    next_skip: Option<usize>,
    /// With `--in-turn`: the file was too short, and tokens were asked for again.
    tokens_repeated: bool,
    examples: &'a [String],
}

/// In microseconds.
#[derive(Serialize)]
struct Quantiles {
    count: u64,
    mean: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

#[derive(Serialize)]
struct KindReport {
    wrong: u64,
    failed: u64,
    latency_us: Quantiles,
}

/// A process, by answers in the window.
#[derive(Serialize)]
struct CpuReport {
    us_per_request: f64,
    user_us_per_request: f64,
    system_us_per_request: f64,
    /// 1 is one core, all the time.
    cores: f64,
    rss_bytes: u64,
}

impl<'a> Report<'a> {
    /// Puts an outcome beside the settings it came from.
    pub(crate) fn new(args: &'a Args, started_unix: u64, outcome: &'a Outcome) -> Self {
        let Outcome {
            tally,
            duration,
            usage,
            tokens_taken,
        } = outcome;
        let all = tally.kinds.iter();
        let mut latency = crate::tally::histogram();
        for kind in all.clone() {
            latency += &kind.latency;
        }
        let cpu = usage.iter().map(|(name, used)| {
            let report = CpuReport::new(used, tally.answered, *duration);
            (name.as_str(), report)
        });
        Self {
            started_unix,
            version: env!("CARGO_PKG_VERSION"),
            settings: args,
            requests: tally.answered,
            requests_per_second: rounded(tally.answered as f64 / duration.as_secs_f64()),
            due: tally.due,
            unanswered: tally.due - tally.settled,
            wrong: all.clone().map(|kind| kind.wrong).sum(),
            failed: all.map(|kind| kind.failed).sum(),
            latency_us: Quantiles::of(&latency),
            send_lag_us: Quantiles::of(&tally.send_lag),
            waited_for_connection: tally.waited,
            reconnects: tally.reconnects,
            bytes_sent: tally.bytes_sent,
            bytes_received: tally.bytes_received,
            kinds: kinds(tally),
            cpu: cpu.collect(),
            next_skip: tokens_taken.map(|(taken, _)| taken),
            tokens_repeated: tokens_taken.is_some_and(|(taken, of)| taken > of),
            examples: &tally.examples,
        }
    }

    /// Every request had the answer it should have.
    pub(crate) fn is_good(&self) -> bool {
        self.requests > 0 && self.wrong + self.failed + self.unanswered == 0
    }

    /// One line.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|json| json + "\n")
    }
}

/// Those that were asked for.
fn kinds(tally: &Tally) -> BTreeMap<&'static str, KindReport> {
    let kinds = Kind::ALL.into_iter().zip(&tally.kinds);
    kinds
        .map(|(kind, counts)| {
            let report = KindReport {
                wrong: counts.wrong,
                failed: counts.failed,
                latency_us: Quantiles::of(&counts.latency),
            };
            (kind.as_str(), report)
        })
        .filter(|(_, report)| report.latency_us.count + report.wrong + report.failed > 0)
        .collect()
}

impl Quantiles {
    fn of(nanoseconds: &Histogram<u64>) -> Self {
        let at = |quantile| rounded(nanoseconds.value_at_quantile(quantile) as f64 / 1000.0);
        Self {
            count: nanoseconds.len(),
            mean: rounded(nanoseconds.mean() / 1000.0),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}

impl CpuReport {
    fn new(used: &Usage, requests: u64, duration: Duration) -> Self {
        let per_request =
            |time: Duration| rounded(time.as_secs_f64() * 1e6 / requests.max(1) as f64);
        Self {
            us_per_request: per_request(used.user + used.system),
            user_us_per_request: per_request(used.user),
            system_us_per_request: per_request(used.system),
            cores: rounded((used.user + used.system).as_secs_f64() / duration.as_secs_f64()),
            rss_bytes: used.rss_bytes,
        }
    }
}

/// Two decimals.
fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The table.
impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_counts(f)?;
        self.write_latencies(f)?;
        self.write_processes(f)?;
        self.write_faults(f)
    }
}

impl Report<'_> {
    fn write_counts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} requests, {:.0}/s; {} wrong, {} failed, {} unanswered; {} waited for a connection, {} reconnects",
            self.requests,
            self.requests_per_second,
            self.wrong,
            self.failed,
            self.unanswered,
            self.waited_for_connection,
            self.reconnects,
        )
    }

    fn write_latencies(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_row(
            f,
            "us",
            ["count", "p50", "p90", "p99", "p99.9", "max"].map(str::to_owned),
        )?;
        let kinds = self.kinds.iter();
        let kinds = kinds.map(|(name, kind)| (*name, &kind.latency_us));
        let rows = [("all", &self.latency_us)].into_iter().chain(kinds);
        for (name, of) in rows.chain([("send lag", &self.send_lag_us)]) {
            let times = [of.p50, of.p90, of.p99, of.p999, of.max];
            let [p50, p90, p99, p999, max] = times.map(|time| format!("{time:.1}"));
            write_row(f, name, [of.count.to_string(), p50, p90, p99, p999, max])?;
        }
        Ok(())
    }

    fn write_processes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_row(
            f,
            "cpu us/req",
            ["total", "user", "system", "cores", "RSS MiB"].map(str::to_owned),
        )?;
        for (name, cpu) in &self.cpu {
            let figures = [
                cpu.us_per_request,
                cpu.user_us_per_request,
                cpu.system_us_per_request,
                cpu.cores,
                cpu.rss_bytes as f64 / f64::from(1 << 20),
            ];
            write_row(f, name, figures.map(|figure| format!("{figure:.2}")))?;
        }
        Ok(())
    }

    fn write_faults(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens_repeated {
            writeln!(f, "--tokens was too short: some were asked for again")?;
        }
        for (name, kind) in &self.kinds {
            if kind.wrong + kind.failed > 0 {
                writeln!(f, "{name}: {} wrong, {} failed", kind.wrong, kind.failed)?;
            }
        }
        let mut examples = self.examples.iter();
        examples.try_for_each(|example| writeln!(f, "    {example}"))
    }
}

fn write_row<const N: usize>(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    cells: [String; N],
) -> fmt::Result {
    write!(f, "{name:<12}")?;
    for cell in cells {
        write!(f, "{cell:>11}")?;
    }
    writeln!(f)
}
