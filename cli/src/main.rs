//! The `bessemer` command.

#![forbid(unsafe_code)]

mod commands;
mod support;

use std::process::ExitCode;

use bessemer_toolchain::stand_in;
use clap::{Parser, Subcommand};

use crate::commands::{
    abi, address, aot, build, cache, call, check, codec, demo, deploy, diff, disasm, doctor,
    events, inspect, keys, new, node, prove, query, receipt, replay, rpc, run, simulate, size,
    state, test, time, trace, verify,
};
use crate::support::failure::Failure;
use crate::support::output::Output;
use crate::support::{compiling, output};

/// Contracts in Rust on RISC-V: builds and tests them, runs them on a local chain, and runs, compares and shows
/// programs (RV32IMAC, ELF).
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
    New(new::Args),
    Build(build::Args),
    Check(check::Args),
    Test(test::Args),
    Deploy(deploy::Args),
    Call(call::Args),
    Query(query::Args),
    Simulate(simulate::Args),
    State(state::Args),
    Prove(prove::Args),
    Verify(verify::Args),
    Receipt(receipt::Args),
    Events(events::Args),
    Replay(replay::Args),
    Trace(trace::Args),
    Time(time::Args),
    Abi(abi::Args),
    Address(address::Args),
    Encode(codec::EncodeArgs),
    Decode(codec::DecodeArgs),
    Selector(codec::SelectorArgs),
    Hash(codec::HashArgs),
    Keys(keys::KeysArgs),
    Sign(keys::SignArgs),
    Size(size::Args),
    Node(node::Args),
    Rpc(rpc::Args),
    Send(rpc::SendArgs),
    Doctor(doctor::Args),
    Demo(demo::Args),
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
  3  something does not build
  4  the contract reverted, trapped or ran out of gas; nothing changed
  5  tests failed
  6  two engines disagree
  7  a file or the local chain could not be read or written

Examples:
  bessemer new counter
  bessemer test
  bessemer deploy counter
  bessemer call counter add --by 3
  bessemer query counter get
  bessemer run hello.elf
  bessemer run --gas 1000000 --stats primes.elf 5000
  bessemer diff primes.elf 1000
  bessemer inspect primes.elf
  bessemer disasm --function main --native primes.elf
  bessemer aot primes.elf -o primes.aot
  bessemer cache stats
";

fn main() -> ExitCode {
    if let Some(compiled) = stand_in::run() {
        return compiled.unwrap_or_else(|source| {
            let failure = Failure::Io { what: "run the compiler".to_owned(), source };
            ExitCode::from(Output { json: false }.failure(&failure))
        });
    }
    let cli = Cli::parse();
    cli.color.apply();
    output::log_warnings();
    let machine = std::env::var_os("BESSEMER_MACHINE").is_some_and(|value| value == "1");
    let output = Output { json: cli.json || machine };
    let result = match cli.command {
        Command::New(args) => new::run(&args, output),
        Command::Build(args) => build::run(&args, output),
        Command::Deploy(args) => deploy::run(&args, output),
        Command::Call(args) => call::run(&args, output),
        Command::Query(args) => query::run(&args, output),
        Command::Simulate(args) => simulate::run(&args, output),
        Command::Test(args) => test::run(&args, output),
        Command::Check(args) => check::run(&args, output),
        Command::State(args) => state::run(&args, output),
        Command::Prove(args) => prove::run(&args, output),
        Command::Verify(args) => verify::run(&args, output),
        Command::Receipt(args) => receipt::run(&args, output),
        Command::Events(args) => events::run(&args, output),
        Command::Replay(args) => replay::run(&args, output),
        Command::Trace(args) => trace::run(&args, output),
        Command::Time(args) => time::run(&args, output),
        Command::Abi(args) => abi::run(&args, output),
        Command::Address(args) => address::run(&args, output),
        Command::Encode(args) => codec::encode(&args, output),
        Command::Decode(args) => codec::decode(&args, output),
        Command::Selector(args) => codec::selector(&args, output),
        Command::Hash(args) => codec::hash(&args, output),
        Command::Keys(args) => keys::run(&args, output),
        Command::Sign(args) => keys::sign(&args, output),
        Command::Size(args) => size::run(&args, output),
        Command::Node(args) => node::run(&args, output),
        Command::Rpc(args) => rpc::run(&args, output),
        Command::Send(args) => rpc::send(&args, output),
        Command::Doctor(args) => doctor::run(&args, output),
        Command::Demo(args) => demo::run(&args, output),
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
