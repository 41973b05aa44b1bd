//! What the interpreter must do, one file per property.

#![allow(clippy::unwrap_used, reason = "an unwrap that fails is a test that fails")]

mod atomics;
mod gas;
mod harness;
mod jumps;
mod pauses;
mod random;
mod results;
mod traps;
