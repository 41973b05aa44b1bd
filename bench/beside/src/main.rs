//! How long it takes until loaded code runs: Bessemer's authenticated cache beside wasmtime's
//! `Module::deserialize_file`, which authenticates nothing, on the same source, interleaved in one run.

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bessemer_runtime as bessemer;

/// Loads from disk in one measurement.
const ROUNDS: usize = 400;
/// Compilations in one.
const COMPILATIONS: usize = 5;

fn main() -> Result<()> {
    if let Some(program) = std::env::args().nth(1) {
        return first_load(&program);
    }
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("images");
    println!("microseconds, minimum and median of {ROUNDS}; compiling: minimum of {COMPILATIONS}\n");
    for name in ["small", "large"] {
        let folder = tempfile::tempdir()?;
        let mut ours = Ours::new(&images.join(format!("{name}.elf")), folder.path())?;
        let mut theirs = Theirs::new(&images.join(format!("{name}.wasm")), folder.path())?;
        let mut samples: [Vec<f64>; 7] = Default::default();
        for _ in 0..COMPILATIONS {
            samples[5].push(ours.compile()?);
            samples[6].push(theirs.compile()?);
        }
        for _ in 0..ROUNDS {
            samples[0].push(ours.code()?);
            samples[1].push(theirs.code()?);
            let [module, all] = ours.all()?;
            samples[2].push(module);
            samples[3].push(all);
            samples[4].push(theirs.all()?);
        }
        println!("{name}: {} bytes of native code; wasmtime's file has {}", ours.native, theirs.file_len);
        let rows = [
            ("artifact to executable code, authenticated", 0),
            ("wasmtime: deserialize_file", 1),
            ("program file and artifact to module", 2),
            ("the same, and an instance and its first call", 3),
            ("wasmtime: deserialize_file, instance, first call", 4),
            ("compiling", 5),
            ("wasmtime: compiling", 6),
        ];
        for (what, index) in rows {
            let sorted = &mut samples[index];
            sorted.sort_by(f64::total_cmp);
            println!("  {what:50} {:9.1} {:9.1}", sorted[0], sorted[sorted.len() / 2]);
        }
        let ratio = samples[5][0] / samples[0][ROUNDS / 2];
        println!("  loading is {ratio:.0} times as fast as compiling\n");
        let output = std::process::Command::new(std::env::current_exe()?)
            .arg(folder.path().join("ours"))
            .env("ELF", images.join(format!("{name}.elf")))
            .output()?;
        println!("  {}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(())
}

/// The first load of a process: no page of its memory is there yet.
fn first_load(cache: &str) -> Result<()> {
    let elf = fs::read(std::env::var_os("ELF").context("ELF names the program")?)?;
    let engine = bessemer::Engine::new(config(Path::new(cache)))?;
    let started = Instant::now();
    let module = bessemer::Module::new(&engine, &elf)?;
    ensure!(module.origin() == Some(bessemer::Origin::Disk), "the cache is empty");
    let all = started.elapsed().as_secs_f64() * 1e6;
    let code = module.compile_time().as_secs_f64() * 1e6;
    println!("first load of a process: code {code:.1}, module {all:.1}");
    Ok(())
}

fn config(cache: &Path) -> bessemer::Config {
    // no modules in memory: each is loaded from disk
    bessemer::Config::new()
        .backend(bessemer::Backend::Jit)
        .limits(bessemer::Limits::contract())
        .cache_dir(cache)
        .memory_cache(0)
        .check_every(0)
}

fn microseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6
}

struct Ours {
    elf: Vec<u8>,
    engine: bessemer::Engine,
    without_cache: bessemer::Engine,
    linker: bessemer::Linker<()>,
    native: usize,
}

impl Ours {
    fn new(elf: &Path, folder: &Path) -> Result<Self> {
        let elf = fs::read(elf)?;
        let cache = folder.join("ours");
        let engine = bessemer::Engine::new(config(&cache))?;
        let without = bessemer::Config::new().backend(bessemer::Backend::Jit);
        let without_cache =
            bessemer::Engine::new(without.limits(bessemer::Limits::contract()))?;
        let module = bessemer::Module::new(&engine, &elf)?;
        let native = module.code().context("it was compiled")?.bytes().len();
        let linker = bessemer::Linker::new(&engine);
        Ok(Self { elf, engine, without_cache, linker, native })
    }

    fn compile(&mut self) -> Result<f64> {
        let module = bessemer::Module::new(&self.without_cache, &self.elf)?;
        Ok(module.compile_time().as_secs_f64() * 1e6)
    }

    /// From the key to executable code.
    fn code(&mut self) -> Result<f64> {
        let module = bessemer::Module::new(&self.engine, &self.elf)?;
        ensure!(module.origin() == Some(bessemer::Origin::Disk), "it was not loaded");
        Ok(module.compile_time().as_secs_f64() * 1e6)
    }

    /// From the bytes of the program to the module, and on to the first call.
    fn all(&mut self) -> Result<[f64; 2]> {
        let started = Instant::now();
        let module = bessemer::Module::new(&self.engine, &self.elf)?;
        let loaded = microseconds(started);
        let mut instance = self.linker.instantiate(&module, ())?;
        instance.set_gas(1 << 40)?;
        instance.call("nop", ())?;
        let all = microseconds(started);
        ensure!(module.statistics().native_runs > 0, "it was interpreted");
        Ok([loaded, all])
    }
}

struct Theirs {
    wasm: Vec<u8>,
    file: PathBuf,
    file_len: u64,
    engine: wasmtime::Engine,
}

impl Theirs {
    fn new(wasm: &Path, folder: &Path) -> Result<Self> {
        let wasm = fs::read(wasm)?;
        let mut config = wasmtime::Config::new();
        config.consume_fuel(true);
        let engine = wasmtime::Engine::new(&config).map_err(anyhow::Error::msg)?;
        let file = folder.join("theirs.cwasm");
        let bytes = engine.precompile_module(&wasm).map_err(anyhow::Error::msg)?;
        fs::write(&file, &bytes)?;
        Ok(Self { wasm, file, file_len: bytes.len() as u64, engine })
    }

    fn compile(&mut self) -> Result<f64> {
        let started = Instant::now();
        black_box(self.engine.precompile_module(&self.wasm).map_err(anyhow::Error::msg)?);
        Ok(microseconds(started))
    }

    fn load(&self) -> Result<wasmtime::Module> {
        // SAFETY: the file was written by `new`, in a folder of its own.
        let module = unsafe { wasmtime::Module::deserialize_file(&self.engine, &self.file) };
        module.map_err(anyhow::Error::msg)
    }

    fn code(&mut self) -> Result<f64> {
        let started = Instant::now();
        let module = self.load()?;
        let time = microseconds(started);
        drop(module);
        Ok(time)
    }

    fn all(&mut self) -> Result<f64> {
        let started = Instant::now();
        let module = self.load()?;
        let mut store = wasmtime::Store::new(&self.engine, ());
        store.set_fuel(1 << 40).map_err(anyhow::Error::msg)?;
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).map_err(anyhow::Error::msg)?;
        let nop = instance.get_typed_func::<(), ()>(&mut store, "nop").map_err(anyhow::Error::msg)?;
        nop.call(&mut store, ()).map_err(anyhow::Error::msg)?;
        Ok(microseconds(started))
    }
}
