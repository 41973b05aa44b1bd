//! Native code is entered soon, wherever the interpreter is when it comes.

use std::fmt::Write;

use bessemer_runtime::{Backend, Engine, Exit, Instance, Limits, Module, ModuleStatistics};
use bessemer_toolchain::tests::cases;
use bessemer_workloads::Workload;
use fastrand::Rng;

use crate::harness::{Seen, config, instance, stripped};

/// What was interpreted because it was not to be native, and what although it was, in gas.
fn interpreted(module: &Module) -> [u64; 2] {
    let ModuleStatistics { interpreted_gas, gap_gas, .. } = module.statistics();
    [interpreted_gas, gap_gas]
}

/// Runs `run` with native code from the run of this number on, and demands that hardly anything is
/// interpreted from then on.
fn takes_over(
    module: &Module,
    after: u64,
    what: &str,
    run: impl FnOnce(&mut Instance<()>) -> Exit,
) -> Seen {
    let mut instance = instance(module);
    let gas = instance.gas();
    instance.swap_after(after);
    let before = interpreted(module);
    let exit = run(&mut instance);
    let [first, gaps] = [0, 1].map(|index| interpreted(module)[index] - before[index]);
    let rest = gas - instance.gas() - first;
    assert!(
        gaps * 100 <= rest,
        "{what}, swap after {after} runs: {gaps} of {rest} gas was interpreted beside native code"
    );
    Seen::of(&instance, exit)
}

#[test]
fn every_workload_goes_over_at_once() {
    let mut rng = Rng::with_seed(17);
    for folder in ["../bench/elf", "../bench/elf/imac"] {
        for Workload { name, small_n, .. } in bessemer_workloads::ALL {
            let elf = std::fs::read(format!("{folder}/{name}.elf")).unwrap();
            let engine = Engine::new(config().limits(Limits::bare())).unwrap();
            let module = Module::new(&engine, &elf).unwrap();
            module.make_osr_code();
            let call = |instance: &mut Instance<()>| {
                let value = |instance: &mut Instance<()>, n| instance.call("workload", n).unwrap();
                // long enough that one percent is more than the way to an entry
                let values = (0..4).map(|_| value(instance, *small_n));
                Exit::Done(values.fold(0, |sum, value| sum ^ value.rotate_left(sum & 7)))
            };
            let native = takes_over(&module, 0, name, call);
            for _ in 0..40 {
                let after = rng.u64(1..20_000);
                assert_eq!(takes_over(&module, after, name, call), native, "{folder} {name}");
            }
        }
    }
}

#[test]
fn every_random_loop_goes_over_at_once() {
    let mut swaps = 0;
    let programs = cases(200, 1_000);
    for seed in 0..programs {
        let mut rng = Rng::with_seed(seed);
        let guest = Loops::new(&mut rng).guest();
        let module = Module::new(&Engine::new(config()).unwrap(), &stripped(&guest)).unwrap();
        module.make_osr_code();
        let run = |instance: &mut Instance<()>| instance.run().unwrap();
        let what = format!("seed {seed}:\n{guest}\n");
        let native = takes_over(&module, 0, &what, run);
        assert!(matches!(native.exit, Exit::Done(_)), "{what} {}", native.exit);
        for _ in 0..5 {
            let after = rng.u64(1..2_000);
            assert_eq!(takes_over(&module, after, &what, run), native, "{what}");
        }
        swaps += module.statistics().swaps;
    }
    assert_eq!(
        swaps,
        5 * programs,
        "each of these runs begins in the interpreter and ends natively"
    );
}

/// An endless loop that calls nothing, as long as its gas lasts.
const TIGHT: &str = "
    _start: li   t1, 1
    loop:   addi a0, a0, 1
            addi a0, a0, 2
            bnez t1, loop";

#[test]
fn a_loop_that_calls_nothing_is_left_to_native_code() {
    let engine = Engine::new(config().backend(Backend::Auto)).unwrap();
    let module = Module::new(&engine, &stripped(TIGHT)).unwrap();
    let mut instance = instance(&module);
    instance.set_gas(1 << 30).unwrap();
    assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
    let (seen, all) = (module.statistics(), engine.statistics());
    assert!(seen.interpreted_gas <= PATIENCE && seen.gap_gas <= PATIENCE, "{seen:?}");
    assert!(seen.interpreted_gas + seen.gap_gas <= (1 << 30) / 100, "{seen:?}");
    assert_eq!(all.compiles, 1, "{all:?}");
}

#[test]
fn a_loop_without_an_entry_gets_one_when_interpreting_has_become_dearer() {
    for wait in [true, false] {
        let engine = Engine::new(config().wait_for_code(wait)).unwrap();
        let module = Module::new(&engine, &stripped(TIGHT)).unwrap();
        let run = |gas| {
            let mut instance = instance(&module);
            instance.set_gas(gas).unwrap();
            // there is code, and the loop is not where it can be entered
            instance.swap_after(10);
            assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
            engine.finish_compiling();
            (module.statistics(), engine.statistics().osr_compiles)
        };
        let (first, compiles) = run(PATIENCE / 2);
        assert_eq!((compiles, first.swaps), (0, 0), "{first:?}");
        let (second, compiles) = run(2 * PATIENCE);
        assert_eq!(compiles, 1, "{second:?}");
        if wait {
            assert!(second.gap_gas <= PATIENCE && second.swaps == 1, "{second:?}");
        }
        let (third, compiles) = run(1 << 28);
        assert_eq!((compiles, third.gap_gas, third.swaps), (1, second.gap_gas, second.swaps + 1));
    }
}

/// Waits until a thread has begun to compile.
fn until_busy(engine: &Engine) {
    while engine.compiling() == 0 {
        std::thread::yield_now();
    }
}

/// Gas that instances of [`TIGHT`] may use in the interpreter before they wait, with a run more.
const PATIENCE: u64 = (1 << 21) + 4_096 * 16 + 100;

#[test]
fn a_run_waits_for_code_when_interpreting_has_become_dearer() {
    for wait in [true, false] {
        let config = config().backend(Backend::Auto).wait_for_code(wait).compile_threads(1);
        let engine = Engine::new(config).unwrap();
        // the only thread that compiles is busy for long
        let large = stripped(&"1: add a0, a0, a1\nbeq a0, a1, 1b\n".repeat(20_000));
        let busy = Module::new(&engine, &large).unwrap();
        until_busy(&engine);
        let module = Module::new(&engine, &stripped(TIGHT)).unwrap();
        let mut instance = instance(&module);
        instance.set_gas(1 << 28).unwrap();
        assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
        let (seen, all) = (module.statistics(), engine.statistics());
        if wait {
            assert!(seen.interpreted_gas <= PATIENCE, "{seen:?}");
            assert!(seen.gap_gas <= PATIENCE && module.code().is_some(), "{seen:?}");
        } else {
            assert_eq!(all.compiles_awaited, 0, "{seen:?}");
        }
        drop(busy);
    }
}

#[test]
fn a_run_on_a_small_stack_has_its_code_made_on_a_larger_one() {
    let engine = Engine::new(config().backend(Backend::Auto).compile_threads(1)).unwrap();
    // the only thread that compiles is busy for long
    let large = stripped(&"1: add a0, a0, a1\nbeq a0, a1, 1b\n".repeat(20_000));
    let _busy = Module::new(&engine, &large).unwrap();
    until_busy(&engine);
    let module = Module::new(&engine, &stripped(TIGHT)).unwrap();
    let run = || {
        let mut instance = instance(&module);
        instance.set_gas(1 << 24).unwrap();
        instance.run().unwrap()
    };
    let exit = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(128 << 10);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    assert!(matches!(exit, Exit::OutOfGas { .. }), "{exit}");
    assert!(module.code().is_some());
}

#[test]
fn small_bounds_of_gas_are_never_waited_for() {
    let engine = Engine::new(config().backend(Backend::Auto)).unwrap();
    let module = Module::new(&engine, &stripped(TIGHT)).unwrap();
    let mut instance = instance(&module);
    instance.set_gas(PATIENCE / 2).unwrap();
    assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
    assert_eq!(engine.statistics().compiles_awaited, 0);
}

#[test]
fn statistics_count_what_was_executed() {
    let module = Module::new(&Engine::new(config()).unwrap(), &stripped(TIGHT)).unwrap();
    module.make_osr_code();
    let counts = |after: u64| {
        let before = module.statistics();
        let mut instance = instance(&module);
        instance.set_gas(10_000).unwrap();
        instance.swap_after(after);
        assert!(matches!(instance.run().unwrap(), Exit::OutOfGas { .. }));
        let now = module.statistics();
        let runs = [
            now.native_runs - before.native_runs,
            now.interpreted_runs - before.interpreted_runs,
            now.swaps - before.swaps,
        ];
        (runs, now.interpreted_gas - before.interpreted_gas, now.gap_gas - before.gap_gas)
    };
    assert_eq!(counts(0), ([1, 0, 0], 0, 0), "all is native");
    let (runs, gas, gaps) = counts(100);
    assert_eq!((runs, gaps), ([0, 1, 1], 0), "it swaps once");
    assert!((1_000..2_000).contains(&gas), "a hundred runs use {gas} gas");
    let (runs, gas, gaps) = counts(u64::MAX);
    assert_eq!((runs, gaps), ([0, 1, 0], 0), "all is interpreted");
    assert!(gas > 9_990, "of 10,000 gas {gas} was counted");
}

/// Writes loops within loops, of every form that compilers give them.
struct Loops<'a> {
    rng: &'a mut Rng,
    text: String,
    labels: u32,
}

/// Registers that bodies compute with; s2 and the ones behind it count.
const WORK: [&str; 8] = ["a0", "a1", "a2", "t0", "t1", "t2", "s0", "s1"];

impl<'a> Loops<'a> {
    fn new(rng: &'a mut Rng) -> Self {
        Self { rng, text: String::new(), labels: 0 }
    }

    /// A program that goes round some 40,000 times.
    fn guest(mut self) -> String {
        self.line("_start:");
        let depth = self.rng.u32(1..=4);
        let times = self.rng.u32(40_000..60_000);
        self.nest(depth, times);
        self.line("li a7, 93\necall");
        for leaf in 0..3 {
            self.line(&format!("leaf{leaf}:"));
            self.straight();
            if leaf == 1 {
                self.line("li t2, 3\n1: addi t2, t2, -1\nadd a1, a1, t2\nbnez t2, 1b");
            }
            self.line("ret");
        }
        self.line("calling: addi sp, sp, -16\nsw ra, 0(sp)\ncall leaf0");
        self.line("lw ra, 0(sp)\naddi sp, sp, 16\nret");
        self.line(".rodata\ntable: .word case0\n.word case1\n.word case2\n.word case3");
        let cases: Vec<String> = (0..4).map(|case| format!("case{case}:")).collect();
        let missing = cases.iter().any(|case| !self.text.contains(case));
        if missing {
            self.text = self.text.replace(".rodata", "case0:\ncase1:\ncase2:\ncase3: ret\n.rodata");
        }
        self.text
    }

    /// `depth` loops within each other, whose innermost body is executed about `times` times.
    fn nest(&mut self, depth: u32, times: u32) {
        let counter = format!("s{}", 1 + depth);
        let share = match depth {
            1 => times,
            _ => 1 + self.rng.u32(0..times.min(2_000)) / depth,
        };
        let (head, end) = (self.label(), self.label());
        self.line(&format!("li {counter}, {share}"));
        let form = self.rng.u8(0..4);
        match form {
            // tested at the head, at the end, at the end after a jump there, and left in the middle
            0 => self.line(&format!("{head}: beqz {counter}, {end}")),
            1 | 3 => self.line(&format!("{head}:")),
            _ => self.line(&format!("j {end}\n{head}:")),
        }
        self.body();
        if depth > 1 {
            self.nest(depth - 1, times / share + 1);
            self.body();
        }
        self.line(&format!("addi {counter}, {counter}, -1"));
        match form {
            0 => self.line(&format!("j {head}\n{end}:")),
            1 => self.line(&format!("bnez {counter}, {head}")),
            2 => self.line(&format!("{end}: bnez {counter}, {head}")),
            _ => {
                self.line(&format!("blez {counter}, {end}"));
                self.straight();
                self.line(&format!("j {head}\n{end}:"));
            }
        }
    }

    fn body(&mut self) {
        for _ in 0..self.rng.u8(0..4) {
            match self.rng.u8(0..12) {
                0..=5 => self.straight(),
                6 | 7 => {
                    let over = self.label();
                    let (a, b) = (self.register(), self.register());
                    self.line(&format!("bltu {a}, {b}, {over}"));
                    self.straight();
                    self.line(&format!("{over}:"));
                }
                8 => {
                    let leaf = self.rng.u8(0..3);
                    self.line(&format!("call leaf{leaf}"));
                }
                9 => self.line("call calling"),
                10 => self.line("li a7, 1\necall"),
                _ => self.switch(),
            }
        }
    }

    /// A jump through the table; there is one at most.
    fn switch(&mut self) {
        if self.text.contains("case0:") {
            return self.straight();
        }
        let over = self.label();
        let register = self.register();
        self.line(&format!("andi t0, {register}, 3\nslli t0, t0, 2\nla t1, table"));
        self.line("add t0, t0, t1\nlw t0, 0(t0)\njr t0");
        for case in 0..4 {
            self.line(&format!("case{case}:"));
            self.straight();
            self.line(&format!("j {over}"));
        }
        self.line(&format!("{over}:"));
    }

    fn straight(&mut self) {
        for _ in 0..self.rng.u8(1..5) {
            let [rd, a, b] = [self.register(), self.register(), self.register()];
            let line = match self.rng.u8(0..6) {
                0 => format!("add {rd}, {a}, {b}"),
                1 => format!("xor {rd}, {a}, {b}"),
                2 => format!("mul {rd}, {a}, {b}"),
                3 => format!("addi {rd}, {a}, {}", self.rng.i32(-99..99)),
                4 => format!("sw {a}, -{}(sp)", 4 * self.rng.u32(1..20)),
                _ => format!("lw {rd}, -{}(sp)", 4 * self.rng.u32(1..20)),
            };
            self.line(&line);
        }
    }

    fn register(&mut self) -> &'static str {
        WORK[self.rng.usize(0..WORK.len())]
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!("l{}", self.labels)
    }

    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").unwrap();
    }
}
