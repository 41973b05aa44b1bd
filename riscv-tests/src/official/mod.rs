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
    if let Expected::CannotRun(reason) = test.expected {
        return Row::skipped(test, reason.to_owned());
    }
    let isa = compiler.isa();
    if !test.is_for(&isa) {
        return Row::skipped(test, format!("is not for {isa}, which this compiler was asked for"));
    }
    match compiler.compile(test) {
        Ok(elf) => engines.run(test, &elf),
        Err(error) => Row::failed(test, format!("{error:#}")),
    }
}
