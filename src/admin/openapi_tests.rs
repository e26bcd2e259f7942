//! docs/openapi.yaml and the table of routes say the same, in both directions.

use super::routes::{ADMIN_ROUTES, Access};
use serde_yaml::Value;
use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../docs/openapi.yaml");
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// `GET /sessions/{sid}`, and whether it takes the socket or the token.
type Operation = (String, bool);

#[test]
fn the_document_lists_every_route_and_no_other() {
    let document: Value = serde_yaml::from_str(DOCUMENT).expect("YAML");
    let listed: BTreeSet<Operation> = operations(&document)
        .map(|(name, operation)| (name, operation.get("security").is_some()))
        .collect();
    let routed: BTreeSet<Operation> = ADMIN_ROUTES
        .iter()
        .map(|route| {
            let is_guarded = route.access == Access::Guarded;
            (format!("{} {}", route.method, route.path), is_guarded)
        })
        .collect();
    assert_eq!(listed, routed);
}

#[test]
fn every_operation_has_an_id_a_summary_and_its_answers() {
    let document: Value = serde_yaml::from_str(DOCUMENT).expect("YAML");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation.get("operationId").and_then(Value::as_str);
        assert!(
            id.is_some_and(|id| ids.insert(id.to_owned())),
            "{name}: {id:?}"
        );
        assert!(operation.get("summary").is_some(), "{name}");
        let answers = operation.get("responses").and_then(Value::as_mapping);
        let answers = answers.unwrap_or_else(|| panic!("{name}: no responses"));
        let has = |status: &str| answers.contains_key(Value::from(status));
        assert!(has("200") || has("201"), "{name}");
        if operation.get("security").is_some() {
            assert!(has("401") && has("403"), "{name}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document: Value = serde_yaml::from_str(DOCUMENT).expect("YAML");
    let references = DOCUMENT.lines().filter_map(|line| {
        let (_, reference) = line.split_once("$ref: \"#/")?;
        reference.split('"').next()
    });
    let mut count = 0;
    for reference in references {
        let found = reference
            .split('/')
            .try_fold(&document, |node, name| node.get(name));
        assert!(found.is_some(), "{reference}");
        count += 1;
    }
    assert!(count > 10, "{count} references");
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document.get("paths").and_then(Value::as_mapping);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let path = path.as_str().expect("a path");
        METHODS.iter().filter_map(move |method| {
            let operation = item.get(*method)?;
            Some((format!("{} {path}", method.to_uppercase()), operation))
        })
    })
}
