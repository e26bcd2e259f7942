//! Secrets: `{file: …}`, `{env: …}`, `{credential: …}`, or, with a warning, the text itself.

use super::keys;
use super::reading::Value;
use crate::secret::Secret;
use std::fs;
use std::path::Path;

/// Reads what need not be a secret and may be one: no warning if the text itself stands there.
pub(super) fn read_or_plain(value: Value<'_>) -> Option<Secret<String>> {
    if value.is_mapping() {
        return read(value);
    }
    value.text().map(|text| Secret::new(text.to_owned()))
}

/// Reads a secret. Its value is in no message.
pub(super) fn read(value: Value<'_>) -> Option<Secret<String>> {
    if !value.is_mapping() {
        let text = value.text()?;
        if !value.is_interpolated() {
            value.place.warn(
                "a secret stands in the file itself",
                "keep it elsewhere: {file: …}, {env: …} or {credential: …}",
            );
        }
        return Some(Secret::new(text.to_owned()));
    }
    // A wrong key may be the secret itself, in braces: it is not named.
    let place = match value.node.entries() {
        [only] if keys::SECRET.keys.contains(&only.key.as_str()) => value.mapping(keys::SECRET)?,
        _ => {
            let help = "one of {file: …}, {env: …}, {credential: …}";
            value.fault("a secret comes from one place", help);
            return None;
        }
    };
    if let Some(path) = place.get("file") {
        return from_file(path, &path.path()?);
    }
    if let Some(name) = place.get("env") {
        return from_variable(name);
    }
    from_credential(place.get("credential")?)
}

fn from_variable(value: Value<'_>) -> Option<Secret<String>> {
    let name = value.text()?;
    let found = value.place.reading.environment.variable(name);
    let found = found.filter(|text| !text.is_empty());
    if found.is_none() {
        value.fault(
            format!("the variable `{name}` is not set"),
            "set it in the environment of the gateway",
        );
    }
    found.map(Secret::new)
}

fn from_credential(value: Value<'_>) -> Option<Secret<String>> {
    let name = value.text()?;
    let Some(folder) = value.place.reading.environment.credentials_directory() else {
        value.fault(
            "there are no credentials: CREDENTIALS_DIRECTORY is not set",
            "the unit needs LoadCredential=",
        );
        return None;
    };
    if name.contains('/') {
        value.fault(
            "a credential has a name, not a path",
            "the name that LoadCredential= gives it",
        );
        return None;
    }
    from_file(value, &folder.join(name))
}

fn from_file(value: Value<'_>, path: &Path) -> Option<Secret<String>> {
    let mut text = fs::read_to_string(path)
        .inspect_err(|error| {
            let help = format!("the gateway's user must be able to read {}", path.display());
            value.fault(format!("cannot read the secret: {error}"), help);
        })
        .ok()?;
    let kept = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(kept);
    if text.is_empty() {
        value.fault("the secret is empty", "");
        return None;
    }
    Some(Secret::new(text))
}
