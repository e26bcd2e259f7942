//! What patterns mean, read word for word: the model that the route table is tested against.

use super::pattern::{HostPattern, PathPattern, prefix_stem};

/// How narrow a pattern is; the greater one wins. Exact before the longer of two open ones before any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Specificity {
    kind: Kind,
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Any,
    Open,
    Exact,
}

impl HostPattern {
    /// Whether a canonical host name falls under the pattern.
    pub(super) fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => **name == *host,
            Self::Wildcard(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
            Self::Any => true,
        }
    }

    /// How narrow it is.
    pub(super) fn specificity(&self) -> Specificity {
        match self {
            Self::Exact(name) => Specificity::new(Kind::Exact, name),
            Self::Wildcard(suffix) => Specificity::new(Kind::Open, suffix),
            Self::Any => Specificity::new(Kind::Any, ""),
        }
    }
}

impl PathPattern {
    /// Whether a canonical path falls under the pattern.
    pub(super) fn matches(&self, path: &str) -> bool {
        match self {
            Self::Exact(exact) => **exact == *path,
            Self::Prefix(prefix) => path
                .strip_prefix(prefix_stem(prefix))
                .is_some_and(|below| below.is_empty() || below.starts_with('/')),
            Self::Any => true,
        }
    }

    /// How narrow it is.
    pub(super) fn specificity(&self) -> Specificity {
        match self {
            Self::Exact(path) => Specificity::new(Kind::Exact, path),
            Self::Prefix(prefix) => Specificity::new(Kind::Open, prefix),
            Self::Any => Specificity::new(Kind::Any, ""),
        }
    }
}

impl Specificity {
    fn new(kind: Kind, text: &str) -> Self {
        Self {
            kind,
            len: text.len(),
        }
    }
}

#[test]
fn a_host_pattern_matches_names_and_nothing_that_only_looks_alike() {
    let cases = [
        ("*", "anything", true),
        ("blog.example.com", "blog.example.com", true),
        ("Blog.Example.com.", "blog.example.com", true),
        ("blog.example.com", "xblog.example.com", false),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", ".example.com", false),
        ("*.example.com", "badexample.com", false),
        ("*.example.com", "a.example.com.evil.org", false),
        ("[::1]", "[::1]", true),
        ("10.0.0.1", "10.0.0.1", true),
    ];
    for (pattern, host, expected) in cases {
        let parsed = HostPattern::parse(pattern).expect(pattern);
        assert_eq!(parsed.matches(host), expected, "{host} under {pattern}");
    }
}

#[test]
fn a_path_pattern_matches_whole_segments() {
    let cases = [
        ("/*", "/", true),
        ("/*", "/x/y", true),
        ("/", "/", true),
        ("/", "/x", false),
        ("/admin", "/admin", true),
        ("/admin", "/admin/", false),
        ("/admin", "/Admin", false),
        ("/admin/*", "/admin", true),
        ("/admin/*", "/admin/", true),
        ("/admin/*", "/admin/x/y", true),
        ("/admin/*", "/administrator", false),
        ("/admin/*", "/x/admin/", false),
    ];
    for (pattern, path, expected) in cases {
        let parsed = PathPattern::parse(pattern).expect(pattern);
        assert_eq!(parsed.matches(path), expected, "{path} under {pattern}");
    }
}
