//! Gas is charged at arrivals, before anything happens, and nowhere else (rules G1 to G4).

use bessemer_image::Stop;
use bessemer_isa::{B, I, Inst, J, N, Reg, S};

use crate::harness::{COMPRESSED, DATA, Frame, PLENTY, TEXT};

/// Stores `a0` and counts it down to 0, then an ECALL.
fn countdown() -> Frame {
    let (rs1, rs2) = (Reg::A1, Reg::A0);
    Frame::new(&[
        Inst::Sw(S { rs1, rs2, imm: 0 }),
        Inst::Addi(I { rd: Reg::A0, rs1: Reg::A0, imm: -1 }),
        Inst::Bne(B { rs1: Reg::A0, rs2: Reg::ZERO, offset: -8 }),
        Inst::Ecall(N),
    ])
    .with(Reg::A0, 5)
    .with(Reg::A1, DATA)
}

#[test]
fn every_limit_below_the_need_ends_at_an_arrival_with_all_gas_gone() {
    let round = 2 + 4 + 1 + 8;
    let exit = 2 + 150;
    let need = 5 * round + exit;
    let mut free = countdown();
    assert_eq!(free.run(), Stop::Ecall);
    assert_eq!(PLENTY - free.hart.gas, need);
    for limit in 0..=need + 1 {
        let mut frame = countdown();
        frame.hart.gas = limit;
        let stop = frame.run();
        if limit >= need {
            assert_eq!((stop, frame.hart.gas), (Stop::Ecall, limit - need), "limit {limit}");
            assert_eq!(frame.hart.pc, TEXT + 12);
            continue;
        }
        assert_eq!((stop, frame.hart.gas), (Stop::OutOfGas, 0), "limit {limit}");
        let rounds = (limit / round).min(5);
        let done = u64::from(5 - frame.get(Reg::A0));
        assert_eq!(done, rounds, "whole rounds happen, and no part of another");
        let arrival = if rounds == 5 { TEXT + 12 } else { TEXT };
        assert_eq!(frame.hart.pc, arrival, "limit {limit}");
        let mut stored = [0];
        frame.memory.read(DATA, &mut stored).unwrap();
        let expected = if rounds == 0 { 0 } else { 6 - rounds };
        assert_eq!(u64::from(stored[0]), expected);
    }
}

#[test]
fn a_self_loop_arrives_every_time_round_and_burns_out() {
    for (profile, bytes, charge) in [
        (COMPRESSED, &[0x01, 0xa0][..], 2 + 3),
        (COMPRESSED, &[0x6f, 0, 0, 0][..], 2 + 3),
        (COMPRESSED, &[0x63, 0, 0, 0][..], 2 + 8),
    ] {
        let mut frame = Frame::of_bytes(profile, bytes);
        frame.hart.gas = 10 * charge + 4;
        for round in 1..=10 {
            assert_eq!(frame.run_one(), None);
            assert_eq!((frame.hart.pc, frame.hart.gas), (TEXT, (10 - round) * charge + 4));
        }
        assert_eq!(frame.run_one(), Some(Stop::OutOfGas));
        assert_eq!((frame.hart.pc, frame.hart.gas), (TEXT, 0));
        frame.hart.gas = 1_000_003;
        assert_eq!(frame.run(), Stop::OutOfGas);
    }
}

#[test]
fn falling_into_the_target_of_another_jump_is_no_arrival() {
    let nop = Inst::Addi(I { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 });
    let back = Inst::Jal(J { rd: Reg::ZERO, offset: -4 });
    let mut frame = Frame::new(&[nop, nop, back]);
    assert_eq!(frame.run_one(), None);
    assert_eq!(PLENTY - frame.hart.gas, 2 + 1 + 1 + 3);
    assert_eq!(frame.hart.pc, TEXT + 4);
    assert_eq!(frame.run_one(), None);
    assert_eq!(PLENTY - frame.hart.gas, (2 + 1 + 1 + 3) + (2 + 1 + 3));
}

#[test]
fn both_ways_of_a_branch_are_arrivals_that_are_not_yet_charged() {
    let never = Inst::Bne(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset: 0x40 });
    let always = Inst::Beq(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset: 4 });
    for branch in [never, always] {
        let mut frame = Frame::new(&[branch, Inst::Ecall(N)]);
        assert_eq!(frame.run_one(), None);
        assert_eq!((frame.hart.pc, PLENTY - frame.hart.gas), (TEXT + 4, 2 + 8));
    }
}

#[test]
fn the_largest_limit_is_counted_exactly() {
    let mut frame = countdown();
    frame.hart.gas = 1 << 62;
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.hart.gas, (1 << 62) - 5 * 15 - 152);
}
