//! `bessemer inspect`: what a program file is.

mod headers;
mod statistics;

use std::path::PathBuf;

use bessemer_image::{Charges, Layout, Limits, LoadError, Program, isa_string};
use bessemer_isa::GasSchedule;
use bessemer_translator::{Artifact, Options, TranslateError, translate};
use serde_json::{Value, json};

use self::headers::Headers;
use self::statistics::Statistics;
use crate::support::failure::Failure;
use crate::support::hints;
use crate::support::output::{self, Address, ERROR, Output, TITLE, WARNING, grouped};
use crate::support::program::File;

/// Shows what a program file holds: segments, entry, extensions, memory, runs and their prices, and
/// whether it may run as a bare program and as a contract.
///
/// Of a file that is refused it shows what can be read, and the rule that refuses it.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The program file
    program: PathBuf,
    /// Compiles the program too and shows what native code it has, which takes a while for large ones
    #[arg(long)]
    native: bool,
}

const AFTER_HELP: &str = "\
Exit code: 0 if the file loads as a bare program, 1 if not.

Runs and instructions are those that a reader finds who decodes the text from
front to back; control may arrive at other places too.

Examples:
  bessemer inspect primes.elf
  bessemer inspect --native --json primes.elf
";

/// Shows the file that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let file = File::read(&args.program)?;
    let inspection = Inspection::new(&file, args.native);
    if output.json {
        output.document(&inspection.to_json())?;
    } else {
        output.text(inspection.to_text())?;
    }
    Ok(if inspection.program.is_ok() { 0 } else { 1 })
}

struct Inspection<'a> {
    file: &'a File,
    headers: Option<Headers>,
    /// The `arch` string of the RISC-V attributes.
    arch: Option<Box<str>>,
    /// Under the limits of bare programs.
    program: Result<Loaded, LoadError>,
    contract: Result<(), LoadError>,
}

/// Facts about a program that loads.
struct Loaded {
    program: Program,
    statistics: Statistics,
    /// Its native code, if that was asked for.
    artifact: Option<Result<Artifact, TranslateError>>,
}

impl<'a> Inspection<'a> {
    fn new(file: &'a File, native: bool) -> Self {
        let bytes = &file.bytes;
        Self {
            file,
            headers: Headers::read(bytes),
            arch: isa_string(bytes),
            program: Program::parse(bytes, &Limits::bare())
                .map(|program| Loaded::new(program, native)),
            contract: Program::parse(bytes, &Limits::contract()).map(|_| ()),
        }
    }

    fn to_text(&self) -> String {
        let mut text = title("file");
        let mut rows = vec![
            ["name", &self.file.path.display().to_string()].map(str::to_owned),
            ["size".to_owned(), bytes(self.file.bytes.len() as u64)],
        ];
        if let Ok(Loaded { program, .. }) = &self.program {
            rows.push(["code hash".to_owned(), program.code_hash().to_string()]);
        }
        if let Some(headers) = &self.headers {
            rows.push(["entry".to_owned(), Address(headers.entry).to_string()]);
            rows.push(["flags".to_owned(), headers.flags_text()]);
        }
        if let Some(arch) = &self.arch {
            rows.push(["attributes".to_owned(), arch.to_string()]);
        }
        text.push_str(&output::table(rows));
        if let Some(headers) = &self.headers {
            text.push_str(&title("program headers"));
            text.push_str(&headers.table());
        }
        if let Ok(loaded) = &self.program {
            text.push_str(&loaded.to_text());
        }
        text.push_str(&title("verdicts"));
        let verdict = |error: Option<&LoadError>| match error {
            None => "loads".to_owned(),
            Some(error) => format!("{ERROR}refused{ERROR:#}: {error}"),
        };
        text.push_str(&output::table([
            ["bare program".to_owned(), verdict(self.program.as_ref().err())],
            ["contract".to_owned(), verdict(self.contract.as_ref().err())],
        ]));
        text
    }

    fn to_json(&self) -> Value {
        let verdict = |error: Option<&LoadError>| {
            json!({
                "loads": error.is_none(),
                "rule": error.map(LoadError::rule),
                "message": error.map(ToString::to_string),
            })
        };
        let loaded = self.program.as_ref().ok();
        json!({
            "schema": "bessemer.inspect/1",
            "file": self.file.path.display().to_string(),
            "file_bytes": self.file.bytes.len(),
            "code_hash": loaded.map(|loaded| loaded.program.code_hash().to_string()),
            "entry": self.headers.as_ref().map(|headers| headers.entry),
            "flags": self.headers.as_ref().map(|headers| headers.flags),
            "arch": self.arch,
            "program_headers": self.headers.as_ref().map(Headers::to_json),
            "program": loaded.map(Loaded::to_json),
            "verdicts": {
                "bare": verdict(self.program.as_ref().err()),
                "contract": verdict(self.contract.as_ref().err()),
            },
        })
    }
}

impl Loaded {
    fn new(program: Program, native: bool) -> Self {
        let charges: Charges = program.charges(&GasSchedule::V1);
        Self {
            statistics: Statistics::of(program.text(), &charges),
            artifact: native.then(|| translate(&program, &charges, &Options::default())),
            program,
        }
    }

    fn to_text(&self) -> String {
        let Self { program, statistics, artifact } = self;
        let (text, layout) = (program.text(), program.layout());
        let profile = program.profile().to_string();
        let mut shown = title("text");
        shown.push_str(&output::table([
            ["profile".to_owned(), profile],
            [
                "addresses".to_owned(),
                format!("{} to {}", Address(text.base()), Address(text.end())),
            ],
            ["size".to_owned(), bytes(text.bytes().len() as u64)],
            ["functions".to_owned(), grouped(program.symbols().functions().count() as u64)],
        ]));
        if let Some(warning) = hints::lacking(program) {
            shown.push_str(&format!("  {WARNING}warning{WARNING:#}: {warning}\n"));
        }
        shown.push_str(&statistics.to_text());
        shown.push_str(&title("memory of a bare program"));
        shown.push_str(&output::table([
            ["stack".to_owned(), range(layout.stack.start, layout.stack.end)],
            [
                "heap".to_owned(),
                format!("empty, grows in {}", range(layout.heap_start, layout.heap_limit)),
            ],
            ["class".to_owned(), bytes(layout.memory_class.bytes().into())],
            ["pages at entry".to_owned(), grouped(program.entry_pages().into())],
        ]));
        shown.push_str(&title("native code"));
        match artifact {
            Some(Ok(artifact)) => shown.push_str(&output::table([
                ["size".to_owned(), bytes(artifact.code().len() as u64)],
                ["units".to_owned(), grouped(artifact.unit_count() as u64)],
                ["entries".to_owned(), grouped(artifact.entry_count() as u64)],
                ["trap records".to_owned(), grouped(artifact.traps().len() as u64)],
            ])),
            Some(Err(error)) => shown.push_str(&format!("  none: {error}\n")),
            None => shown.push_str("  not compiled; `--native` shows it\n"),
        }
        shown
    }

    fn to_json(&self) -> Value {
        let Self { program, statistics, artifact } = self;
        let (text, layout) = (program.text(), program.layout());
        json!({
            "profile": program.profile().to_string(),
            "compressed": program.profile().compressed,
            "warning": hints::lacking(program),
            "text": { "start": text.base(), "end": text.end(), "bytes": text.bytes().len() },
            "functions": program.symbols().functions().count(),
            "statistics": statistics.to_json(),
            "memory": {
                "stack_start": layout.stack.start,
                "stack_end": layout.stack.end,
                "heap_start": layout.heap_start,
                "heap_limit": layout.heap_limit,
                "class_bytes": layout.memory_class.bytes(),
                "entry_pages": program.entry_pages(),
                "page_bytes": Layout::PAGE,
            },
            "native": artifact.as_ref().and_then(|made| made.as_ref().ok()).map(|artifact| json!({
                "code_bytes": artifact.code().len(),
                "units": artifact.unit_count(),
                "entries": artifact.entry_count(),
                "traps": artifact.traps().len(),
            })),
            "native_error": artifact
                .as_ref()
                .and_then(|made| made.as_ref().err())
                .map(ToString::to_string),
        })
    }
}

fn title(text: &str) -> String {
    format!("{TITLE}{text}{TITLE:#}\n")
}

fn bytes(len: u64) -> String {
    format!("{} bytes", grouped(len))
}

fn range(start: u32, end: u32) -> String {
    format!("{} to {} ({})", Address(start), Address(end), bytes((end - start).into()))
}
