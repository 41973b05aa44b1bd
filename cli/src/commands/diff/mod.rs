//! `bessemer diff`: compares the engines.

mod compare;
mod execution;
mod locate;

use std::fmt::Write;
use std::path::PathBuf;

use bessemer_isa::disassemble;
use bessemer_runtime::{Config, MAX_GAS};
use serde_json::{Value, json};

use self::compare::Difference;
use self::execution::{Execution, Subject, Until, Variant};
use self::locate::Located;
use crate::support::failure::Failure;
use crate::support::number::parse_bytes;
use crate::support::output::{self, Address, ERROR, Output, TITLE, grouped};
use crate::support::places::Places;
use crate::support::program::{self, File};

/// Executes a program in the reference interpreter and as native code in every form, and compares:
/// at every host call its number, pc, all registers and gas; at the end the outcome, pc, gas,
/// registers, reservation, all memory and what was printed.
///
/// The output of the program is not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// The program file
    program: PathBuf,
    /// Arguments of the program; put `--` before the first that starts with `-`
    #[arg(allow_negative_numbers = true)]
    args: Vec<String>,
    /// Gas that the program may use, at most 2^62; a program that does not end needs a limit
    #[arg(long, default_value_t = MAX_GAS, hide_default_value = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=MAX_GAS))]
    gas: u64,
    /// Size of the stack, like 65536, 64K or 1M
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    stack: Option<u32>,
    /// Compares with these forms of native code only: optimisation level, and whether registers are
    /// kept exact at traps. Can be given more than once
    #[arg(long, value_name = "FORM")]
    #[arg(value_parser = ["none", "none-precise", "speed", "speed-precise"])]
    against: Vec<String>,
}

const AFTER_HELP: &str = "\
Exit code: 0 if all agree, whatever the outcome of the program; 6 if not.

On a difference, the gas limit is bisected to find the first block after which
the engines differ, and the block is shown with both states.

Examples:
  bessemer diff primes.elf 1000
  bessemer diff --gas 1000000 endless.elf
  bessemer diff --json --against speed primes.elf
";

/// Compares the engines on the program that `args` name.
pub(crate) fn run(args: &Args, output: Output) -> Result<u8, Failure> {
    let variants = Variant::native()
        .into_iter()
        .filter(|variant| args.against.is_empty() || args.against.iter().any(|a| a == variant.name))
        .collect::<Vec<_>>();
    let comparison = Comparison::new(args, &Variant::reference(), &variants)?;
    if output.json {
        output.document(&comparison.to_json())?;
    } else {
        output.text(comparison.to_text())?;
    }
    Ok(if comparison.agrees() { 0 } else { 6 })
}

/// The reference's execution, and how each other engine's compares.
struct Comparison {
    reference: Reference,
    results: Vec<(&'static str, Option<Divergence>)>,
}

/// The outcome of the reference.
struct Reference {
    outcome: String,
    gas_used: u64,
    host_calls: u64,
    output_bytes: u64,
}

/// Where an engine differs from the reference.
struct Divergence {
    /// At a host call, its index; else at the end.
    host_call: Option<u64>,
    /// The differences there.
    differences: Vec<Difference>,
    /// The first block after which states differ.
    block: Option<Block>,
    /// A command that shows it again.
    reproduce: String,
}

/// A block with its text, and the states around it.
struct Block {
    pc: u32,
    place: String,
    gas: u64,
    /// Host calls before the block.
    host_calls: u64,
    code: Vec<String>,
    registers_before: Option<[u64; 32]>,
    differences: Vec<Difference>,
    exits: [String; 2],
}

impl Comparison {
    fn new(args: &Args, reference: &Variant, others: &[Variant]) -> Result<Self, Failure> {
        let file = File::read(&args.program)?;
        let name = args.program.as_os_str().as_encoded_bytes();
        let arguments: Vec<_> =
            [name].into_iter().chain(args.args.iter().map(String::as_bytes)).collect();
        let limits = program::limits(args.stack);
        let subject = |variant: &Variant| {
            Subject::new(variant, &file, &arguments, |config: Config| config.limits(limits))
        };
        let reference = subject(reference)?;
        let expected = reference.execute(args.gas, &Until::End)?;
        let calls = expected.calls();
        let mut results = Vec::new();
        for variant in others {
            let other = subject(variant)?;
            let found = other.execute(args.gas, &Until::Difference(&calls))?;
            let differences = compare::ends(&expected, &found);
            let divergence = if differences.is_empty() {
                None
            } else {
                Some({
                    // Where precise registers show the same fault, it is found where it happens.
                    let precise = subject(&variant.precise())?;
                    let others = [&precise, &other];
                    Divergence::find(args, &file, &reference, others, &expected, &found)?
                })
            };
            results.push((variant.name, divergence));
        }
        let reference = Reference {
            outcome: expected.exit.to_string(),
            gas_used: expected.gas_used(),
            host_calls: expected.call_count(),
            output_bytes: expected.output.0,
        };
        Ok(Self { reference, results })
    }

    fn agrees(&self) -> bool {
        self.results.iter().all(|(_, divergence)| divergence.is_none())
    }

    fn to_text(&self) -> String {
        let Reference { outcome, gas_used, host_calls, output_bytes } = &self.reference;
        let mut text = format!(
            "{TITLE}interp{TITLE:#}             {outcome}; gas {}, host calls {host_calls}, output {output_bytes} bytes\n",
            grouped(*gas_used),
        );
        for (name, divergence) in &self.results {
            let name = format!("jit {name}");
            match divergence {
                None => writeln!(text, "{TITLE}{name:17}{TITLE:#}  agrees"),
                Some(divergence) => write!(
                    text,
                    "{TITLE}{name:17}{TITLE:#}  {ERROR}differs{ERROR:#} {}",
                    divergence.to_text()
                ),
            }
            .expect("a string takes everything");
        }
        text
    }

    fn to_json(&self) -> Value {
        let Reference { outcome, gas_used, host_calls, output_bytes } = &self.reference;
        let results = self.results.iter().map(|(name, divergence)| {
            json!({
                "name": name,
                "agrees": divergence.is_none(),
                "divergence": divergence.as_ref().map(Divergence::to_json),
            })
        });
        json!({
            "schema": "bessemer.diff/1",
            "agree": self.agrees(),
            "reference": {
                "outcome": outcome,
                "gas_used": gas_used,
                "host_calls": host_calls,
                "output_bytes": output_bytes,
            },
            "variants": results.collect::<Vec<_>>(),
        })
    }
}

impl Divergence {
    fn find(
        args: &Args,
        file: &File,
        reference: &Subject<'_>,
        others: [&Subject<'_>; 2],
        expected: &Execution,
        found: &Execution,
    ) -> Result<Self, Failure> {
        let stopped = matches!(found.exit, bessemer_runtime::Exit::HostCall { .. });
        let host_call = stopped.then(|| found.call_count() - 1);
        let differences = match host_call {
            Some(index) => {
                let here = reference.execute(args.gas, &Until::Call(index))?;
                let here = here.last_call().filter(|_| index < expected.call_count());
                compare::calls(here, found.last_call())
            }
            None => compare::ends(expected, found),
        };
        // Enough for both to come to where they differ.
        let enough = expected.gas_used().max(found.gas_used()).min(args.gas);
        let mut name = found.name;
        let mut block = None;
        for (other, gas) in others.into_iter().flat_map(|o| [(o, enough), (o, args.gas)]) {
            if let Some(located) = locate::locate(reference, other, gas)? {
                name = other.name;
                block = Some(Block::new(file, reference, located));
                break;
            }
        }
        let gas = block.as_ref().map_or(args.gas, |block| block.gas);
        Ok(Self { host_call, differences, reproduce: reproduce(args, name, gas), block })
    }

    fn to_text(&self) -> String {
        let mut text = match self.host_call {
            Some(index) => format!("at host call {index} (counted from 0)\n"),
            None => "at the end\n".to_owned(),
        };
        text.push_str(&difference_table(&self.differences));
        if let Some(block) = &self.block {
            text.push_str(&block.to_text());
        }
        text.push_str(&format!("  reproduce: {}\n", self.reproduce));
        text
    }

    fn to_json(&self) -> Value {
        json!({
            "host_call": self.host_call,
            "differences": self.differences.iter().map(Difference::to_json).collect::<Vec<_>>(),
            "block": self.block.as_ref().map(Block::to_json),
            "reproduce": self.reproduce,
        })
    }
}

impl Block {
    fn new(file: &File, subject: &Subject<'_>, located: Located) -> Self {
        let Located { gas, before, reference, other, differences } = located;
        let program = subject.module.program();
        let pc = before.pc();
        let text = program.text();
        let from = pc.wrapping_sub(text.base()) as usize;
        let mut code = Vec::new();
        let listing =
            disassemble(text.bytes().get(from..).unwrap_or_default(), pc, program.profile());
        for line in listing.with_symbols(|addr| {
            let (name, offset) = program.symbols().containing(addr)?;
            (offset == 0).then(|| name.to_owned())
        }) {
            code.push(line.to_string());
            if text.at(line.address).is_none_or(bessemer_image::Decoded::ends_run) {
                break;
            }
        }
        Self {
            pc,
            place: Places::new(program.symbols(), &file.bytes).find(pc).to_string(),
            gas,
            host_calls: before.call_count(),
            code,
            registers_before: before.registers().copied(),
            differences,
            exits: [reference.exit.to_string(), other.exit.to_string()],
        }
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "  first differing block: {} {} after {} host calls, with gas limit {}\n",
            Address(self.pc),
            self.place,
            self.host_calls,
            self.gas
        );
        for line in &self.code {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(registers) = &self.registers_before {
            text.push_str("  registers before it\n");
            text.push_str(&output::registers(registers));
        }
        text.push_str("  after it\n");
        text.push_str(&difference_table(&self.differences));
        text
    }

    fn to_json(&self) -> Value {
        json!({
            "pc": self.pc,
            "place": self.place,
            "gas_limit": self.gas,
            "host_calls": self.host_calls,
            "code": self.code,
            "registers_before": self.registers_before.as_ref().map(output::registers_json),
            "reference_exit": self.exits[0],
            "other_exit": self.exits[1],
            "differences": self.differences.iter().map(Difference::to_json).collect::<Vec<_>>(),
        })
    }
}

fn difference_table(differences: &[Difference]) -> String {
    let head = ["", "interp", "jit"].map(str::to_owned);
    let rows = differences.iter().map(|difference| {
        let Difference { what, reference, other } = difference.clone();
        [what, reference, other]
    });
    output::table([head].into_iter().chain(rows))
}

fn reproduce(args: &Args, name: &str, gas: u64) -> String {
    let mut command = format!("bessemer diff --against {name} --gas {gas}");
    if let Some(stack) = args.stack {
        command.push_str(&format!(" --stack {stack}"));
    }
    command.push_str(&format!(" {}", quoted(&args.program.to_string_lossy())));
    if !args.args.is_empty() {
        command.push_str(" --");
    }
    for argument in &args.args {
        command.push_str(&format!(" {}", quoted(argument)));
    }
    command
}

/// A word of a shell command.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use bessemer_image::{ImageBuilder, Profile};
    use bessemer_isa::{GasSchedule, asm};

    use super::*;

    /// Compares the interpreter with itself under other prices for divisions, which stands for an
    /// engine that is wrong about one instruction.
    fn compare_with_dear_divisions(source: &str) -> Comparison {
        let assembly =
            asm::assemble(source, &asm::Options::default()).expect("the source is right");
        let mut image =
            ImageBuilder::new(Profile::rv32(false)).text(assembly.text.base, &assembly.text.bytes);
        for (name, addr) in &assembly.symbols {
            image = image.symbol(name, *addr);
        }
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        let program = folder.path().join("program.elf");
        std::fs::write(&program, image.build()).expect("the folder can be written to");
        let args =
            Args { program, args: Vec::new(), gas: MAX_GAS, stack: None, against: Vec::new() };
        let reference = Variant::reference();
        let dear = GasSchedule { div: 26, ..GasSchedule::V1 };
        let wrong = Variant {
            name: "wrong",
            precise_name: "wrong",
            config: reference.config.clone().gas_schedule(dear),
        };
        Comparison::new(&args, &reference, &[wrong]).expect("both execute")
    }

    const DIVIDES_IN_THE_THIRD_BLOCK: &str = "
        _start: li   a0, 1
                j    second
        second: li   a7, 1
                ecall
        third:  divu a1, a0, a0
                j    fourth
        fourth: mv   a2, a1
                END
    ";

    #[test]
    fn the_first_differing_block_is_found_behind_a_host_call() {
        let source = DIVIDES_IN_THE_THIRD_BLOCK.replace("END", "li a7, 93\necall");
        let comparison = compare_with_dear_divisions(&source);
        assert!(!comparison.agrees());
        let divergence = comparison.results[0].1.as_ref().expect("they differ");
        assert_eq!(divergence.host_call, Some(1));
        assert_eq!(divergence.differences.len(), 1);
        assert_eq!(divergence.differences[0].what, "gas left");
        let block = divergence.block.as_ref().expect("it is found");
        assert_eq!(block.place, "third");
        assert_eq!(block.host_calls, 1);
        assert_eq!(block.code.len(), 2);
        assert!(divergence.reproduce.contains("--against wrong --gas "));
    }

    #[test]
    fn a_difference_without_another_host_call_shows_at_the_end() {
        let comparison =
            compare_with_dear_divisions(&DIVIDES_IN_THE_THIRD_BLOCK.replace("END", "ebreak"));
        let divergence = comparison.results[0].1.as_ref().expect("they differ");
        assert_eq!(divergence.host_call, None);
        assert_eq!(divergence.block.as_ref().expect("it is found").place, "third");
        let text = comparison.to_text();
        for part in ["first differing block", "divu a1, a0, a0", "gas used", "reproduce: "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let document = comparison.to_json();
        assert_eq!(document["agree"], false);
        assert_eq!(document["variants"][0]["divergence"]["block"]["place"], "third");
    }

    #[test]
    fn memory_and_registers_are_compared() {
        let source = "lw a1, 4(sp)\nlbu s1, 0(a1)\nsb s1, -16(sp)\nebreak";
        let assembly =
            asm::assemble(source, &asm::Options::default()).expect("the source is right");
        let bytes = ImageBuilder::new(Profile::rv32(false))
            .text(assembly.text.base, &assembly.text.bytes)
            .build();
        let file = File::new("program.elf".into(), bytes);
        let differences = |arguments: [&[&[u8]]; 2]| {
            let [here, there] = arguments.map(|arguments| {
                Subject::new(&Variant::reference(), &file, arguments, |config| config)
                    .and_then(|subject| subject.execute(1_000, &Until::End))
                    .expect("it executes")
            });
            let found = compare::ends(&here, &there);
            found.into_iter().map(|difference| difference.what).collect::<Vec<_>>()
        };
        assert_eq!(differences([&[b"a"], &[b"a"]]), Vec::<String>::new());
        let found = differences([&[b"a"], &[b"b"]]);
        assert_eq!(found, ["s1", "memory 0xfffeffc0 (2 bytes differ)"]);
    }

    #[test]
    fn words_of_a_command_are_quoted_where_a_shell_needs_it() {
        for (word, shown) in
            [("a-b.elf", "a-b.elf"), ("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'")]
        {
            assert_eq!(quoted(word), shown);
        }
    }
}
