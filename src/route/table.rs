//! `RouteTable`: finds the route of a request, in the same time for one route as for ten thousand.

use super::pattern::{HostPattern, PathPattern, prefix_stem};
use ahash::RandomState;
use std::collections::HashMap;

/// Routes by host and path.
///
/// Every route whose host and path both match is a candidate; the most specific host wins, then the most specific path,
/// then the order given. So a host whose own routes leave a path open does not hide a wider host's route for it.
#[derive(Debug)]
pub struct RouteTable<T> {
    values: Vec<T>,
    exact: Map<Paths>,
    /// By suffix with its leading dot, as [`HostPattern::Wildcard`] holds it.
    wildcards: Map<Paths>,
    any: Paths,
}

/// The routes of one host pattern, as indices into the table's values.
#[derive(Debug, Default)]
struct Paths {
    exact: Map<usize>,
    /// By the prefix without its last slash.
    prefixes: Map<usize>,
    longest_prefix: usize,
    any: Option<usize>,
}

type Map<V> = HashMap<Box<str>, V, RandomState>;

impl<T> RouteTable<T> {
    /// Builds the table. Of two entries with the same patterns the first one holds.
    #[must_use]
    pub fn new(routes: Vec<(HostPattern, PathPattern, T)>) -> Self {
        let mut table = Self {
            values: Vec::with_capacity(routes.len()),
            exact: Map::default(),
            wildcards: Map::default(),
            any: Paths::default(),
        };
        for (host, path, value) in routes {
            let paths = match host {
                HostPattern::Exact(name) => table.exact.entry(name).or_default(),
                HostPattern::Wildcard(suffix) => table.wildcards.entry(suffix).or_default(),
                HostPattern::Any => &mut table.any,
            };
            paths.insert(path, table.values.len());
            table.values.push(value);
        }
        table
    }

    /// The route of a request with this canonical host name and path, and its position. Allocates nothing.
    #[must_use]
    pub fn find(&self, host: &str, path: &str) -> Option<(usize, &T)> {
        let named = self.exact.get(host).and_then(|paths| paths.find(path));
        let at = named
            .or_else(|| self.find_wildcard(host, path))
            .or_else(|| self.any.find(path))?;
        Some((at, self.values.get(at)?))
    }

    /// The route at a position.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        self.values.get(at)
    }

    /// Asks the longest suffix first; one label at least stands before it.
    fn find_wildcard(&self, host: &str, path: &str) -> Option<usize> {
        if self.wildcards.is_empty() {
            return None;
        }
        host.match_indices('.')
            .filter(|(at, _)| *at > 0)
            .filter_map(|(at, _)| self.wildcards.get(host.get(at..)?))
            .find_map(|paths| paths.find(path))
    }
}

impl Paths {
    fn insert(&mut self, path: PathPattern, index: usize) {
        match path {
            PathPattern::Exact(path) => {
                self.exact.entry(path).or_insert(index);
            }
            PathPattern::Prefix(prefix) => {
                let stem = prefix_stem(&prefix);
                self.longest_prefix = self.longest_prefix.max(stem.len());
                self.prefixes.entry(stem.into()).or_insert(index);
            }
            PathPattern::Any => {
                self.any.get_or_insert(index);
            }
        }
    }

    fn find(&self, path: &str) -> Option<usize> {
        let exact = self.exact.get(path).copied();
        exact.or_else(|| self.find_prefix(path)).or(self.any)
    }

    /// Asks the longest prefix first. None longer than the longest stored is hashed: a path of eight thousand slashes
    /// costs no more than the routes themselves make it.
    fn find_prefix(&self, path: &str) -> Option<usize> {
        if self.prefixes.is_empty() {
            return None;
        }
        let ends = path.rmatch_indices('/').map(|(at, _)| at);
        std::iter::once(path.len())
            .chain(ends)
            .filter(|end| *end <= self.longest_prefix)
            .find_map(|end| self.prefixes.get(path.get(..end)?).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::{HostPattern, PathPattern, RouteTable};
    use proptest::prelude::*;

    type Patterns = Vec<(HostPattern, PathPattern, usize)>;

    fn patterns<S: AsRef<str>>(texts: &[(S, S)]) -> Patterns {
        texts
            .iter()
            .enumerate()
            .map(|(index, (host, path))| {
                (
                    HostPattern::parse(host.as_ref()).expect("host"),
                    PathPattern::parse(path.as_ref()).expect("path"),
                    index,
                )
            })
            .collect()
    }

    #[test]
    fn the_most_specific_host_wins_then_the_most_specific_path() {
        let table = RouteTable::new(patterns(&[
            ("*", "/*"),
            ("*", "/health"),
            ("*.example.com", "/*"),
            ("*.b.example.com", "/api/*"),
            ("blog.example.com", "/admin/*"),
            ("blog.example.com", "/admin/users/*"),
            ("blog.example.com", "/admin/users"),
            ("blog.example.com", "/admin/*"),
        ]));
        let cases = [
            ("other", "/", 0),
            ("other", "/health", 1),
            ("other", "/health/", 0),
            ("example.com", "/", 0),
            ("a.example.com", "/health", 2),
            ("a.b.example.com", "/api/x", 3),
            ("a.b.example.com", "/x", 2),
            ("b.example.com", "/api/x", 2),
            ("blog.example.com", "/admin", 4),
            ("blog.example.com", "/admin/", 4),
            ("blog.example.com", "/administrator", 2),
            ("blog.example.com", "/admin/users", 6),
            ("blog.example.com", "/admin/users/", 5),
            ("blog.example.com", "/admin/users/7", 5),
            ("blog.example.com", "/admin/usersx", 4),
            ("blog.example.com", "*", 2),
        ];
        for (host, path, expected) in cases {
            assert_eq!(
                table.find(host, path),
                Some((expected, &expected)),
                "{host}{path}"
            );
        }
    }

    #[test]
    fn a_request_that_no_route_matches_has_none() {
        let table = RouteTable::new(patterns(&[("a.example", "/x/*")]));
        for (host, path) in [("a.example", "/"), ("b.example", "/x/"), ("", "")] {
            assert_eq!(table.find(host, path), None, "{host}{path}");
        }
    }

    /// The definition, read word for word.
    fn naive(routes: &Patterns, host: &str, path: &str) -> Option<usize> {
        let mut best: Option<&(HostPattern, PathPattern, usize)> = None;
        for route in routes {
            let rank = |route: &(HostPattern, PathPattern, usize)| {
                (route.0.specificity(), route.1.specificity())
            };
            let is_better = best.is_none_or(|best| rank(route) > rank(best));
            if route.0.matches(host) && route.1.matches(path) && is_better {
                best = Some(route);
            }
        }
        best.map(|route| route.2)
    }

    proptest! {
        #[test]
        fn the_table_finds_what_a_linear_search_finds(
            texts in prop::collection::vec(
                ("\\*|(\\*\\.)?[ab](\\.[ab]){0,2}", "/\\*|(/[ab]){1,3}(/\\*?)?"),
                0..24,
            ),
            host in "[ab](\\.[ab]){0,3}",
            path in "(/[ab]){0,4}/?",
        ) {
            let routes = patterns(&texts);
            let expected = naive(&routes, &host, &path);
            prop_assert_eq!(RouteTable::new(routes).find(&host, &path).map(|(at, _)| at), expected);
        }
    }
}
