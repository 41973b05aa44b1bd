//! A host of plugins: many programs on one engine, host functions that wait for something, and a deadline for each call.
//!
//! `cargo run --release -p bessemer --example plugins`

#![allow(clippy::print_stdout, reason = "an example prints")]

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bessemer::image::{ImageBuilder, Profile};
use bessemer::isa::asm;
use bessemer::{
    Caller, Config, Engine, ErrorKind, Exit, GuestSlice, HostResult, InstancePre, InterruptHandle,
    Linker, MAX_GAS, Module,
};

/// Host calls of plugins.
const LOG: u32 = 1;
const FETCH: u32 = 2;
const EXIT: u32 = 3;

/// Plugins that are loaded, and instances of each.
const PLUGINS: u32 = 50;
const INSTANCES: u32 = 5;

/// Asks the host for the price of an instrument, which takes a while, writes a line to the log, and ends with twice
/// the price. The number of the instrument makes each plugin another program.
fn plugin(instrument: u32) -> String {
    format!(
        "
    _start: li   a0, {instrument}
            li   a7, {FETCH}
            ecall
            slli s0, a0, 1
            la   a0, line
            li   a1, 5
            li   a7, {LOG}
            ecall
            mv   a0, s0
            li   a7, {EXIT}
            ecall
    line:   .ascii \"asked\"
    "
    )
}

/// A plugin that does not end by itself.
const RUNAWAY: &str = "_start: j _start";

/// The host's data of an instance.
#[derive(Default)]
struct Data {
    log: Vec<String>,
}

pub(crate) fn main() -> Result<()> {
    // one engine for all: its threads compile, its pool lends memories, its statistics count
    let engine = Engine::new(Config::new())?;
    let linker = linker(&engine)?;
    let plugins: Vec<InstancePre<Data>> =
        (0..PLUGINS).map(|number| load(&linker, &plugin(number))).collect::<Result<_>>()?;

    // one thread serves all instances: while one waits, others run
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let log_lines = runtime.block_on(async {
        let mut running = Vec::new();
        for plugin in plugins.iter().cycle().take((PLUGINS * INSTANCES) as usize) {
            running.push(serve(plugin));
        }
        let local = tokio::task::LocalSet::new();
        let tasks: Vec<_> = running.into_iter().map(|task| local.spawn_local(task)).collect();
        local.await;
        let mut lines = 0;
        for (number, task) in (0..).zip(tasks) {
            let (value, log) = task.await??;
            let wanted = 2 * price(number % PLUGINS);
            if value != wanted {
                bail!("plugin {number} ended with {value} instead of {wanted}");
            }
            lines += log.len();
        }
        Ok(lines)
    })?;
    println!(
        "{PLUGINS} plugins, {} instances, {log_lines} lines in their logs",
        PLUGINS * INSTANCES
    );

    // a missing host function is found before anything runs
    let error =
        linker.check(&module(&engine, "li a7, 99\necall")?).err().context("99 is missing")?;
    println!("refused: {error}");

    // a deadline ends a plugin that does not end by itself; this is no outcome of the plugin
    let mut runaway = load(&linker, RUNAWAY)?.instantiate(Data::default())?;
    runaway.set_gas(MAX_GAS)?;
    let deadline = InterruptHandle::new();
    runaway.interrupt_by(&deadline)?;
    let timer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        deadline.interrupt();
    });
    let ended = runaway.run().err().context("it cannot end by itself")?;
    timer.join().expect("the timer does not panic");
    if !matches!(ended.kind(), ErrorKind::Interrupted) {
        return Err(ended.into());
    }
    println!("stopped: {ended}");
    let statistics = engine.statistics();
    println!(
        "the engine compiled {} programs, {} failed",
        statistics.compiles, statistics.compile_failures
    );
    Ok(())
}

/// The host functions of plugins, with the types of their arguments.
fn linker(engine: &Engine) -> Result<Linker<Data>> {
    let mut linker = Linker::new(engine);
    linker.func(
        LOG,
        "log",
        |mut caller: Caller<'_, Data>, line: GuestSlice| -> HostResult<()> {
            caller.charge(100 + u64::from(line.len))?;
            let (memory, data) = caller.memory_and_data();
            data.log.push(String::from_utf8_lossy(line.read(&memory)?).into_owned());
            Ok(())
        },
    )?;
    linker.pause(FETCH, "fetch")?;
    linker.pause(EXIT, "exit")?;
    Ok(linker)
}

fn module(engine: &Engine, source: &str) -> Result<Module> {
    let program = asm::assemble(source, &asm::Options::default())?;
    let image =
        ImageBuilder::new(Profile::rv32(false)).text(program.text.base, &program.text.bytes);
    Ok(Module::new(engine, &image.build())?)
}

fn load(linker: &Linker<Data>, source: &str) -> Result<InstancePre<Data>> {
    Ok(linker.instantiate_pre(&module(linker.engine(), source)?)?)
}

/// Runs one instance. It pauses where it asks for something that takes a while, so no thread waits with it.
fn serve(plugin: &InstancePre<Data>) -> impl Future<Output = Result<(u32, Vec<String>)>> + 'static {
    let plugin = plugin.clone();
    async move {
        let mut instance = plugin.instantiate(Data::default())?;
        instance.set_gas(1_000_000)?;
        let mut exit = instance.run()?;
        loop {
            exit = match exit {
                Exit::HostCall { number: FETCH, .. } => {
                    let answer = fetch(instance.argument(0)).await;
                    instance.resume(answer)?
                }
                Exit::HostCall { number: EXIT, .. } => {
                    let value = instance.argument(0);
                    return Ok((value, std::mem::take(&mut instance.data_mut().log)));
                }
                other => bail!("the plugin failed: {other}"),
            };
        }
    }
}

/// Something that takes a while, as a request to another machine does.
async fn fetch(instrument: u32) -> u32 {
    tokio::time::sleep(Duration::from_millis(5)).await;
    price(instrument)
}

fn price(instrument: u32) -> u32 {
    1_000 + instrument
}
