//! The code cache, compilers in other processes, and tiers: what they do costs or saves time, and is
//! never seen in an outcome.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

mod children;
mod damage;
mod entries;
mod harness;
mod native_size;
mod processes;
mod system;
mod tiers;
