//! What it costs to go into a guest, out of it, and to have one at all.

use anyhow::{Context, Result};
use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm::{Assembler, Expr, Options, regs::*};
use bessemer_runtime::{Caller, Engine, Exit, HostResult, HostStop, Instance, Linker, Module};
use serde::Serialize;

use crate::contender::{Contender, ENDLESS_GAS};
use crate::timing::{Samples, Timing};

/// A call of an empty guest function must not take longer, in nanoseconds.
pub const GUEST_CALL_TARGET_NS: f64 = 20.0;
/// A call of an empty host function must not take longer, in nanoseconds.
pub const HOST_CALL_TARGET_NS: f64 = 5.0;

/// All latencies of one engine.
#[derive(Clone, Debug, Serialize)]
pub struct Latencies {
    /// The engine.
    pub contender: Contender,
    /// An embedder's call of an empty guest function.
    pub guest_call: Timing,
    /// A guest's call of an empty host function, without the loop around it.
    pub host_call: Timing,
    /// An instance from the pool, and back.
    pub instantiate: Timing,
    /// The same, with a program that ends at once executed in between.
    pub instantiate_and_run: Timing,
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
}

impl Probe {
    /// Loads the probe: a program that ends at once, with functions that do nothing, that call the
    /// host a0 times, and that loop as often without calling it.
    pub fn new(contender: Contender) -> Result<Self> {
        let engine = Engine::new(contender.config())?;
        let module = Module::new(&engine, &image()?)?;
        let mut linker = Linker::new(&engine);
        linker.func(EMPTY, "empty", |_: Caller<'_, ()>| ())?;
        linker.func(EXIT, "exit", |_: Caller<'_, ()>, code: u32| -> HostResult<()> {
            Err(HostStop::Done(code))
        })?;
        let mut instance = linker.instantiate(&module, ())?;
        instance.set_gas(ENDLESS_GAS)?;
        let [nop, calls, rounds] = ["nop", "calls", "rounds"].map(|name| instance.function(name));
        let (nop, calls, rounds) = (nop?, calls?, rounds?);
        Ok(Self { module, linker, instance, nop, calls, rounds })
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

    /// Takes an instance from the pool and gives it back.
    pub fn instantiate(&self) -> Result<()> {
        drop(self.linker.instantiate(&self.module, ())?);
        Ok(())
    }

    /// Takes an instance from the pool, executes its program, and gives it back.
    pub fn instantiate_and_run(&self) -> Result<()> {
        let mut instance = self.linker.instantiate(&self.module, ())?;
        instance.set_gas(ENDLESS_GAS)?;
        let exit = instance.run()?;
        anyhow::ensure!(exit == Exit::Done(0), "the probe ended with {exit}");
        Ok(())
    }
}

/// Measures all latencies of one engine.
pub fn measure(contender: Contender, rounds: u32) -> Result<Latencies> {
    let mut probe = Probe::new(contender)?;
    let [mut guest_call, mut calls, mut loops, mut instantiate, mut run] =
        [const { Samples::empty() }; 5];
    let repeat = |count, work: &mut dyn FnMut() -> Result<()>| (0..count).try_for_each(|_| work());
    for _ in 0..rounds {
        guest_call.time(|| repeat(BATCH, &mut || probe.guest_call()))?;
        calls.time(|| probe.host_calls(BATCH))?;
        loops.time(|| probe.rounds(BATCH))?;
        instantiate.time(|| repeat(SMALL_BATCH, &mut || probe.instantiate()))?;
        run.time(|| repeat(SMALL_BATCH, &mut || probe.instantiate_and_run()))?;
    }
    let mut host_call = calls.per(BATCH);
    host_call.min_ns -= loops.per(BATCH).min_ns;
    Ok(Latencies {
        contender,
        guest_call: guest_call.per(BATCH),
        host_call,
        instantiate: instantiate.per(SMALL_BATCH),
        instantiate_and_run: run.per(SMALL_BATCH),
    })
}

fn image() -> Result<Vec<u8>> {
    let mut a = Assembler::new(&Options::default());
    a.label("_start").li(A0, 0).li(A7, i64::from(EXIT)).ecall();
    a.label("nop").ret();
    a.label("calls").mv(T1, A0).li(A7, i64::from(EMPTY));
    a.label("1").ecall().addi(T1, T1, -1).bnez(T1, "1b").ret();
    a.label("rounds").mv(T1, A0);
    a.label("2").addi(T1, T1, -1).bnez(T1, Expr::symbol("2b")).ret();
    let program = a.finish().map_err(|error| anyhow::anyhow!("{error}")).context("the probe")?;
    let mut image = ImageBuilder::new(Profile { compressed: false })
        .entry(program.entry)
        .text(program.text.base, &program.text.bytes);
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    Ok(image.build())
}

/// Number of the host function that does nothing.
const EMPTY: u32 = 1;
/// Number of the host function that ends the program.
const EXIT: u32 = 93;
/// Calls in one sample.
const BATCH: u32 = 20_000;
/// Instances in one sample.
const SMALL_BATCH: u32 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_engines_can_be_probed() {
        for contender in Contender::GUESTS {
            let latencies = measure(contender, 1).expect("the probe runs");
            assert!(latencies.guest_call.min_ns > 0.0, "{latencies:?}");
            assert!(latencies.instantiate_and_run.min_ns > 0.0, "{latencies:?}");
        }
    }
}
