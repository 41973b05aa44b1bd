//! EVM contracts and Ethereum transactions: against whole revm, and beside RISC-V contracts.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

#[path = "../common/mod.rs"]
mod common;

mod border;
mod differential;
mod initcode;
mod program;
mod scene;
mod world;
