//! Guests can be ended from outside, and go on with more gas.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use bessemer_runtime::{
    Backend, Caller, Config, Engine, Error, ErrorKind, Exit, HostResult, HostStop, Instance,
    InterruptHandle, Linker, MAX_GAS, Module,
};

/// Guests that never end, each in another way.
const ENDLESS: &[(&str, &str)] = &[
    ("one instruction", "j ."),
    ("a loop of registers", "li t1, 1\n1: addi t0, t0, 3\nmul t2, t0, t0\nbnez t1, 1b"),
    (
        "stores to fresh pages",
        "li t0, 0x80000\nli t2, 0xc0000\nmv t1, t0\n1: sw t1, 0(t1)\naddi t1, t1, 2000\nblt t1, t2, 1b\nmv t1, t0\nj 1b",
    ),
    (
        "calls",
        "1: call f\nj 1b\nf: addi sp, sp, -16\nsw ra, 0(sp)\ncall g\nlw ra, 0(sp)\naddi sp, sp, 16\nret\ng: addi a0, a0, 1\nret",
    ),
    ("jumps through a register", "la t0, 1f\n1: addi a0, a0, 1\njr t0"),
    ("host calls", "1: li a7, 1\necall\nj 1b"),
    (
        "host calls and a loop",
        "1: li a7, 1\necall\nli t0, 50\n2: addi t0, t0, -1\nbnez t0, 2b\nj 1b",
    ),
];

fn elf(source: &str) -> Vec<u8> {
    let program = asm::assemble(source, &asm::Options::default()).unwrap();
    let mut image = ImageBuilder::new(Profile::rv32(false))
        .text(program.text.base, &program.text.bytes)
        .data(0x8_0000, b"", 0x4_0000);
    for (name, addr) in &program.symbols {
        image = image.symbol(name, *addr);
    }
    image.build()
}

fn engine(backend: Backend) -> Engine {
    Engine::new(Config::new().backend(backend)).unwrap()
}

/// Host call 1 counts, 2 waits for its argument in milliseconds.
fn linker(engine: &Engine) -> Linker<u64> {
    let mut linker = Linker::new(engine);
    linker
        .func(1, "count", |mut caller: Caller<'_, u64>| {
            *caller.data_mut() += 1;
            Ok::<u32, HostStop>(7)
        })
        .unwrap();
    linker
        .func(2, "wait", |_: Caller<'_, u64>, milliseconds: u32| -> HostResult<()> {
            thread::sleep(Duration::from_millis(u64::from(milliseconds)));
            Ok(())
        })
        .unwrap();
    linker
}

fn instance(engine: &Engine, source: &str) -> Instance<u64> {
    let module = Module::new(engine, &elf(source)).unwrap();
    let mut instance = linker(engine).instantiate(&module, 0).unwrap();
    instance.set_gas(MAX_GAS).unwrap();
    instance
}

fn assert_interrupted(result: Result<Exit, Error>, what: &str) {
    let error = result.expect_err(what);
    assert!(matches!(error.kind(), ErrorKind::Interrupted), "{what}: {error}");
}

/// Ends the process if what it watches takes longer than anything here may: a lost interrupt.
fn watched<R>(what: &str, work: impl FnOnce() -> R) -> R {
    let (done, waiting) = mpsc::channel::<()>();
    let name = what.to_owned();
    let watch = thread::spawn(move || {
        if waiting.recv_timeout(Duration::from_mins(2)) == Err(mpsc::RecvTimeoutError::Timeout) {
            #[allow(clippy::print_stderr, reason = "the process ends")]
            {
                eprintln!("an interrupt was lost: {name}");
            }
            std::process::abort();
        }
    });
    let result = work();
    drop(done);
    watch.join().unwrap();
    result
}

#[test]
fn an_interrupt_at_any_moment_ends_any_guest() {
    for backend in [Backend::Jit, Backend::Interpreter, Backend::Auto] {
        let engine = engine(backend);
        for (name, source) in ENDLESS {
            let module = Module::new(&engine, &elf(source)).unwrap();
            let linker = linker(&engine);
            let mut random = fastrand::Rng::with_seed(17);
            watched(&format!("{backend:?}, {name}"), || {
                for _ in 0..80 {
                    let mut instance = linker.instantiate(&module, 0).unwrap();
                    instance.set_gas(MAX_GAS).unwrap();
                    let handle = InterruptHandle::new();
                    instance.interrupt_by(&handle).unwrap();
                    let wait = random.u64(0..40_000);
                    thread::scope(|scope| {
                        scope.spawn(|| {
                            let start = Instant::now();
                            while start.elapsed() < Duration::from_nanos(wait) {
                                std::hint::spin_loop();
                            }
                            handle.interrupt();
                        });
                        assert_interrupted(instance.run(), name);
                    });
                    let error = instance.run().unwrap_err();
                    assert!(matches!(error.kind(), ErrorKind::Ended), "{error}");
                }
            });
        }
    }
}

#[test]
fn a_handle_that_was_used_ends_the_next_run() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let mut instance = instance(&engine(backend), "li a7, 1\necall\nj .");
        let handle = InterruptHandle::new();
        instance.interrupt_by(&handle).unwrap();
        handle.interrupt();
        assert_interrupted(instance.run(), "used before");
        assert_eq!(*instance.data(), 0, "the guest did something");
    }
}

#[test]
fn a_guest_ends_where_its_host_function_would_come_back() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let mut instance =
            instance(&engine(backend), "li a0, 30\nli a7, 2\necall\nli a7, 1\necall\nj .");
        let handle = InterruptHandle::new();
        instance.interrupt_by(&handle).unwrap();
        watched("in a host function", || {
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_millis(10));
                    handle.interrupt();
                });
                assert_interrupted(instance.run(), "in a host function");
            });
        });
        assert_eq!(*instance.data(), 0, "the guest went on");
    }
}

#[test]
fn one_handle_ends_all_that_have_it_and_nobody_else() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let engine = engine(backend);
        let handle = InterruptHandle::new();
        let ended = AtomicU64::new(0);
        watched("several threads", || {
            thread::scope(|scope| {
                for _ in 0..3 {
                    let (handle, ended, engine) = (&handle, &ended, &engine);
                    scope.spawn(move || {
                        let mut instance = instance(engine, ENDLESS[1].1);
                        instance.interrupt_by(handle).unwrap();
                        assert_interrupted(instance.run(), "one of three");
                        ended.fetch_add(1, Ordering::Relaxed);
                    });
                }
                let engine = &engine;
                scope.spawn(move || {
                    let source = "li t0, 3000000\n1: addi t0, t0, -1\nbnez t0, 1b\nebreak";
                    let mut other = instance(engine, source);
                    other.interrupt_by(&InterruptHandle::new()).unwrap();
                    let exit = other.run().unwrap();
                    assert!(matches!(exit, Exit::Trap(_)), "{exit}");
                });
                thread::sleep(Duration::from_millis(20));
                handle.interrupt();
            });
        });
        assert_eq!(ended.into_inner(), 3);
    }
}

/// Counts to a thousand, with a host call now and then.
const SUM: &str = "
sum:    li   a1, 0
        li   t0, 1000
1:      add  a1, a1, t0
        andi t1, t0, 63
        bnez t1, 2f
        li   a7, 1
        ecall
2:      addi t0, t0, -1
        bnez t0, 1b
        mv   a0, a1
        ret
";

#[test]
fn a_handle_changes_nothing_unless_it_is_used() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let engine = engine(backend);
        let run = |handle: Option<&InterruptHandle>| {
            let mut instance = instance(&engine, SUM);
            instance.set_gas(100_000).unwrap();
            handle.map(|handle| instance.interrupt_by(handle)).transpose().unwrap();
            let sum = instance.call("sum", ()).unwrap();
            (sum, instance.gas(), *instance.data(), *instance.registers().unwrap())
        };
        let plain = run(None);
        assert_eq!((plain.0, plain.2), (500_500, 15));
        assert_eq!(run(Some(&InterruptHandle::new())), plain);
    }
}

#[test]
fn a_guest_in_slices_does_what_it_does_in_one() {
    let mut results = Vec::new();
    for backend in [Backend::Jit, Backend::Interpreter] {
        let config = Config::new().backend(backend).precise_registers(true);
        let engine = Engine::new(config).unwrap();
        let whole = {
            let mut instance = instance(&engine, SUM);
            instance.set_gas(1 << 20).unwrap();
            let sum = instance.call("sum", ()).unwrap();
            (sum, *instance.data(), (1 << 20) - instance.gas())
        };
        for slice in [400, 401, 450, 1_000, 5_000] {
            let mut instance = instance(&engine, SUM);
            instance.set_gas(slice).unwrap();
            let (mut slices, mut used) = (1, 0);
            let mut left = Vec::new();
            let error = instance.call("sum", ()).unwrap_err();
            let ErrorKind::NoReturn(Exit::OutOfGas { .. }) = error.kind() else {
                panic!("{error}")
            };
            let sum = loop {
                left.push((instance.pc(), *instance.registers().unwrap()));
                slices += 1;
                match instance.refuel(slice).unwrap() {
                    Exit::OutOfGas { .. } => {}
                    Exit::Done(sum) => break sum,
                    exit => panic!("{exit}"),
                }
                used += 1;
            };
            assert!(used > 1, "a slice of {slice} is no slice");
            assert_eq!((sum, *instance.data()), (whole.0, whole.1), "slices of {slice}");
            results.push((backend, slice, slices, left, instance.gas()));
            // what has returned is not out of gas
            let error = instance.refuel(slice).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::NotOutOfGas), "{error}");
        }
        results.push((backend, whole.2, 0, Vec::new(), 0));
    }
    let (native, interpreted) = results.split_at(results.len() / 2);
    for (native, interpreted) in native.iter().zip(interpreted) {
        assert_eq!((native.1, native.2, native.4), (interpreted.1, interpreted.2, interpreted.4));
        assert_eq!(native.3, interpreted.3, "slices of {}", native.1);
    }
}

#[test]
fn only_a_guest_whose_registers_are_known_goes_on() {
    let mut instance = instance(&engine(Backend::Jit), SUM);
    instance.set_gas(500).unwrap();
    assert!(instance.call("sum", ()).is_err());
    let error = instance.refuel(500).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotOutOfGas), "{error}");
}

/// `cargo test --release --test interrupts latency -- --nocapture` prints how long it takes from the use
/// of a handle to the end of the run.
#[test]
#[allow(clippy::print_stdout, reason = "its figures are for people")]
fn latency_is_shown() {
    for backend in [Backend::Jit, Backend::Interpreter] {
        let engine = engine(backend);
        let mut all = Vec::new();
        for _ in 0..100 {
            let mut instance = instance(&engine, ENDLESS[1].1);
            let handle = InterruptHandle::new();
            instance.interrupt_by(&handle).unwrap();
            let used = thread::scope(|scope| {
                let timer = scope.spawn(|| {
                    thread::sleep(Duration::from_micros(500));
                    let used = Instant::now();
                    handle.interrupt();
                    used
                });
                assert_interrupted(instance.run(), "a loop");
                let ended = Instant::now();
                ended.duration_since(timer.join().unwrap())
            });
            all.push(used);
        }
        all.sort();
        println!("{backend:?}: median {:?}, 95 of 100 within {:?}", all[50], all[95]);
    }
}
