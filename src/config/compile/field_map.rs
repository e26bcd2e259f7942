//! `map:`: where in a foreign record the fields of a session stand.

use crate::config::keys;
use crate::config::reading::{Mapping, Value};
use crate::store::{Field, FieldMap, FieldPath};

/// Reads `map:` of a section over what is known without it.
pub(super) fn read(section: &Mapping<'_>, map: &mut FieldMap) {
    if let Some(fields) = section.section("map", keys::MAP) {
        read_fields(&fields, map);
    }
}

/// Reads the fields where they stand in the section itself.
pub(super) fn read_fields(section: &Mapping<'_>, map: &mut FieldMap) {
    for (word, field) in Field::ALL {
        if let Some(path) = section.get(word).and_then(path) {
            map.set(field, path);
        }
    }
    let attributes = section.get("attrs").and_then(Value::named);
    for (name, value) in attributes.unwrap_or_default() {
        if let Some(path) = path(value) {
            map.set_attribute(name.text, path);
        }
    }
}

/// `user.id`, or a list where a name holds a dot itself.
pub(super) fn path(value: Value<'_>) -> Option<FieldPath> {
    let items = value.items();
    let path = match items.as_slice() {
        [only] if !value.is_list() => FieldPath::parse(only.text()?),
        steps => {
            let steps: Option<Vec<&str>> = steps.iter().map(|step| step.text()).collect();
            FieldPath::of(steps?)
        }
    };
    if path.is_none() {
        value.fault(
            "not a path to a field",
            "names with dots between them, such as user.id, or a list of names; 16 at most",
        );
    }
    path
}
