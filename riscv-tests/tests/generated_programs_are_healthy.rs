//! Generated programs end in all ways, in proportions that make a differential run worth its time.

use std::collections::BTreeMap;
use std::time::Instant;

use bessemer_conformance::generate::{Case, Generator, answer};
use bessemer_conformance::oracle::{MemoryClass, Oracle, Stop, Trap};

#[derive(Default)]
struct Health {
    cases: u32,
    trapped: u32,
    out_of_gas: u32,
    exited: u32,
    trapped_at_once: u32,
    executed: u64,
    text: usize,
    kinds: BTreeMap<u8, u32>,
}

impl Health {
    fn add(&mut self, case: &Case) {
        let (stop, executed) = run(case);
        self.cases += 1;
        self.executed += executed;
        self.text += case.text.len();
        match stop {
            Stop::Ecall => self.exited += 1,
            Stop::OutOfGas { .. } => self.out_of_gas += 1,
            Stop::Trap { kind, .. } => {
                self.trapped += 1;
                self.trapped_at_once += u32::from(executed == 1);
                *self.kinds.entry(kind).or_default() += 1;
            }
        }
    }

    fn percent(&self, count: u32) -> f64 {
        100.0 * f64::from(count) / f64::from(self.cases)
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name:9} {:6} cases: {:4.1} % trap ({:4.1} % on the first instruction), {:4.1} % out of \
             gas, {:4.1} % exit; {} instructions, {} bytes of text on average; trap kinds {:?}",
            self.cases,
            self.percent(self.trapped),
            self.percent(self.trapped_at_once),
            self.percent(self.out_of_gas),
            self.percent(self.exited),
            self.executed / u64::from(self.cases),
            self.text / self.cases as usize,
            self.kinds,
        )
    }
}

fn run(case: &Case) -> (Stop, u64) {
    let mut oracle = Oracle::new(&case.setup(0x1_0000, MemoryClass::M256K));
    loop {
        let stop = oracle.run();
        match answer(oracle.registers()) {
            Some(result) if stop == Stop::Ecall => oracle.resume(result),
            _ => return (stop, oracle.executed()),
        }
    }
}

#[test]
fn a_mix_ends_in_all_ways() {
    let mut all = Health::default();
    let mut by_name: BTreeMap<&str, Health> = BTreeMap::new();
    for seed in 0..6000 {
        let case = Generator::for_seed(seed).case(seed);
        all.add(&case);
        by_name.entry(case.name).or_default().add(&case);
    }
    for (name, health) in &by_name {
        println!("{}", health.line(name));
    }
    println!("{}", all.line("mix"));
    assert_eq!(by_name.len(), Generator::ALL.len());
    assert!((30.0..=60.0).contains(&all.percent(all.trapped)));
    assert!((10.0..=20.0).contains(&all.percent(all.out_of_gas)));
    assert!(all.percent(all.trapped_at_once) < 20.0);
    for kind in [
        Trap::ILLEGAL_INSTRUCTION,
        Trap::BREAKPOINT,
        Trap::BAD_JUMP,
        Trap::MISALIGNED_JUMP,
        Trap::BAD_LOAD,
        Trap::BAD_STORE,
        Trap::MISALIGNED_ATOMIC,
    ] {
        assert!(all.kinds.get(&kind).is_some_and(|count| *count >= 20), "kind {kind}");
    }
}

#[test]
fn a_case_is_a_function_of_name_and_seed() {
    for generator in Generator::ALL {
        let [a, b] = [1, 1].map(|seed| generator.case(seed));
        assert_eq!(a, b);
        assert_ne!(a.text, generator.case(2).text);
        assert_eq!(Generator::by_name(a.name), Some(generator));
    }
}

#[test]
fn generation_is_fast() {
    let start = Instant::now();
    let cases = 20_000;
    let bytes: usize = (0..cases).map(|seed| Generator::for_seed(seed).case(seed).text.len()).sum();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{:.0} cases/s, {} bytes of text on average",
        cases as f64 / seconds,
        bytes as u64 / cases
    );
    assert!(bytes > 0);
}
