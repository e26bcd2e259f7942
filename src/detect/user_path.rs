//! Where in a record the user's id may stand: names that applications give it.

use serde_json::Value;
use std::collections::BTreeMap;

/// A place, and in how many records something stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserPath {
    pub(super) steps: Vec<String>,
    pub(super) records: usize,
    /// The lower, the more it is meant for this.
    rank: usize,
}

impl UserPath {
    /// As it is shown.
    pub(super) fn dotted(&self) -> String {
        self.steps.join(".")
    }
}

/// Every such place, the best first: the one that most records have.
pub(super) fn guesses<'v>(records: impl IntoIterator<Item = &'v Value>) -> Vec<UserPath> {
    let mut found: BTreeMap<Vec<String>, (usize, usize)> = BTreeMap::new();
    for record in records {
        collect(record, &mut Vec::new(), &mut |steps, rank| {
            let entry = found.entry(steps.to_vec()).or_insert((0, rank));
            entry.0 += 1;
        });
    }
    let paths = found.into_iter().map(|(steps, (records, rank))| UserPath {
        steps,
        records,
        rank,
    });
    let mut paths: Vec<_> = paths.collect();
    paths.sort_by_key(|path| (std::cmp::Reverse(path.records), path.rank));
    paths
}

fn collect(value: &Value, here: &mut Vec<String>, found: &mut impl FnMut(&[String], usize)) {
    let Value::Object(members) = value else {
        return;
    };
    for (name, value) in members {
        // A map may have names that are somebody's data.
        if here.len() >= DEEPEST || !is_a_name(name) {
            continue;
        }
        here.push(name.clone());
        if is_filled(value)
            && let Some(rank) = rank(here)
        {
            found(here, rank);
        }
        collect(value, here, found);
        here.pop();
    }
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.is_u64(),
        _ => false,
    }
}

fn is_a_name(name: &str) -> bool {
    let of_letters = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let is_word = of_letters && name.len() <= 64 && !name.starts_with(|c: char| c.is_ascii_digit());
    is_word && !name.is_empty() || name == SPRING_PRINCIPAL
}

fn rank(steps: &[String]) -> Option<usize> {
    let path = steps.join(".");
    if let Some(rank) = BEST.iter().position(|known| **known == path) {
        return Some(rank);
    }
    let leaf = steps.last()?;
    if is_laravel_guard(leaf) {
        return Some(0);
    }
    if let Some(rank) = LEAVES.iter().position(|known| known == leaf) {
        return Some(100 + rank);
    }
    let holder = steps.iter().rev().nth(1);
    let is_of_user = |holder: &String| HOLDERS.contains(&holder.as_str());
    if IDS.contains(&leaf.as_str()) && holder.is_some_and(is_of_user) {
        return Some(200);
    }
    let is_at_top = matches!(steps, [_]) || matches!(steps, [attrs, _] if attrs == "attrs");
    let last = LAST.iter().position(|known| known == leaf)?;
    is_at_top.then_some(300 + last)
}

/// `login_<guard>_<SHA-1 of the guard's class>`.
fn is_laravel_guard(name: &str) -> bool {
    let Some((guard, hash)) = name
        .strip_prefix("login_")
        .and_then(|name| name.rsplit_once('_'))
    else {
        return false;
    };
    let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    !guard.is_empty() && is_hash
}

const BEST: [&str; 7] = [
    "passport.user",
    "_auth_user_id",
    "_user_id",
    "attrs.user_id",
    "user_id",
    "userId",
    "user.id",
];
const LEAVES: [&str; 9] = [
    "user_id", "userId", "userID", "UserId", "userid", "uid", "user-id", "_user_id", "sub",
];
const IDS: [&str; 5] = ["id", "_id", "ID", "Id", "uuid"];
const HOLDERS: [&str; 11] = [
    "user",
    "account",
    "member",
    "customer",
    "profile",
    "currentUser",
    "current_user",
    "auth",
    "principal",
    "identity",
    "login",
];
const LAST: [&str; 5] = ["user", "username", "login", "account", SPRING_PRINCIPAL];
const SPRING_PRINCIPAL: &str =
    "org.springframework.session.FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME";
const DEEPEST: usize = 4;

#[cfg(test)]
mod tests {
    use super::guesses;
    use serde_json::{Value, json};

    fn found(records: &[Value]) -> Vec<(String, usize)> {
        let found = guesses(records).into_iter();
        found.map(|guess| (guess.dotted(), guess.records)).collect()
    }

    #[test]
    fn the_place_that_most_records_have_comes_first() {
        let records = [
            json!({"passport": {"user": 7}, "user": {"id": "u-7"}}),
            json!({"user": {"id": "u-8"}, "visits": 3}),
            json!({"cookie": {}, "passport": {}}),
        ];
        let expected = [("user.id".to_owned(), 2), ("passport.user".to_owned(), 1)];
        assert_eq!(found(&records), expected);
    }

    #[test]
    fn places_are_known_by_their_names() {
        let cases = [
            (json!({"account": {"id": 5}}), "account.id"),
            (json!({"attrs": {"userId": "x"}}), "attrs.userId"),
            (json!({"user": {"sub": "x"}}), "user.sub"),
            (json!({"username": "ann"}), "username"),
            (
                json!({"login_admin_59ba36addc2b2f9401580f014c7f58ea4e30989d": 1}),
                "login_admin_59ba36addc2b2f9401580f014c7f58ea4e30989d",
            ),
        ];
        for (record, path) in cases {
            assert_eq!(found(&[record]), [(path.to_owned(), 1)]);
        }
    }

    #[test]
    fn what_cannot_be_an_id_is_passed_over() {
        for record in [
            json!({"user_id": null, "uid": "", "sub": -1, "user": {"id": [1]}}),
            json!({"ann@example.com": {"user_id": 5}, "7": {"user_id": 5}}),
            json!({"id": "a record's own", "cart": {"id": 5}, "more": {"username": "x"}}),
            json!(["user_id"]),
            json!({"a": {"b": {"c": {"d": {"user_id": 1}}}}}),
        ] {
            assert_eq!(found(std::slice::from_ref(&record)), [], "{record}");
        }
    }
}
