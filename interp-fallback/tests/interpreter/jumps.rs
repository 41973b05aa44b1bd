//! Where jumps may go, and what becomes of those that may not (rule G5).

use bessemer_image::{Profile, Stop};
use bessemer_isa::{B, I, Inst, J, L, N, Reg, TrapKind};

use crate::harness::{COMPRESSED, Frame, PLAIN, PLENTY, TEXT, trap};

const LINK: u32 = 0x7777_7777;

/// The worked example of the specification behind a `jalr a7, 0(a6)`.
fn example(target: u32) -> Frame {
    let jalr = Inst::Jalr(L { rd: Reg::A7, rs1: Reg::A6, imm: 0 });
    let example = [0x01, 0x45, 0x33, 0x05, 0xb5, 0x00, 0xed, 0xfd];
    let bytes = [&jalr.encode().to_le_bytes(), &example[..]].concat();
    let frame = Frame::of_bytes(COMPRESSED, &bytes);
    frame.with(Reg::A6, target).with(Reg::A7, LINK)
}

#[test]
fn every_slot_of_text_is_a_target_also_the_middle_of_an_instruction() {
    let rows = [(0, 17), (2, 4), (4, 12), (6, 11), (8, 11), (10, 10)];
    for (offset, charge) in rows {
        for odd in [0, 1] {
            let target = TEXT + offset;
            let mut frame = example(target + odd);
            assert_eq!(frame.run_one(), None);
            assert_eq!(frame.hart.pc, target);
            assert_eq!(frame.get(Reg::A7), TEXT + 4);
            if offset != 2 {
                assert_eq!(frame.charge(target), charge, "slot {offset}");
            }
        }
    }
}

#[test]
fn the_second_half_of_a_word_is_executed_as_found() {
    let mut frame = example(TEXT + 8).with(Reg::RA, 100);
    assert_eq!(frame.run_one(), None);
    let before = frame.hart.gas;
    assert_eq!(frame.run_one(), None, "c.addi ra, 13, then the untaken branch");
    assert_eq!(frame.get(Reg::RA), 113);
    assert_eq!(before - frame.hart.gas, 11);
    assert_eq!(frame.hart.pc, TEXT + 12);
}

#[test]
fn a_jump_out_of_text_traps_at_the_jump_and_links_nothing() {
    for target in [0, TEXT - 2, TEXT + 12, TEXT + 14, 0x8001_0000, 0xffff_fffe] {
        for odd in [0, 1] {
            let mut frame = example(target + odd);
            let charge = frame.charge(TEXT);
            assert_eq!(frame.run(), trap(TrapKind::BadJump, TEXT, Some(target)));
            assert_eq!(frame.get(Reg::A7), LINK);
            assert_eq!(frame.hart.pc, TEXT);
            assert_eq!(PLENTY - frame.hart.gas, charge);
        }
    }
}

#[test]
fn jalr_adds_in_32_bits_and_clears_bit_0_of_the_sum() {
    for (base, imm) in [(TEXT + 5, -1), (TEXT + 4, 1), (TEXT - 2043, 2047), (TEXT + 2052, -2048)] {
        let jalr = Inst::Jalr(L { rd: Reg::RA, rs1: Reg::A6, imm });
        let mut frame = Frame::new(&[jalr, Inst::Ecall(N)]).with(Reg::A6, base);
        assert_eq!(frame.run(), Stop::Ecall);
        assert_eq!(frame.hart.pc, TEXT + 4);
    }
    let jalr = Inst::Jalr(L { rd: Reg::RA, rs1: Reg::A6, imm: 4 });
    let mut frame = Frame::new(&[jalr]).with(Reg::A6, 0xffff_ffff);
    assert_eq!(frame.run(), trap(TrapKind::BadJump, TEXT, Some(2)));
}

#[test]
fn jalr_reads_its_base_before_it_links() {
    let jalr = Inst::Jalr(L { rd: Reg::RA, rs1: Reg::RA, imm: 4 });
    let mut frame = Frame::new(&[jalr, Inst::Ebreak(N), Inst::Ecall(N)]).with(Reg::RA, TEXT + 4);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::RA), TEXT + 4);
    assert_eq!(frame.hart.pc, TEXT + 8);
}

#[test]
fn the_link_is_the_address_behind_the_jump_whatever_its_length() {
    // c.jal . + 2; c.jalr a0; ecall
    let bytes = [0x09, 0x20, 0x02, 0x95, 0x73, 0, 0, 0];
    let mut frame = Frame::of_bytes(COMPRESSED, &bytes).with(Reg::A0, TEXT + 4);
    assert_eq!(frame.run_one(), None);
    assert_eq!((frame.get(Reg::RA), frame.hart.pc), (TEXT + 2, TEXT + 2));
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::RA), TEXT + 4);

    let jal = Inst::Jal(J { rd: Reg::A1, offset: 4 });
    let mut frame = Frame::new(&[jal, Inst::Ecall(N)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A1), TEXT + 4);
}

#[test]
fn static_targets_follow_the_same_rule_if_they_are_taken() {
    let (rs1, rs2) = (Reg::ZERO, Reg::ZERO);
    for offset in [-2, -4096, 4, 4094] {
        let target = TEXT.wrapping_add_signed(offset);
        let expected = trap(TrapKind::BadJump, TEXT, Some(target));
        let jal = Inst::Jal(J { rd: Reg::A7, offset });
        let mut frame = Frame::new(&[jal]).with(Reg::A7, LINK);
        assert_eq!(frame.run(), expected);
        assert_eq!(frame.get(Reg::A7), LINK);
        assert_eq!(Frame::new(&[Inst::Beq(B { rs1, rs2, offset })]).run(), expected);
        let untaken = Inst::Bne(B { rs1, rs2, offset });
        assert_eq!(Frame::new(&[untaken, Inst::Ecall(N)]).run(), Stop::Ecall);
    }
}

#[test]
fn without_compressed_profile_a_target_must_be_a_word() {
    let nop = Inst::Addi(I { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 });
    let jalr = Inst::Jalr(L { rd: Reg::A7, rs1: Reg::A6, imm: 0 });
    let frame = |first: Inst, target| {
        let words = [first, nop, Inst::Ecall(N)].map(Inst::encode);
        Frame::of_words(PLAIN, words).with(Reg::A6, target).with(Reg::A7, LINK)
    };
    for target in (TEXT..TEXT + 12).step_by(2) {
        for odd in [0, 1] {
            let mut frame = frame(jalr, target + odd);
            if target.is_multiple_of(4) {
                assert_eq!(frame.run_one(), None);
                assert_eq!(frame.hart.pc, target);
            } else {
                let expected = trap(TrapKind::MisalignedJump, TEXT, Some(target));
                assert_eq!(frame.run(), expected);
                assert_eq!(frame.get(Reg::A7), LINK);
            }
        }
    }
    for outside in [TEXT - 2, TEXT + 12, TEXT + 14] {
        let expected = trap(TrapKind::BadJump, TEXT, Some(outside));
        assert_eq!(frame(jalr, outside).run(), expected, "outside comes first");
    }
    let jal = Inst::Jal(J { rd: Reg::A7, offset: 6 });
    let expected = trap(TrapKind::MisalignedJump, TEXT, Some(TEXT + 6));
    assert_eq!(frame(jal, 0).run(), expected);
    let beq = Inst::Beq(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset: 2 });
    let expected = trap(TrapKind::MisalignedJump, TEXT, Some(TEXT + 2));
    assert_eq!(frame(beq, 0).run(), expected);
}

#[test]
fn a_remainder_of_text_is_no_target() {
    let jalr = Inst::Jalr(L { rd: Reg::A7, rs1: Reg::A6, imm: 0 }).encode().to_le_bytes();
    type Row = (Profile, &'static [u8], u32);
    let rows: [Row; 2] = [(COMPRESSED, &[1], 4), (PLAIN, &[0x13, 0], 4)];
    for (profile, rest, offset) in rows {
        let bytes = [&jalr, rest].concat();
        let mut frame = Frame::of_bytes(profile, &bytes).with(Reg::A6, TEXT + offset);
        assert_eq!(frame.run(), trap(TrapKind::BadJump, TEXT, Some(TEXT + offset)));
    }
}
