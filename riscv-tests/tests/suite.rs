//! The conformance programs show no difference between any two engines, and leave no instruction
//! out.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "this file holds only tests")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bessemer_conformance::differential::{Bench, Ending, Selection, Trial};
use bessemer_conformance::generate::answer;
use bessemer_conformance::run_both;
use bessemer_conformance::suite::{self, PROFILES, Program};
use bessemer_image::{Decoded, Hart, Program as Image, Stop};
use bessemer_interp::{FlatMemory, Observer, Position, trace};
use bessemer_isa::{CompressedOp, GasSchedule, Op, Profile, Reg};
use bessemer_toolchain::tests::cases;

/// Judges programs of each profile; how often each kind of trap ended one of them.
#[track_caller]
fn all_agree(programs: fn(Profile) -> Vec<Program>, at_least: usize) -> BTreeMap<u8, u32> {
    judge_all(programs, at_least, Selection::Alternating)
}

/// Like [`all_agree`], for long programs that do not trap: compiling them for every engine takes most
/// of the time of this file, so a deep run does.
#[track_caller]
fn sampled_agree(programs: fn(Profile) -> Vec<Program>, at_least: usize) -> BTreeMap<u8, u32> {
    judge_all(programs, at_least, Selection::Sampled)
}

#[track_caller]
fn judge_all(
    programs: fn(Profile) -> Vec<Program>,
    at_least: usize,
    selection: fn(u64) -> Selection,
) -> BTreeMap<u8, u32> {
    let bench = Bench::new().unwrap();
    let mut kinds = BTreeMap::new();
    let is_deep = cases(0, 1) == 1;
    for profile in PROFILES {
        let programs = programs(profile);
        for (number, program) in (0..).zip(&programs) {
            let mut program = program.clone();
            if !is_deep {
                program.selection = selection(number);
            }
            let judged = program.judge(&bench);
            assert_eq!(judged.verdict, None, "{profile}: {}", program.name);
            if let Ending::Trap(kind) = judged.expected.end.ending {
                *kinds.entry(kind).or_default() += 1;
            }
        }
        println!("{profile}: {} programs; traps {kinds:?}", programs.len());
        assert!(programs.len() >= at_least, "{profile}: {} programs", programs.len());
    }
    kinds
}

#[test]
fn arithmetic_on_edge_operands() {
    let kinds = sampled_agree(suite::operands, 60);
    assert!(kinds.is_empty(), "arithmetic does not trap: {kinds:?}");
}

#[test]
fn branches_on_edge_operands() {
    assert!(all_agree(suite::branches, 6).is_empty());
}

#[test]
fn indirect_jumps_to_every_parcel() {
    let kinds = all_agree(suite::indirect_jumps, 80);
    assert!([1, 3, 4].iter().all(|kind| kinds.contains_key(kind)), "{kinds:?}");
}

#[test]
fn memory_at_its_edges() {
    let kinds = all_agree(suite::memory, 600);
    assert!([5, 6, 7].iter().all(|kind| kinds.contains_key(kind)), "{kinds:?}");
}

#[test]
fn atomics_and_reservations() {
    all_agree(suite::atomics, 20);
}

#[test]
fn every_instruction_with_all_registers_live() {
    all_agree(suite::pressure, Op::of(PROFILES[0]).count());
}

#[test]
fn every_trap_anywhere_in_its_run_with_every_gas_limit() {
    let kinds = all_agree(suite::traps, 200);
    assert_eq!(kinds.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7], "{kinds:?}");
}

#[test]
fn every_compressed_parcel() {
    sampled_agree(suite::compressed, 100);
}

#[test]
fn a_program_written_down_here_ends_as_it_says() {
    let seen = run_both! {
        li(A0, 6);
        li(A1, -7);
        mul(A0, A0, A1);
        li(A7, 93);
        ecall();
    };
    assert_eq!(seen.registers.unwrap()[10], u64::from((-42_i32).cast_unsigned()));
}

/// How often each instruction, and each compressed form, is executed.
struct Counts {
    profile: Profile,
    ops: BTreeMap<Op, u32>,
    compressed: BTreeMap<CompressedOp, u32>,
    text: Vec<u8>,
}

impl Observer for Counts {
    fn before(&mut self, hart: &Hart, decoded: Decoded) -> ControlFlow<()> {
        if let Some(inst) = decoded.inst {
            *self.ops.entry(inst.op()).or_default() += 1;
            let at = hart.pc.wrapping_sub(0x1_0000) as usize;
            if decoded.len == 2 {
                let parcel = u16::from_le_bytes([self.text[at], self.text[at + 1]]);
                let op = CompressedOp::of(parcel, self.profile).unwrap();
                *self.compressed.entry(op).or_default() += 1;
            }
        }
        ControlFlow::Continue(())
    }
}

impl Counts {
    fn add(&mut self, trial: &Trial) {
        let program = Image::parse(trial.elf(), &trial.limits()).unwrap();
        let charges = program.charges(&GasSchedule::V1);
        let mut memory = FlatMemory::of(&program);
        let mut hart = Hart { pc: program.entry(), gas: trial.setup().gas, ..Hart::default() };
        hart.set(Reg::SP, trial.setup().sp.into());
        let text = trial.setup().segments.iter().find(|segment| segment.executable);
        self.text = text.unwrap().bytes.clone();
        let mut position = Position::Arrival;
        while trace(program.text(), &charges, &mut hart, &mut memory, &mut position, self)
            == Some(Stop::Ecall)
        {
            let Some(result) = answer(&hart.registers) else { break };
            hart.set(Reg::A0, result.into());
            hart.pc += 4;
        }
    }
}

#[test]
fn no_instruction_is_left_out() {
    type Programs = fn(Profile) -> Vec<Program>;
    const ALL: [Programs; 8] = [
        suite::operands,
        suite::branches,
        suite::indirect_jumps,
        suite::memory,
        suite::atomics,
        suite::pressure,
        suite::traps,
        suite::compressed,
    ];
    for profile in PROFILES {
        let mut counts =
            Counts { profile, ops: BTreeMap::new(), compressed: BTreeMap::new(), text: vec![] };
        for program in ALL.iter().flat_map(|programs| programs(profile)) {
            counts.add(&program.trial);
        }
        for op in Op::of(profile) {
            let count = counts.ops.get(&op).copied().unwrap_or_default();
            assert!(count >= 8, "{profile}: {op} is executed {count} times");
        }
        for op in CompressedOp::of_profile(profile) {
            let count = counts.compressed.get(&op).copied().unwrap_or_default();
            assert!(count >= 1, "{profile}: {} is executed {count} times", op.mnemonic());
        }
        println!("{profile}: {:?}", counts.ops);
    }
}
