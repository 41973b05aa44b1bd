//! EVM contracts and Ethereum transactions: against whole revm, and beside RISC-V contracts.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "not every test crate uses all of it")]
mod common;

mod border;
mod differential;
mod program;
mod world;
