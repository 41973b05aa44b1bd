//! The ways in which an execution ends.

use std::fmt;

use bessemer_isa::Trap;

/// Why execution came back to the embedder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// A host function ended the frame with this value: a bare program's exit code. Or a function
    /// called by name, paused and resumed, returned it.
    Done(u32),
    /// The frame trapped.
    Trap(Trap),
    /// The frame could not pay; `pc` is where.
    OutOfGas {
        /// The arrival or the ECALL that could not be paid.
        pc: u32,
    },
    /// Paused at a host call that the embedder does itself; go on with
    /// [`Instance::resume`](crate::Instance::resume).
    HostCall {
        /// The number in a7.
        number: u32,
        /// Address of the ECALL.
        pc: u32,
    },
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(value) => write!(f, "exit with {value}"),
            Self::Trap(trap) => trap.fmt(f),
            Self::OutOfGas { pc } => write!(f, "out of gas at pc {pc:#010x}"),
            Self::HostCall { number, pc } => write!(f, "host call {number} at pc {pc:#010x}"),
        }
    }
}
