//! The command line: `check` and the commands that print; what goes where, and the exit codes.

use crate::harness::Command;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const GOOD: &str = "listen: unix:gate.sock
sessions: {memory: {}}
routes: [{name: blog, upstream: 'unix:app.sock', identity: skygear, require: {roles: [admin]}}]
";
/// Accepted, with a warning.
const WARNED: &str = "listen: unix:gate.sock
sessions: {redis: {url: 'redis://127.0.0.1:1', password: s3cret-pass}}
routes: [{upstream: 'unix:app.sock', identity: skygear}]
";
/// Two faults, on the lines 1 and 3.
const BAD: &str = "listen: :99999
sessions: {memory: {}}
routes: [{upstream: 'unix:app.sock', identty: none}]
";

fn folder(yaml: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("scratch");
    fs::write(folder.path().join("gate.yaml"), yaml).expect("scratch is writable");
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(folder, arguments).run()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it is about, the file, the words of the command line, and the exit code.
const EXITS: [(&str, &str, &str, i32); 16] = [
    ("a good file", GOOD, "check gate.yaml", 0),
    ("the same, as an option", GOOD, "check -c gate.yaml", 0),
    (
        "no warnings to deny",
        GOOD,
        "check --deny-warnings gate.yaml",
        0,
    ),
    ("a warning", WARNED, "check gate.yaml", 0),
    (
        "a warning that is denied",
        WARNED,
        "check --deny-warnings gate.yaml",
        3,
    ),
    (
        "a warning that is denied, as JSON",
        WARNED,
        "check --deny-warnings --json gate.yaml",
        3,
    ),
    ("faults", BAD, "check gate.yaml", 3),
    ("faults, as JSON", BAD, "check --json gate.yaml", 3),
    ("no such file", GOOD, "check other.yaml", 3),
    ("no such option", GOOD, "check --nonsense gate.yaml", 2),
    ("a file twice", GOOD, "check gate.yaml -c gate.yaml", 2),
    ("faults, explained", BAD, "explain -c gate.yaml", 3),
    ("faults, asked of a node", BAD, "status -c gate.yaml", 3),
    ("no admin listener to ask", GOOD, "status -c gate.yaml", 1),
    (
        "a header without a colon",
        GOOD,
        "explain -c gate.yaml -H nonsense",
        1,
    ),
    ("no command of that name", GOOD, "chek", 2),
];

#[test]
fn check_exits_with_the_code_of_the_contract() {
    for (what, yaml, arguments, code) in EXITS {
        let folder = folder(yaml);
        let output = run(folder.path(), &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{what}: {}{}",
            out(&output),
            err(&output)
        );
        assert!(
            !err(&output).contains("s3cret-pass"),
            "{what}: {}",
            err(&output)
        );
    }
}

#[test]
fn check_says_in_words_who_may_pass_and_warns_on_standard_error() {
    let good = run(folder(GOOD).path(), &["check", "gate.yaml"]);
    let words = "blog -> unix:";
    assert!(
        out(&good).starts_with("gate.yaml: ok (") && out(&good).contains(words),
        "{}",
        out(&good)
    );
    assert!(
        out(&good).contains("requests with a session of a user with one of the roles admin"),
        "{}",
        out(&good)
    );
    assert_eq!(err(&good), "");
    let warned = run(folder(WARNED).path(), &["check", "gate.yaml"]);
    assert!(
        out(&warned).starts_with("gate.yaml: ok ("),
        "{}",
        out(&warned)
    );
    assert!(
        err(&warned).starts_with("warning: ") && err(&warned).contains("gate.yaml:2:"),
        "{}",
        err(&warned)
    );
}

#[test]
fn faults_stand_on_standard_error_with_place_line_and_caret() {
    let output = run(folder(BAD).path(), &["check", "gate.yaml"]);
    assert_eq!(out(&output), "");
    let told = err(&output);
    for part in [
        "gate.yaml:1:9",
        "1 | listen: :99999",
        "gate.yaml:3:38",
        "did you mean `identity`?",
    ] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
    let lines: Vec<&str> = told.lines().collect();
    for (line, word) in [("1 | ", ":99999"), ("3 | ", "identty")] {
        let at = lines
            .iter()
            .position(|own| own.starts_with(line))
            .expect("the source line");
        let column = lines[at].find(word).expect("the word");
        let caret = lines[at + 1].find('^').expect("a caret");
        assert_eq!(column, caret, "under `{word}`:\n{told}");
    }
}

#[test]
fn check_as_json_is_json_on_standard_output_and_nothing_else() {
    for (yaml, ok, errors, warnings) in
        [(GOOD, true, 0, 0), (WARNED, true, 0, 1), (BAD, false, 2, 0)]
    {
        let output = run(folder(yaml).path(), &["check", "--json", "gate.yaml"]);
        assert_eq!(err(&output), "");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let count = |key: &str| report[key].as_array().map(Vec::len);
        assert_eq!(
            (report["ok"].as_bool(), count("errors"), count("warnings")),
            (Some(ok), Some(errors), Some(warnings)),
            "{report:#}"
        );
        for issue in report["errors"].as_array().into_iter().flatten() {
            for key in ["line", "column", "message", "path", "file", "severity"] {
                assert!(!issue[key].is_null(), "{key}: {issue:#}");
            }
        }
    }
}

#[test]
fn what_is_printed_is_fit_for_its_reader() {
    let folder = tempfile::tempdir().expect("scratch");
    let version = concat!("sessiongate ", env!("CARGO_PKG_VERSION"), "\n");
    for (arguments, part) in [
        (&["version"][..], version),
        (&["--version"], version),
        (&["man"], ".TH sessiongate 1"),
        (&["man", "run"], ".TH sessiongate-run 1"),
        (
            &["man", "session", "create"],
            ".TH sessiongate-session-create 1",
        ),
        (&["completions", "bash"], "complete -F _sessiongate"),
        (&["completions", "zsh"], "#compdef sessiongate"),
        (&["completions", "fish"], "complete -c sessiongate"),
        (&["schema"], "\"$schema\""),
        (
            &["--help"],
            "Exit codes: 0 ok, 1 failed, 2 usage, 3 invalid configuration.",
        ),
        (&["explain", "--help"], "--header <LINE>"),
    ] {
        let output = run(folder.path(), arguments);
        assert_eq!(
            (output.status.code(), err(&output)),
            (Some(0), String::new()),
            "{arguments:?}"
        );
        assert!(
            out(&output).contains(part),
            "{part} in {arguments:?}:\n{}",
            out(&output)
        );
    }
    let output = run(folder.path(), &["completions", "tcl"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn without_arguments_the_installed_configuration_is_run() {
    let folder = tempfile::tempdir().expect("scratch");
    let help = out(&run(folder.path(), &["run", "--help"]));
    assert!(help.contains("/etc/sessiongate/sessiongate.yaml"), "{help}");
}
