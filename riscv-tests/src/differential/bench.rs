//! The engines, ready to run trials.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use bessemer_image::{Hart, Program, Stop};
use bessemer_interp::FlatMemory;
use bessemer_isa::{GasSchedule, Reg, Xlen};
use bessemer_runtime::{
    Backend, CacheLimits, Caller, Config, Engine, Exit, HostResult, HostStop, Instance, Linker,
    Module, OptLevel, Origin,
};
use tempfile::TempDir;

use super::observed::{End, Ending, HostCall, Memory, Observed};
use super::trial::{Trial, limits};
use crate::generate::{EXIT, answer};
use crate::oracle::{MemoryClass, Oracle, Stop as OracleStop};

/// An engine of the product under one configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// The interpreter's own crate on its own memory.
    Interpreter,
    /// The runtime's interpreter on a guest region.
    RuntimeInterpreter,
    /// Native code, compiled fast.
    JitNone,
    /// Native code, optimised.
    JitSpeed,
    /// Native code, compiled fast, with registers kept at traps; the compiler verifies itself.
    JitNonePrecise,
    /// Native code, optimised, with registers kept at traps; the compiler verifies itself.
    JitSpeedPrecise,
    /// Native code, optimised, cut into functions of a few instructions.
    JitSmall,
    /// Native code, optimised, that was written to a file and loaded from it.
    Loaded,
    /// Native code, optimised, that takes over from the interpreter in the middle.
    Swapped,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Interpreter,
        Self::RuntimeInterpreter,
        Self::JitNone,
        Self::JitSpeed,
        Self::JitNonePrecise,
        Self::JitSpeedPrecise,
        Self::JitSmall,
        Self::Loaded,
        Self::Swapped,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::RuntimeInterpreter => "runtime, interpreter",
            Self::JitNone => "jit, opt none",
            Self::JitSpeed => "jit, opt speed",
            Self::JitNonePrecise => "jit, opt none, precise",
            Self::JitSpeedPrecise => "jit, opt speed, precise",
            Self::JitSmall => "jit, opt speed, small units",
            Self::Loaded => "loaded from a file",
            Self::Swapped => "interpreter, then jit",
        }
    }

    /// The settings of its engine; `cache` is a folder for artifacts.
    fn config(self, cache: &Path) -> Config {
        let config = Config::new();
        match self {
            Self::Interpreter | Self::RuntimeInterpreter => config.backend(Backend::Interpreter),
            // programs stay for a while: a ladder climbs what was judged before
            Self::JitNone => {
                config.backend(Backend::Jit).opt_level(OptLevel::None).memory_cache(KEPT)
            }
            Self::JitSpeed | Self::Swapped => {
                config.backend(Backend::Jit).opt_level(OptLevel::Speed).memory_cache(KEPT)
            }
            Self::JitNonePrecise => {
                Self::JitNone.config(cache).precise_registers(true).verify_code(true)
            }
            Self::JitSpeedPrecise => {
                Self::JitSpeed.config(cache).precise_registers(true).verify_code(true)
            }
            Self::JitSmall => Self::JitSpeed.config(cache).unit_instructions(SMALL),
            Self::Loaded => {
                // a trial's file is needed once, soon
                let limits = CacheLimits { files: 4096, ..CacheLimits::default() };
                let config = Self::JitSpeed.config(cache).cache_dir(cache.join("artifacts"));
                config.cache_limits(limits).memory_cache(0).check_every(0)
            }
        }
    }

    /// The subject whose engine it has: native code that takes over in the middle is no other code.
    fn engine(self) -> Self {
        match self {
            Self::Swapped => Self::JitSpeed,
            other => other,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Bytes of programs that an engine keeps: the one that is judged, and a few before. Each has idle memory of 38 GiB of
/// addresses, so of all engines together there must not be thousands.
const KEPT: u64 = 256 << 10;

/// The instructions of a small unit: so few that calls, loops and runs are cut, and enough for each to
/// be whole sometimes.
const SMALL: u32 = 13;

/// The engines of all subjects, for each memory class; threads may share it.
#[derive(Debug)]
pub struct Bench {
    linkers: Vec<(Subject, MemoryClass, Linker<Vec<HostCall>>)>,
    /// Holds artifacts as long as the engines are there.
    _folder: TempDir,
}

impl Bench {
    /// All engines.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("no place for artifacts")?;
        let mut linkers = Vec::new();
        for memory in MemoryClass::ALL {
            for subject in Subject::ALL.into_iter().filter(|subject| subject.engine() == *subject) {
                let engine = Engine::new(subject.config(folder.path()).limits(limits(memory)))?;
                let mut linker = Linker::new(&engine);
                linker.fallback(host);
                linkers.push((subject, memory, linker));
            }
        }
        Ok(Self { linkers, _folder: folder })
    }

    /// The outcome of a trial in the oracle.
    pub fn oracle(&self, trial: &Trial) -> Observed {
        let mut oracle = Oracle::new(trial.setup());
        let mut calls = Vec::new();
        let end = loop {
            match oracle.run() {
                OracleStop::Ecall => {
                    calls.push(HostCall {
                        pc: oracle.pc(),
                        gas: oracle.gas(),
                        registers: *oracle.registers(),
                    });
                    match answer(oracle.registers()) {
                        Some(result) => oracle.resume(result),
                        None => break End { ending: Ending::Exit, pc: oracle.pc(), addr: None },
                    }
                }
                OracleStop::Trap { kind, pc, addr } => {
                    break End { ending: Ending::Trap(kind), pc, addr };
                }
                OracleStop::OutOfGas { pc } => {
                    break End { ending: Ending::OutOfGas, pc, addr: None };
                }
            }
        };
        let mut memory = Memory::default();
        for (addr, page) in oracle.pages() {
            memory.push(addr, &page.bytes);
        }
        Observed {
            end,
            gas: oracle.gas(),
            registers: Some(*oracle.registers()),
            reservation: oracle.reservation(),
            memory,
            calls,
        }
    }

    /// The outcome of a trial in a subject. An error is a failure of the host: no program may cause
    /// one.
    pub fn observe(&self, trial: &Trial, subject: Subject) -> Result<Observed> {
        if subject == Subject::Interpreter {
            return interpret(trial);
        }
        let module = self.module(trial, subject)?;
        self.observe_module(trial, subject, &module)
    }

    /// The module of a trial, to be run several times.
    pub fn module(&self, trial: &Trial, subject: Subject) -> Result<Module> {
        let engine = self.linker(trial, subject)?.engine();
        let make = || Module::new(engine, trial.elf());
        let mut module = make().with_context(|| format!("{subject}: no module"))?;
        if subject == Subject::Loaded && module.origin() != Some(Origin::Disk) {
            // the first has written what the second loads
            module = make().with_context(|| format!("{subject}: no second module"))?;
            ensure!(module.origin() == Some(Origin::Disk), "{subject}: it was not loaded");
        }
        if subject == Subject::Swapped {
            // so that loops are left in the middle too
            module.make_osr_code();
        }
        Ok(module)
    }

    /// The outcome of a trial whose module exists, in a subject of the runtime.
    pub fn observe_module(
        &self,
        trial: &Trial,
        subject: Subject,
        module: &Module,
    ) -> Result<Observed> {
        let mut instance = self.linker(trial, subject)?.instantiate(module, Vec::new())?;
        instance.set_gas(trial.setup().gas)?;
        instance.set_register(Reg::SP, trial.setup().sp.into());
        if subject == Subject::Swapped {
            // anywhere, but the same for the same trial
            instance.swap_after(trial.setup().gas % 29);
        }
        let mut exit = instance.run();
        loop {
            match exit.with_context(|| format!("{subject}: host failure"))? {
                Exit::HostCall { .. } => {
                    let result = instance.registers().and_then(answer);
                    let Some(result) = result else {
                        bail!("{subject}: paused where nothing is to be resumed")
                    };
                    exit = instance.resume(result);
                }
                Exit::Done(_) => {
                    let pc = instance.pc();
                    return Ok(seen(instance, End { ending: Ending::Exit, pc, addr: None }));
                }
                Exit::Trap(trap) => {
                    let ending = Ending::Trap(trap.kind.code());
                    return Ok(seen(instance, End { ending, pc: trap.pc, addr: trap.addr }));
                }
                Exit::OutOfGas { pc } => {
                    return Ok(seen(instance, End { ending: Ending::OutOfGas, pc, addr: None }));
                }
            }
        }
    }

    fn linker(&self, trial: &Trial, subject: Subject) -> Result<&Linker<Vec<HostCall>>> {
        let memory = trial.setup().memory_class;
        let wanted = (subject.engine(), memory);
        let found = self.linkers.iter().find(|linker| (linker.0, linker.1) == wanted);
        found.map(|linker| &linker.2).context("a bench has every subject and memory class")
    }
}

/// The host of every program: notes what it sees, and answers; sometimes by way of a pause.
fn host(mut caller: Caller<'_, Vec<HostCall>>) -> HostResult<u32> {
    let mut registers = [0; 32];
    for reg in Reg::all() {
        registers[reg.index()] = caller.register(reg);
    }
    let call = HostCall { pc: caller.pc(), gas: caller.gas(), registers };
    caller.data_mut().push(call);
    match answer(&registers) {
        None => Err(HostStop::Done(EXIT)),
        Some(result) if result & 3 == 0 => Err(HostStop::Pause),
        Some(result) => Ok(result),
    }
}

fn seen(instance: Instance<Vec<HostCall>>, end: End) -> Observed {
    let mut memory = Memory::default();
    for (addr, bytes) in instance.memory().mapped() {
        memory.push(addr, bytes);
    }
    Observed {
        end,
        gas: instance.gas(),
        registers: instance.registers().copied(),
        reservation: instance.reservation(),
        memory,
        calls: instance.into_data(),
    }
}

fn interpret(trial: &Trial) -> Result<Observed> {
    let program = Program::parse(trial.elf(), &trial.limits())?;
    let (text, charges) = (program.text(), program.charges(&GasSchedule::V1));
    let mut memory = FlatMemory::of(&program);
    let mut hart = Hart { pc: program.entry(), gas: trial.setup().gas, ..Hart::default() };
    hart.set(Reg::SP, trial.setup().sp.into());
    let mut calls = Vec::new();
    let end = loop {
        match bessemer_interp::run(text, &charges, &mut hart, &mut memory) {
            Stop::Ecall => {
                let registers = hart.registers;
                calls.push(HostCall { pc: hart.pc, gas: hart.gas, registers });
                let Some(result) = answer(&registers) else {
                    break End { ending: Ending::Exit, pc: hart.pc, addr: None };
                };
                // a 64-bit program gets a result of 32 bits as its registers hold one
                let result = match program.profile().xlen {
                    Xlen::Rv32 => result.into(),
                    Xlen::Rv64 => i64::from(result.cast_signed()).cast_unsigned(),
                };
                hart.set(Reg::A0, result);
                hart.pc = hart.pc.wrapping_add(4);
            }
            Stop::Trap(trap) => {
                let ending = Ending::Trap(trap.kind.code());
                break End { ending, pc: trap.pc, addr: trap.addr };
            }
            Stop::OutOfGas => break End { ending: Ending::OutOfGas, pc: hart.pc, addr: None },
        }
    };
    let mut areas: Vec<_> = memory.areas().iter().collect();
    areas.sort_by_key(|area| area.start);
    let mut pages = Memory::default();
    for area in areas {
        pages.push(area.start, &area.bytes);
    }
    Ok(Observed {
        end,
        gas: hart.gas,
        registers: Some(hart.registers),
        reservation: hart.reservation,
        memory: pages,
        calls,
    })
}
