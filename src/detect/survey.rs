//! `survey`: a bounded look at a database, at keys first and then at records of each kind.

use super::candidate::Sampled;
use super::groups::Groups;
use super::reading::Reading;
use crate::store::{Glimpse, Onlooker, RawRecord, Sight, StoreError};

/// How much is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Keys.
    pub keys: usize,
    /// Records.
    pub records: usize,
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Keys of the database.
    pub size: u64,
    /// Keys that were looked at; one may have come twice.
    pub keys: usize,
    /// Keys of the gateway itself among them.
    pub own: usize,
    /// Kinds of keys of which records were read.
    pub kinds: usize,
    /// Records that were read.
    pub records: usize,
    /// Records that were too large to be read.
    pub too_large: usize,
    /// Records that the server's ACL did not let us read.
    pub refused: usize,
    /// Whether the time was up before all of it was done.
    pub is_cut: bool,
}

/// Looks at keys, then at a few records of each kind, then at more of those that can be read.
///
/// # Errors
/// When the server could not say, the end of the time aside.
pub(super) async fn survey(
    onlooker: &mut Onlooker,
    bounds: Bounds,
    first: Vec<Vec<u8>>,
) -> Result<(Looked, Vec<Sampled>), StoreError> {
    let mut looked = Looked {
        size: onlooker.size().await?,
        ..Looked::default()
    };
    let mut groups = Groups::default();
    for key in first {
        groups.add(key, bounds.records);
    }
    groups.keys = 0;
    let scanned = scan(onlooker, bounds, &mut groups).await;
    looked.is_cut = unless_late(onlooker, scanned)?.is_none();
    (looked.keys, looked.own) = (groups.keys, groups.own);
    let sampled = read(onlooker, bounds, groups, &mut looked).await?;
    looked.kinds = sampled.len();
    for glimpse in sampled.iter().flat_map(|sampled| &sampled.seen) {
        match glimpse.sight {
            Sight::Record(_) => looked.records += 1,
            Sight::TooLarge => looked.too_large += 1,
            Sight::Refused => looked.refused += 1,
            Sight::Gone | Sight::Other => {}
        }
    }
    Ok((looked, sampled))
}

async fn scan(
    onlooker: &mut Onlooker,
    bounds: Bounds,
    groups: &mut Groups,
) -> Result<(), StoreError> {
    let mut from = None;
    // A database may have many rounds without a key.
    for _ in 0..bounds.keys.div_ceil(100) {
        let page = onlooker.keys(from.as_deref()).await?;
        for key in page.keys {
            if groups.keys >= bounds.keys {
                return Ok(());
            }
            groups.add(key, bounds.records);
        }
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    Ok(())
}

/// A kind of keys, some records of it, and keys of which more may be read.
struct Tasted {
    sampled: Sampled,
    more: Vec<Vec<u8>>,
}

async fn read(
    onlooker: &mut Onlooker,
    bounds: Bounds,
    groups: Groups,
    looked: &mut Looked,
) -> Result<Vec<Sampled>, StoreError> {
    let mut left = bounds.records;
    let mut tasted = Vec::new();
    let mut kinds = groups.in_order();
    kinds.truncate(MOST_KINDS);
    // Half of what may be read is for tasting.
    let taste = (left / 2 / kinds.len().max(1)).clamp(1, MOST_TASTED);
    for (head, group) in kinds {
        let (keys, more) = spread(group.sample.into_iter().collect(), taste.min(left));
        left -= keys.len();
        let sampled = Sampled {
            head,
            keys: group.keys,
            is_hashed: keys.iter().all(|key| ends_with_sha256(key)),
            seen: look(onlooker, &keys, looked).await?,
        };
        tasted.push(Tasted { sampled, more });
    }
    let (promising, others): (Vec<_>, Vec<_>) = tasted.into_iter().partition(is_promising);
    let mut waiting = promising.len();
    let mut all: Vec<Sampled> = Vec::new();
    for mut kind in promising {
        // What one kind leaves over is the next one's.
        kind.more.truncate(left.div_ceil(waiting.max(1)));
        waiting -= 1;
        left -= kind.more.len();
        let seen = look(onlooker, &kind.more, looked).await?;
        kind.sampled.seen.extend(seen);
        all.push(kind.sampled);
    }
    all.extend(others.into_iter().map(|kind| kind.sampled));
    all.retain(|sampled| !sampled.seen.is_empty());
    Ok(all)
}

/// So many of them, at equal distances, and the others.
fn spread(keys: Vec<Vec<u8>>, few: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let step = keys.len().div_ceil(few.max(1)).max(1);
    let (mut taken, mut others) = (Vec::new(), Vec::new());
    for (at, key) in keys.into_iter().enumerate() {
        match at % step == 0 && taken.len() < few {
            true => taken.push(key),
            false => others.push(key),
        }
    }
    (taken, others)
}

/// Nothing once the time is up.
async fn look(
    onlooker: &mut Onlooker,
    keys: &[Vec<u8>],
    looked: &mut Looked,
) -> Result<Vec<Glimpse>, StoreError> {
    let seen = onlooker.look(keys).await;
    let seen = unless_late(onlooker, seen)?;
    looked.is_cut |= seen.is_none();
    Ok(seen.unwrap_or_default())
}

fn unless_late<T>(
    onlooker: &Onlooker,
    answer: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match answer {
        Err(_) if onlooker.is_late() => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_promising(kind: &Tasted) -> bool {
    let records = kind
        .sampled
        .seen
        .iter()
        .filter_map(|glimpse| match &glimpse.sight {
            Sight::Record(record) => Some(record.clone()),
            _ => None,
        });
    Reading::of(&records.collect::<Vec<RawRecord>>()).is_some()
}

fn ends_with_sha256(key: &[u8]) -> bool {
    let name = key.rsplit(|byte| *byte == b':').next().unwrap_or_default();
    name.len() == 64 && name.iter().all(u8::is_ascii_hexdigit)
}

/// Kinds of which records are read.
const MOST_KINDS: usize = 30;
/// Records of one kind by which it is told whether more are worth reading.
const MOST_TASTED: usize = 10;

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn a_taste_is_of_the_whole() {
        let keys: Vec<Vec<u8>> = (0..10).map(|n| vec![n]).collect();
        for (few, expected) in [
            (0, vec![]),
            (1, vec![0]),
            (3, vec![0, 4, 8]),
            (20, (0..10).collect()),
        ] {
            let (taken, others) = spread(keys.clone(), few);
            assert_eq!(taken.concat(), expected);
            assert_eq!(taken.len() + others.len(), 10);
        }
    }
}
