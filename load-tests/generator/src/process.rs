//! `Usage`: CPU time and memory of a process, from `/proc`.
//!
//! The sum of user and system time is exact, if only to a tick (10 ms); how they divide is sampled by the kernel.

use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;
use std::fmt;
use std::io;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// A process by the name it has in reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) pid: u32,
}

/// Not a named process.
#[derive(Debug, Error)]
#[error("NAME=PID, such as gateway=1234")]
pub(crate) struct NotWatched;

impl FromStr for Watched {
    type Err = NotWatched;

    fn from_str(text: &str) -> Result<Self, NotWatched> {
        let (name, pid) = text.split_once('=').ok_or(NotWatched)?;
        let pid = pid.parse().map_err(|_| NotWatched)?;
        if name.is_empty() {
            return Err(NotWatched);
        }
        Ok(Self {
            name: name.to_owned(),
            pid,
        })
    }
}

/// What a process has used so far, all its threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
    /// Now, not so far.
    pub(crate) rss_bytes: u64,
}

/// A process that cannot be read.
#[derive(Debug)]
pub(crate) struct Gone {
    pub(crate) pid: u32,
    pub(crate) fault: io::Error,
}

impl std::error::Error for Gone {}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot read the CPU time of process {}: {}",
            self.pid, self.fault
        )
    }
}

impl Usage {
    /// Of the process with this number.
    pub(crate) fn of(pid: u32) -> Result<Self, Gone> {
        let read = || -> io::Result<Self> {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
            let per_second = setting(SysconfVar::CLK_TCK)?;
            let page_bytes = setting(SysconfVar::PAGE_SIZE)?;
            parse(&stat, per_second, page_bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
        };
        read().map_err(|fault| Gone { pid, fault })
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
            rss_bytes: self.rss_bytes + other.rss_bytes,
        }
    }
}

/// What was used since; memory as it is at the later moment.
impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            user: self.user.saturating_sub(earlier.user),
            system: self.system.saturating_sub(earlier.system),
            rss_bytes: self.rss_bytes,
        }
    }
}

fn setting(name: SysconfVar) -> io::Result<u64> {
    let value = sysconf(name)?.and_then(|value| u64::try_from(value).ok());
    value
        .filter(|value| *value > 0)
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// proc_pid_stat(5): utime is field 14, stime 15, rss 24. The name before them may hold anything, a `)` too.
fn parse(stat: &str, ticks_per_second: u64, page_bytes: u64) -> Option<Usage> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
    // The first of them is field 3.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    let time = |ticks: u64| Duration::from_secs_f64(ticks as f64 / ticks_per_second as f64);
    Some(Usage {
        user: time(field(14)?),
        system: time(field(15)?),
        rss_bytes: field(24)? * page_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::{Usage, Watched, parse};
    use std::time::Duration;

    #[test]
    fn a_stat_line_is_read_whatever_the_name() {
        let line = "4242 (a) b) c) S 1 2 3 0 -1 4194560 5 0 6 0 150 75 0 0 20 0 4 0 900 1000000 2500 18446744073709551615 1 1";
        let used = Usage {
            user: Duration::from_millis(1500),
            system: Duration::from_millis(750),
            rss_bytes: 2500 * 4096,
        };
        assert_eq!(parse(line, 100, 4096), Some(used));
        assert_eq!(parse("4242 (short) S 1 2", 100, 4096), None);
    }

    #[test]
    fn this_process_is_there_and_number_zero_is_not() {
        let own = Usage::of(std::process::id()).expect("it runs");
        assert!(own.rss_bytes > 0);
        assert!(Usage::of(0).is_err());
    }

    #[test]
    fn a_process_has_a_name_and_a_number() {
        let gateway = Watched {
            name: "gateway".to_owned(),
            pid: 12,
        };
        assert_eq!("gateway=12".parse::<Watched>().ok(), Some(gateway));
        for bad in ["12", "=12", "gateway=", "gateway=-1"] {
            assert!(bad.parse::<Watched>().is_err(), "{bad}");
        }
    }
}
