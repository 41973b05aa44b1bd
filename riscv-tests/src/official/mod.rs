//! Runs the official suites from a user's checkouts: riscv-tests and riscv-arch-test.
//!
//! No file of the suites is part of this project. Their sources are compiled with the environment
//! in `env/`: a test is a bare program that ends by `ecall` with 93 in a7.

mod compile;
mod discover;
mod execute;

pub use compile::{Compiler, March};
pub use discover::{Checkouts, Expected, Kind, Test, discover};
pub use execute::{ENGINES, Engines, Outcome, Row};

/// Compiles and runs one test.
pub fn run(test: &Test, compiler: &Compiler, engines: &Engines) -> Row {
    match compiler.compile(test) {
        Ok(elf) => engines.run(test, &elf),
        Err(error) => Row::failed(test, format!("{error:#}")),
    }
}
