//! The gateway of each page reads the sessions that the framework writes, and says the same of them as the framework.

use super::framework::{
    AUTH_SERVICE, BETTER_AUTH, COOKIE_SESSION, DJANGO, EXPRESS_SESSION, FLASK, Framework, PHP,
};
use super::site::Site;
use crate::harness::eventually;

#[track_caller]
fn assert_in_front(framework: &Framework) -> Site {
    let site = framework.start();
    each_is_told_as_the_app_knows_them(framework, &site);
    a_changed_cookie_is_nobodys(framework, &site);
    what_a_client_says_of_itself_never_arrives(framework, &site);
    a_session_in_constant_use_is_always_told(framework, &site);
    a_session_that_is_used_is_not_looked_up_again(framework, &site);
    site
}

#[track_caller]
fn each_is_told_as_the_app_knows_them(framework: &Framework, site: &Site) {
    let (mut ada, mut bob) = (site.browser(), site.browser());
    let nobody = ("-".to_owned(), "-".to_owned());
    assert_eq!(framework.told(&ada.whoami()), nobody);
    let mut seen = Vec::new();
    for (browser, name) in [(&mut ada, "ada"), (&mut bob, "bob")] {
        browser.log_in(name);
        let (by_app, by_gateway) = framework.told(&browser.whoami());
        assert_eq!(by_gateway, by_app);
        assert_ne!(by_app, "-");
        seen.push(by_app);
    }
    assert_ne!(seen[0], seen[1]);
    bob.log_out();
    assert_eq!(framework.told(&bob.whoami()), nobody);
}

#[track_caller]
fn a_changed_cookie_is_nobodys(framework: &Framework, site: &Site) {
    let mut ada = site.browser();
    ada.log_in("ada");
    ada.whoami();
    let mut mallory = ada.copied();
    mallory.tamper(framework.cookie);
    let reply = mallory.get("/whoami");
    let outcome = site.outcome(&reply);
    assert!(outcome.starts_with("invalid "), "{outcome}");
    assert_eq!(framework.told(&reply.json()).1, "-");
    assert_ne!(framework.told(&ada.whoami()).1, "-");
}

#[track_caller]
fn what_a_client_says_of_itself_never_arrives(framework: &Framework, site: &Site) {
    let forged = || site.get("/whoami").header(framework.header, "root");
    let mut mallory = site.browser();
    let said = mallory.send(forged()).json();
    assert_eq!(framework.told(&said).1, "-");
    mallory.log_in("bob");
    let (by_app, by_gateway) = framework.told(&mallory.send(forged()).json());
    assert_eq!(by_gateway, by_app);
}

#[track_caller]
fn a_session_in_constant_use_is_always_told(framework: &Framework, site: &Site) {
    let mut ada = site.browser();
    ada.log_in("ada");
    for _ in 0..50 {
        let (by_app, by_gateway) = framework.told(&ada.whoami());
        assert_eq!(by_gateway, by_app);
    }
}

/// Many frameworks write the record with each request; it is read again behind the scenes. A request that comes before
/// that is done waits for it: here each comes later, and the two beforehand may still be under way.
#[track_caller]
fn a_session_that_is_used_is_not_looked_up_again(framework: &Framework, site: &Site) {
    let mut ada = site.browser();
    ada.log_in("ada");
    ada.whoami();
    let before = site.lookups_in_store();
    for _ in 0..50 {
        let refreshed = site.records_read_again();
        let (by_app, by_gateway) = framework.told(&ada.whoami());
        assert_eq!(by_gateway, by_app);
        if framework.writes {
            eventually("the record has been read again", || {
                (site.records_read_again() > refreshed).then_some(())
            });
        }
    }
    let more = site.lookups_in_store() - before;
    assert!(more <= 2.0, "{more} of 50 requests had to ask Redis");
}

/// Long before `cache.ttl`: Redis tells of it, and a service that is asked says how long its answer holds.
#[track_caller]
fn assert_a_logout_from_the_app_holds(framework: &Framework, site: &Site) {
    let mut ada = site.browser();
    ada.log_in("ada");
    ada.whoami();
    let mut thief = ada.copied();
    assert_ne!(framework.told(&thief.whoami()).1, "-");
    ada.log_out();
    eventually("the cookie is worth nothing", || {
        (framework.told(&thief.whoami()).1 == "-").then_some(())
    });
}

/// PHP begins one with everybody who comes.
#[track_caller]
fn assert_a_session_in_which_nobody_has_logged_in_is_nobodys(framework: &Framework, site: &Site) {
    let mut visitor = site.browser();
    visitor.whoami();
    let reply = visitor.get("/whoami");
    assert_eq!(site.outcome(&reply), "absent -");
    let nobody = ("-".to_owned(), "-".to_owned());
    assert_eq!(framework.told(&reply.json()), nobody);
    visitor.log_in("ada");
    assert_ne!(framework.told(&visitor.whoami()).1, "-");
}

#[test]
#[ignore = "make test-frameworks"]
fn of_cookie_session() {
    let site = assert_in_front(&COOKIE_SESSION);
    let mut signature = COOKIE_SESSION;
    signature.cookie = "session.sig";
    a_changed_cookie_is_nobodys(&signature, &site);
    let mut ada = site.browser();
    ada.log_in("ada");
    let mut thief = ada.copied();
    ada.log_out();
    assert_ne!(
        COOKIE_SESSION.told(&thief.whoami()).1,
        "-",
        "no store knows"
    );
    let logout = site.command(&["user", "logout", "123", "--config", "gate.yaml"]);
    assert!(logout.status.success(), "{logout:?}");
    eventually("the cookie is worth nothing", || {
        (COOKIE_SESSION.told(&thief.whoami()).1 == "-").then_some(())
    });
}

#[test]
#[ignore = "make test-frameworks"]
fn of_express_session() {
    let site = assert_in_front(&EXPRESS_SESSION);
    assert_a_logout_from_the_app_holds(&EXPRESS_SESSION, &site);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_better_auth() {
    let site = assert_in_front(&BETTER_AUTH);
    assert_a_logout_from_the_app_holds(&BETTER_AUTH, &site);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_flask() {
    let site = assert_in_front(&FLASK);
    assert_a_logout_from_the_app_holds(&FLASK, &site);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_django() {
    let site = assert_in_front(&DJANGO);
    assert_a_logout_from_the_app_holds(&DJANGO, &site);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_php() {
    let site = assert_in_front(&PHP);
    assert_a_session_in_which_nobody_has_logged_in_is_nobodys(&PHP, &site);
    assert_a_logout_from_the_app_holds(&PHP, &site);
}

#[test]
#[ignore = "make test-frameworks"]
fn of_an_auth_service() {
    let site = assert_in_front(&AUTH_SERVICE);
    assert_a_logout_from_the_app_holds(&AUTH_SERVICE, &site);
}
