//! What the interpreter must do, one file per property.

mod atomics;
mod gas;
mod harness;
mod jumps;
mod pauses;
mod results;
mod traps;
