//! Runs one program on every engine and says where they first differ.
//!
//! The oracle and the interpreter run every program, the [`Subject`]s of the runtime those that
//! are asked for. What is compared stands in [`Observed`]: how the frame ended, the gas left, the
//! registers, the reservation, all mapped memory, and every host call with the state it saw.
//!
//! ```
//! use bessemer_conformance::differential::{Bench, Subject, Trial};
//! use bessemer_conformance::generate::Generator;
//! use bessemer_conformance::oracle::MemoryClass;
//!
//! let bench = Bench::new()?;
//! let case = Generator::Grammar.case(11);
//! let trial = Trial::of_case(&case, MemoryClass::M1M);
//! let expected = bench.oracle(&trial);
//! for subject in Subject::ALL {
//!     let found = bench.observe(&trial, subject)?;
//!     assert_eq!(expected.difference(&found), None);
//! }
//! # Ok::<(), anyhow::Error>(())
//! ```

mod bench;
mod judge;
mod ladder;
mod observed;
mod shrink;
mod trial;

pub use bench::{Bench, Subject};
pub use judge::{Judged, Selection, Verdict, judge};
pub use ladder::{Rungs, climb};
pub use observed::{End, Ending, HostCall, Memory, Observed};
pub use shrink::{Shrunk, shrink};
pub use trial::{Trial, profile};
