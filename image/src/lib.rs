//! Turns ELF bytes into an immutable, checked program.
//!
//! Parse, do not validate: a [`Program`] can only be built by [`Program::parse`], so every later
//! stage relies on what was checked here and checks nothing again. Interpreter and translator meet
//! in this crate: they execute the same decoded [`Text`], charge from the same [`Charges`], and work
//! on the same [`Hart`] and [`Memory`].
//!
//! ```
//! use bessemer_image::{ImageBuilder, Limits, Profile, Program};
//! use bessemer_isa::GasSchedule;
//!
//! let addi_and_ecall = [0x0070_0893_u32, 0x0000_0073].map(u32::to_le_bytes).concat();
//! let file = ImageBuilder::new(Profile::rv32(false))
//!     .text(0x1_0000, addi_and_ecall)
//!     .build();
//! let program = Program::parse(&file, &Limits::contract())?;
//! assert_eq!(program.text().slots().len(), 2);
//! let charges = program.charges(&GasSchedule::V1);
//! assert_eq!(charges.at(0), 2 + 1 + 150);
//! # Ok::<(), bessemer_image::LoadError>(())
//! ```
//!
//! Which files load is consensus. The rules are in `docs/loader.md`, each an error of
//! [`LoadError`]; the verdicts on a corpus of hostile files are frozen in `tests/verdicts.txt`.
//! The crate never panics on bytes from a file, and takes time and memory linear in its length.

#![forbid(unsafe_code)]
// Bytes from anywhere pass through this crate.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

mod attributes;
#[allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "writes files for its own callers"
)]
mod build;
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "works on a checked text, whose size bounds every index and sum"
)]
mod charge;
mod elf;
mod error;
#[allow(clippy::indexing_slicing, reason = "an array of 32 is indexed by register numbers")]
mod exec;
mod host_calls;
mod layout;
mod limits;
mod program;
mod segment;
mod symbols;
#[allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "its caller has checked where the text is, which bounds every index and address"
)]
mod text;

pub use bessemer_isa::{Profile, Xlen};
pub use build::ImageBuilder;
pub use charge::Charges;
pub use elf::isa_string;
pub use error::LoadError;
pub use exec::{Fault, Hart, Memory, Stop};
pub use layout::Layout;
pub use limits::Limits;
pub use program::{CodeHash, Program};
pub use segment::Segment;
pub use symbols::Symbols;
pub use text::{Decoded, Text};
