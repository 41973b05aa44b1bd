//! Runs a compiled test on every engine and judges it.

use std::{fs, iter};

use anyhow::{Context, Result, bail};
use bessemer_image::{Limits, Program};
use bessemer_isa::{Trap, TrapKind, Xlen};
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module, OptLevel,
};

use super::{Expected, Kind, Test};
use crate::oracle::{Isa, MemoryClass, Oracle, Segment, Setup, Stop};

/// The engines, in the order of the columns.
pub const ENGINES: [&str; 4] = ["oracle", "interpreter", "jit none", "jit speed"];

/// More than any test needs; a test that loops for ever runs out of it within seconds.
const GAS: u64 = 1_000_000_000;

/// One engine for each column behind the first.
#[derive(Debug)]
pub struct Engines {
    linkers: Vec<Linker<()>>,
}

/// The result of one engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The expected outcome.
    Passed,
    /// Not as expected, or not run.
    Failed(String),
    /// The test cannot be run here.
    NotRun,
}

/// The results of one test.
#[derive(Clone, Debug)]
pub struct Row {
    /// The suite.
    pub suite: String,
    /// The test.
    pub name: String,
    /// One for each engine.
    pub outcomes: Vec<Outcome>,
    /// A decision or its reason, and what the signature was compared with.
    pub remark: String,
}

/// The outcome of a test in an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ran {
    exit: Exit,
    /// The oracle's is not compared: it has the prices of another schedule.
    gas: Option<u64>,
    registers: Option<[u64; 32]>,
    signature: Option<Vec<u32>>,
}

impl Engines {
    /// The engines with the host calls of bare programs.
    pub fn new() -> Result<Self> {
        let configs = [
            Config::new().backend(Backend::Interpreter),
            Config::new().backend(Backend::Jit).opt_level(OptLevel::None),
            Config::new().backend(Backend::Jit).opt_level(OptLevel::Speed),
        ];
        let linkers = configs.into_iter().map(|config| {
            let engine = Engine::new(config)?;
            let mut linker = Linker::new(&engine);
            for (number, name) in [(93, "exit"), (94, "exit_group")] {
                let exit =
                    |_: Caller<'_, ()>, code: u32| -> HostResult<u32> { Err(HostStop::Done(code)) };
                linker.func(number, name, exit)?;
            }
            linker.fallback(|_: Caller<'_, ()>| -> i32 { -38 });
            Ok(linker)
        });
        Ok(Self { linkers: linkers.collect::<Result<_>>()? })
    }

    /// Runs a test on every engine.
    pub fn run(&self, test: &Test, elf: &[u8]) -> Row {
        let engines = self.linkers.iter().map(|linker| run(linker, elf));
        let runs: Vec<Result<Ran>> = iter::once(oracle(elf)).chain(engines).collect();
        let mut remark = test.remark().to_owned();
        let reference = match reference(test) {
            Ok(reference) => reference,
            Err(error) => return Row::failed(test, format!("{error:#}")),
        };
        if matches!(test.kind, Kind::Signature(None)) {
            remark.push_str("no reference: compared with the oracle");
        }
        let outcomes = runs
            .iter()
            .enumerate()
            .map(|(column, run)| match run {
                Err(error) => Outcome::Failed(format!("{error:#}")),
                Ok(ran) => {
                    let before = ENGINES.into_iter().zip(&runs[..column]);
                    let before = before.filter_map(|(name, run)| Some((name, run.as_ref().ok()?)));
                    match judge(test, ran, reference.as_deref(), before) {
                        None => Outcome::Passed,
                        Some(reason) => Outcome::Failed(reason),
                    }
                }
            })
            .collect();
        Row { suite: test.suite.clone(), name: test.name.clone(), outcomes, remark }
    }
}

impl Row {
    /// A test that could not be run at all.
    pub fn failed(test: &Test, reason: String) -> Self {
        let outcomes = vec![Outcome::Failed(reason); ENGINES.len()];
        let remark = test.remark().to_owned();
        Self { suite: test.suite.clone(), name: test.name.clone(), outcomes, remark }
    }

    /// A test that is not for this place.
    pub fn skipped(test: &Test, reason: String) -> Self {
        let outcomes = vec![Outcome::NotRun; ENGINES.len()];
        Self { suite: test.suite.clone(), name: test.name.clone(), outcomes, remark: reason }
    }

    /// Whether no engine ran the test.
    pub fn was_skipped(&self) -> bool {
        self.outcomes.iter().all(|outcome| *outcome == Outcome::NotRun)
    }

    /// Whether every engine did what was expected.
    pub fn passed(&self) -> bool {
        self.outcomes.iter().all(|outcome| *outcome == Outcome::Passed)
    }
}

fn run(linker: &Linker<()>, elf: &[u8]) -> Result<Ran> {
    let module = Module::new(linker.engine(), elf).context("not loaded")?;
    let mut instance = linker.instantiate(&module, ())?;
    instance.set_gas(GAS)?;
    let exit = instance.run()?;
    let symbols = module.program().symbols();
    let range = symbols.lookup("begin_signature").zip(symbols.lookup("end_signature"));
    let signature = range.and_then(|(start, end)| {
        let bytes = instance.memory().read(start, end.checked_sub(start)?).ok()?;
        Some(words(bytes))
    });
    let gas = Some(instance.gas());
    Ok(Ran { exit, gas, registers: instance.registers().copied(), signature })
}

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

/// The oracle's run. It ends at the first ECALL but a call of nothing: tests make no others.
fn oracle(elf: &[u8]) -> Result<Ran> {
    let program = Program::parse(elf, &Limits::bare()).context("not loaded")?;
    let profile = program.profile();
    let segments = program.segments().iter().map(|segment| Segment {
        addr: segment.addr,
        bytes: segment.bytes.to_vec(),
        memsz: segment.size,
        writable: segment.writable,
        executable: segment.executable,
    });
    let stack = program.layout().stack.clone();
    let mut oracle = Oracle::new(&Setup {
        segments: segments.collect(),
        entry: program.entry(),
        compressed: profile.compressed,
        isa: Isa { wide: profile.xlen == Xlen::Rv64, bits: profile.bits },
        stack_size: stack.end - stack.start,
        memory_class: MemoryClass::M1M,
        gas: GAS,
        sp: stack.end,
    });
    let exit = loop {
        match oracle.run() {
            Stop::Ecall if [93, 94].contains(&oracle.registers()[17]) => {
                break Exit::Done(oracle.registers()[10] as u32);
            }
            Stop::Ecall => oracle.resume((-38_i32).cast_unsigned()),
            Stop::Trap { kind, pc, addr } => {
                let kind = TrapKind::from_code(kind).context("a trap without a kind")?;
                break Exit::Trap(Trap { kind, pc, addr });
            }
            Stop::OutOfGas { pc } => bail!("ran out of gas at {pc:#x}"),
        }
    };
    let symbols = program.symbols();
    let range = symbols.lookup("begin_signature").zip(symbols.lookup("end_signature"));
    let signature =
        range.and_then(|(start, end)| Some(words(&oracle.read(start, end.checked_sub(start)?)?)));
    let registers = matches!(exit, Exit::Done(_)).then(|| *oracle.registers());
    Ok(Ran { exit, gas: None, registers, signature })
}

/// Why a run is not what was expected, or differs from one before it.
fn judge<'a>(
    test: &Test,
    ran: &Ran,
    reference: Option<&[u32]>,
    before: impl Iterator<Item = (&'static str, &'a Ran)>,
) -> Option<String> {
    match (test.expected, ran.exit) {
        (Expected::Illegal(_), Exit::Trap(trap)) if trap.kind == TrapKind::IllegalInstruction => {}
        (Expected::Pass, Exit::Done(0)) => {}
        (Expected::Pass, Exit::Done(code)) if code & 1 == 1 => {
            return Some(format!("case {} fails", code >> 1));
        }
        (_, exit) => return Some(exit.to_string()),
    }
    if let Some(reference) = reference {
        let signature = ran.signature.as_deref().unwrap_or_default();
        let differs = |(a, b): (&u32, &u32)| a != b;
        if let Some(at) = signature.iter().zip(reference).position(differs) {
            let (a, b) = (signature[at], reference[at]);
            return Some(format!("signature word {at}: {a:08x}, reference {b:08x}"));
        }
        if signature.len() != reference.len() {
            let (a, b) = (signature.len(), reference.len());
            return Some(format!("signature of {a} words, reference of {b}"));
        }
    }
    if matches!(test.kind, Kind::Signature(_)) && ran.signature.as_ref().is_none_or(Vec::is_empty) {
        return Some("no signature".to_owned());
    }
    for (name, other) in before {
        if ran.signature != other.signature {
            return Some(format!("another signature than the {name}"));
        }
        let gas = ran.gas.zip(other.gas);
        if ran.exit != other.exit || gas.is_some_and(|(a, b)| a != b) {
            return Some(format!("another end or gas than the {name}"));
        }
        let known = ran.registers.zip(other.registers);
        if known.is_some_and(|(a, b)| a != b) {
            return Some(format!("other registers than the {name}"));
        }
    }
    None
}

/// The words of the reference signature, if the test has one.
fn reference(test: &Test) -> Result<Option<Vec<u32>>> {
    let Kind::Signature(Some(path)) = &test.kind else { return Ok(None) };
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let words = text.split_whitespace().map(|word| {
        u32::from_str_radix(word, 16).with_context(|| format!("{}: `{word}`", path.display()))
    });
    Ok(Some(words.collect::<Result<_>>()?))
}
