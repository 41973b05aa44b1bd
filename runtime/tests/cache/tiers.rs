//! The interpreter serves until native code is there; nothing can be seen of the change.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use bessemer_runtime::{
    Backend, Compilation, Config, Engine, Exit, Instance, Limits, Module, OptLevel, Origin,
};

use crate::harness::{Place, Seen, config, elf, expected, instance, linker, numbered, run};

fn auto() -> Config {
    config().backend(Backend::Auto)
}

#[test]
fn code_comes_in_the_background() {
    for place in [None, Some(Place::new())] {
        let config = place.as_ref().map_or_else(config, Place::config).backend(Backend::Auto);
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, &numbered(1)).unwrap();
        let first = run(&module);
        engine.finish_compiling();
        assert_eq!(module.origin(), Some(Origin::Compiled));
        assert_eq!(first, run(&module));
        assert_eq!(first, expected(&numbered(1)));
        assert_eq!(engine.statistics().compiles, 1);
        assert!(module.statistics().native_runs >= 1, "{:?}", module.statistics());
        assert_eq!(place.map_or(1, |place| place.files().len()), 1);
    }
}

/// Guests with every kind of end and of run.
fn guests() -> Vec<(&'static str, Vec<u8>)> {
    let indirect = "
        _start: la   s0, table
                li   s1, 5
        loop:   andi t0, s1, 1
                slli t0, t0, 2
                add  t0, t0, s0
                lw   t0, 0(t0)
                jalr t0
                addi s1, s1, -1
                bnez s1, loop
                li   a7, 93
                ecall
        even:   addi a0, a0, 2
                ret
        odd:    slli a0, a0, 1
                ret
                .rodata
        table:  .word even
                .word odd";
    let recursive = "
        _start: li   a0, 9
                call fib
                li   a7, 93
                ecall
        fib:    li   t0, 2
                blt  a0, t0, 1f
                addi sp, sp, -12
                sw   ra, 0(sp)
                sw   a0, 4(sp)
                addi a0, a0, -1
                call fib
                sw   a0, 8(sp)
                lw   a0, 4(sp)
                addi a0, a0, -2
                call fib
                lw   t0, 8(sp)
                add  a0, a0, t0
                lw   ra, 0(sp)
                addi sp, sp, 12
        1:      ret";
    let trap = "
        _start: li   s0, 6
        loop:   sw   s0, -8(sp)
                addi s0, s0, -1
                bnez s0, loop
                lw   a0, 16(zero)
                li   a7, 93
                ecall";
    let atomic = "
        _start: li   s0, 4
                addi s1, sp, -16
        loop:   lr.w t0, (s1)
                add  t0, t0, s0
                beqz s0, done
                sc.w t1, t0, (s1)
                amoadd.w t2, t0, (s1)
                addi s0, s0, -1
                j    loop
        done:   mv   a0, t2
                li   a7, 1
                ecall
                li   a7, 93
                ecall";
    let jump = "
        _start: li   s0, 3
        loop:   addi s0, s0, -1
                bnez s0, loop
                jr   s0";
    vec![
        ("numbers", numbered(77)),
        ("indirect calls", elf(indirect)),
        ("recursion", elf(recursive)),
        ("a trap", elf(trap)),
        ("atomics", elf(atomic)),
        ("a bad jump", elf(jump)),
    ]
}

#[test]
fn a_swap_at_any_run_changes_nothing() {
    let mut swaps = 0;
    for level in [OptLevel::None, OptLevel::Speed] {
        for (name, elf) in guests() {
            let engine = Engine::new(config().opt_level(level)).unwrap();
            let module = Module::new(&engine, &elf).unwrap();
            let wanted = expected(&elf);
            for gas in [1 << 40, (1 << 40) - wanted.gas, (1 << 40) - wanted.gas - 1, 60] {
                let run = |after: u64| {
                    let mut instance = instance(&module);
                    instance.set_gas(gas).unwrap();
                    instance.swap_after(after);
                    let exit = instance.run().unwrap();
                    Seen::of(&instance, exit)
                };
                let interpreted = run(u64::MAX);
                let before = module.statistics();
                for after in 0..400 {
                    assert_eq!(run(after), interpreted, "{name}, {gas} gas, swap after {after}");
                    // beyond the last run nothing is swapped any more
                    if module.statistics().swaps - before.swaps < after {
                        break;
                    }
                }
                swaps += module.statistics().swaps - before.swaps;
            }
            assert_eq!(run(&module), wanted, "{name}");
        }
    }
    assert!(swaps > 800, "only {swaps} swaps");
}

/// The first steps of real programs: each ends, or is out of gas in the middle.
#[test]
fn a_swap_at_any_run_of_a_workload_changes_nothing() {
    let (mut programs, mut swaps) = (0, 0);
    for folder in ["../bench/elf", "../bench/elf/imac"] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "elf") {
                continue;
            }
            let elf = std::fs::read(&path).unwrap();
            let engine =
                Engine::new(config().limits(Limits::contract().with_stack(64 << 10))).unwrap();
            let module = Module::new(&engine, &elf).unwrap();
            module.make_osr_code();
            let run = |after: u64| {
                let mut instance = instance(&module);
                instance.set_gas(15_000).unwrap();
                instance.swap_after(after);
                let ended = instance.call("workload", 2).map_err(|error| error.to_string());
                let seen = Seen::of(&instance, Exit::Done(0));
                (ended, seen)
            };
            let interpreted = run(u64::MAX);
            for after in 0.. {
                let before = module.statistics().swaps;
                assert_eq!(run(after), interpreted, "{}, swap after {after} runs", path.display());
                if after > 0 && module.statistics().swaps == before {
                    break;
                }
                swaps += 1;
            }
            programs += 1;
        }
    }
    println!("{swaps} swaps in {programs} programs");
    assert!(programs >= 28 && swaps > 15_000, "{swaps} swaps in {programs} programs");
}

#[test]
fn pauses_and_calls_by_name_survive_a_swap() {
    let guest = elf("
        _start: li   s0, 3
        loop:   li   a7, 2
                ecall
                add  s1, s1, a0
                addi s0, s0, -1
                bnez s0, loop
                mv   a0, s1
                li   a7, 93
                ecall
        twice:  li   t0, 5
        1:      addi a0, a0, 1
                addi t0, t0, -1
                bnez t0, 1b
                ret");
    let module = Module::new(&Engine::new(config()).unwrap(), &guest).unwrap();
    for after in 0..20 {
        let mut paused = instance(&module);
        paused.swap_after(after);
        let mut exit = paused.run().unwrap();
        for answer in [10, 20, 30] {
            assert!(matches!(exit, Exit::HostCall { number: 2, .. }), "{exit}");
            exit = paused.resume(answer).unwrap();
        }
        assert_eq!(exit, Exit::Done(60), "swap after {after}");
        let mut called = instance(&module);
        called.swap_after(after);
        assert_eq!(called.call("twice", 1).unwrap(), 6, "swap after {after}");
        assert_eq!(called.call("twice", 7).unwrap(), 12, "swap after {after}");
    }
}

#[test]
fn running_instances_go_over_when_code_is_ready() {
    // long enough that code is ready in the middle
    let guest = elf("
        _start: li   s0, 30000000
        loop:   addi s0, s0, -1
                bnez s0, loop
                li   a0, 5
                li   a7, 93
                ecall");
    let engine = Engine::new(auto().limits(Limits::bare())).unwrap();
    let module = Module::new(&engine, &guest).unwrap();
    let mut instance: Instance<()> = instance(&module);
    assert_eq!(instance.run().unwrap(), Exit::Done(5));
    assert_eq!(module.statistics().swaps, 1, "{:?}", module.statistics());
}

#[test]
fn threads_share_one_compilation() {
    let place = Place::new();
    for (compilation, number) in [(Compilation::Background, 1), (Compilation::Eager, 2)] {
        let engine =
            Engine::new(place.config().backend(Backend::Auto).compilation(compilation)).unwrap();
        let elf = numbered(number);
        let wanted = expected(&elf);
        let start = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !start.load(Ordering::Relaxed) {
                        thread::yield_now();
                    }
                    for _ in 0..50 {
                        assert_eq!(run(&Module::new(&engine, &elf).unwrap()), wanted);
                    }
                });
            }
            start.store(true, Ordering::Relaxed);
        });
        engine.finish_compiling();
        assert_eq!(engine.statistics().compiles, 1, "{compilation:?}");
    }
}

#[test]
fn an_engine_can_go_while_it_compiles() {
    for number in 0..20 {
        let engine = Engine::new(auto()).unwrap();
        let modules: Vec<_> = (0..5)
            .map(|other| Module::new(&engine, &numbered(number * 5 + other)).unwrap())
            .collect();
        let linker = linker(&engine);
        drop(engine);
        let instance = linker.instantiate(&modules[0], ()).unwrap();
        drop((modules, linker));
        drop(instance);
    }
}

#[test]
fn the_same_bytes_come_from_every_thread() {
    use bessemer_image::Program;
    use bessemer_isa::GasSchedule;
    use bessemer_translator::{Labels, Options, translate};

    let images = ["sort_strings", "u256", "imac/bytecode", "programs/primes"];
    let images = images.map(|name| std::fs::read(format!("../bench/elf/{name}.elf")).unwrap());
    let write = |elf: &Vec<u8>| {
        let program = Program::parse(elf, &Limits::bare()).unwrap();
        let charges = program.charges(&GasSchedule::V1);
        let artifact = translate(&program, &charges, &Options::default()).unwrap();
        artifact.write(&Labels { key: [0; 32], code_hash: [0; 32], image: None, names: None })
    };
    let alone: Vec<_> = images.iter().map(write).collect();
    thread::scope(|scope| {
        let all = || images.iter().map(write).collect::<Vec<_>>();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(all)).collect();
        for thread in threads {
            assert!(thread.join().unwrap() == alone, "a thread made something else");
        }
    });
}
