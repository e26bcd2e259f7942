//! What the pages of `docs/examples` leave as it comes, and applications change: keys that have been changed, other
//! encodings.

use super::framework::{COOKIE_SESSION, EXPRESS_SESSION, FLASK, Framework, PHP};
use super::page::Page;
use super::site::Site;

/// Fails unless the gateway, with more options of the format, reads what the application with these variables writes.
#[track_caller]
fn assert_told(framework: &Framework, environment: &[(&str, &str)], more: &str) {
    let yaml = Page::read(framework.page).yaml;
    let line = "        roles: ";
    let yaml = yaml.replacen(line, &format!("{more}{line}"), 1);
    assert!(yaml.contains(more), "{yaml}");
    let site = Site::start_with(framework.app, &yaml, environment);
    let mut ada = site.browser();
    ada.log_in("ada");
    let (by_app, by_gateway) = framework.told(&ada.whoami());
    assert_ne!(by_app, "-");
    assert_eq!(by_gateway, by_app);
}

const BEFORE_THE_CHANGE: [(&str, &str); 2] =
    [("SESSION_SECRET", "old"), ("SESSION_SECRET_OLD", "older")];

#[test]
#[ignore = "make test-frameworks"]
fn a_cookie_of_express_session_that_the_older_secret_signed() {
    assert_told(&EXPRESS_SESSION, &BEFORE_THE_CHANGE, "");
}

#[test]
#[ignore = "make test-frameworks"]
fn a_cookie_of_cookie_session_that_the_older_key_signed() {
    assert_told(&COOKIE_SESSION, &BEFORE_THE_CHANGE, "");
}

#[test]
#[ignore = "make test-frameworks"]
fn flask_session_in_json() {
    let environment = [("SESSION_FORMAT", "json")];
    assert_told(&FLASK, &environment, "        encoding: json\n");
}

#[test]
#[ignore = "make test-frameworks"]
fn flask_session_with_a_signed_cookie() {
    let environment = [("SESSION_SIGNED", "yes")];
    assert_told(
        &FLASK,
        &environment,
        "        secrets: [{env: SECRET_KEY}]\n",
    );
}

#[test]
#[ignore = "make test-frameworks"]
fn php_with_another_handler() {
    let environment = [("SESSION_FORMAT", "php_serialize")];
    assert_told(&PHP, &environment, "        encoding: php\n");
}
