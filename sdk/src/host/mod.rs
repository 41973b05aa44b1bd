//! The host calls of the table as functions: by ECALL in a contract, and into an environment in
//! memory everywhere else.

/// The type of an argument of a host call.
macro_rules! argument {
    (number) => {
        u32
    };
    (wide) => {
        u64
    };
    (bytes $max:tt) => {
        &[u8]
    };
    (items [$size:literal; $max:expr]) => {
        &[[u8; $size]]
    };
    (input [$size:literal]) => {
        &[u8; $size]
    };
    (output [$size:literal]) => {
        &mut [u8; $size]
    };
    (buffer $max:tt) => {
        &mut [u8]
    };
    (same_input) => {
        &[u8]
    };
    (same_output) => {
        &mut [u8]
    };
}

#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
pub(crate) mod native;
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) mod riscv;

#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
pub(crate) use native::*;
#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) use riscv::*;
