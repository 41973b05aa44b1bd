//! Panics with a constant message.
//!
//! The machinery of `panic!` brings the code that formats any message into a contract, a twentieth of
//! a token. What the library itself can fail with needs none of it.

/// Panics, in a test.
#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
#[cold]
#[track_caller]
pub(crate) fn fail(message: &'static str) -> ! {
    panic!("{message}")
}

#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) use crate::host::fail;
