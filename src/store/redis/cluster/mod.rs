//! A Redis Cluster: one connection to each master, one feed of all of them, each command at the master of its key.

mod chart;
#[cfg(test)]
mod chart_tests;
mod cluster_link;
mod courier;
mod fleet;
mod member;
mod redirect;
mod standing;
mod survey;
#[cfg(test)]
mod survey_tests;
#[cfg(test)]
mod tests;

pub(super) use cluster_link::ClusterLink;
pub(super) use member::Member;
