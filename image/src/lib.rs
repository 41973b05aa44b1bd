//! Turns ELF bytes into an immutable, checked program.
//!
//! Parse, do not validate: a [`Program`] can only be built by [`Program::parse`], so every later
//! stage relies on what was checked here and checks nothing again. Interpreter and translator meet
//! in this crate: they execute the same decoded [`Text`], charge from the same [`Charges`], and work
//! on the same [`Hart`] and [`Memory`].

#![forbid(unsafe_code)]

mod build;
mod charge;
mod elf;
mod error;
mod exec;
mod layout;
mod limits;
mod program;
mod segment;
mod symbols;
mod text;

pub use build::ImageBuilder;
pub use charge::Charges;
pub use error::LoadError;
pub use exec::{Fault, Hart, Memory, Stop};
pub use layout::Layout;
pub use limits::Limits;
pub use program::{CodeHash, Program};
pub use segment::Segment;
pub use symbols::Symbols;
pub use text::{Decoded, Profile, Text};
