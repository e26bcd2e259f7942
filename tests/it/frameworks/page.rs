//! `Page`: a page of `docs/examples`: the configuration that it shows, and a transcript to be typed as it stands.

use std::fs;
use std::path::Path;

/// What is read of it.
pub(super) struct Page {
    /// Its first YAML block.
    pub(super) yaml: String,
    /// Of its first console block.
    pub(super) entries: Vec<Entry>,
}

/// A line that is typed, and what is printed then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) line: String,
    pub(super) printed: String,
}

impl Page {
    /// Reads it by its name, such as `flask`.
    #[track_caller]
    pub(super) fn read(name: &str) -> Self {
        let path = format!("docs/examples/{name}.md");
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path));
        let text = text.unwrap_or_else(|fault| panic!("{path}: {fault}"));
        let block = |kind| {
            let after = text.split_once(&format!("```{kind}\n"));
            let block = after.and_then(|(_, rest)| rest.split_once("```"));
            block
                .unwrap_or_else(|| panic!("{path} has no {kind} block"))
                .0
        };
        Self {
            yaml: block("yaml").to_owned(),
            entries: entries(block("console")),
        }
    }
}

/// A line after `$ ` is typed; what follows it is printed.
fn entries(transcript: &str) -> Vec<Entry> {
    let typed = transcript.split("$ ").skip(1);
    typed
        .filter_map(|entry| {
            let (line, printed) = entry.split_once('\n')?;
            Some(Entry {
                line: line.to_owned(),
                printed: printed.trim().to_owned(),
            })
        })
        .collect()
}
