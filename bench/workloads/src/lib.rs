//! The benchmark programs of Bessemer, written once and compiled twice: for the host, and for the
//! guest by `bench/guest`. The quotient of the two running times is what the reports show.
//!
//! Each module is one workload with a `run(n)` whose work grows with `n` and whose result is a
//! checksum of everything it computed. The rules that make the two sides comparable:
//!
//! * **No heap, no mutable statics.** State lives on the stack, in at most 128 KiB, so a run leaves
//!   nothing behind and can be repeated in the same instance.
//! * **The same answer everywhere.** Arithmetic has a fixed width and says how it wraps; `usize`
//!   indexes and never enters a checksum.
//! * **Nothing to fold.** Inputs that a compiler could see through pass `black_box` first.
//!
//! ```
//! for workload in bessemer_workloads::ALL {
//!     assert_eq!((workload.run)(workload.small_n), workload.small_checksum, "{}", workload.name);
//! }
//! ```

#![no_std]
#![forbid(unsafe_code)]

pub mod bytecode;
pub mod crc32;
pub mod fib;
pub mod indirect;
pub mod keccak;
pub mod matmul;
pub mod memory;
mod mix;
pub mod nbody_fixed;
pub mod quicksort;
pub mod sha256;
pub mod sieve;
pub mod sort_strings;
pub mod token;
pub mod u256;

/// One benchmark program and what is known about it.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    /// Name of the module, of the guest program and of its image.
    pub name: &'static str,
    /// A description in one sentence.
    pub summary: &'static str,
    /// Does `n` units of work and returns their checksum.
    pub run: fn(u32) -> u32,
    /// Work for measurements: 10 to 30 ms of native code.
    pub n: u32,
    /// Work for tests: one hundred thousand to 1.2 million guest instructions, few
    /// enough for an interpreter.
    pub small_n: u32,
    /// The result of `run(small_n)`.
    pub small_checksum: u32,
}

/// Every workload, in the order in which reports list them.
pub const ALL: &[Workload] = &[
    sieve::WORKLOAD,
    sha256::WORKLOAD,
    keccak::WORKLOAD,
    quicksort::WORKLOAD,
    matmul::WORKLOAD,
    fib::WORKLOAD,
    bytecode::WORKLOAD,
    indirect::WORKLOAD,
    u256::WORKLOAD,
    token::WORKLOAD,
    memory::WORKLOAD,
    crc32::WORKLOAD,
    sort_strings::WORKLOAD,
    nbody_fixed::WORKLOAD,
];

/// The workload of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Workload> {
    ALL.iter().find(|workload| workload.name == name)
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn small_checksums_are_the_frozen_ones() {
        let wrong: std::vec::Vec<_> = ALL
            .iter()
            .map(|workload| (workload, (workload.run)(workload.small_n)))
            .filter(|(workload, found)| *found != workload.small_checksum)
            .map(|(workload, found)| std::format!("{}: {found:#010x}", workload.name))
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn more_work_gives_another_checksum() {
        for Workload { name, run, small_n, .. } in ALL {
            assert_ne!(run(*small_n), run(small_n + 1), "{name}");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for workload in ALL {
            assert_eq!(ALL.iter().filter(|other| other.name == workload.name).count(), 1);
            assert_eq!(find(workload.name).map(|found| found.name), Some(workload.name));
        }
        assert!(find("").is_none());
    }
}
