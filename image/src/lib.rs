//! Turns ELF bytes into an immutable, checked program.
//!
//! Parse, do not validate: a [`Program`] can only be built by [`Program::parse`], so every later
//! stage relies on what was checked here and checks nothing again. Interpreter and translator meet
//! in this crate: they execute the same decoded [`Text`], charge from the same [`Charges`], and work
//! on the same [`Hart`] and [`Memory`].

#![forbid(unsafe_code)]

mod charge;
mod exec;
mod text;

pub use charge::Charges;
pub use exec::{Fault, Hart, Memory, Stop};
pub use text::{Decoded, Profile, Text};
