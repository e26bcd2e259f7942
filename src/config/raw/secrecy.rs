//! What of a source line may be shown: secrets and the passwords of URLs never are.

use super::tree::{Node, Yaml};
use crate::config::issue::Excerpt;

/// Shown instead of what is hidden.
const MASK: &str = "***";

/// Which values of a file are never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secrecy {
    /// Those under keys that sound like a secret, right or misspelt.
    ByKey,
    /// All of them: a seed file holds tokens and records.
    Everything,
}

/// Numbers of the nodes under keys that sound like a secret.
pub(super) fn secret_nodes(root: &Node) -> Vec<usize> {
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found
}

fn collect(node: &Node, parent: &str, found: &mut Vec<usize>) {
    if let Yaml::List(items) = &node.yaml {
        items.iter().for_each(|item| collect(item, parent, found));
    }
    for entry in node.entries() {
        if !is_secret(parent, &entry.key) {
            collect(&entry.value, &entry.key, found);
            continue;
        }
        if entry.key.contains(':') {
            found.push(entry.key_id);
        }
        let reference = ["file", "env", "credential"];
        match entry.value.entries() {
            [only] if reference.contains(&only.key.as_str()) => {}
            _ => found.extend(scalars(&entry.value)),
        }
    }
}

/// Numbers of all scalars and keys below.
fn scalars(node: &Node) -> Vec<usize> {
    match &node.yaml {
        Yaml::Empty => Vec::new(),
        Yaml::Bool(_) | Yaml::Number(_) | Yaml::Text { .. } => vec![node.id],
        Yaml::List(items) => items.iter().flat_map(scalars).collect(),
        // `password: {hunter2}` is a mapping, and the secret a key of it.
        Yaml::Map(entries) => entries
            .iter()
            .flat_map(|entry| [vec![entry.key_id], scalars(&entry.value)].concat())
            .collect(),
    }
}

fn is_secret(parent: &str, key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let resembles = |word| strsim::jaro_winkler(&key, word) > 0.85;
    sounds_secret(&key)
        || key == "auth"
        || key.ends_with("_key")
        || (key == "key" && TAKE_SECRETS.contains(&parent))
        || (parent == "admin" && key == "token")
        || (parent == "http" && key == "headers")
        || resembles("password")
        || resembles("secret")
}

/// Sections whose secrets have another name: a `key` there is one, miscalled.
const TAKE_SECRETS: [&str; 7] = [
    "assertion",
    "better_auth",
    "cookie_session",
    "express_session",
    "flask_session",
    "jwt",
    "laravel",
];

/// Whether text speaks of a secret; also asked of whole lines that could not be parsed.
pub(super) fn sounds_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = ["pass", "pw", "secret", "keys", "token:", "auth:"];
    words.iter().any(|word| text.contains(word))
}

/// The line with everything hidden that starts at one of the `hidden` columns (from 1), underlined at `column`.
pub(super) fn excerpt(source: &str, column: usize, hidden: &[usize]) -> Excerpt {
    let chars: Vec<char> = source.chars().map(untabbed).collect();
    let mut text = String::new();
    let mut offset = column - 1;
    let mut at = 0;
    while let Some(rest) = chars.get(at..).filter(|rest| !rest.is_empty()) {
        let skipped = if hidden.contains(&(at + 1)) {
            token_width(rest)
        } else {
            url_password_width(&chars, at).max(parameter_width(&chars, at))
        };
        if skipped == 0 {
            text.extend(rest.first());
            at += 1;
            continue;
        }
        if at + skipped < column {
            offset = (offset + MASK.len()).saturating_sub(skipped);
        } else if at < column {
            offset = text.chars().count();
        }
        text.push_str(MASK);
        at += skipped;
    }
    let shown: Vec<char> = text.chars().skip(offset).collect();
    let width = token_width(&shown).max(1);
    Excerpt {
        text,
        offset,
        width,
    }
}

fn untabbed(c: char) -> char {
    if c == '\t' { ' ' } else { c }
}

/// How far a scalar or key reaches: to its closing quote, or to the punctuation that ends a plain one.
fn token_width(chars: &[char]) -> usize {
    let Some((first, rest)) = chars.split_first() else {
        return 0;
    };
    if let '"' | '\'' = first {
        let close = closing_quote(rest, *first);
        return close.map_or(chars.len(), |close| close + 2);
    }
    if let '{' | '[' = first {
        return 1;
    }
    let ends = |i: usize| {
        let next = chars.get(i + 1);
        let gap = next.is_none_or(|c| c.is_whitespace());
        match chars.get(i) {
            Some(':' | ',') => gap,
            Some('}' | ']') => true,
            Some(' ') => next == Some(&'#'),
            _ => false,
        }
    };
    let end = (1..chars.len()).find(|i| ends(*i)).unwrap_or(chars.len());
    let token = chars.get(..end).unwrap_or_default();
    token.iter().rposition(|c| *c != ' ').map_or(0, |i| i + 1)
}

/// Index of the quote that ends the text; doubled and escaped ones do not.
fn closing_quote(chars: &[char], quote: char) -> Option<usize> {
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        let doubled = quote == '\'' && chars.get(at + 1) == Some(&'\'');
        match c {
            '\\' if quote == '"' => at += 2,
            c if *c == quote && doubled => at += 2,
            c if *c == quote => return Some(at),
            _ => at += 1,
        }
    }
    None
}

/// Length of a URL's password if one starts here: after `://user:`, up to the last `@` on the line,
/// or up to the end of the word if it is no port.
fn url_password_width(chars: &[char], at: usize) -> usize {
    let (before, rest) = chars.split_at(at);
    let Some((':', head)) = before.split_last() else {
        return 0;
    };
    let scheme = head.windows(3).rposition(|w| w == [':', '/', '/']);
    let Some(user) = scheme.and_then(|i| head.get(i + 3..)) else {
        return 0;
    };
    let ends_word = |c: &char| c.is_whitespace() || "/\"',}]".contains(*c);
    if user.iter().any(|c| ends_word(c) || ":@[".contains(*c)) {
        return 0;
    }
    if let Some(end) = rest.iter().rposition(|c| *c == '@') {
        return end;
    }
    let end = rest.iter().position(ends_word).unwrap_or(rest.len());
    let word = rest.get(..end).unwrap_or_default();
    let port = word.iter().all(char::is_ascii_digit);
    if port { 0 } else { end }
}

/// Length of a URL parameter that sounds like a secret if its value starts here: up to the next one or the word's end.
fn parameter_width(chars: &[char], at: usize) -> usize {
    let (before, rest) = chars.split_at(at);
    let Some(('=', head)) = before.split_last() else {
        return 0;
    };
    let Some(start) = head.iter().rposition(|c| "?&".contains(*c)) else {
        return 0;
    };
    let name: String = head.iter().skip(start).collect();
    if !sounds_secret(&name) {
        return 0;
    }
    let ends = |c: &char| c.is_whitespace() || "&\"',}]".contains(*c);
    rest.iter().position(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::{excerpt, is_secret};

    #[test]
    fn url_passwords_and_hidden_columns_are_masked_and_the_caret_moves_along() {
        let cases: [(&str, usize, &[usize], &str, &str); 7] = [
            (
                "a: redis://u:hunter2@h/0",
                4,
                &[],
                "a: redis://u:***@h/0",
                "redis://u:***@h/0",
            ),
            (
                "a: redis://:p@ss@h, b: c",
                21,
                &[],
                "a: redis://:***@h, b: c",
                "b",
            ),
            ("a: redis://h:6379/0", 1, &[], "a: redis://h:6379/0", "a"),
            ("a: redis://u:hunter2", 1, &[], "a: redis://u:***", "a"),
            (
                "{password: hunter2, upstrem: x}",
                21,
                &[12],
                "{password: ***, upstrem: x}",
                "upstrem",
            ),
            (
                "password: \"hu,n\\\"2\" # x",
                11,
                &[11],
                "password: *** # x",
                "***",
            ),
            (
                "\tpassword: hunter2",
                2,
                &[12],
                " password: ***",
                "password",
            ),
        ];
        for (source, column, hidden, text, underlined) in cases {
            let seen = excerpt(source, column, hidden);
            let caret: String = seen
                .text
                .chars()
                .skip(seen.offset)
                .take(seen.width)
                .collect();
            assert_eq!(
                (seen.text.as_str(), caret.as_str()),
                (text, underlined),
                "{source}"
            );
        }
    }

    #[test]
    fn a_secret_under_a_wrong_key_is_one_and_the_words_of_a_file_are_none() {
        let secret = [
            ("jwt", "key"),
            ("jwt", "secert"),
            ("jwt", "public_key"),
            ("laravel", "app_key"),
            ("laravel", "key"),
            ("cookie_session", "Key"),
            ("assertion", "private_key"),
            ("redis", "passwrod"),
        ];
        for (parent, key) in secret {
            assert!(is_secret(parent, key), "{parent}.{key}");
        }
        let plain = [
            ("web", "key"),
            ("tls", "key"),
            ("", "sessions"),
            ("app", "servers"),
            ("memory", "seed"),
            ("routes", "require"),
            ("web", "token"),
            ("format", "express_session"),
            ("laravel", "token_hash"),
        ];
        for (parent, key) in plain {
            assert!(!is_secret(parent, key), "{parent}.{key}");
        }
    }
}
