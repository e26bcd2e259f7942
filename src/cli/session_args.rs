//! `session` and `user`, as types.

use super::config_file::ConfigFile;
use crate::admin::{Errand, Wish, sid, ttl, user_id};
use crate::store::Revocation;
use crate::token::Sid;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What to do with sessions.
#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Make a session and print its token, this once.
    Create(CreateArgs),
    /// Show a session; never its token.
    Show(ShowArgs),
    /// List the sessions of a user.
    List(UserArgs),
    /// End a session, now and on every node.
    Revoke(RevokeArgs),
}

/// What to do with a user, whatever the sessions.
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// End every session of the user that was made before now.
    Logout(UserArgs),
    /// Mark the user as disabled, whatever the records say.
    Disable(UserArgs),
    /// Take that mark back.
    Enable(UserArgs),
    /// Show what is said of the user.
    Show(UserArgs),
}

/// What all of them take.
#[derive(Args, Clone, Debug)]
pub(super) struct Where {
    /// Which file.
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// One session source of the configuration; left out: all of them.
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    /// Print the result as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// `sessiongate session create`.
#[derive(Args, Debug)]
pub(super) struct CreateArgs {
    /// Whose session.
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: String,
    /// A role of the user; may be repeated.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The role that counts unless the client asks for another.
    #[arg(long, value_name = "ROLE")]
    default_role: Option<String>,
    /// The user is verified.
    #[arg(long)]
    verified: bool,
    /// How long it lives: a whole number and ms, s, m, h or d; or none.
    #[arg(long, default_value = "24h", value_parser = life)]
    ttl: Life,
    /// How long it may be unused.
    #[arg(long, value_name = "DURATION")]
    idle_timeout: Option<String>,
    /// An attribute for custom headers; may be repeated.
    #[arg(long = "attr", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// Where.
    #[command(flatten)]
    place: Where,
}

/// `sessiongate session show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// The session's name in logs: 16 hex digits.
    #[arg(value_name = "SID", value_parser = sid)]
    sid: Sid,
    /// Its user; saves a search through all keys.
    #[arg(long, value_name = "ID", value_parser = user_id)]
    user: Option<String>,
    /// Where.
    #[command(flatten)]
    place: Where,
}

/// `sessiongate session revoke`.
#[derive(Args, Debug)]
pub(super) struct RevokeArgs {
    /// The session's name in logs: 16 hex digits.
    #[arg(value_name = "SID", value_parser = sid)]
    sid: Sid,
    /// Where.
    #[command(flatten)]
    place: Where,
}

/// A command about one user.
#[derive(Args, Debug)]
pub(super) struct UserArgs {
    /// The user's id.
    #[arg(value_name = "ID", value_parser = user_id)]
    user: String,
    /// Where.
    #[command(flatten)]
    place: Where,
}

/// How long a session lives; `None`: without end.
#[derive(Clone, Copy, Debug)]
struct Life(Option<Duration>);

impl SessionCommand {
    /// The errand that it is, and where.
    pub(super) fn into_errand(self) -> (Errand, Where) {
        match self {
            Self::Create(args) => (Errand::Create(args.wish()), args.place),
            Self::Show(args) => {
                let (sid, user_id) = (args.sid, args.user);
                (Errand::Show { sid, user_id }, args.place)
            }
            Self::List(args) => (Errand::List(args.user), args.place),
            Self::Revoke(args) => (Errand::Revoke(Revocation::Session(args.sid)), args.place),
        }
    }
}

impl UserCommand {
    /// The errand that it is, and where.
    pub(super) fn into_errand(self) -> (Errand, Where) {
        let set = |args: UserArgs, disabled| {
            let user_id = args.user;
            (Errand::SetDisabled { user_id, disabled }, args.place)
        };
        match self {
            Self::Logout(args) => {
                let revocation = Revocation::User {
                    id: args.user,
                    not_before: None,
                };
                (Errand::Revoke(revocation), args.place)
            }
            Self::Disable(args) => set(args, true),
            Self::Enable(args) => set(args, false),
            Self::Show(args) => (Errand::ShowUser(args.user), args.place),
        }
    }
}

impl CreateArgs {
    fn wish(&self) -> Wish {
        let attributes = self.attributes.iter().cloned();
        let attributes: Map<_, Value> = attributes
            .map(|(name, value)| (name, value.into()))
            .collect();
        let members = [
            ("user_id", json!(self.user)),
            ("roles", json!(self.roles)),
            ("default_role", json!(self.default_role)),
            ("verified", json!(self.verified)),
            ("idle_timeout", json!(self.idle_timeout)),
            ("attrs", attributes.into()),
        ];
        let named = members.into_iter().filter(|(_, value)| !value.is_null());
        Wish {
            members: named
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ttl: self.ttl.0,
        }
    }
}

fn life(text: &str) -> Result<Life, &'static str> {
    let life = ttl(text).map(Life);
    life.ok_or("a whole number and ms, s, m, h or d, such as 12h; or none")
}

fn attribute(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or("write NAME=VALUE")
}
