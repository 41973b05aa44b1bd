//! Attacks that broke other systems, each a small contract or transaction against every engine.
//!
//! What all have to pass is in [`scene`]: the host lives, the attack has a receipt with the outcome
//! that is expected, the next transaction of the block runs, and the state is that of a run in which
//! a transaction that does nothing stands in the place of the attack.
//!
//! | Number | Attack | Test |
//! |---|---|---|
//! | 1 to 4 | control registers, words that are not instructions | `instructions` |
//! | 5, 11, 23 | lengths and counts that nothing has | `lengths` |
//! | 6 | many calls | `contexts::many` |
//! | 7, 22, 25 | addresses that nothing is at | `memory` |
//! | 8, 9, 13 | failures in the middle of calls | `failures` |
//! | 10, 14 | deployments | `deployment` |
//! | 12, 24 | other people's money | `money` |
//! | 15, 16 | other people's transactions | `transactions` |
//! | 17, 18, 29 | gas | `gas`, `host_calls::prices` |
//! | 19 | registers around host calls | `host_calls::registers` |
//! | 20 | callees that trap at once | `contexts::intact` |
//! | 21 | recursion | `contexts::depth`, `contexts::reentry` |
//! | 26 | reservations | `atomics` |
//! | 27 | ranges over each other | `overlap`, `host_calls::ranges` |
//! | 28 | jumps to places that no compiler jumps to | `jumps` |
//! | 30 | writes in read-only calls | `contexts::read_only`, `host_calls::order` |

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

#[path = "../common/mod.rs"]
mod common;

mod scene;

mod atomics;
mod deployment;
mod failures;
mod gas;
mod instructions;
mod jumps;
mod lengths;
mod memory;
mod money;
mod overlap;
mod transactions;
