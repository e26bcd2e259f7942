//! Configurations that are refused: all faults at once, each with its place and remedy, exit code 3, nothing leaked.

use crate::harness::{Command, stack};
use serde_json::Value;
use std::fs;
use std::process::Output;
use tempfile::TempDir;

fn folder(yaml: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("scratch");
    fs::write(folder.path().join("gate.yaml"), yaml).expect("scratch is writable");
    folder
}

fn check(yaml: &str) -> (Option<i32>, String) {
    let folder = folder(yaml);
    let output = Command::new(folder.path(), &["check", "gate.yaml"]).run();
    (output.status.code(), text(&output))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

const SMALLEST: &str = "listen: :8080
sessions: redis://127.0.0.1:6379
routes:
  - upstream: 127.0.0.1:9000
    identity: skygear
";

#[test]
fn the_complete_configuration_of_five_lines_is_valid() {
    let (code, text) = check(SMALLEST);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn all_faults_are_told_at_once_each_with_its_place_and_the_nearest_word() {
    let (code, text) = check(
        "listen: :99999\nsesions: redis://127.0.0.1\nroutes:\n  - upstrem: 127.0.0.1:9000\n    identity: skygeer\n",
    );
    assert_eq!(code, Some(3), "{text}");
    for part in [
        "gate.yaml:1:9",
        "gate.yaml:2:1",
        "sessions",
        "gate.yaml:4:5",
        "upstream",
        "gate.yaml:5:15",
        "skygear",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    assert!(
        text.contains("upstrem: 127.0.0.1:9000") && text.contains("^^^^^^^"),
        "the line and a caret:\n{text}"
    );
}

#[test]
fn run_refuses_what_check_refuses() {
    let folder = folder("listen: :8080\n");
    for arguments in [
        &["run", "--config", "gate.yaml"][..],
        &["run", "-c", "gate.yaml"],
        &["--config", "gate.yaml"],
    ] {
        let output = Command::new(folder.path(), arguments).run();
        assert_eq!(
            output.status.code(),
            Some(3),
            "{arguments:?}: {}",
            text(&output)
        );
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("routes"),
            "on standard error"
        );
        assert!(output.stdout.is_empty(), "and nothing on standard output");
    }
}

#[test]
fn check_speaks_json_to_programs() {
    let folder = folder("listen: :8080\nroutes: []\n");
    let output = Command::new(folder.path(), &["check", "--config", "gate.yaml", "--json"]).run();
    assert_eq!(output.status.code(), Some(3));
    let parsed: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("JSON: {}", text(&output)));
    assert!(parsed.to_string().contains("\"line\":2"), "{parsed}");
}

#[test]
fn each_kind_of_fault_is_found() {
    let with = |line: &str| format!("{SMALLEST}{line}\n");
    let route = |line: &str| format!("{SMALLEST}    {line}\n");
    for (what, yaml) in [
        ("an unknown key", with("cach: {}")),
        ("a key twice", with("listen: :8081")),
        ("a wrong type", with("threads: many")),
        ("a duration without a unit", with("cache: {ttl: 60}")),
        (
            "an undefined upstream",
            SMALLEST.replace("127.0.0.1:9000", "blog"),
        ),
        ("an undefined source", route("sessions: web")),
        ("an unknown profile", SMALLEST.replace("skygear", "skygeer")),
        (
            "a header that belongs to HTTP",
            SMALLEST.replace("skygear", "{headers: {Host: '{user.id}'}}"),
        ),
        (
            "an unknown field",
            SMALLEST.replace("skygear", "{headers: {X-User: '{user.name}'}}"),
        ),
        (
            "a header with a line end",
            SMALLEST.replace("skygear", "{headers: {X-User: \"a\\r\\nb\"}}"),
        ),
        ("a key of a later release", route("limit: {rate: 20/s}")),
        (
            "two routes for the same requests",
            format!("{SMALLEST}  - upstream: 127.0.0.1:9001\n"),
        ),
        (
            "a variable that is not set",
            SMALLEST.replace(":8080", "':${NO_SUCH_VARIABLE}'"),
        ),
        (
            "a file that is not there",
            SMALLEST.replace("redis://127.0.0.1:6379", "{memory: {seed: none.yaml}}"),
        ),
        ("an admin listener on a public one", with("admin: :8080")),
        (
            "a network with host bits",
            with("trusted_proxies: [10.1.2.3/8]"),
        ),
        ("no yaml", "listen: [".to_owned()),
        ("nothing", String::new()),
    ] {
        let (code, text) = check(&yaml);
        assert_eq!(code, Some(3), "{what}: {text}");
        assert!(text.contains("gate.yaml"), "{what}: {text}");
    }
}

#[test]
fn faults_quote_no_secret() {
    for yaml in [
        SMALLEST.replace("redis://127.0.0.1:6379", "redis://:s3cret@127.0.0.1:x"),
        SMALLEST.replace(
            "redis://127.0.0.1:6379",
            "{redis: {url: redis://127.0.0.1, password: s3cret, upstrem: 1}}",
        ),
        SMALLEST.replace(
            "redis://127.0.0.1:6379",
            "{redis: {url: redis://127.0.0.1, pasword: s3cret}}",
        ),
    ] {
        let (code, text) = check(&yaml);
        assert_eq!(code, Some(3), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn a_missing_file_is_told_by_name() {
    let folder = folder("");
    let output = Command::new(folder.path(), &["check", "none.yaml"]).run();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("none.yaml"));
}

#[test]
fn variables_stand_for_values_inside_scalars() {
    let stack = stack("routes:\n  - {upstream: 'unix:${SOCKET}.${END:-sock}'}\n")
        .env("SOCKET", "app")
        .start();
    assert_eq!(stack.get("/").send().status, 200);
}
