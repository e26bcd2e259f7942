//! Pass-through with the allocator and the settings of the gateway.

use bare_pingora::{Args, same};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), same::NotAnUpstream> {
    same::serve(Args::parse())
}
