//! Processor time per gas.

use anyhow::{Context, Result, ensure};
use bessemer_image::Limits;
use bessemer_isa::{GasSchedule, TrapKind};
use bessemer_runtime::{Backend, Caller, Config, Engine, HostStop, Linker, Module};
use serde::Serialize;

use super::{Kind, Program};
use crate::contender::ENDLESS_GAS;
use crate::timing::Samples;

/// Natively, no program takes more than this many times the time per gas of the median.
pub const NATIVE_TARGET: f64 = 8.0;
/// The same in the interpreter.
pub const INTERPRETED_TARGET: f64 = 12.0;

/// One program, measured.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Whether people write such programs.
    pub kind: Kind,
    /// Whether medians count it: a workload counts once, as contracts are built.
    pub counts: bool,
    /// Bytes of text.
    pub text: usize,
    /// Whether it can be deployed: text that becomes too much native code is refused (rule L29).
    pub deploys: bool,
    /// Nanoseconds of processor time per gas, natively.
    pub native: f64,
    /// The same in the interpreter.
    pub interpreted: f64,
}

/// All programs, measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The number of the gas schedule.
    pub schedule: u32,
    /// One row per program, the worst first.
    pub rows: Vec<Row>,
    /// The median of the programs that can be deployed, natively.
    pub native_median: f64,
    /// The same in the interpreter.
    pub interpreted_median: f64,
    /// The median of the ordinary ones alone, natively.
    pub ordinary_median: f64,
}

impl Report {
    /// The worst that can be deployed over the median, natively and in the interpreter.
    pub fn ratios(&self) -> (f64, f64) {
        let deployed = || self.rows.iter().filter(|row| row.deploys);
        let worst = |of: fn(&Row) -> f64| deployed().map(of).fold(0.0, f64::max);
        (
            worst(|row| row.native) / self.native_median,
            worst(|row| row.interpreted) / self.interpreted_median,
        )
    }

    /// Whether both targets are met.
    pub fn pass(&self) -> bool {
        let (native, interpreted) = self.ratios();
        native <= NATIVE_TARGET && interpreted <= INTERPRETED_TARGET
    }
}

/// Measures all `programs` under one schedule. `progress` is called before each, with its name.
///
/// # Errors
///
/// If a program does not load or ends otherwise than it should, or there is none.
pub fn measure(
    programs: &[Program],
    schedule: GasSchedule,
    rounds: usize,
    mut progress: impl FnMut(&str),
) -> Result<Report> {
    let mut rows = Vec::new();
    for program in programs {
        progress(&program.name);
        let row = Row::measure(program, schedule, rounds);
        rows.push(row.with_context(|| program.name.clone())?);
    }
    rows.sort_by(|a, b| b.native.total_cmp(&a.native));
    let counted = || rows.iter().filter(|row| row.deploys && row.counts);
    let native_median = median(counted().map(|row| row.native))?;
    let interpreted_median = median(counted().map(|row| row.interpreted))?;
    let ordinary = counted().filter(|row| row.kind == Kind::Ordinary);
    let ordinary_median = median(ordinary.map(|row| row.native))?;
    let schedule = schedule.id;
    Ok(Report { schedule, rows, native_median, interpreted_median, ordinary_median })
}

fn median(values: impl Iterator<Item = f64>) -> Result<f64> {
    let mut values: Vec<f64> = values.collect();
    ensure!(!values.is_empty(), "a median needs at least one program");
    values.sort_by(f64::total_cmp);
    Ok(values[values.len() / 2])
}

impl Row {
    fn measure(program: &Program, schedule: GasSchedule, rounds: usize) -> Result<Self> {
        let native = Subject::new(program, Backend::Jit, schedule)?;
        let interpreted = Subject::new(program, Backend::Interpreter, schedule)?;
        Ok(Self {
            name: program.name.clone(),
            kind: program.kind(),
            counts: program.counts(),
            text: native.module.program().text().bytes().len(),
            deploys: program.deploys()?,
            native: native.ns_per_gas(NATIVE_NS, rounds)?,
            interpreted: interpreted.ns_per_gas(INTERPRETED_NS, rounds)?,
        })
    }
}

/// A sample takes about so many nanoseconds.
const NATIVE_NS: f64 = 20e6;
const INTERPRETED_NS: f64 = 30e6;
/// The gas of the first run, which says how much a sample gets.
const FIRST: u64 = 2_000_000;
const CONTRACT_STACK: u32 = 64 << 10;
const LARGE_STACK: u32 = 512 << 10;

/// A loaded program that can be run again and again.
pub(super) struct Subject {
    pub(super) module: Module,
    linker: Linker<GasSchedule>,
    schedule: GasSchedule,
    function: Option<(&'static str, u32)>,
}

impl Subject {
    pub(super) fn new(program: &Program, backend: Backend, schedule: GasSchedule) -> Result<Self> {
        let config = Config::new().backend(backend).gas_schedule(schedule);
        // with the memory of a contract; some workloads need more stack of that
        let stack = if program.function().is_some() { LARGE_STACK } else { CONTRACT_STACK };
        let limits = Limits::contract().with_stack(stack).without_estimate();
        let contract = Engine::new(config.limits(limits))?;
        let image = program.image()?;
        let module = Module::new(&contract, &image)?;
        let mut linker = Linker::new(&contract);
        linker.func(1, "grow", |mut caller: Caller<'_, GasSchedule>, pages: u32| {
            caller.charge(u64::from(pages) * u64::from(caller.data().grown_page))?;
            // the heap is full: what was done is paid
            caller.memory().grow(pages).map_err(|_| HostStop::Trap(TrapKind::HostLimit, None))
        })?;
        linker.func(2, "nothing", |_: Caller<'_, GasSchedule>| ())?;
        Ok(Self { module, linker, schedule, function: program.function() })
    }

    /// Runs the program once with at most so much gas; returns what was used, the pages of the
    /// frame included.
    fn run(&self, gas: u64) -> Result<u64> {
        let mut instance = self.linker.instantiate(&self.module, self.schedule)?;
        instance.set_gas(gas)?;
        instance.run()?;
        let pages = u64::from(self.module.program().entry_pages());
        Ok(gas - instance.gas() + pages * u64::from(self.schedule.page))
    }

    /// Calls the program's function until about so much gas is used; returns what was.
    fn call(&self, name: &str, n: u32, gas: u64) -> Result<u64> {
        let mut instance = self.linker.instantiate(&self.module, self.schedule)?;
        let mut used = 0;
        while used < gas {
            instance.set_gas(ENDLESS_GAS)?;
            instance.call(name, n)?;
            used += ENDLESS_GAS - instance.gas();
        }
        Ok(used)
    }

    /// The least of `rounds` samples.
    pub(super) fn ns_per_gas(&self, sample_ns: f64, rounds: usize) -> Result<f64> {
        let (used, first) = self.sample(FIRST, 1)?;
        let mut least = first / used as f64;
        let wanted = ((sample_ns / least) as u64).max(FIRST);
        // a program that ends before its gas does is run again and again
        let ends = self.function.is_none() && used < FIRST;
        let (gas, times) = if ends { (FIRST, wanted / used.max(1)) } else { (wanted, 1) };
        for _ in 0..rounds {
            let (used, ns) = self.sample(gas, times)?;
            least = least.min(ns / used as f64);
        }
        Ok(least)
    }

    /// Gas and nanoseconds of some runs.
    pub(super) fn sample(&self, gas: u64, times: u64) -> Result<(u64, f64)> {
        let mut samples = Samples::empty();
        let once = || match self.function {
            Some((name, n)) => self.call(name, n, gas),
            None => self.run(gas),
        };
        let used =
            samples.time(|| (0..times).map(|_| once()).try_fold(0, |sum, used| Ok(sum + used?)));
        used.map(|used: u64| (used, samples.timing().min_ns))
    }
}
