//! Bessemer: the cache directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bessemer_runtime::{Backend, Config, Engine, Limits, Linker, Module, Origin};

use crate::{Load, microseconds};

/// A program with an artifact in a cache directory.
pub struct Ours {
    elf: Vec<u8>,
    engine: Engine,
    linker: Linker<()>,
    cache: PathBuf,
    nop: u32,
}

impl Ours {
    /// Compiles a program into a cache directory that has nothing of it; gives the microseconds.
    pub fn compile(elf: &Path, cache: &Path) -> Result<f64> {
        let elf = fs::read(elf)?;
        let module = Module::new(&Engine::new(config(cache))?, &elf)?;
        ensure!(module.origin() == Some(Origin::Compiled), "it was compiled before");
        Ok(module.compile_time().as_secs_f64() * 1e6)
    }

    pub fn open(elf: &Path, cache: &Path) -> Result<Self> {
        let elf = fs::read(elf)?;
        let engine = Engine::new(config(cache))?;
        let program = bessemer_image::Program::parse(&elf, &Limits::contract().with_stack(STACK))?;
        let nop = program.symbols().lookup("nop").context("the program has no function `nop`")?;
        let linker = Linker::new(&engine);
        Ok(Self { elf, engine, linker, cache: cache.to_owned(), nop })
    }

    /// From the bytes of the program to the first instruction of an empty function.
    pub fn load(&self) -> Result<Load> {
        let started = Instant::now();
        let module = Module::new(&self.engine, &self.elf)?;
        let loaded = microseconds(started);
        let mut instance = self.linker.instantiate(&module, ())?;
        instance.set_gas(1 << 40)?;
        instance.call_at(self.nop, ())?;
        let first = microseconds(started);
        // it counts its runs when it ends
        drop(instance);
        ensure!(module.origin() == Some(Origin::Disk), "it was not loaded");
        ensure!(module.statistics().native_runs > 0, "it was interpreted");
        Ok(Load { code: module.compile_time().as_secs_f64() * 1e6, module: loaded, first })
    }

    /// Runs a workload.
    pub fn run(&self, which: u32, n: u32) -> Result<u32> {
        let module = Module::new(&self.engine, &self.elf)?;
        let mut instance = self.linker.instantiate(&module, ())?;
        instance.set_gas(1 << 40)?;
        Ok(instance.call("run", (which, n))?)
    }

    /// Bytes of the one file in the cache.
    pub fn artifact_len(&self) -> Result<u64> {
        let file = fs::read_dir(&self.cache)?.next().context("the cache is empty")??;
        Ok(file.metadata()?.len())
    }
}

/// No modules in memory: each is loaded from disk.
fn config(cache: &Path) -> Config {
    let limits = Limits::contract().with_stack(STACK);
    Config::new()
        .backend(Backend::Jit)
        .limits(limits)
        .cache_dir(cache)
        .memory_cache(0)
        .check_every(0)
}

/// Bytes of stack, as many as the WebAssembly modules have.
const STACK: u32 = 256 << 10;
