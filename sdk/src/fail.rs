//! Failures of the library itself, with constant messages.
//!
//! `panic!` links the code that formats messages into a contract, about 5 % of the size of a token. The
//! failures of the library itself do not need it.

/// Solidity's code for a result that is out of range.
pub(crate) const OVERFLOW: u8 = 0x11;
/// Solidity's code for a division by 0.
pub(crate) const DIVISION: u8 = 0x12;

/// Panics, in a test.
#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
#[cold]
#[track_caller]
pub(crate) fn fail(message: &'static str) -> ! {
    panic!("{message}")
}

/// Reverts with `Panic(code)` in a call, and panics in the test itself.
#[cfg(not(any(target_arch = "riscv32", target_arch = "riscv64")))]
#[cold]
#[track_caller]
pub(crate) fn arithmetic(code: u8, message: &'static str) -> ! {
    if !crate::host::is_called() {
        panic!("{message}");
    }
    let place = core::panic::Location::caller();
    crate::env::log(&std::format!("{message} ({}:{})", place.file(), place.line()));
    crate::env::revert(&panic_data(code))
}

#[cfg(any(target_arch = "riscv32", target_arch = "riscv64"))]
pub(crate) use crate::host::{arithmetic, fail};

/// The revert data of Solidity's `Panic(uint256)`.
pub(crate) fn panic_data(code: u8) -> [u8; 36] {
    let mut data = [0; 36];
    if let Some(selector) = data.first_chunk_mut() {
        *selector = bessemer_types::revert::PANIC;
    }
    if let Some(last) = data.last_mut() {
        *last = code;
    }
    data
}
