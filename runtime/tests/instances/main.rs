//! What instances promise, on every engine: each guest runs in the interpreter, in native code
//! that is not optimised, in optimised code, and in optimised code with exact registers, and all
//! results are equal.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

mod by_name;
mod gas;
mod harness;
mod host_calls;
mod jumps;
mod lifetimes;
mod memory;
mod nested;
mod panics;
mod pauses;
mod recursion;
mod reuse;
mod threads;
mod types;
