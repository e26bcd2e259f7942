//! Imports point down the floors that `src/lib.rs` lists, and no files of one room import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// A file of `src`, as a module path: `["proxy", "gateway"]`; a room's face is the room alone.
type Module = Vec<String>;

#[test]
fn imports_point_down() {
    let floors = floors();
    let sources = sources();
    let mut upward = Vec::new();
    for (module, text) in &sources {
        let Some(room) = module
            .first()
            .filter(|room| *room != "main" && *room != "lib")
        else {
            continue;
        };
        let own = floors
            .get(room)
            .unwrap_or_else(|| panic!("`{room}` has no floor in src/lib.rs"));
        for import in imports(text) {
            let other = import.first().expect("an import names a room");
            let floor = floors
                .get(other)
                .unwrap_or_else(|| panic!("`{other}` has no floor in src/lib.rs"));
            if other != room && floor >= own {
                upward.push(format!(
                    "{} (floor {own}) imports {other} (floor {floor})",
                    module.join("/")
                ));
            }
        }
    }
    assert!(
        upward.is_empty(),
        "imports that do not point down:\n{}",
        upward.join("\n")
    );
}

#[test]
fn files_of_a_room_do_not_import_in_circles() {
    let sources = sources();
    let edges: BTreeMap<&Module, BTreeSet<&Module>> = sources
        .iter()
        .map(|(module, text)| (module, neighbours(module, text, &sources)))
        .collect();
    for start in edges.keys() {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&Module> = edges[start].iter().copied().collect();
        while let Some(module) = next.pop() {
            assert!(
                module != *start,
                "{} reaches itself by way of {reached:?}",
                start.join("/")
            );
            if reached.insert(module) {
                next.extend(edges.get(module).into_iter().flatten());
            }
        }
    }
}

/// `| 7 | `proxy`, `admin` |` in the map of the crate; the larger, the higher.
fn floors() -> BTreeMap<String, u32> {
    let map = fs::read_to_string("src/lib.rs").expect("src/lib.rs");
    let rows = map.lines().filter_map(|line| {
        let (floor, rooms) = line.strip_prefix("//! | ")?.split_once(" | ")?;
        Some((floor.parse::<u32>().ok()?, rooms))
    });
    let names = rows.flat_map(|(floor, rooms)| {
        rooms
            .split('`')
            .skip(1)
            .step_by(2)
            .map(move |room| (room.to_owned(), floor))
    });
    let floors: BTreeMap<_, _> = names.collect();
    assert!(
        floors.len() > 10,
        "the table of floors in src/lib.rs was not found"
    );
    floors
}

/// Every file under `src`, its test modules left out.
fn sources() -> BTreeMap<Module, String> {
    let mut found = BTreeMap::new();
    collect(Path::new("src"), &mut Vec::new(), &mut found);
    found
}

fn collect(folder: &Path, module: &mut Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            module.push(name);
            collect(&path, module, found);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let text = fs::read_to_string(&path).expect("a source file");
            let text = text
                .split("#[cfg(test)]\nmod tests {")
                .next()
                .unwrap_or_default()
                .to_owned();
            let mut module = module.clone();
            if name != "mod" {
                module.push(name);
            }
            found.insert(module, text);
        }
    }
}

/// What stands after each `use crate::`; a list in braces at the crate's root does not occur, one module a line.
fn imports(text: &str) -> Vec<Module> {
    statements(text, "crate::")
        .into_iter()
        .filter(|path| path.first().is_some_and(|room| !room.is_empty()))
        .collect()
}

/// Files of the same room that this one imports, by `super::` or by `crate::` and the room's name.
fn neighbours<'a>(
    module: &Module,
    text: &str,
    sources: &'a BTreeMap<Module, String>,
) -> BTreeSet<&'a Module> {
    let is_face = sources
        .keys()
        .any(|other| other.len() > module.len() && other.starts_with(module));
    let Some((_, folder)) = module.split_last() else {
        return BTreeSet::new();
    };
    let relative = statements(text, "super::")
        .into_iter()
        .map(|path| [folder, &path].concat());
    let absolute = imports(text)
        .into_iter()
        .filter(|path| path.first() == module.first());
    let named = relative.chain(absolute).filter_map(|path| {
        let lengths = (1..=path.len()).rev();
        let prefixes = lengths.filter_map(|length| path.get(..length));
        prefixes
            .filter_map(|prefix| sources.get_key_value(prefix))
            .map(|(module, _)| module)
            .next()
    });
    // A face re-exports its files and is nobody's dependency inside the room.
    named
        .filter(|other| *other != module && other.len() > 1 && !is_face)
        .collect()
}

/// The paths that follow `use <root>`, split at `::`, up to the names in braces.
fn statements(text: &str, root: &str) -> Vec<Module> {
    let uses = text.split('\n').filter_map(|line| {
        let line = line.trim_start();
        let line = line
            .strip_prefix("pub ")
            .or_else(|| line.strip_prefix("pub(crate) "))
            .unwrap_or(line);
        line.strip_prefix("use ")?.strip_prefix(root)
    });
    uses.map(|path| {
        let path = path.split(['{', ';', ' ']).next().unwrap_or_default();
        path.split("::")
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    })
    .collect()
}
