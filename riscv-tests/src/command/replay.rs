//! `replay`: one random program again, on every engine, with everything that is known of it.

use anyhow::Result;
use bessemer_conformance::differential::{
    Bench, Rungs, Selection, Shrunk, Trial, climb, judge, profile, shrink,
};
use bessemer_conformance::fuzz;
use bessemer_conformance::generate::Generator;
use bessemer_isa::disassemble;

/// Run one random program on every engine, with a gas ladder; shrink it if an engine differs.
#[derive(clap::Args)]
pub(crate) struct Replay {
    /// raw, grammar, control or pressure.
    #[arg(value_parser = super::generator)]
    generator: Generator,
    /// The seed.
    seed: u64,
    /// Print the program in any case.
    #[arg(long)]
    listing: bool,
}

impl Replay {
    pub(crate) fn run(self) -> Result<bool> {
        let bench = Bench::new()?;
        if self.listing {
            print_listing(&fuzz::trial(&fuzz::case(Some(self.generator), self.seed).1));
        }
        Ok(explain(&bench, self.generator, self.seed))
    }
}

/// Runs a program on everything and prints the result; true if all agree.
pub(crate) fn explain(bench: &Bench, generator: Generator, seed: u64) -> bool {
    println!(
        "reproduce with: cargo run --release -p bessemer-conformance -- replay {} {seed}",
        generator.name()
    );
    let trial = fuzz::trial(&fuzz::case(Some(generator), seed).1);
    let judged = judge(bench, &trial, Selection::All);
    println!("oracle: {}, {} gas left", judged.expected.end, judged.expected.gas);
    let verdict = judged.verdict.or_else(|| match climb(bench, &trial, Rungs::Ends) {
        Ok((_, ladder)) => ladder.verdict,
        Err(_) => None,
    });
    let Some(verdict) = verdict else {
        println!("no difference on any engine");
        return true;
    };
    println!("{}: {}", verdict.subject, verdict.difference);
    if let Some(Shrunk { trial, verdict }) = shrink(bench, &trial, verdict.subject) {
        println!("\nshrunk, gas limit {}: {}", trial.setup().gas, verdict.difference);
        print_listing(&trial);
    }
    false
}

fn print_listing(trial: &Trial) {
    let setup = trial.setup();
    println!("entry {:#010x}, gas {}", setup.entry, setup.gas);
    for segment in &setup.segments {
        let (addr, size) = (segment.addr, segment.memsz);
        println!("segment {addr:#010x} {size:#x} bytes, writable: {}", segment.writable);
        if segment.executable {
            for line in disassemble(&segment.bytes, segment.addr, profile(setup)) {
                println!("{line}");
            }
        }
    }
}
