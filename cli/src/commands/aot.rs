//! `bessemer aot`: compiles a program to a file.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use bessemer_runtime::{Backend, Config, Engine, PortableFile};
use serde_json::json;

use crate::support::compiling::{CacheArgs, CompilerArgs};
use crate::support::failure::Failure;
use crate::support::number::parse_bytes;
use crate::support::output::{Output, grouped};
use crate::support::program::{self, File, OptLevelArg};

/// Compiles a program to a file that holds it and its native code, and that `run` starts at once.
///
/// The native code is executed only on this node, with this version, and with the same options as
/// here: it is authenticated with the node's secret, and elsewhere the program in the file is compiled
/// anew. The file is an ELF object: `objdump -d` shows the native code.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The program file
    program: PathBuf,
    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// How much native code is optimised
    #[arg(long, value_enum, default_value = "speed")]
    opt_level: OptLevelArg,
    /// Size of the stack, like 65536, 64K or 1M
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    stack: Option<u32>,
    #[command(flatten)]
    cache: CacheArgs,
    #[command(flatten)]
    compiler: CompilerArgs,
}

const AFTER_HELP: &str = "\
Examples:
  bessemer aot primes.elf -o primes.aot
  bessemer run primes.aot 5000
  objdump -d primes.aot
";

/// Compiles what `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let file = File::read(&args.program)?;
    let config = Config::new()
        .backend(Backend::Jit)
        .opt_level(args.opt_level.into())
        .limits(program::limits(args.stack));
    let config = args.cache.config(args.compiler.config(config))?;
    let started = Instant::now();
    let bytes = Engine::new(config)
        .and_then(|engine| PortableFile::write(&engine, &file.bytes))
        .map_err(|error| Failure::program(&file.path, error))?;
    let time = started.elapsed();
    fs::write(&args.output, &bytes).map_err(|source| Failure::Io {
        what: format!("write {}", args.output.display()),
        source,
    })?;
    if output.json {
        output.document(&json!({
            "schema": "bessemer.aot/1",
            "program": file.path.display().to_string(),
            "output": args.output.display().to_string(),
            "program_bytes": file.bytes.len(),
            "bytes": bytes.len(),
            "compile_ns": u64::try_from(time.as_nanos()).unwrap_or(u64::MAX),
        }))?;
    } else {
        let len = grouped(bytes.len() as u64);
        output.text(format_args!("{}: {len} bytes in {time:.1?}\n", args.output.display()))?;
    }
    Ok(0)
}
