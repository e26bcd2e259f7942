//! The cache as its callers see it.

mod answers;
mod cuts;
mod flights;
mod model;
mod races;
mod threads;
mod world;
