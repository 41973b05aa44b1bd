//! The benchmark programs as guest images, built beforehand and committed, so that nobody needs a
//! RISC-V toolchain to run them.
//!
//! `cargo run -p bessemer-bench --bin build-guest` rebuilds them from `bench/workloads`,
//! `bench/guest` and `bench/programs`. Their hashes stand in `bench/elf/SHA256SUMS`.
//!
//! ```
//! use bessemer_bench::{Profile, elf};
//!
//! let image = elf("sha256", Profile::Im);
//! assert!(image.starts_with(b"\x7fELF"));
//! ```

#![forbid(unsafe_code)]

mod images;

pub use bessemer_workloads as workloads;
pub use images::{PROGRAMS, Profile, elf, program};
