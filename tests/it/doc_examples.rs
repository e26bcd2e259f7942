//! The examples of docs/tokens.md and docs/frameworks.md are complete configurations, and their options are all there are.

use crate::harness::Command;
use std::fs;
use std::path::Path;

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

fn yaml_of(page: &str) -> Vec<&str> {
    let after = page.split("```yaml\n").skip(1);
    after.filter_map(|rest| rest.split("```").next()).collect()
}

/// A configuration for what is a source alone.
fn completed(example: &str) -> String {
    if example.starts_with("listen:") {
        return example.to_owned();
    }
    format!(
        "listen: :8080\n{example}routes: [{{upstream: '127.0.0.1:9000', identity: skygear, credentials: keep}}]\n"
    )
}

/// What `check` warns of, one message a line.
#[track_caller]
fn warnings_of(example: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("scratch");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("scratch is writable");
    };
    // Whoever reads the page sets variables; a file of the same name stands in.
    for name in example.split("{env: ").skip(1) {
        let name = name.split('}').next().expect("a name");
        let key = "base64:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        write(name, key);
    }
    write(
        "example.yaml",
        &completed(example).replace("{env: ", "{file: "),
    );
    let output = Command::new(folder.path(), &["check", "example.yaml"]).run();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{example}\n{told}");
    let messages = told
        .lines()
        .filter_map(|line| line.strip_prefix("warning: "));
    messages.map(str::to_owned).collect()
}

#[test]
fn examples_of_tokens_warn_of_nothing_but_tokens_without_an_end() {
    let page = page("docs/tokens.md");
    let examples = yaml_of(&page);
    assert!(examples.len() >= 5, "{}", examples.len());
    for example in examples {
        let expected: &[&str] = if example.contains("no_expiry: allow") {
            &["tokens without `exp` are valid until they are revoked"]
        } else {
            &[]
        };
        assert_eq!(warnings_of(example), expected, "{example}");
    }
}

#[test]
fn each_preset_has_an_example_that_warns_of_nothing() {
    let page = page("docs/frameworks.md");
    let examples = yaml_of(&page);
    for preset in [
        "express_session",
        "better_auth",
        "flask_session",
        "django",
        "php_session",
        "laravel",
        "spring_session",
        "authgear",
        "skygear",
        "hasura",
        "cookie_session",
    ] {
        let has_it = examples.iter().any(|example| example.contains(preset));
        assert!(has_it, "{preset} has no example");
    }
    for example in examples {
        assert_eq!(warnings_of(example), [""; 0], "{example}");
    }
}

#[test]
fn every_option_of_a_format_is_in_the_table() {
    let schema = page("conf/sessiongate.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
    let options = schema["$defs"]["format_options"]["properties"].as_object();
    let page = page("docs/frameworks.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    for option in options.expect("options").keys() {
        let word = format!("`{option}`");
        let is_told = rows.iter().any(|row| {
            row.split('|')
                .nth(1)
                .is_some_and(|cell| cell.contains(&word))
        });
        assert!(
            is_told,
            "`{option}` is not in a table of docs/frameworks.md"
        );
    }
}
