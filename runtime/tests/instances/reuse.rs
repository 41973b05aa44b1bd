//! Memory that earlier frames have used: which pages they wrote to is never visible.

use fastrand::Rng;
use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread;

use bessemer_image::Memory;
use bessemer_runtime::memory::{OPEN_PAGES, PAGE, PoolLimits, RegionError};
use bessemer_runtime::{
    Backend, Caller, Config, Engine, ErrorKind, Exit, HostResult, Instance, Limits, Linker, Module,
    TrapKind,
};

use crate::harness::{GAS, Seen, configs, elf, everywhere, instance, linker, module};

/// Memory of the tests here: pages of data, then pages of zeros.
const PAGES: u32 = 40;
const SECTIONS: &str = "
            .data
    cell:   .word 0x01020304
            .zero 0x1ffc
            .bss
            .zero 0x26000
";

/// Pages that the harness gives the stack.
const STACK_PAGES: u32 = 16;

/// A guest that makes accesses of all kinds, many of them at the edges of pages.
fn accesses(seed: u64) -> String {
    let mut random = Rng::with_seed(seed);
    let spread = [2, 5, OPEN_PAGES as u32, PAGES][random.u32(..4) as usize];
    let mut guest = String::from("_start: la s1, cell\n mv s2, sp\n li s0, 1\n");
    for _ in 0..20 + random.u32(..60) {
        // now and then behind the end, which is where most guests here end
        let page = random.u32(..spread) + if random.u32(..200) == 0 { PAGES } else { 0 };
        let edge = if random.u32(..2) == 0 { random.u32(..8) } else { random.u32(..PAGE) + 4 };
        let offset = (page * PAGE + edge).saturating_sub(4);
        if random.u32(..4) == 0 {
            let below = offset % (STACK_PAGES * PAGE) + 4;
            writeln!(guest, "li t0, -{below}\n add t0, t0, s2").unwrap();
        } else {
            writeln!(guest, "li t0, {offset}\n add t0, t0, s1").unwrap();
        }
        let access = match random.u32(..11) {
            0 => "sb s0, 0(t0)",
            1 => "sh s0, 0(t0)",
            2..=4 => "sw s0, 0(t0)",
            5 => "lbu t1, 0(t0)",
            6 => "lh t1, 0(t0)",
            7 => "lw t1, 0(t0)",
            8 => "andi t0, t0, -4\n amoadd.w t1, s0, (t0)",
            9 => "andi t0, t0, -4\n amoswap.w t1, s0, (t0)",
            _ => "andi t0, t0, -4\n lr.w t2, (t0)\n sc.w t1, s0, (t0)",
        };
        writeln!(guest, "{access}\n add s0, s0, t1\n slli t2, s0, 3\n xor s0, s0, t2").unwrap();
    }
    guest + "mv a0, s0\n li a7, 93\n ecall\n" + SECTIONS
}

/// Runs with much gas and precise outcomes, which are of the whole memory.
fn run(module: &Module) -> Seen {
    let mut instance = instance(module);
    assert!(instance.memory().is_fresh());
    let exit = instance.run().unwrap();
    Seen::of(&instance, exit)
}

#[test]
fn every_frame_of_a_memory_has_the_outcome_of_the_first() {
    let mut ends = [0, 0];
    for seed in 0..120 {
        let seen = everywhere(&accesses(seed), |module| {
            let first = run(module);
            for frame in 2..6 {
                assert_eq!(run(module), first, "seed {seed}, frame {frame}");
            }
            first
        });
        ends[usize::from(matches!(seen.exit, Exit::Done(_)))] += 1;
    }
    assert!(ends.iter().all(|&count| count > 10), "{ends:?}");
}

#[test]
fn a_store_across_the_end_of_mapped_memory_has_no_effect_and_traps_at_the_end() {
    let guest = format!(
        "la t0, cell\n li t1, {}\n add t0, t0, t1\n li t2, -1\n sw t2, 0(t0)\n{SECTIONS}",
        PAGES * PAGE - 2
    );
    everywhere(&guest, |module| {
        let cell = module.program().symbols().lookup("cell").unwrap();
        assert_eq!(cell % PAGE, 0);
        let end = cell + PAGES * PAGE;
        for _ in 0..4 {
            let mut instance = instance(module);
            let Exit::Trap(trap) = instance.run().unwrap() else { panic!("no trap") };
            assert_eq!((trap.kind, trap.addr), (TrapKind::BadStore, Some(end)));
            assert!(instance.memory().is_fresh());
        }
    });
}

#[test]
fn what_a_host_function_writes_is_there_and_is_gone_for_the_next() {
    let guest = format!(
        "la a0, cell\n li t0, {}\n add a0, a0, t0\n mv s0, a0\n li a7, 5\n ecall\n lw a0, 0(s0)\n \
         li a7, 93\n ecall\n{SECTIONS}",
        3 * PAGE - 2
    );
    for len in [4, PAGE, 3 * PAGE, 30 * PAGE] {
        let exit = everywhere(&guest, |module| {
            let mut linker = linker::<()>(module.engine());
            let fill = move |mut caller: Caller<'_, ()>, at: u32| -> HostResult<()> {
                assert!(caller.memory().is_fresh());
                caller.memory().write(at, len)?.fill(0x5a);
                // nothing at all needs no page
                caller.memory().write(0, 0)?;
                Ok(())
            };
            linker.func(5, "fill", fill).unwrap();
            let exits = [(); 4].map(|()| {
                let mut instance = linker.instantiate(module, ()).unwrap();
                instance.set_gas(GAS).unwrap();
                instance.run().unwrap()
            });
            assert!(exits.iter().all(|exit| *exit == exits[0]));
            exits[0]
        });
        assert_eq!(exit, Exit::Done(0x5a5a_5a5a));
    }
}

/// Writes to as many pages as a0 says.
const SOIL: &str = "
    _start: la   t0, cell
            lui  t1, 1
    1:      beqz a0, 2f
            sw   sp, 0(t0)
            add  t0, t0, t1
            addi a0, a0, -1
            j    1b
    2:      li   a7, 93
            ecall
";

fn soil(module: &Module, pages: u32) {
    let mut instance = instance(module);
    assert!(instance.memory().is_fresh());
    instance.set_register(bessemer_isa::Reg::A0, pages.into());
    assert_eq!(instance.run().unwrap(), Exit::Done(0));
}

#[test]
fn frames_that_write_to_few_and_to_many_pages_take_turns() {
    everywhere(&format!("{SOIL}{SECTIONS}"), |module| {
        let limit = OPEN_PAGES as u32;
        for pages in [0, 1, 2, limit - 1, limit, limit + 1, PAGES, 1, 2, 0] {
            // long enough for a memory to forget that it once needed many pages
            for _ in 0..100 {
                soil(module, pages);
            }
        }
    });
}

/// Runs one test of this file in a process of its own, in which `is_child`; what it prints.
fn in_child(test: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("reuse::{test}"), "--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), output.status)
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

const CHILD: &str = "BESSEMER_TEST_REUSE";

#[test]
fn a_warm_instance_needs_no_system_call() {
    const DONE: &str = "no system call was needed\n";
    if !is_child() {
        let output = in_child("a_warm_instance_needs_no_system_call");
        assert!(output.contains(DONE), "{output}");
        return;
    }
    let guest = "_start: la t0, cell\n sw t0, 0(t0)\n sw t0, -4(sp)\n li s0, 10\n 1: li a7, 1\n \
                 ecall\n addi s0, s0, -1\n bnez s0, 1b\n li a7, 93\n ecall\n .data\n cell: .word 1";
    let config = Config::new().backend(Backend::Jit).limits(Limits::contract());
    let module = Module::new(&Engine::new(config).unwrap(), &elf(guest)).unwrap();
    let engine = module.engine().clone();
    let linker = linker::<()>(&engine);
    let run = move || {
        let mut instance = linker.instantiate(&module, ()).unwrap();
        instance.set_gas(GAS).unwrap();
        assert!(matches!(instance.run(), Ok(Exit::Done(_))));
    };
    let strictly = move || {
        (0..3).for_each(|_| run());
        // SAFETY: from now on this thread may read, write, and exit; everything else kills it.
        unsafe {
            assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_STRICT), 0);
        }
        // fewer than those after which a thread looks whether the fault handler is in place
        (0..200).for_each(|_| run());
        // SAFETY: the text is as long as it says. The thread leaves without cleaning up, for which
        // it would need more than it may do.
        unsafe {
            libc::write(1, DONE.as_ptr().cast(), DONE.len());
            libc::syscall(libc::SYS_exit, 0);
        }
    };
    // a thread that leaves like this, or is killed, has no result, and the standard library panics
    let result = catch_unwind(AssertUnwindSafe(|| thread::spawn(strictly).join()));
    assert!(result.is_err());
}

#[test]
fn memory_that_the_system_refuses_is_an_error_and_no_trap() {
    if !is_child() {
        let output = in_child("memory_that_the_system_refuses_is_an_error_and_no_trap");
        assert!(output.contains("1 passed"), "{output}");
        return;
    }
    let writable = |bytes: u64| {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        // SAFETY: the limit is a valid one.
        assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_DATA, &raw const limit) }, 0);
    };
    for (name, config) in configs() {
        let module = module(&config, &format!("{SOIL}{SECTIONS}"));
        for round in 0..3 {
            // the frame before froze everything
            soil(&module, 1);
            let mut instance = instance(&module);
            instance.set_register(bessemer_isa::Reg::A0, round + 2);
            writable(1);
            let result = instance.run();
            writable(libc::RLIM_INFINITY);
            let kind = result.expect_err(name).into_kind();
            let ErrorKind::Region(RegionError::Os { what, .. }) = kind else { panic!("{kind}") };
            assert_eq!(what, "open a page for writing");
            assert!(matches!(instance.run().unwrap_err().kind(), ErrorKind::Ended));
            drop(instance);
            // the memory is not used again
            soil(&module, 3);
        }
    }
}

/// Writes to data and stack, pauses, and adds up what is still there.
const PAUSES: &str = "
    _start: la   s0, cell
            mv   s1, a0
            sw   s1, 0(s0)
            sw   s1, -8(sp)
            li   a7, 2
            ecall
            lw   t0, 0(s0)
            lw   t1, -8(sp)
            add  a0, a0, t0
            add  a0, a0, t1
            li   a7, 93
            ecall
";

#[test]
fn many_paused_instances_on_one_thread_go_on_in_any_order() {
    const DEPTH: u32 = 64;
    everywhere(&format!("{PAUSES}{SECTIONS}"), |module| {
        let mut random = Rng::with_seed(7);
        // the second round and later ones find frozen memory
        for round in 0..8 {
            let mut live: Vec<(u32, Instance<()>)> = Vec::new();
            let mut ended = 0;
            for number in 0..DEPTH {
                let mut instance = instance(module);
                assert!(instance.memory().is_fresh());
                instance.set_register(bessemer_isa::Reg::A0, (number * 3 + round).into());
                assert!(matches!(instance.run().unwrap(), Exit::HostCall { number: 2, .. }));
                live.push((number, instance));
            }
            while !live.is_empty() {
                // innermost first, outermost first, or anyhow
                let at = match round % 3 {
                    0 => live.len() - 1,
                    1 => 0,
                    _ => random.u32(..live.len() as u32) as usize,
                };
                let (number, mut paused) = live.remove(at);
                // one more runs from beginning to end meanwhile
                let mut other = instance(module);
                assert!(matches!(other.run().unwrap(), Exit::HostCall { .. }));
                if number % 5 == 0 {
                    drop(paused);
                    assert_eq!(other.resume(1).unwrap(), Exit::Done(1));
                } else {
                    drop(other);
                    let sum = 2 * (number * 3 + round) + 9;
                    assert_eq!(paused.resume(9).unwrap(), Exit::Done(sum));
                }
                ended += 1;
            }
            assert_eq!(ended, DEPTH);
        }
    });
}

#[test]
fn guests_inside_host_calls_of_guests_may_be_64_deep() {
    fn level(linker: &Linker<u32>, module: &Module, depth: u32) -> u32 {
        let mut instance = linker.instantiate(module, depth).unwrap();
        instance.set_gas(GAS).unwrap();
        instance.set_register(bessemer_isa::Reg::A0, depth.into());
        let Exit::Done(sum) = instance.run().unwrap() else { panic!("no end at {depth}") };
        sum
    }
    let guest = PAUSES.replace("li   a7, 2", "li   a7, 5");
    let sum = everywhere(&format!("{guest}{SECTIONS}"), |module| {
        let mut linker = linker::<u32>(module.engine());
        let (inner, again) = (module.clone(), std::sync::Arc::new(std::sync::OnceLock::new()));
        let own: std::sync::Arc<std::sync::OnceLock<Linker<u32>>> = again.clone();
        let nested = move |caller: Caller<'_, u32>| match *caller.data() {
            0 => 0,
            depth => level(own.get().expect("set below"), &inner, depth - 1),
        };
        linker.func(5, "nested", nested).unwrap();
        again.set(linker.clone()).unwrap();
        let sums = [(); 4].map(|()| level(&linker, module, 63));
        assert!(sums.iter().all(|&sum| sum == sums[0]));
        sums[0]
    });
    assert_eq!(sum, (0..64).map(|depth| 2 * depth).sum::<u32>());
}

#[test]
fn an_instance_too_many_is_an_error_that_names_the_bound() {
    for (_, config) in configs() {
        let module = module(
            &config.pool(PoolLimits { regions: 64, warm: 8 }),
            &format!("{PAUSES}{SECTIONS}"),
        );
        let mut live: Vec<_> = (0..64).map(|_| instance(&module)).collect();
        live.iter_mut().for_each(|instance| {
            assert!(matches!(instance.run().unwrap(), Exit::HostCall { .. }));
        });
        let error = linker::<()>(module.engine()).instantiate(&module, ()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Region(RegionError::Exhausted { limit: 64 })));
        assert_eq!(error.to_string(), "all 64 regions of the pool are in use");
        let paused = &mut live[17];
        assert_eq!(paused.resume(4).unwrap(), Exit::Done(4));
        assert_eq!(paused.memory().load_u8(0), Err(bessemer_image::Fault { addr: 0 }));
        live.truncate(63);
        assert!(instance(&module).memory().is_fresh());
    }
}
