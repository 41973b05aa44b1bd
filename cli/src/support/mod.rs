//! Code that several commands share.

pub(crate) mod abi;
pub(crate) mod build;
pub(crate) mod bytecode;
pub(crate) mod compiling;
pub(crate) mod dump;
pub(crate) mod failure;
pub(crate) mod functions;
pub(crate) mod hints;
pub(crate) mod images;
pub(crate) mod invocation;
pub(crate) mod local;
pub(crate) mod names;
pub(crate) mod number;
pub(crate) mod outcome;
pub(crate) mod output;
pub(crate) mod places;
pub(crate) mod prepared;
pub(crate) mod program;
pub(crate) mod rpc;
pub(crate) mod source;
pub(crate) mod stored;
pub(crate) mod time;
pub(crate) mod trace;
pub(crate) mod tree;
pub(crate) mod typed;
pub(crate) mod vendored;
