//! Runs one program in one context, safely.
//!
//! * [`region`] is the memory of a context: 4 GiB of guest addresses between guards, so that
//!   native code needs no bounds checks.
//! * [`signal`] turns a fault of native code into a recorded guest fault, and leaves every other
//!   fault to whoever handled it before.
//!
//! These two modules are the only ones of this crate that contain `unsafe`.

#![deny(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("bessemer-runtime supports x86-64 Linux only");

#[allow(unsafe_code, reason = "maps memory and accesses it by address")]
pub mod region;
#[allow(unsafe_code, reason = "handles signals and reads machine contexts")]
pub mod signal;
