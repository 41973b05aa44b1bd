//! One module for each command, with its arguments and its `run`. Commands do not use each other.

pub(crate) mod abi;
pub(crate) mod aot;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod codec;
pub(crate) mod demo;
pub(crate) mod deploy;
pub(crate) mod diff;
pub(crate) mod disasm;
pub(crate) mod doctor;
pub(crate) mod events;
pub(crate) mod inspect;
pub(crate) mod new;
pub(crate) mod node;
pub(crate) mod prove;
pub(crate) mod query;
pub(crate) mod receipt;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod size;
pub(crate) mod state;
pub(crate) mod test;
pub(crate) mod verify;
