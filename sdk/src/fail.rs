//! Panics with a constant message.
//!
//! The machinery of `panic!` brings the code that formats any message into a contract, a twentieth of
//! a token. What the library itself can fail with needs none of it.

/// Panics, in a test.
#[cfg(not(target_arch = "riscv32"))]
#[cold]
#[track_caller]
pub(crate) fn fail(message: &'static str) -> ! {
    panic!("{message}")
}

#[cfg(target_arch = "riscv32")]
pub(crate) use crate::host::fail;
