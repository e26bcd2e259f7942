//! `ProcessCollector`: this process in numbers, read from `/proc/self` at every scrape.
//!
//! The prometheus crate's own collector would bring in procfs, and its start time reads 0 under systemd's
//! `ProcSubset=pid`.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Counter, IntGauge};
use std::fs;

/// `sessiongate_process_*`: memory, CPU seconds, threads and file descriptors.
pub(super) struct ProcessCollector {
    cpu_seconds: Counter,
    resident_bytes: IntGauge,
    threads: IntGauge,
    open_fds: IntGauge,
    max_fds: IntGauge,
}

impl ProcessCollector {
    pub(super) fn new() -> Self {
        let gauge = |name: &str, help: &str| {
            IntGauge::new(name, help).expect("the names below are legal metric names")
        };
        Self {
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "CPU time used, user and system.",
            )
            .expect("a legal metric name"),
            resident_bytes: gauge("process_resident_memory_bytes", "Resident memory."),
            threads: gauge("process_threads", "Threads."),
            open_fds: gauge("process_open_fds", "Open file descriptors."),
            max_fds: gauge("process_max_fds", "Limit of open file descriptors."),
        }
    }

    fn refresh(&self) {
        if let Ok(status) = fs::read_to_string("/proc/self/status") {
            self.resident_bytes
                .set(field(&status, "VmRSS:").unwrap_or(0) * 1024);
            self.threads.set(field(&status, "Threads:").unwrap_or(0));
        }
        if let Ok(limits) = fs::read_to_string("/proc/self/limits") {
            self.max_fds
                .set(field(&limits, "Max open files").unwrap_or(0));
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            self.open_fds
                .set(i64::try_from(open.count()).unwrap_or(i64::MAX));
        }
        if let Ok(stat) = fs::read_to_string("/proc/self/stat") {
            self.cpu_seconds.reset();
            self.cpu_seconds.inc_by(cpu_seconds(&stat).unwrap_or(0.0));
        }
    }

    fn gauges(&self) -> [&IntGauge; 4] {
        [
            &self.resident_bytes,
            &self.threads,
            &self.open_fds,
            &self.max_fds,
        ]
    }
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        let gauges = self.gauges().into_iter().flat_map(Collector::desc);
        gauges.chain(self.cpu_seconds.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.refresh();
        let gauges = self.gauges().into_iter().flat_map(Collector::collect);
        gauges.chain(self.cpu_seconds.collect()).collect()
    }
}

/// The first number after `name` in a `/proc` table.
fn field(table: &str, name: &str) -> Option<i64> {
    let line = table.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15 of proc(5) stat, counted after the command's closing parenthesis; Linux ticks at 100 Hz.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((ticks.next()?.ok()? + ticks.next()?.ok()?) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, field};

    #[test]
    fn proc_tables_are_read_by_name() {
        assert_eq!(
            field("Name:\tx\nVmRSS:\t   1234 kB\n", "VmRSS:"),
            Some(1234)
        );
        assert_eq!(
            field(
                "Max open files            1024     4096     files",
                "Max open files"
            ),
            Some(1024)
        );
        assert_eq!(
            cpu_seconds("1 (a b) c) S 1 1 1 0 -1 4 1 0 0 0 250 50 0 0 20"),
            Some(3.0)
        );
        assert_eq!(cpu_seconds("garbage"), None);
    }
}
