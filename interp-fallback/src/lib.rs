//! Executes a program slowly, obviously, exactly: the reference interpreter.
//!
//! The meaning of every instruction is in one file, `step.rs`, one method per instruction in the
//! words of the RISC-V manual; when control arrives, what it costs and where it stops stands in
//! another, `machine.rs`. The compiler must agree with both, and reaches code that it did not
//! compile through [`run_one`].
//!
//! [`run`] executes until a stop, [`run_one`] one run, [`trace`] the same with an [`Observer`] around
//! each instruction, and [`Session`] adds breakpoints and single steps. All of them are one loop, so
//! what is debugged is what is executed.
//!
//! ```
//! use bessemer_image::{Hart, ImageBuilder, Layout, Limits, Profile, Program, Stop};
//! use bessemer_interp::{FlatMemory, run};
//! use bessemer_isa::{GasSchedule, Reg};
//!
//! // addi a0, a0, 2; ecall
//! let words = [0x0025_0513_u32, 0x0000_0073];
//! let file = ImageBuilder::new(Profile::rv32(true))
//!     .text(0x1_0000, words.map(u32::to_le_bytes).concat())
//!     .build();
//! let program = Program::parse(&file, &Limits::contract())?;
//! let charges = program.charges(&GasSchedule::V1);
//!
//! let mut memory = FlatMemory::of(&program);
//! let mut hart = Hart { pc: program.entry(), gas: 1_000, ..Hart::default() };
//! hart.set(Reg::SP, u64::from(Layout::STACK_TOP));
//! hart.set(Reg::A0, 40);
//!
//! assert_eq!(run(program.text(), &charges, &mut hart, &mut memory), Stop::Ecall);
//! assert_eq!(hart.get(Reg::A0), 42);
//! assert_eq!(hart.pc, 0x1_0004);
//! assert_eq!(hart.gas, 1_000 - (2 + 1 + 150));
//! # Ok::<(), bessemer_image::LoadError>(())
//! ```
//!
//! # Invariants
//!
//! The interpreter owns nothing: the program, the [`Hart`](bessemer_image::Hart) and the memory
//! are the caller's, and no call leaves state behind. No guest can make it panic, and it allocates
//! nothing while it executes.

#![forbid(unsafe_code)]
#![warn(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod machine;
mod memory;
mod step;
mod trace;
mod word;

pub use machine::{run, run_one, trace};
pub use memory::{Area, FlatMemory, MapError};
pub use trace::{
    Access, Direction, Executed, Observer, Position, RegisterWrite, Retired, Session, Width,
};
