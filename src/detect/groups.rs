//! `Groups`: keys by their head, so that a few of each kind can be read.

use super::head::{head_of, known_heads};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What was seen of the keys of a database.
#[derive(Default)]
pub(super) struct Groups {
    by_head: BTreeMap<String, Group>,
    /// Keys that were looked at.
    pub(super) keys: usize,
    /// Keys of the gateway itself.
    pub(super) own: usize,
}

/// Keys of one head.
#[derive(Default)]
pub(super) struct Group {
    /// How many were seen.
    pub(super) keys: usize,
    /// Some of them, none twice.
    pub(super) sample: BTreeSet<Vec<u8>>,
}

impl Groups {
    /// Counts a key, and keeps it if there are not `most` of its kind yet.
    pub(super) fn add(&mut self, key: Vec<u8>, most: usize) {
        self.keys += 1;
        if key.starts_with(OWN) {
            self.own += 1;
            return;
        }
        let Some(head) = head_of(&key) else {
            return;
        };
        if !self.by_head.contains_key(head) && self.by_head.len() >= MOST_HEADS {
            return;
        }
        let group = self.by_head.entry(head.to_owned()).or_default();
        group.keys += 1;
        if group.sample.len() < most {
            group.sample.insert(key);
        }
    }

    /// The kinds of keys in the order in which they are worth a look: those that are known, then the frequent ones.
    ///
    /// Many heads that differ in one part, `ann:sess:` and `bob:sess:`, hold a name each: no template has such keys, and
    /// none of these names is shown.
    pub(super) fn in_order(self) -> Vec<(String, Group)> {
        let mut alike: HashMap<(usize, String), usize> = HashMap::new();
        for head in self.by_head.keys() {
            *alike.entry(form(head)).or_default() += 1;
        }
        let known: BTreeSet<&str> = known_heads().collect();
        let is_known = |head: &str| known.contains(head);
        let mut groups: Vec<_> = self
            .by_head
            .into_iter()
            .filter(|(head, _)| {
                let similar = alike.get(&form(head)).copied().unwrap_or_default();
                is_known(head) || similar <= MOST_ALIKE
            })
            .collect();
        groups.sort_by_key(|(head, group)| (!is_known(head), std::cmp::Reverse(group.keys)));
        groups
    }
}

/// The number of parts, and the last of them.
fn form(head: &str) -> (usize, String) {
    let parts: Vec<&str> = head.split(':').collect();
    let last = parts.iter().rev().find(|part| !part.is_empty());
    (parts.len(), last.copied().unwrap_or_default().to_owned())
}

const OWN: &[u8] = b"sessiongate:";
const MOST_HEADS: usize = 4096;
const MOST_ALIKE: usize = 4;

#[cfg(test)]
mod tests {
    use super::Groups;

    fn id(n: usize) -> String {
        format!(
            "{:032x}",
            0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128.wrapping_mul(n as u128 + 3)
        )
    }

    fn heads(keys: &[String]) -> Vec<(String, usize)> {
        let mut groups = Groups::default();
        keys.iter()
            .for_each(|key| groups.add(key.clone().into_bytes(), 3));
        let groups = groups.in_order().into_iter();
        groups.map(|(head, group)| (head, group.keys)).collect()
    }

    #[test]
    fn known_kinds_come_first_and_then_the_frequent_ones() {
        let mut keys = Vec::new();
        for n in 0..9 {
            keys.push(format!("cache:{}", id(n)));
            keys.push(format!("page:{n}"));
        }
        keys.push(format!("sess:{}", id(1)));
        keys.push(format!("myapp:sess:{}", id(1)));
        keys.push("sessiongate:user:u-17".to_owned());
        let expected = [("sess:", 1), ("cache:", 9), ("myapp:sess:", 1)];
        let expected: Vec<_> = expected.map(|(head, n)| (head.to_owned(), n)).into();
        assert_eq!(heads(&keys), expected);
    }

    #[test]
    fn heads_with_a_name_in_each_are_none() {
        let names = ["ann", "bob", "cem", "dan", "eve"];
        let keys = names.map(|name| format!("{name}:sess:{}", id(7)));
        assert_eq!(heads(&keys), []);
        assert_eq!(heads(keys.get(..4).expect("five")).len(), 4);
    }

    #[test]
    fn a_key_that_comes_twice_is_read_once() {
        let mut groups = Groups::default();
        let key = format!("sess:{}", id(1)).into_bytes();
        groups.add(key.clone(), 3);
        groups.add(key, 3);
        let (_, group) = groups.in_order().remove(0);
        assert_eq!(group.sample.len(), 1);
    }
}
