//! The Cranelift IR of each lowering pattern is the one that was reviewed.
//!
//! `golden/NAME.s` is assembled and translated, `golden/NAME.clif` is what must come out. After a
//! deliberate change, `BLESS=1 cargo test -p bessemer-conformance --test golden` rewrites the files,
//! and the change shows in review.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bessemer_image::{ImageBuilder, Limits, Profile, Program};
use bessemer_isa::asm::{Assembly, Options as AsmOptions, assemble};
use bessemer_isa::{GasSchedule, Op};
use bessemer_translator::{Options, clif};

fn sources() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "s")).collect();
    files.sort();
    assert!(files.len() >= 15, "only {} golden sources", files.len());
    files
}

fn assembled(path: &Path) -> Assembly {
    let source = fs::read_to_string(path).unwrap();
    let compressed = source.starts_with("# profile: compressed");
    let options = if compressed { AsmOptions::compressed() } else { AsmOptions::default() };
    assemble(&source, &options).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn program(assembly: &Assembly) -> Program {
    let file = ImageBuilder::new(assembly.profile)
        .text(assembly.text.base, &assembly.text.bytes)
        .entry(assembly.entry)
        .build();
    Program::parse(&file, &Limits::contract()).unwrap()
}

fn lowered(path: &Path) -> String {
    let program = program(&assembled(path));
    let charges = program.charges(&GasSchedule::V1);
    let mut text = String::new();
    for (addr, unit) in clif(&program, &charges, &Options::default()).unwrap() {
        writeln!(text, "; unit at {addr:#010x}\n{}", unit.trim_end()).unwrap();
    }
    text
}

#[test]
fn every_lowering_is_the_reviewed_one() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut stale = vec![];
    for source in sources() {
        let golden = source.with_extension("clif");
        let lowered = lowered(&source);
        if bless {
            fs::write(&golden, &lowered).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        if expected != lowered {
            let pairs = expected.lines().zip(lowered.lines()).enumerate();
            let line = pairs.clone().find(|(_, (a, b))| a != b);
            stale.push(match line {
                Some((number, (a, b))) => {
                    format!("{}, line {}:\n-{a}\n+{b}", golden.display(), number + 1)
                }
                None => format!("{}: lengths differ", golden.display()),
            });
        }
    }
    assert!(stale.is_empty(), "{}\nBLESS=1 accepts the changes", stale.join("\n"));
}

#[test]
fn every_instruction_is_in_a_golden_file() {
    let mut seen = BTreeSet::new();
    for source in sources() {
        let program = program(&assembled(&source));
        seen.extend(program.text().slots().iter().filter_map(|slot| Some(slot.inst?.op())));
    }
    let missing: Vec<_> = Op::of(Profile::rv32(true)).filter(|op| !seen.contains(op)).collect();
    assert!(missing.is_empty(), "in no golden file: {missing:?}");
}
