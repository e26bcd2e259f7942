//! The verifiers of `docs/examples/assertion` behind the gateway: what each believes, and what it has to refuse.

use super::app::installed;
use std::path::Path;
use std::process::Command;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/examples/assertion");

/// Fails unless the verifier, run from a copy beside its packages, is right in every case of `check.py`.
#[track_caller]
fn assert_right(program: &Path, verifier: &str, algorithm: &str) {
    let name = Path::new(verifier).file_name().expect("a file");
    let copy = installed(name.to_str().expect("a text"));
    std::fs::copy(Path::new(EXAMPLES).join(verifier), &copy).expect("target is writable");
    let checked = Command::new(installed("venv/bin/python3"))
        .arg(Path::new(EXAMPLES).join("check.py"))
        .args([Path::new(env!("CARGO_BIN_EXE_sessiongate")), program, &copy])
        .current_dir(installed(""))
        .env("ALGORITHM", algorithm)
        .output()
        .expect("make test-frameworks installs Python");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        checked.status.success(),
        "{verifier} with {algorithm}: {}{}",
        text(&checked.stdout),
        text(&checked.stderr)
    );
}

#[test]
#[ignore = "make test-frameworks"]
fn of_node() {
    for algorithm in ["ES256", "EdDSA"] {
        assert_right(Path::new("node"), "node/verify.mjs", algorithm);
    }
}

#[test]
#[ignore = "make test-frameworks"]
fn of_python() {
    for algorithm in ["ES256", "EdDSA"] {
        assert_right(
            &installed("venv/bin/python3"),
            "python/verify.py",
            algorithm,
        );
    }
}
