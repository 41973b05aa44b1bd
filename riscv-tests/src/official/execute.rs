//! Runs a compiled test on every engine and judges it.

use std::fs;

use anyhow::{Context, Result};
use bessemer_isa::TrapKind;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Exit, HostResult, HostStop, Linker, Module, OptLevel,
};

use super::{Expected, Kind, Test};

/// The engines, in the order of the columns.
pub const ENGINES: [&str; 3] = ["interpreter", "jit none", "jit speed"];

/// More than any test needs; a test that loops for ever runs out of it within seconds.
const GAS: u64 = 1_000_000_000;

/// One engine for each column.
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
    gas: u64,
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
        let runs: Vec<Result<Ran>> = self.linkers.iter().map(|linker| run(linker, elf)).collect();
        let mut remark = test.remark().to_owned();
        let reference = match reference(test) {
            Ok(reference) => reference,
            Err(error) => return Row::failed(test, format!("{error:#}")),
        };
        if matches!(test.kind, Kind::Signature(None)) {
            remark.push_str("no reference: compared between engines");
        }
        let first = runs.first().and_then(|run| run.as_ref().ok());
        let outcomes = runs
            .iter()
            .map(|run| match run {
                Err(error) => Outcome::Failed(format!("{error:#}")),
                Ok(ran) => match judge(test, ran, reference.as_deref(), first) {
                    None => Outcome::Passed,
                    Some(reason) => Outcome::Failed(reason),
                },
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
        let words = bytes.chunks_exact(4);
        Some(words.filter_map(|word| Some(u32::from_le_bytes(*word.first_chunk()?))).collect())
    });
    Ok(Ran { exit, gas: instance.gas(), registers: instance.registers().copied(), signature })
}

/// Why a run is not what was expected, or differs from the first engine's.
fn judge(test: &Test, ran: &Ran, reference: Option<&[u32]>, first: Option<&Ran>) -> Option<String> {
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
    let first = first?;
    if ran.signature != first.signature {
        return Some("another signature than the interpreter".to_owned());
    }
    if (ran.exit, ran.gas) != (first.exit, first.gas) {
        return Some("another end or gas than the interpreter".to_owned());
    }
    let known = ran.registers.zip(first.registers);
    known.is_some_and(|(a, b)| a != b).then(|| "other registers than the interpreter".to_owned())
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
