//! Whether any program gets more of the machine than it pays for.
//!
//! The corpus has ordinary programs and hostile ones: what the search found, and what its authors
//! thought of. [`measure`] runs each natively and in the interpreter with a fixed amount of gas and
//! gives the processor time per gas; the worst over the median is what the gas schedule promises to
//! bound. [`work`] counts instead of timing, so that a test can hold what must not come back.

mod blocks;
mod candidate;
mod corpus;
mod family;
mod genome;
mod inputs;
mod measure;
mod search;
mod text;
mod work;

pub use blocks::{BLOCK_TARGET, BlockRow, Blocks, blocks};
pub use candidate::{Candidate, Searched};
pub use corpus::{Kind, Program, corpus, find};
pub use genome::Genome;
pub use inputs::{
    Group, HostCalls, Input, InputReport, InputRow, InputWork, count, inputs, measure_inputs,
    measure_one,
};
pub use measure::{INTERPRETED_TARGET, NATIVE_TARGET, Report, Row, measure};
pub use search::{Find, Options, search};
pub(crate) use text::compressed_jump;
pub use work::{Work, work};
