//! `Site`: where a walk takes place: a gateway, its Redis, and what can happen to that.

use super::trouble::Trouble;
use crate::harness::{RedisProxy, Stack};
use serde_json::Value;

/// What a walk needs of it.
pub(super) trait Site: Sync {
    fn stack(&self) -> &Stack;

    /// Runs a command where the services write just now. What is written stays, whatever happens to Redis afterwards.
    fn command(&self, words: &[&str]) -> String;

    /// Waits until what others have written stays too.
    fn wait_until_all_stays(&self);

    /// What can happen to Redis here.
    fn troubles(&self) -> &'static [Trouble];

    fn begin(&mut self, trouble: Trouble);

    /// Ends it; gives what follows from it.
    fn end(&mut self, trouble: Trouble) -> Option<Trouble>;

    /// The number of the gateway's connection.
    fn connection(&self) -> u64;

    /// How often the store was asked for the session of this token, or for any.
    fn reads(&self, token: &str) -> usize;

    /// Whether the gateway is connected to the server that the services write to.
    fn is_followed(&self, source: &Value) -> bool;

    /// What stands in between.
    fn proxy(&self) -> Option<&RedisProxy>;
}
