//! Many threads at once.

use std::sync::Barrier;
use std::thread;

use bessemer_isa::Reg;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Error, Exit, HostResult, HostStop, Instance, Limits, Linker,
    Module, OptLevel,
};

use crate::harness::{GAS, elf, linker};

/// Host calls, recursion, memory, and a trap if s1 is not 0.
const GUEST: &str = "
    _start: mv   s0, a0
            la   s2, cell
            call f
            li   a7, 93
            ecall
    f:      addi sp, sp, -16
            sw   ra, 12(sp)
            addi s0, s0, -1
            beqz s0, 1f
            call f
    1:      lw   a1, 0(s2)
            add  a0, a0, a1
            sw   a0, 0(s2)
            li   a7, 1
            ecall
            beqz s1, 2f
            lw   a1, 0(zero)
    2:      lw   ra, 12(sp)
            addi sp, sp, 16
            ret
            .bss
    cell:   .zero 4
";

#[test]
fn shared_types_are_send_and_sync() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn moved<T: Send + 'static>() {}
    shared::<Engine>();
    shared::<Module>();
    shared::<Linker<u32>>();
    // the data of an instance need not be shareable
    moved::<Instance<std::cell::Cell<u32>>>();
    moved::<Error>();
    fn error<T: std::error::Error + Send + Sync>() {}
    error::<Error>();
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<usize>());
}

#[test]
fn a_thousand_threads_run_one_module_at_once() {
    const THREADS: usize = 1_000;
    let config = Config::new().backend(Backend::Jit).limits(Limits::contract());
    let engine = Engine::new(config.pool(pool(THREADS))).unwrap();
    let module = Module::new(&engine, &elf(GUEST)).unwrap();
    let linker = linker::<usize>(&engine);
    let run = |number: usize, traps: bool| {
        let mut instance = linker.instantiate(&module, number).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.set_register(Reg::A0, number as u64 + 1);
        instance.set_register(Reg::S1, traps.into());
        (instance.run().unwrap(), instance.gas())
    };
    let expected: Vec<_> =
        (0..THREADS).map(|number| [false, true].map(|traps| run(number, traps))).collect();
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for (number, expected) in expected.iter().enumerate() {
            let (start, run, linker, module) = (&start, &run, &linker, &module);
            let body = move || {
                let held = linker.instantiate(module, number).unwrap();
                // now a thousand instances exist, and the pool's bound is reached
                start.wait();
                drop(held);
                for _ in 0..5 {
                    let seen = [false, true].map(|traps| run(number, traps));
                    assert_eq!(seen, *expected, "thread {number}");
                }
            };
            thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, body).unwrap();
        }
    });
    assert!(engine.clone().backend() == Backend::Jit);
}

fn pool(regions: usize) -> bessemer_runtime::memory::PoolLimits {
    bessemer_runtime::memory::PoolLimits { regions, ..Default::default() }
}

#[test]
fn modules_compile_and_go_in_parallel() {
    let engine = Engine::new(Config::new().backend(Backend::Jit)).unwrap();
    thread::scope(|scope| {
        for thread in 0..8_u32 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..10 {
                    let number = thread * 100 + round;
                    let guest = format!("li a0, {number}\n li a7, 1\n ecall\n li a7, 93\n ecall");
                    let module = Module::new(engine, &elf(&guest)).unwrap();
                    let mut instance = linker::<()>(engine).instantiate(&module, ()).unwrap();
                    instance.set_gas(GAS).unwrap();
                    assert_eq!(instance.run().unwrap(), Exit::Done(number));
                }
            });
        }
    });
}

#[test]
fn a_paused_instance_goes_on_in_another_thread() {
    for level in [OptLevel::None, OptLevel::Speed] {
        let config = Config::new().backend(Backend::Jit).opt_level(level);
        let engine = Engine::new(config).unwrap();
        let guest = "
                li   s0, 20
        1:      li   a7, 2
                ecall
                add  s1, s1, a0
                addi s0, s0, -1
                bnez s0, 1b
                mv   a0, s1
                li   a7, 93
                ecall
        ";
        let module = Module::new(&engine, &elf(guest)).unwrap();
        let mut instance = linker::<()>(&engine).instantiate(&module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        let mut exit = instance.run().unwrap();
        while let Exit::HostCall { .. } = exit {
            (instance, exit) = thread::spawn(move || {
                let exit = instance.resume(3).unwrap();
                (instance, exit)
            })
            .join()
            .unwrap();
        }
        assert_eq!(exit, Exit::Done(60));
    }
}

#[test]
fn host_functions_are_shared_by_all_threads() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let engine = Engine::new(Config::new()).unwrap();
    let module =
        Module::new(&engine, &elf("li s0, 100\n 1: ecall\n addi s0, s0, -1\n bnez s0, 1b\n j 1b"))
            .unwrap();
    let count = std::sync::Arc::new(AtomicU32::new(0));
    let mut linker = Linker::<u32>::new(&engine);
    let shared = count.clone();
    let tick = move |mut caller: Caller<'_, u32>| -> HostResult<u32> {
        shared.fetch_add(1, Ordering::Relaxed);
        *caller.data_mut() += 1;
        if *caller.data() == 1_000 { Err(HostStop::Done(*caller.data())) } else { Ok(0) }
    };
    linker.func(0, "tick", tick).unwrap();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut instance = linker.instantiate(&module, 0).unwrap();
                instance.set_gas(GAS).unwrap();
                assert_eq!(instance.run().unwrap(), Exit::Done(1_000));
            });
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 16_000);
}
