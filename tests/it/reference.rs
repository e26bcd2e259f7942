//! What README, docs and conf claim is so: their examples pass `check`, their metrics are on the page.

use crate::harness::{Command, Stack, record, stack};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// The fenced blocks of a kind.
fn blocks(markdown: &str, kind: &str) -> Vec<String> {
    let fence = format!("```{kind}\n");
    let after = markdown.split(&fence).skip(1);
    after
        .filter_map(|rest| rest.split("```").next())
        .map(str::to_owned)
        .collect()
}

#[track_caller]
fn assert_checks(folder: &Path, name: &str) {
    let output = Command::new(folder, &["check", "--deny-warnings", name]).run();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {told}");
    assert_eq!(told, "", "{name}: nothing to say");
}

#[test]
fn every_file_of_conf_passes_check_without_a_warning() {
    let folder = file("conf");
    let entries = fs::read_dir(&folder).expect("conf/ is there");
    let names = entries.map(|entry| {
        entry
            .expect("readable")
            .file_name()
            .into_string()
            .expect("UTF-8")
    });
    let yaml: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
    for name in [
        "sessiongate.yaml",
        "skygear.yaml",
        "hasura.yaml",
        "reference.yaml",
    ] {
        assert!(yaml.iter().any(|own| own == name), "{name} of {yaml:?}");
    }
    yaml.iter().for_each(|name| assert_checks(&folder, name));
}

#[test]
fn the_schema_in_conf_is_the_one_that_the_binary_prints() {
    let output = Command::new(&file("."), &["schema"]).run();
    let printed: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let stored: Value = serde_json::from_str(&text("conf/sessiongate.schema.json")).expect("JSON");
    assert_eq!(stored, printed);
}

#[test]
fn the_five_lines_of_the_readme_are_a_complete_configuration() {
    let readme = text("README.md");
    let yaml = blocks(&readme, "yaml");
    let [five] = yaml.as_slice() else {
        panic!("one YAML block in the README: {yaml:?}")
    };
    assert_eq!(five.lines().count(), 5, "{five}");
    let folder = tempfile::tempdir().expect("scratch");
    fs::write(folder.path().join("five.yaml"), five).expect("scratch is writable");
    assert_checks(folder.path(), "five.yaml");
}

#[test]
fn the_examples_of_docs_redis_are_complete_session_sources() {
    let examples = blocks(&text("docs/redis.md"), "yaml");
    assert!(examples.len() >= 3, "{examples:?}");
    for example in examples {
        let folder = tempfile::tempdir().expect("scratch");
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).expect("scratch is writable");
        };
        // Credentials are systemd's; a file of the same name stands in.
        let sessions = example.replace("{credential: ", "{file: ");
        write("redis-password", "secret");
        write("sentinel-password", "secret");
        let routes = "routes: [{upstream: '127.0.0.1:9000', identity: skygear}]";
        write(
            "example.yaml",
            &format!("listen: :8080\n{sessions}{routes}\n"),
        );
        assert_checks(folder.path(), "example.yaml");
    }
}

#[test]
fn the_pages_of_docs_examples_are_complete_configurations() {
    let pages = fs::read_dir(file("docs/examples")).expect("docs/examples is there");
    let mut seen = 0;
    for page in pages {
        let path = page.expect("readable").path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let page = fs::read_to_string(path).expect("readable");
        for example in blocks(&page, "yaml") {
            let folder = tempfile::tempdir().expect("scratch");
            let write = |name: &str, text: &str| {
                fs::write(folder.path().join(name), text).expect("scratch is writable");
            };
            // Whoever reads the page sets variables; a file of the same name stands in.
            for name in example.split("{env: ").skip(1) {
                let name = name.split('}').next().expect("a name");
                write(name, "a secret of more than thirty-two bytes");
            }
            write("example.yaml", &example.replace("{env: ", "{file: "));
            if example.contains("no_expiry: allow") {
                assert_warns_of_tokens_without_an_end(folder.path());
            } else {
                assert_checks(folder.path(), "example.yaml");
            }
            seen += 1;
        }
    }
    assert!(seen >= 5, "{seen} examples");
}

/// The page says so.
#[track_caller]
fn assert_warns_of_tokens_without_an_end(folder: &Path) {
    let output = Command::new(folder, &["check", "example.yaml"]).run();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.matches("warning: ").count(), 1, "{told}");
    assert!(told.contains("without `exp`"), "{told}");
}

#[test]
fn the_record_of_the_readme_is_a_session_with_every_header() {
    let readme = text("README.md");
    let json = blocks(&readme, "json");
    let record = serde_json::from_str(json.first().expect("a record")).expect("JSON");
    let yaml = "sessions: {memory: {seed: seed.yaml}}\nroutes: [{upstream: 'unix:app.sock', identity: skygear}]\n";
    let stack = stack(yaml).seed("token-1", &record).start();
    let seen = stack.get("/").bearer("token-1").send().seen();
    assert_eq!(seen.one("x-skygear-user-id"), Some("u-17"));
    assert_eq!(seen.family("x-skygear-").len(), 10, "{:?}", seen.headers);
}

/// A node on which everything has happened that makes a metric appear.
fn busy() -> Stack {
    let yaml = "
sessions: ${REDIS}
cache: {max_entries: 1, negative_ttl: 1h}
client: {max_body: 8B}
routes: [{upstream: 'unix:app.sock', identity: skygear}, {host: away.test, upstream: 'unix:away.sock'}]
";
    let mut stack = stack(yaml).redis().start();
    for token in ["one", "two", "one"] {
        stack.redis().put(token, &record("u-17"));
        stack.get("/").bearer(token).send();
    }
    for token in ["nobody", "nobody"] {
        stack
            .get("/")
            .bearer(token)
            .header("x-skygear-user-id", "root")
            .send();
    }
    stack.get("/").host("away.test").send();
    stack.post("/").body("more than eight").send();
    stack.redis_mut().kill();
    stack.get("/").bearer("unseen").send();
    stack
}

/// The names that the table of docs/operations.md gives, in full.
fn documented() -> BTreeSet<String> {
    let operations = text("docs/operations.md");
    let (_, section) = operations.split_once("## Metrics").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let firsts = rows.filter_map(|row| row.split('|').next());
    let names = firsts.flat_map(|cell| {
        cell.split(',')
            .map(|name| name.trim_matches([' ', '`']).to_owned())
    });
    names.map(|name| format!("sessiongate_{name}")).collect()
}

#[test]
fn the_metrics_of_the_docs_are_those_of_the_page() {
    let page = busy().admin("/metrics").text();
    let types = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let shown = types.filter_map(|line| line.split(' ').next().map(str::to_owned));
    let (shown, documented) = (shown.collect::<BTreeSet<_>>(), documented());
    let undocumented: Vec<_> = shown.difference(&documented).collect();
    let missing: Vec<_> = documented.difference(&shown).collect();
    assert!(
        undocumented.is_empty(),
        "not in docs/operations.md: {undocumented:?}"
    );
    assert!(missing.is_empty(), "not in /metrics: {missing:?}");
}

#[test]
fn the_pages_of_the_docs_are_those_of_the_admin_listener() {
    let operations = text("docs/operations.md");
    let (_, section) = operations
        .split_once("## Admin listener")
        .expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let pages = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `/")?.split('`').next());
    let stack = busy();
    let mut count = 0;
    for page in pages {
        assert_eq!(stack.admin(&format!("/{page}")).status, 200, "/{page}");
        count += 1;
    }
    assert!(count >= 7, "{count} pages in the table");
}

#[test]
fn the_commands_of_the_docs_are_those_of_the_binary() {
    let operations = text("docs/operations.md");
    let (_, section) = operations.split_once("## Commands").expect("a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let help = Command::new(&file("."), &["--help"]).run();
    let help = String::from_utf8(help.stdout).expect("UTF-8");
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let words = list
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next());
    for word in words.filter(|word| *word != "help") {
        let is_told = section.contains(&format!("`sessiongate {word}"))
            || section.contains(&format!("`{word}"));
        assert!(is_told, "`{word}` is not in docs/operations.md");
    }
}
