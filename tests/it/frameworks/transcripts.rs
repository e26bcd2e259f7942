//! Every line that a page of `docs/examples` shows prints what stands below it.

use super::framework::{
    AUTH_SERVICE, BETTER_AUTH, COOKIE_SESSION, DJANGO, EXPRESS_SESSION, FLASK, Framework, PHP,
};
use super::page::{Entry, Page};
use super::site::Site;
use crate::harness::eventually;

#[track_caller]
fn assert_as_printed(framework: &Framework) {
    let page = Page::read(framework.page);
    let site = framework.start();
    assert!(page.entries.len() >= 4, "{:?}", page.entries);
    for entry in &page.entries {
        assert_prints(&site, entry);
    }
}

/// A page that is only read may be read again: what was revoked is so within milliseconds, not before the answer.
#[track_caller]
fn assert_prints(site: &Site, Entry { line, printed }: &Entry) {
    let first = site.typed(line);
    if line.contains("/whoami") && first != *printed {
        eventually(&format!("{line}\n{printed}\nbut it is\n{first}"), || {
            (site.typed(line) == *printed).then_some(())
        });
    } else {
        assert_eq!(first, *printed, "{line}");
    }
}

#[test]
#[ignore = "make test-frameworks"]
fn of_cookie_session() {
    assert_as_printed(&COOKIE_SESSION);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_express_session() {
    assert_as_printed(&EXPRESS_SESSION);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_better_auth() {
    assert_as_printed(&BETTER_AUTH);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_flask() {
    assert_as_printed(&FLASK);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_django() {
    assert_as_printed(&DJANGO);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_php() {
    assert_as_printed(&PHP);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_an_auth_service() {
    assert_as_printed(&AUTH_SERVICE);
}
