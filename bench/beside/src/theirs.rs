//! wasmtime: a file with a compiled module.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Error, Result};
use wasmtime::{Config, Engine, Instance, Module, Store};

use crate::{Load, microseconds};

/// A compiled module in a file.
pub struct Theirs {
    engine: Engine,
    file: PathBuf,
}

impl Theirs {
    /// Compiles a module into a file; gives the microseconds.
    pub fn compile(wasm: &Path, file: &Path) -> Result<f64> {
        let (engine, wasm) = (engine()?, fs::read(wasm)?);
        let started = Instant::now();
        let bytes = engine.precompile_module(&wasm).map_err(Error::msg)?;
        let time = microseconds(started);
        fs::write(file, bytes)?;
        Ok(time)
    }

    pub fn open(file: &Path) -> Result<Self> {
        Ok(Self { engine: engine()?, file: file.to_owned() })
    }

    fn module(&self) -> Result<Module> {
        // SAFETY: `compile` wrote the file, in a folder of this process or its parent.
        unsafe { Module::deserialize_file(&self.engine, &self.file) }.map_err(Error::msg)
    }

    /// From the file to the first instruction of an empty function.
    pub fn load(&self) -> Result<Load> {
        let started = Instant::now();
        let module = self.module()?;
        let code = microseconds(started);
        self.call(&module, |instance, store| {
            let nop = instance.get_typed_func::<(), ()>(&mut *store, "nop")?;
            nop.call(store, ())
        })?;
        let first = microseconds(started);
        Ok(Load { code, module: code, first })
    }

    /// Runs a workload.
    pub fn run(&self, which: u32, n: u32) -> Result<u32> {
        self.call(&self.module()?, |instance, store| {
            let run = instance.get_typed_func::<(u32, u32), u32>(&mut *store, "run")?;
            run.call(store, (which, n))
        })
    }

    fn call<R>(
        &self,
        module: &Module,
        f: impl FnOnce(&Instance, &mut Store<()>) -> wasmtime::Result<R>,
    ) -> Result<R> {
        let mut store = Store::new(&self.engine, ());
        store.set_fuel(1 << 40).map_err(Error::msg)?;
        let instance = Instance::new(&mut store, module, &[]).map_err(Error::msg)?;
        f(&instance, &mut store).map_err(Error::msg)
    }
}

/// Fuel stands for gas.
fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.consume_fuel(true);
    Engine::new(&config).map_err(Error::msg)
}
