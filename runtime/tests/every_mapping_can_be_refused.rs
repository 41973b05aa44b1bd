//! When the system refuses a mapping, of whatever and at whatever call, a run gives the right result
//! or an error, and the next run is right.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use std::thread;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::memory::PoolLimits;
use bessemer_runtime::{
    Backend, Caller, Compilation, Config, Engine, Error, ErrorKind, Exit, HostResult, HostStop,
    Linker, Module,
};
use bessemer_translator::fault;

/// Writes to data, to the heap and deep into the stack, and ends with a sum of what it reads there.
fn elf(number: u32) -> Vec<u8> {
    let guest = format!(
        "
        _start: li   s0, {number}
                la   s1, cell
                li   a7, 6
                ecall
                sw   s0, 0(a0)
                li   t0, 20480
                sub  t1, sp, t0
                sw   s0, 0(t1)
                lw   t2, 0(s1)
                sw   s0, 0(s1)
                lw   t3, 0(a0)
                lw   t4, 0(t1)
                add  a0, t2, t3
                add  a0, a0, t4
                li   a7, 93
                ecall
                .data
        cell:   .word 1000
        "
    );
    let program = asm::assemble(&guest, &asm::Options::default()).unwrap();
    ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .data(program.data.base, &program.data.bytes, 4)
        .build()
}

/// An engine, and what its guests call.
struct Host {
    engine: Engine,
    linker: Linker<()>,
}

impl Host {
    fn new(config: Config) -> Result<Self, Error> {
        let engine = Engine::new(config)?;
        let mut linker = Linker::new(&engine);
        let exit = |_: Caller<'_, ()>, code: u32| -> HostResult<()> { Err(HostStop::Done(code)) };
        linker.func(93, "exit", exit)?;
        let grow = |mut caller: Caller<'_, ()>| -> HostResult<u32> {
            caller.memory().grow(2).map_err(|error| HostStop::Error(Box::new(error)))
        };
        linker.func(6, "grow", grow)?;
        Ok(Self { engine, linker })
    }

    /// Runs a program so often that its memory has learnt which pages it writes to.
    fn run(&self, number: u32) -> Result<(), Error> {
        let module = Module::new(&self.engine, &elf(number))?;
        for _ in 0..4 {
            let mut instance = self.linker.instantiate(&module, ())?;
            instance.set_gas(1 << 30)?;
            let exit = instance.run()?;
            assert_eq!(exit, Exit::Done(1000 + 2 * number), "program {number}");
        }
        Ok(())
    }
}

/// The injection counts calls of the whole process: one test in this file.
#[test]
fn every_call_can_be_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut refused = Vec::new();
    for backend in [Backend::Interpreter, Backend::Jit, Backend::Auto] {
        for regions in [1, 8] {
            let config = || {
                Config::new()
                    .backend(backend)
                    .compilation(Compilation::Eager)
                    .pool(PoolLimits { regions, warm: regions })
                    .cache_dir(folder.path().join("cache"))
                    .memory_cache(0)
                    .check_every(0)
            };
            let mut errors = 0;
            for k in 1.. {
                // on a thread of its own, which needs a stack for signals
                let ended = thread::scope(|scope| {
                    let work = scope.spawn(|| {
                        let host = Host::new(config()).unwrap();
                        fault::fail_after(k);
                        // two programs, which take the one memory from each other
                        let results = [1, 2, 1].map(|number| host.run(number));
                        let ended = fault::is_pending();
                        fault::fail_after(0);
                        for error in results.into_iter().filter_map(Result::err) {
                            let is_known = match error.kind() {
                                // the last: from the host function that grows the heap
                                ErrorKind::Region(_)
                                | ErrorKind::Signal(_)
                                | ErrorKind::Host { .. } => true,
                                ErrorKind::Translate(_) => backend == Backend::Jit,
                                _ => false,
                            };
                            assert!(is_known, "{backend:?}, call {k}: {error}");
                            errors += 1;
                        }
                        // nothing is remembered, nothing is worn out
                        for number in [1, 2, 3] {
                            host.run(number).unwrap_or_else(|error| {
                                panic!("{backend:?}, after call {k}: {error}")
                            });
                        }
                        ended
                    });
                    work.join().unwrap()
                });
                if ended {
                    println!("{backend:?}, {regions} regions: {} calls, {errors} errors", k - 1);
                    assert!(k > 10, "so few calls are made");
                    break;
                }
            }
            refused.push(errors);
        }
    }
    assert!(refused.iter().all(|&errors| errors > 3), "{refused:?}: hardly anything was refused");
}
