//! Judges of the product: what the specification says, written a second time, and programs to try
//! it on.
//!
//! [`oracle`] executes a program exactly as `docs/specification.md` words it, slowly and without
//! any table.
//!
//! Invariant: the two modules use no other crate of the project, so that an error in the product's
//! decoder or gas table cannot repeat itself here.

#![forbid(unsafe_code)]

#[cfg(test)]
mod generate;
pub mod oracle;
