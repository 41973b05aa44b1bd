//! `bessemer-conformance`: judges the engines from the command line.

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command's result goes to stdout, its progress to stderr"
)]

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Judges the engines: random programs and call trees, a single program again, the official suites.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Calls(command::calls::Calls),
    Ethereum(command::ethereum::Ethereum),
    Fuzz(command::fuzz::Fuzz),
    Official(command::official::Official),
    Replay(command::replay::Replay),
    Rpc(command::rpc::Rpc),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Calls(calls) => calls.run(),
        Command::Ethereum(ethereum) => ethereum.run(),
        Command::Fuzz(fuzz) => fuzz.run(),
        Command::Official(official) => official.run(),
        Command::Replay(replay) => replay.run(),
        Command::Rpc(rpc) => rpc.run(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
