//! Executes a program slowly, obviously, exactly: the reference interpreter.
//!
//! What every instruction does stands in one file, `step.rs`, one method per instruction in the
//! words of the RISC-V manual; when control arrives, what it costs and where it stops stands in
//! another, `machine.rs`. The compiler must agree with both, and reaches code that it did not
//! compile through [`run_one`].
//!
//! [`run`] executes until a stop, [`run_one`] one run, [`trace`] the same with an [`Observer`] around
//! each instruction, and [`Session`] adds breakpoints and single steps. All of them are one loop, so
//! what is debugged is what is executed.
//!
//! The interpreter owns nothing: the program, the [`Hart`](bessemer_image::Hart) and the memory
//! are the caller's, and no call leaves state behind. No guest can make it panic.

#![forbid(unsafe_code)]

mod machine;
mod memory;
mod step;
mod trace;

pub use machine::{run, run_one, trace};
pub use memory::{Area, FlatMemory, MapError};
pub use trace::{
    Access, Direction, Executed, Observer, Position, RegisterWrite, Retired, Session, Width,
};
