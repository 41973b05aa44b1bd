//! How programs come by native code: from memory, from disk, from a compiler.
//!
//! `provider` puts the others together. `compile` says what a compiler is, and `worker` is one in a
//! process of its own; `flight` is code that is being made, for all who want it; `queue` has it made
//! on other threads, in an `order` in which no job waits for ever; `policy` says when. `rules` are what
//! programs may be and pay. `cache` keeps what was made.

pub(crate) mod cache;
pub(crate) mod compile;
pub(crate) mod flight;
pub(crate) mod order;
pub(crate) mod policy;
pub(crate) mod provider;
pub(crate) mod queue;
pub(crate) mod rules;
pub(crate) mod worker;
