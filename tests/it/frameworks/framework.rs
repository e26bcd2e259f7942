//! `Framework`: one of those that a page of `docs/examples` is about.

use super::page::Page;
use super::site::Site;
use serde_json::Value;

/// Its page, and what is peculiar to it.
pub(super) struct Framework {
    /// The page's name, such as `flask`.
    pub(super) page: &'static str,
    /// The application, a file of `tests/frameworks`.
    pub(super) app: &'static str,
    /// The session cookie.
    pub(super) cookie: &'static str,
    /// The header in which the page's configuration tells what the application answers as `app`.
    pub(super) header: &'static str,
    /// Whether each request writes the session's record, or puts off its end.
    pub(super) writes: bool,
}

impl Framework {
    /// Starts the application behind the page's gateway.
    #[track_caller]
    pub(super) fn start(&self) -> Site {
        Site::start(self.app, &Page::read(self.page).yaml)
    }

    /// Whom the application sees in its own session, and of whom the gateway told it; `-` for nobody.
    pub(super) fn told(&self, said: &Value) -> (String, String) {
        (text(&said["app"]), text(&said["gateway"][self.header]))
    }
}

/// Some applications have numbers for ids.
fn text(id: &Value) -> String {
    match id {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) const COOKIE_SESSION: Framework = Framework {
    page: "express-cookie-session",
    app: "express_cookie_session.js",
    cookie: "session",
    header: "x-user-id",
    writes: false,
};

pub(super) const EXPRESS_SESSION: Framework = Framework {
    page: "express-session",
    app: "express_session.js",
    cookie: "connect.sid",
    header: "x-hasura-user-id",
    writes: true,
};

pub(super) const BETTER_AUTH: Framework = Framework {
    page: "better-auth",
    app: "better_auth.js",
    cookie: "better-auth.session_token",
    header: "x-user-email",
    writes: false,
};

pub(super) const FLASK: Framework = Framework {
    page: "flask",
    app: "flask_redis.py",
    cookie: "session",
    header: "x-skygear-user-id",
    writes: true,
};

pub(super) const DJANGO: Framework = Framework {
    page: "django",
    app: "django_cache.py",
    cookie: "sessionid",
    header: "x-hasura-user-id",
    writes: false,
};

pub(super) const PHP: Framework = Framework {
    page: "php",
    app: "php_session.php",
    cookie: "PHPSESSID",
    header: "x-user-id",
    writes: true,
};

pub(super) const AUTH_SERVICE: Framework = Framework {
    page: "auth-service",
    app: "auth_service.js",
    cookie: "connect.sid",
    header: "x-skygear-user-id",
    writes: false,
};
