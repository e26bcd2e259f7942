//! What the services write on a walk: records, marks of users, names that are revoked.

use super::site::Site;
use super::trouble::Trouble;
use super::truth::{Holder, Mark};
use super::walk::{TOKENS, Walk, name};
use crate::harness::{record, session_key, sid};
use serde_json::json;
use std::time::Duration;

impl<S: Site> Walk<S> {
    pub(super) fn login(&mut self) {
        let token = self.any_token();
        if self.can_write() {
            let holder = self.someone();
            self.note(format!("  … of {token} as {holder:?}"));
            self.write(&token, Some(holder));
        }
    }

    /// Of a few users at a time, each with a few sessions; new ones come, and old ones are seen no more.
    pub(super) fn someone(&mut self) -> Holder {
        self.logins += 1;
        let user = self.logins / USERS + self.dice.below(USERS);
        let says_when = self.dice.below(8) > 0;
        Holder {
            login: format!("login-{}", self.logins),
            user: format!("u-{user}"),
            role: self.dice.pick::<&str>(&ROLES),
            made_at: says_when.then(|| self.moment()),
        }
    }

    pub(super) fn change_role(&mut self) {
        let Some(token) = self.a_session() else {
            return;
        };
        let role = *self.dice.pick(&ROLES);
        let holder = self.truth.holder(&token).cloned();
        self.write(&token, holder.map(|holder| Holder { role, ..holder }));
    }

    pub(super) fn touch(&mut self) {
        let Some(token) = self.a_session() else {
            return;
        };
        let seconds = (600 + self.dice.below(600)).to_string();
        self.knowledge.doubt(&token);
        self.site
            .command(&["EXPIRE", &session_key(&token), &seconds]);
    }

    pub(super) fn revoke(&mut self) {
        if let Some(token) = self.a_session() {
            self.write(&token, None);
        }
    }

    pub(super) fn revoke_by_name(&mut self) {
        if let Some(token) = self.a_session() {
            let key = revoked_key(&token);
            self.name(&token, true, &["SET", &key, "1", "EX", "10000"]);
        }
    }

    pub(super) fn absolve(&mut self) {
        let revoked = self.truth.revoked();
        if self.can_write() && !revoked.is_empty() {
            let token = self.dice.pick(&revoked).clone();
            self.note(format!("  … of {token}"));
            self.name(&token, false, &["DEL", &revoked_key(&token)]);
        }
    }

    pub(super) fn log_out_everywhere(&mut self) {
        if let Some(user) = self.a_user() {
            let not_before = Some(self.moment());
            let mark = self.truth.mark_of(&user);
            self.mark(&user, Mark { not_before, ..mark });
        }
    }

    pub(super) fn disable(&mut self) {
        if let Some(user) = self.a_user() {
            let mark = self.truth.mark_of(&user);
            let disabled = !mark.disabled;
            self.mark(&user, Mark { disabled, ..mark });
        }
    }

    /// Whoever was logged out by it has a session again.
    pub(super) fn unmark(&mut self) {
        if let Some(user) = self.a_user() {
            self.mark(&user, Mark::default());
        }
    }

    pub(super) fn flush(&mut self) {
        self.knowledge.forget_all((0..TOKENS).map(name));
        self.empty(|site| drop(site.command(&["FLUSHALL"])));
    }

    /// Everything is gone after it.
    pub(super) fn empty(&mut self, emptied: impl FnOnce(&mut S)) {
        let begun = self.clock.elapsed();
        emptied(&mut self.site);
        self.truth.flush((begun, self.clock.elapsed()));
    }

    /// A later one than any before. Millisecond zero is the first of the year.
    pub(super) fn moment(&mut self) -> u64 {
        self.moments += 1;
        NEW_YEAR + self.moments
    }

    pub(super) fn can_write(&self) -> bool {
        self.trouble.is_none_or(Trouble::lets_others_write)
    }

    /// One of those that live, unless nobody can write.
    fn a_session(&mut self) -> Option<String> {
        self.can_write().then(|| self.any_session())?
    }

    /// The user of one of those.
    fn a_user(&mut self) -> Option<String> {
        let token = self.a_session()?;
        Some(self.truth.holder(&token)?.user.clone())
    }

    pub(super) fn any_session(&mut self) -> Option<String> {
        let sessions = self.truth.sessions();
        if sessions.is_empty() {
            return None;
        }
        let token = self.dice.pick(&sessions).clone();
        self.note(format!("  … of {token}"));
        Some(token)
    }

    fn write(&mut self, token: &str, holder: Option<Holder>) {
        self.knowledge.doubt(token);
        let begun = self.clock.elapsed();
        store(&self.site, token, holder.as_ref());
        let when = (begun, self.clock.elapsed());
        self.truth.write(token, holder, when);
    }

    fn mark(&mut self, user: &str, mark: Mark) {
        self.note(format!("  … {user}: {mark:?}"));
        self.knowledge.doubt(user);
        let key = user_key(user);
        let when = if mark == Mark::default() {
            self.timed(&["DEL", &key])
        } else {
            let Mark {
                not_before,
                disabled,
            } = mark;
            let text = json!({"not_before": not_before, "disabled": disabled}).to_string();
            self.timed(&["SET", &key, &text])
        };
        self.truth.mark(user, mark, when);
    }

    fn name(&mut self, token: &str, is_revoked: bool, command: &[&str]) {
        self.knowledge.doubt(token);
        self.knowledge.doubt(&sid(token));
        let when = self.timed(command);
        self.truth.revoke(token, is_revoked, when);
    }

    fn timed(&self, command: &[&str]) -> (Duration, Duration) {
        let begun = self.clock.elapsed();
        self.site.command(command);
        (begun, self.clock.elapsed())
    }
}

/// Writes a record, or deletes it.
pub(super) fn store(site: &impl Site, token: &str, holder: Option<&Holder>) {
    let key = session_key(token);
    let Some(holder) = holder else {
        site.command(&["DEL", &key]);
        return;
    };
    let mut session = record(&holder.user);
    session["roles"] = json!([holder.role]);
    session["default_role"] = json!(holder.role);
    session["verified"] = json!(holder.is_verified());
    session["identity"]["id"] = json!(holder.login);
    if let Some(made_at) = holder.made_at {
        let made_at = made_at - NEW_YEAR;
        let (minutes, ms) = (made_at / 60_000, made_at % 60_000);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let (seconds, ms) = (ms / 1000, ms % 1000);
        session["created_at"] = json!(format!(
            "2026-01-01T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z"
        ));
    }
    site.command(&["SET", &key, &session.to_string()]);
}

pub(super) fn user_key(user: &str) -> String {
    format!("sessiongate:user:{user}")
}

pub(super) fn revoked_key(token: &str) -> String {
    format!("sessiongate:revoked:{}", sid(token))
}

/// 2026-01-01, in Unix milliseconds.
const NEW_YEAR: u64 = 1_767_225_600_000;
/// Who log in at a time.
const USERS: usize = 6;
const ROLES: [&str; 3] = ["user", "editor", "admin"];
