//! `Proposal`: a session source as YAML, and what the gateway would make of it.

use super::user_path::UserPath;
use crate::blueprint::SourceSettings;
use crate::config::{self, Environment, Issues, Preset, Signing};
use crate::formats::Encoding;
use crate::store::RedisSettings;
use std::path::Path;

/// Where the records are, without a password.
pub(super) struct Server {
    url: String,
    username: Option<String>,
    /// The variable that holds the password, if there is one.
    password: Option<String>,
}

/// What is said of a source beside the preset's own defaults.
pub(super) struct Proposal<'a> {
    pub(super) server: &'a Server,
    /// `None`: the gateway's own records.
    pub(super) preset: Option<&'static Preset>,
    pub(super) head: &'a str,
    /// `token`, `id` or `sha256`: what of the token follows the head.
    pub(super) slot: &'static str,
    pub(super) encoding: Option<Encoding>,
    pub(super) user_id: Option<UserPath>,
    /// The name of the cookie that was shown, if it was one.
    pub(super) cookie: Option<&'a str>,
    /// The variables that hold the application's secrets; empty: it signs nothing.
    pub(super) secrets: Vec<String>,
}

impl Server {
    /// `password` names the variable from which the password came, if not from the URL.
    pub(super) fn of(settings: &RedisSettings, password: Option<&str>) -> Self {
        let place = settings.servers.to_string();
        let url = match settings.db {
            0 => place,
            db if place.starts_with("unix:") => format!("{place}?db={db}"),
            db => format!("{place}/{db}"),
        };
        let of_url = settings.password.as_ref().map(|_| "REDIS_PASSWORD");
        Self {
            url,
            username: settings.username.clone(),
            password: password.or(of_url).map(str::to_owned),
        }
    }

    /// For people.
    pub(super) fn as_str(&self) -> &str {
        &self.url
    }
}

impl Proposal<'_> {
    /// The key of a record.
    pub(super) fn key(&self) -> String {
        format!("{}{{{}}}", self.head, self.slot)
    }

    /// `sessions:` of a configuration.
    pub(super) fn to_yaml(&self) -> String {
        let mut yaml = "sessions:\n".to_owned();
        let known = self
            .preset
            .map_or(&["session"][..], |preset| preset.cookies);
        if let Some(cookie) = self.cookie.filter(|cookie| !known.contains(cookie)) {
            let bearer = if self.bearer() { "bearer, " } else { "" };
            yaml.push_str(&format!(
                "  token: [{bearer}{{cookie: {}}}]\n",
                quoted(cookie)
            ));
        }
        let key = self.key();
        let default = self
            .preset
            .map_or(Some("session:{sha256}"), |preset| preset.key);
        if default != Some(key.as_str()) {
            yaml.push_str(&format!("  key: {}\n", quoted(&key)));
        }
        yaml.push_str(&format!(
            "  redis:\n    url: {}\n",
            quoted(&self.server.url)
        ));
        if let Some(username) = &self.server.username {
            yaml.push_str(&format!("    username: {}\n", quoted(username)));
        }
        if let Some(password) = &self.server.password {
            yaml.push_str(&format!("    password: {{env: {password}}}\n"));
        }
        if self.head.is_empty() {
            // Without a head there is nothing by which Redis could tell which changes are meant.
            yaml.push_str("    invalidation: none\n");
        }
        yaml.push_str(&self.format());
        yaml
    }

    fn bearer(&self) -> bool {
        self.preset.is_none_or(|preset| preset.bearer)
    }

    fn format(&self) -> String {
        let Some(preset) = self.preset else {
            return String::new();
        };
        let mut options = Vec::new();
        if !self.secrets.is_empty() {
            let named = self.secrets.iter().map(|name| format!("{{env: {name}}}"));
            let named: Vec<_> = named.collect();
            options.push(format!("secrets: [{}]", named.join(", ")));
        }
        if let Some(encoding) = self.encoding {
            options.push(format!("encoding: {}", encoding.as_str()));
        }
        if let Some(path) = &self.user_id {
            let has_dot = path.steps.iter().any(|step| step.contains('.'));
            options.push(match has_dot {
                true => format!("user_id: [{}]", path.steps.join(", ")),
                false => format!("user_id: {}", path.dotted()),
            });
        }
        if options.is_empty() {
            return format!("    format: {}\n", preset.word);
        }
        let lines = options.iter().map(|option| format!("        {option}\n"));
        let lines: String = lines.collect();
        format!("    format:\n      {}:\n{lines}", preset.word)
    }

    /// What the gateway makes of it. Secrets that are not set have a stand-in.
    ///
    /// # Errors
    /// When a secret that is set is none that the framework would take.
    pub(super) fn compile(&self, environment: &dyn Environment) -> Result<SourceSettings, Issues> {
        let text = format!(
            "listen: 127.0.0.1:8080\n{}routes: [{{upstream: '127.0.0.1:9000', identity: skygear}}]\n",
            self.to_yaml()
        );
        let environment = StandIn { real: environment };
        let loaded = config::compile_text("the proposal", &text, Path::new("/"), &environment)?;
        let mut sources = loaded.blueprint.sources.into_iter();
        Ok(sources.next().expect("the text above has a source"))
    }
}

/// The variables in which applications of this preset keep their secrets, where nothing else was said.
pub(super) fn usual_secrets(preset: &Preset) -> &'static [&'static str] {
    match preset.signing {
        Signing::Express => &["SESSION_SECRET"],
        Signing::SignedValue => &["BETTER_AUTH_SECRET"],
        Signing::Laravel => &["APP_KEY"],
        // Few applications sign, and nothing in the records tells.
        Signing::ItsDangerous | Signing::None => &[],
    }
}

/// JSON is YAML; a dollar begins a variable.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text.replace('$', "$$")).to_string()
}

struct StandIn<'e> {
    real: &'e dyn Environment,
}

impl Environment for StandIn<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let real = self.real.variable(name).filter(|value| !value.is_empty());
        real.or_else(|| Some(STAND_IN.to_owned()))
    }
}

/// As long as Laravel's keys have to be.
const STAND_IN: &str = "0123456789abcdef0123456789abcdef";
