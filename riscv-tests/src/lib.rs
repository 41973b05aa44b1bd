//! Judges of the product: what the specification says, written a second time, and programs to try
//! it on.
//!
//! [`oracle`] executes a program exactly as `docs/specification.md` words it, slowly and without
//! any table. [`generate`] makes random programs, each reproducible from the name of its generator
//! and one number.
//!
//! ```
//! use bessemer_conformance::generate::{Generator, answer};
//! use bessemer_conformance::oracle::{MemoryClass, Oracle, Stop};
//!
//! let case = Generator::Control.case(1);
//! let mut oracle = Oracle::new(&case.setup(0x1_0000, MemoryClass::M256K));
//! let stop = loop {
//!     let stop = oracle.run();
//!     match answer(oracle.registers()) {
//!         Some(result) if stop == Stop::Ecall => oracle.resume(result),
//!         _ => break stop,
//!     }
//! };
//! assert!(oracle.gas() <= case.gas, "{stop:?}");
//! ```
//!
//! [`differential`] runs a program on all engines and compares; [`fuzz`] does so with many.
//!
//! [`rpc`] compares a node with Ethereum's request-and-answer tests.
//!
//! [`calls`] runs random call trees on a chain and on a naive model of it; [`ethereum`] runs Ethereum's
//! own state tests.
//!
//! Invariant: the oracle and the generators use no other crate of the project, so that an error in
//! the product's decoder or gas table cannot repeat itself there.

#![forbid(unsafe_code)]

pub mod calls;
pub mod differential;
pub mod ethereum;
pub mod fuzz;
pub mod generate;
pub mod official;
pub mod oracle;
pub mod rpc;
pub mod suite;
