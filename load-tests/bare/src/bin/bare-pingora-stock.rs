//! Pass-through as Pingora comes, with the allocator of the system.

use bare_pingora::{Args, stock};
use clap::Parser;

fn main() {
    stock::serve(Args::parse())
}
