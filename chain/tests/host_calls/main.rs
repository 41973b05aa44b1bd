//! Every row of the host-call table: rule G6 from the rows themselves, and what each call means.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

#[path = "../common/mod.rs"]
mod common;

mod case;
mod probe;

mod caps;
mod order;
mod prices;
mod ranges;
mod registers;

mod bulk;
mod environment;
mod events;
mod frame_data;
mod heap;
mod refunds;
mod storage;
mod transient;
mod writes;
