//! A gateway that writes no identity is not there: logging in, being known and logging out work as without it.

use super::site::Site;
use serde_json::Value;

const YAML: &str = "listen: :8080
routes:
  - upstream: 127.0.0.1:3000
";

#[track_caller]
fn assert_untouched(file: &str) {
    let site = Site::start(file, YAML);
    let (mut ada, mut bob) = (site.browser(), site.browser());
    assert_eq!(ada.whoami()["app"], Value::Null);
    ada.log_in("ada");
    bob.log_in("bob");
    let (known_as_ada, known_as_bob) = (ada.whoami(), bob.whoami());
    assert_ne!(known_as_ada["app"], Value::Null);
    assert_ne!(known_as_bob["app"], Value::Null);
    assert_ne!(known_as_ada["app"], known_as_bob["app"]);
    ada.log_out();
    assert_eq!(ada.whoami()["app"], Value::Null);
    assert_eq!(bob.whoami()["app"], known_as_bob["app"]);
}

#[test]
#[ignore = "make test-frameworks"]
fn express_with_cookie_session() {
    assert_untouched("express_cookie_session.js");
}

#[test]
#[ignore = "make test-frameworks"]
fn express_with_express_session() {
    assert_untouched("express_session.js");
}

#[test]
#[ignore = "make test-frameworks"]
fn better_auth() {
    assert_untouched("better_auth.js");
}

#[test]
#[ignore = "make test-frameworks"]
fn flask_with_flask_session() {
    assert_untouched("flask_redis.py");
}

#[test]
#[ignore = "make test-frameworks"]
fn django_with_sessions_in_its_cache() {
    assert_untouched("django_cache.py");
}

#[test]
#[ignore = "make test-frameworks"]
fn php_with_its_own_sessions() {
    assert_untouched("php_session.php");
}
