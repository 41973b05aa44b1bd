//! `bessemer disasm`: guest code, and what it is translated to.

mod native;

use std::fmt::Write;
use std::ops::Range;
use std::path::PathBuf;

use bessemer_image::{Limits, Program};
use bessemer_isa::disasm::Line;
use bessemer_isa::{GasSchedule, disassemble};
use bessemer_runtime::{Error, ErrorKind};
use bessemer_translator::{OptLevel, Options, TranslateError, clif, translate};
use serde_json::{Value, json};

use crate::support::failure::Failure;
use crate::support::output::{Address, DIM, Output, TITLE};
use crate::support::program::{File, OptLevelArg};

/// Shows the code of a program, as assembler reads it; on request with the Cranelift IR and the
/// native code of each unit behind the unit's guest code.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The program file
    program: PathBuf,
    /// Shows the Cranelift IR of each unit
    #[arg(long)]
    clif: bool,
    /// Shows the native code of each unit, with the guest address of each instruction that can trap
    #[arg(long)]
    native: bool,
    /// Shows this function only, or the units that hold its instructions
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// How much native code is optimised
    #[arg(long, value_enum, default_value = "speed")]
    opt_level: OptLevelArg,
}

const AFTER_HELP: &str = "\
A unit is what is compiled at once: about one function. Text in no unit is left
to the interpreter. Jump tables in native code are shown as if they were code.

Examples:
  bessemer disasm primes.elf
  bessemer disasm --function main primes.elf
  bessemer disasm --clif --native --function main primes.elf
";

/// Shows the program that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let file = File::read(&args.program)?;
    let listing = Listing::new(args, &file)?;
    if output.json {
        output.document(&listing.to_json())?;
    } else {
        output.text(listing.to_text())?;
    }
    Ok(0)
}

/// The parts that are shown.
struct Listing {
    program: Program,
    /// Addresses of guest code, one range for each unit if units are shown.
    parts: Vec<Part>,
}

/// Guest code with its IR and native code.
struct Part {
    guest: Range<u32>,
    /// The number of the unit.
    unit: Option<usize>,
    clif: Option<String>,
    native: Option<Vec<native::Line>>,
}

impl Listing {
    fn new(args: &Args, file: &File) -> Result<Self, Failure> {
        let failed = |kind: ErrorKind| Failure::program(&file.path, Error::from(kind));
        let program = Program::parse(&file.bytes, &Limits::bare())
            .map_err(|error| failed(ErrorKind::Load(error)))?;
        let wanted = match &args.function {
            Some(name) => function(&program, name)?,
            None => program.text().base()..program.text().end(),
        };
        let parts = if args.clif || args.native {
            let all = units(&program, args).map_err(|error| failed(ErrorKind::Translate(error)))?;
            let overlaps =
                |part: &Part| part.guest.start < wanted.end && wanted.start < part.guest.end;
            all.into_iter().filter(overlaps).collect()
        } else {
            vec![Part { guest: wanted, unit: None, clif: None, native: None }]
        };
        Ok(Self { program, parts })
    }

    /// The guest code in a range.
    fn lines(&self, range: &Range<u32>) -> impl Iterator<Item = Line<'_>> {
        let (text, symbols) = (self.program.text(), self.program.symbols());
        let offset = |addr: u32| addr.wrapping_sub(text.base()) as usize;
        let bytes = text.bytes().get(offset(range.start)..offset(range.end)).unwrap_or_default();
        let name = |addr| {
            let (name, offset) = symbols.containing(addr)?;
            (offset == 0).then(|| name.to_owned())
        };
        disassemble(bytes, range.start, text.profile()).with_symbols(name)
    }

    fn to_text(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            self.show(part, &mut text).expect("a string takes everything");
        }
        text
    }

    fn show(&self, part: &Part, to: &mut String) -> std::fmt::Result {
        match part.unit {
            Some(unit) => writeln!(to, "{TITLE}unit {unit}{TITLE:#}")?,
            None if self.parts.len() > 1 => writeln!(to, "{TITLE}not compiled{TITLE:#}")?,
            None => {}
        }
        for line in self.lines(&part.guest) {
            if let Some(label) = &line.label {
                writeln!(to, "{TITLE}{label}{TITLE:#}:")?;
            }
            writeln!(to, "{line}")?;
        }
        if let Some(clif) = &part.clif {
            writeln!(to, "\n{}", clif.trim_end())?;
        }
        if let Some(native) = &part.native {
            writeln!(to)?;
            for line in native {
                write!(to, "{:8x}: {DIM}{:30}{DIM:#}  {}", line.offset, line.bytes, line.text)?;
                match &line.trap {
                    Some((kind, pc)) => writeln!(to, "  {DIM}; {kind} at {}{DIM:#}", Address(*pc))?,
                    None => writeln!(to)?,
                }
            }
        }
        if part.unit.is_some() {
            writeln!(to)?;
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let parts = self.parts.iter().map(|part| {
            let guest = self.lines(&part.guest).map(|line| {
                json!({
                    "addr": line.address,
                    "bytes": crate::support::output::hex(line.bytes),
                    "text": line.text,
                    "label": line.label,
                    "target": line.target,
                })
            });
            let native = part.native.as_ref();
            json!({
                "unit": part.unit,
                "start": part.guest.start,
                "end": part.guest.end,
                "guest": guest.collect::<Vec<_>>(),
                "clif": part.clif,
                "native": native.map(|lines| lines.iter().map(native::Line::to_json).collect::<Vec<_>>()),
            })
        });
        json!({ "schema": "bessemer.disasm/1", "parts": parts.collect::<Vec<_>>() })
    }
}

/// The addresses of a function: up to the next one.
fn function(program: &Program, name: &str) -> Result<Range<u32>, Failure> {
    let start = program.symbols().lookup(name).filter(|&addr| program.text().at(addr).is_some());
    let start = start.ok_or_else(|| {
        Failure::Usage(format!(
            "the program has no function `{name}`: `bessemer disasm` without --function shows all"
        ))
    })?;
    let mut above = program.symbols().functions().filter(|&(addr, _)| addr > start);
    let end = above.next().map_or(program.text().end(), |(addr, _)| addr);
    Ok(start..end)
}

/// All of the text, cut at the starts of units. Units stand in address order, each up to the next;
/// what stands before the first belongs to none.
fn units(program: &Program, args: &Args) -> Result<Vec<Part>, TranslateError> {
    let options = Options { opt_level: OptLevel::from(args.opt_level), ..Options::default() };
    let charges = program.charges(&GasSchedule::V1);
    let units = clif(program, &charges, &options)?;
    let artifact = args.native.then(|| translate(program, &charges, &options)).transpose()?;
    let text = program.text();
    let first = units.first().map_or(text.end(), |(start, _)| *start);
    let mut parts = Vec::new();
    if text.base() < first {
        parts.push(Part { guest: text.base()..first, unit: None, clif: None, native: None });
    }
    let ends: Vec<_> = units.iter().skip(1).map(|(start, _)| *start).chain([text.end()]).collect();
    for (index, ((start, clif), end)) in units.into_iter().zip(ends).enumerate() {
        parts.push(Part {
            guest: start..end,
            unit: Some(index),
            clif: args.clif.then_some(clif),
            native: artifact.as_ref().map(|artifact| native::lines(artifact, index)),
        });
    }
    Ok(parts)
}
