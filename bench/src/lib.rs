//! Benchmarks: the programs that are measured, and the measurements.
//!
//! The benchmark programs are guest images, built beforehand and committed, so that no one needs a
//! RISC-V toolchain to run them. `cargo run -p bessemer-bench --bin build-guest` rebuilds them from
//! `bench/workloads`, `bench/guest` and `bench/programs`. Their hashes stand in
//! `bench/elf/SHA256SUMS`.
//!
//! `cargo run --release -p bessemer-bench -- report` measures and prints tables; `cargo bench -p
//! bessemer-bench` measures the same things one by one.
//!
//! ```
//! use bessemer_bench::{Profile, elf};
//!
//! let image = elf("sha256", Profile::Im);
//! assert!(image.starts_with(b"\x7fELF"));
//! ```

#![forbid(unsafe_code)]

pub mod bombs;
pub mod contender;
pub mod fairness;
mod images;
pub mod instructions;
pub mod latency;
pub mod process;
pub mod realistic;
pub mod speed;
pub mod timing;
pub mod translation;

pub use bessemer_workloads as workloads;
pub use images::{PROGRAMS, Profile, elf, program};
