//! Several threads execute a block with the outcome of one.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "tells how many cases were tried")]

mod blocks;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
#[path = "../evm/program.rs"]
mod program;
mod scene;
mod schedules;
