//! How long it takes until loaded code runs: Bessemer's authenticated cache beside wasmtime's
//! `Module::deserialize_file`, which authenticates nothing, on the same source, interleaved in one run.

mod ours;
mod table;
mod theirs;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::ours::Ours;
use crate::table::{Row, Sides};
use crate::theirs::Theirs;

/// Loads from disk in one measurement.
const ROUNDS: usize = 1000;
/// Compilations in one.
const COMPILATIONS: usize = 5;
/// Processes that load once.
const PROCESSES: usize = 20;
/// Programs with the size of their artifacts, in KiB, and what the way from the artifact on disk to
/// the first guest instruction must not exceed, in microseconds.
const TARGETS: [(&str, f64, f64); 2] = [("small", 20.0, 40.0), ("large", 250.0, 120.0)];
/// How many times as fast as compiling that way must be.
const SPEEDUP_TARGET: f64 = 100.0;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => compare(),
        // the first load of a process: no page of its memory is there yet
        ["first", "ours", image, cache] => {
            println!("{}", Ours::open(image.as_ref(), cache.as_ref())?.load()?.first);
            Ok(ExitCode::SUCCESS)
        }
        ["first", "theirs", file] => {
            println!("{}", Theirs::open(file.as_ref())?.load()?.first);
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("this program takes no arguments"),
    }
}

fn compare() -> Result<ExitCode> {
    println!(
        "Microseconds, minimum and median: {ROUNDS} loads, {PROCESSES} processes, {COMPILATIONS} compilations.\n\
         Files are in the page cache of the system. wasmtime authenticates nothing.\n"
    );
    let mut pass = true;
    for (name, kib, target) in TARGETS {
        let measured = measure(name)?;
        println!("{}", measured.table(name));
        let [first, compile] = [&measured.first, &measured.compile].map(|row| row.ours.minimum());
        let (met, speedup) = (first <= target, compile / first);
        let fast = speedup >= SPEEDUP_TARGET;
        println!(
            "First instruction {first:.1} us with {:.0} KiB, target {target} us with {kib} KiB: {}\n\
             {speedup:.0} times as fast as compiling, target {SPEEDUP_TARGET}: {}\n",
            measured.artifact.ours as f64 / 1024.0,
            verdict(met),
            verdict(fast)
        );
        pass &= met && fast;
    }
    Ok(ExitCode::from(u8::from(!pass)))
}

fn verdict(pass: bool) -> &'static str {
    if pass { "pass" } else { "FAIL" }
}

/// The measurements of one program.
struct Measured {
    artifact: Sides<u64>,
    code: Row,
    module: Row,
    first: Row,
    process: Row,
    compile: Row,
}

impl Measured {
    fn table(&self, name: &str) -> String {
        let title =
            format!("{name}: files of {} and {} bytes", self.artifact.ours, self.artifact.theirs);
        table::render(
            &title,
            &[&self.code, &self.module, &self.first, &self.process, &self.compile],
        )
    }
}

fn measure(name: &str) -> Result<Measured> {
    let images = Path::new(env!("CARGO_MANIFEST_DIR")).join("images");
    let (elf, wasm) = (images.join(format!("{name}.elf")), images.join(format!("{name}.wasm")));
    let folder = tempfile::tempdir()?;
    let (cache, file) = (folder.path().join("ours"), folder.path().join("theirs.cwasm"));
    let compiled = [Ours::compile(&elf, &cache)?, Theirs::compile(&wasm, &file)?];
    let (ours, theirs) = (Ours::open(&elf, &cache)?, Theirs::open(&file)?);
    for which in 0..16 {
        ensure!(ours.run(which, 3)? == theirs.run(which, 3)?, "workload {which} differs");
    }
    let mut measured = Measured {
        artifact: Sides { ours: ours.artifact_len()?, theirs: file.metadata()?.len() },
        code: Row::new("artifact to executable code"),
        module: Row::new("program and artifact to module"),
        first: Row::new("to the first guest instruction"),
        process: Row::new("the same, first load of a process"),
        compile: Row::new("compiling"),
    };
    let Measured { code, module, first, process, compile, .. } = &mut measured;
    compile.push(compiled);
    for _ in 1..COMPILATIONS {
        compile.push([
            Ours::compile(&elf, &folder.path().join("again"))?,
            Theirs::compile(&wasm, &file)?,
        ]);
        std::fs::remove_dir_all(folder.path().join("again"))?;
    }
    for _ in 0..ROUNDS {
        let loads = [ours.load()?, theirs.load()?];
        code.push(loads.each_ref().map(|load| load.code));
        module.push(loads.each_ref().map(|load| load.module));
        first.push(loads.each_ref().map(|load| load.first));
    }
    for _ in 0..PROCESSES {
        let ours = [Path::new("ours"), &elf, &cache];
        process.push([in_a_process(&ours)?, in_a_process(&[Path::new("theirs"), &file])?]);
    }
    Ok(measured)
}

/// The output of a process that loads once.
fn in_a_process(arguments: &[&Path]) -> Result<f64> {
    let output = Command::new(std::env::current_exe()?).arg("first").args(arguments).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    text.trim().parse().with_context(|| format!("{text:?} is not a time"))
}

/// One load: microseconds from its start to each stage.
struct Load {
    code: f64,
    module: f64,
    first: f64,
}

fn microseconds(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e6
}
