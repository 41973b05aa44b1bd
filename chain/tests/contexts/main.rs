//! Contracts call and create contracts: rules G8 to G10, and what each kind of call means.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod create;
mod declared;
mod delegate;
mod depth;
mod events;
mod gas;
mod intact;
mod many;
mod outcomes;
mod output;
mod payment;
mod read_only;
mod reentry;
mod status;
mod undo;
mod upload;
mod value;
mod versions;
