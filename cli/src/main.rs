//! The `bessemer` command.

#![forbid(unsafe_code)]

mod aot;
mod cache;
mod compiling;
mod diff;
mod disasm;
mod dump;
mod failure;
mod inspect;
mod number;
mod output;
mod places;
mod program;
mod run;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::output::Output;

/// Runs, compares and shows RISC-V programs (RV32IMAC, ELF).
#[derive(Debug, Parser)]
#[command(name = "bessemer", version, propagate_version = true, after_help = AFTER_HELP)]
struct Cli {
    /// Prints one JSON document on standard output instead of text; BESSEMER_MACHINE=1 does it too
    #[arg(long, global = true)]
    json: bool,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are obeyed too
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    color: output::Color,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Diff(diff::Args),
    Inspect(inspect::Args),
    Disasm(disasm::Args),
    Aot(aot::Args),
    Cache(cache::Args),
    /// Compiles what another process of this program asks for
    #[command(name = compiling::COMPILER, hide = true)]
    ServeCompiler,
}

const AFTER_HELP: &str = "\
Standard output carries the result and nothing else; messages go to standard error.

Exit codes:
  0  done; `run`: the program's own exit code instead
  1  the program is refused, or another failure
  2  wrong usage
  4  the program trapped or ran out of gas
  6  two engines disagree
  7  a file could not be read or written

Examples:
  bessemer run hello.elf
  bessemer run --gas 1000000 --stats primes.elf 5000
  bessemer diff primes.elf 1000
  bessemer inspect primes.elf
  bessemer disasm --function main --native primes.elf
  bessemer aot primes.elf -o primes.aot
  bessemer cache stats
";

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.apply();
    output::log_warnings();
    let machine = std::env::var_os("BESSEMER_MACHINE").is_some_and(|value| value == "1");
    let output = Output { json: cli.json || machine };
    let result = match cli.command {
        Command::Run(args) => run::run(&args, output),
        Command::Diff(args) => diff::run(&args, output),
        Command::Inspect(args) => inspect::run(&args, output),
        Command::Disasm(args) => disasm::run(&args, output),
        Command::Aot(args) => aot::run(&args, output),
        Command::Cache(args) => cache::run(&args, output),
        Command::ServeCompiler => bessemer_runtime::serve_compiler()
            .map(|()| 0)
            .map_err(|source| Failure::Io { what: "serve as a compiler".to_owned(), source }),
    };
    ExitCode::from(result.unwrap_or_else(|failure| output.failure(&failure)))
}
