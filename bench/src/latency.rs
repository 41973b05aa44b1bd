//! Latencies: calls into a guest, calls out of it, and making an instance.

use anyhow::{Context, Result};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm::{Assembler, Expr, Options, regs::*};
use bessemer_runtime::memory::PoolLimits;
use bessemer_runtime::{
    Caller, Engine, Exit, HostResult, HostStop, Instance, Limits, Linker, Module,
};
use serde::Serialize;

use crate::contender::{Contender, ENDLESS_GAS};
use crate::process;
use crate::timing::{Samples, Timing};

/// A call of an empty guest function must not take longer, in nanoseconds.
pub const GUEST_CALL_TARGET_NS: f64 = 20.0;
/// A call of an empty host function must not take longer, in nanoseconds.
pub const HOST_CALL_TARGET_NS: f64 = 5.0;
/// A pause at a host call and the way back into the guest must not take longer, in nanoseconds.
pub const PAUSE_TARGET_NS: f64 = 60.0;
/// An instance from the pool that runs to its end must not take longer, in nanoseconds.
pub const WARM_TARGET_NS: f64 = 800.0;
/// The same must not take longer where the pool holds nothing of the module's memory.
pub const COLD_TARGET_NS: f64 = 15_000.0;
/// An idle instance that wrote to two pages must not hold more, in bytes.
pub const IDLE_TARGET: f64 = 12.0 * 1024.0;

/// All latencies of one engine.
#[derive(Clone, Debug, Serialize)]
pub struct Latencies {
    /// The engine.
    pub contender: Contender,
    /// An embedder's call of an empty guest function.
    pub guest_call: Timing,
    /// A guest's call of an empty host function, without the loop around it.
    pub host_call: Timing,
    /// A pause at a host call, and going on.
    pub pause: Timing,
    /// An instance from the pool, and back.
    pub instantiate: Timing,
    /// The same, with a program executed in between that writes to two pages and ends.
    pub warm: Timing,
    /// The same, where idle instances have given their memory back.
    pub cold: Timing,
    /// The same, where the idle instance is one of another module.
    pub other: Timing,
    /// Memory that an idle instance holds.
    pub idle: Idle,
}

/// Memory that an idle instance that wrote to two pages holds: the mean of many that are warm.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Idle {
    /// Resident bytes.
    pub resident: f64,
    /// Bytes of page tables, which no resident set contains.
    pub page_tables: f64,
}

/// An instance of the probe, and what is needed to make more of them.
#[derive(Debug)]
pub struct Probe {
    module: Module,
    linker: Linker<()>,
    instance: Instance<()>,
    nop: u32,
    calls: u32,
    rounds: u32,
    pauses: u32,
}

impl Probe {
    /// Loads the probe: a contract that writes to two pages and ends, with functions that do
    /// nothing, that call the host a0 times, that loop as often without calling it, and that pause
    /// for ever.
    pub fn new(contender: Contender) -> Result<Self> {
        Self::with_pool(contender, PoolLimits::default())
    }

    /// The same with other bounds of the pool, which must allow for an instance.
    pub fn with_pool(contender: Contender, pool: PoolLimits) -> Result<Self> {
        let config = contender.config().limits(Limits::contract()).pool(pool);
        let engine = Engine::new(config)?;
        let module = Module::new(&engine, &image()?)?;
        let mut linker = Linker::new(&engine);
        linker.func(EMPTY, "empty", |_: Caller<'_, ()>| ())?;
        linker.func(EXIT, "exit", |_: Caller<'_, ()>, code: u32| -> HostResult<()> {
            Err(HostStop::Done(code))
        })?;
        linker.pause(PAUSE, "pause")?;
        let mut instance = linker.instantiate(&module, ())?;
        instance.set_gas(ENDLESS_GAS)?;
        let [nop, calls, rounds, pauses] =
            ["nop", "calls", "rounds", "pauses"].map(|name| instance.function(name));
        let (nop, calls, rounds, pauses) = (nop?, calls?, rounds?, pauses?);
        Ok(Self { module, linker, instance, nop, calls, rounds, pauses })
    }

    /// The same with a pool whose idle instances hold no memory.
    pub fn cold(contender: Contender) -> Result<Self> {
        Self::with_pool(contender, PoolLimits { warm: 0, ..PoolLimits::default() })
    }

    /// Calls the empty guest function.
    pub fn guest_call(&mut self) -> Result<()> {
        self.instance.call_at(self.nop, ())?;
        Ok(())
    }

    /// Has the guest call the empty host function `count` times.
    pub fn host_calls(&mut self, count: u32) -> Result<()> {
        self.instance.call_at(self.calls, count)?;
        Ok(())
    }

    /// Has the guest loop `count` times without calling anything.
    pub fn rounds(&mut self, count: u32) -> Result<()> {
        self.instance.call_at(self.rounds, count)?;
        Ok(())
    }

    /// Pauses a guest at a host call `count` times, and goes on as often.
    pub fn pauses(&self, count: u32) -> Result<()> {
        let mut instance = self.linker.instantiate(&self.module, ())?;
        instance.set_gas(ENDLESS_GAS)?;
        let paused = instance.call_at(self.pauses, ());
        anyhow::ensure!(paused.is_err(), "the probe did not pause");
        for _ in 0..count {
            let exit = instance.resume(0)?;
            anyhow::ensure!(matches!(exit, Exit::HostCall { .. }), "the probe ended with {exit}");
        }
        Ok(())
    }

    /// Takes an instance from the pool and gives it back.
    pub fn instantiate(&self) -> Result<()> {
        drop(self.linker.instantiate(&self.module, ())?);
        Ok(())
    }

    /// Takes an instance from the pool, executes its program, and gives it back.
    pub fn instantiate_and_run(&self) -> Result<()> {
        let mut instance = self.linker.instantiate(&self.module, ())?;
        run(&mut instance)
    }
}

fn run(instance: &mut Instance<()>) -> Result<()> {
    instance.set_gas(ENDLESS_GAS)?;
    let exit = instance.run()?;
    anyhow::ensure!(exit == Exit::Done(0), "the probe ended with {exit}");
    Ok(())
}

/// Two modules that take the one memory of a pool from each other.
#[derive(Debug)]
pub struct Rivals {
    modules: [Module; 2],
    linker: Linker<()>,
}

impl Rivals {
    /// Loads the probe twice, in an engine that has room for one instance.
    pub fn new(contender: Contender) -> Result<Self> {
        let probe = Probe::with_pool(contender, PoolLimits { regions: 1, warm: 1 })?;
        let other = Module::new(probe.module.engine(), &image()?)?;
        Ok(Self { modules: [probe.module, other], linker: probe.linker })
    }

    /// Runs an instance of each to its end.
    pub fn run_both(&self) -> Result<()> {
        self.modules.iter().try_for_each(|module| run(&mut self.linker.instantiate(module, ())?))
    }
}

impl Idle {
    /// Measures `count` instances, which are all idle at last.
    pub fn measure(contender: Contender, count: u16) -> Result<Self> {
        let regions = usize::from(count) + 1;
        let probe = Probe::with_pool(contender, PoolLimits { regions, warm: regions })?;
        let known = |bytes: Option<u64>| bytes.context("the kernel does not say what is resident");
        let resident = known(process::own_memory())?;
        let page_tables = known(process::page_tables())?;
        // only later frames of a memory keep pages
        for _ in 0..3 {
            let mut instances = (0..count)
                .map(|_| probe.linker.instantiate(&probe.module, ()))
                .collect::<Result<Vec<_>, _>>()?;
            instances.iter_mut().try_for_each(run)?;
        }
        let each = |before, after: u64| after.saturating_sub(before) as f64 / f64::from(count);
        Ok(Self {
            resident: each(resident, known(process::own_memory())?),
            page_tables: each(page_tables, known(process::page_tables())?),
        })
    }
}

/// Measures all latencies of one engine.
pub fn measure(contender: Contender, rounds: u32) -> Result<Latencies> {
    let mut probe = Probe::new(contender)?;
    let (cold_probe, rivals) = (Probe::cold(contender)?, Rivals::new(contender)?);
    let [mut guest_call, mut calls, mut loops, mut pause] = [const { Samples::empty() }; 4];
    let [mut instantiate, mut warm, mut cold, mut other] = [const { Samples::empty() }; 4];
    let repeat = |count, work: &mut dyn FnMut() -> Result<()>| (0..count).try_for_each(|_| work());
    for _ in 0..rounds {
        guest_call.time(|| repeat(BATCH, &mut || probe.guest_call()))?;
        calls.time(|| probe.host_calls(BATCH))?;
        loops.time(|| probe.rounds(BATCH))?;
        instantiate.time(|| repeat(SMALL_BATCH, &mut || probe.instantiate()))?;
        pause.time(|| probe.pauses(BATCH))?;
        warm.time(|| repeat(SMALL_BATCH, &mut || probe.instantiate_and_run()))?;
        cold.time(|| repeat(SMALL_BATCH, &mut || cold_probe.instantiate_and_run()))?;
        other.time(|| repeat(SMALL_BATCH / 2, &mut || rivals.run_both()))?;
    }
    let mut host_call = calls.per(BATCH);
    host_call.min_ns -= loops.per(BATCH).min_ns;
    Ok(Latencies {
        contender,
        guest_call: guest_call.per(BATCH),
        host_call,
        instantiate: instantiate.per(SMALL_BATCH),
        pause: pause.per(BATCH),
        warm: warm.per(SMALL_BATCH),
        cold: cold.per(SMALL_BATCH),
        other: other.per(SMALL_BATCH),
        idle: Idle::measure(contender, 256)?,
    })
}

fn image() -> Result<Vec<u8>> {
    let mut a = Assembler::new(&Options::default());
    a.label("_start").la(T0, "cell").sw(SP, 0, T0).sw(SP, -4, SP);
    a.li(A0, 0).li(A7, i64::from(EXIT)).ecall();
    a.label("nop").ret();
    a.label("calls").mv(T1, A0).li(A7, i64::from(EMPTY));
    a.label("1").ecall().addi(T1, T1, -1).bnez(T1, "1b").ret();
    a.label("rounds").mv(T1, A0);
    a.label("2").addi(T1, T1, -1).bnez(T1, Expr::symbol("2b")).ret();
    a.label("pauses").li(A7, i64::from(PAUSE));
    a.label("3").ecall().j("3b");
    a.data().label("cell").word(1);
    let program = a.finish().map_err(|error| anyhow::anyhow!("{error}")).context("the probe")?;
    let mut image = ImageBuilder::new(Profile::rv32(false))
        .entry(program.entry)
        .text(program.text.base, &program.text.bytes)
        .data(program.data.base, &program.data.bytes, 4);
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    Ok(image.build())
}

/// Number of the host function that does nothing.
const EMPTY: u32 = 1;
/// Number of the host call that pauses.
const PAUSE: u32 = 2;
/// Number of the host function that ends the program.
const EXIT: u32 = 93;
/// Calls in one sample.
const BATCH: u32 = 20_000;
/// Instances in one sample.
const SMALL_BATCH: u32 = 200;
