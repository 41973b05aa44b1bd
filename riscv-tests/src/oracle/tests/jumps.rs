//! G5, link values and the ends of text.

use super::*;
use crate::generate::encode as e;

#[test]
fn jalr_to_every_address_around_a_plain_text() {
    // jalr x7, 0(x5), then seven words that break.
    let mut words = [e::EBREAK; 8];
    words[0] = e::jalr(7, 5, 0);
    let end = TEXT + 32;
    for target in (TEXT - 8..end + 8).chain([0, 1, 0xffff_fffe, 0xffff_ffff, DATA, STACK_TOP]) {
        if target & !1 == TEXT {
            continue;
        }
        let mut oracle = plain(&words);
        oracle.registers[5] = wide(target);
        let t = target & !1;
        let expected = match t {
            t if t < TEXT || t >= end => trap_at(Trap::BAD_JUMP, TEXT, t),
            t if t % 4 == 2 => trap_at(Trap::MISALIGNED_JUMP, TEXT, t),
            t => trap(Trap::BREAKPOINT, t),
        };
        assert_eq!(oracle.run(), expected, "{target:#x}");
        // The charge of the jump stays; the run it reaches is charged too. rd only if it is taken.
        let taken = expected == trap(Trap::BREAKPOINT, t);
        let charged = if taken { 17 + 3 } else { 17 };
        assert_eq!(oracle.gas(), 1_000_000 - charged);
        assert_eq!(values(&oracle)[7], if taken { TEXT + 4 } else { 0 });
    }
}

#[test]
fn jalr_to_every_parcel_of_a_compressed_text() {
    let [add_low, add_high] = halves(0x00b5_0533);
    // c.jr x5; c.li a0, 0; add a0, a0, a1; c.bnez a1, c.li; c.ebreak; half of a word
    let parcels = [0x8282, 0x4501, add_low, add_high, 0xfded, 0x9002, add_low];
    // Where it stops, and the gas of the runs up to there, by hand; a1 = 0, so the branch falls
    // through. The jump costs 2+15.
    let brk = trap(Trap::BREAKPOINT, TEXT + 10);
    let table = [
        (2, brk, 12 + 3),
        (4, brk, 11 + 3),
        // b5 00 is c.addi ra, 13.
        (6, brk, 11 + 3),
        (8, brk, 10 + 3),
        (10, brk, 3),
        // The second parcel of the last word is outside text.
        (12, trap(Trap::ILLEGAL_INSTRUCTION, TEXT + 12), 3),
        (14, trap_at(Trap::BAD_JUMP, TEXT, TEXT + 14), 0),
        (16, trap_at(Trap::BAD_JUMP, TEXT, TEXT + 16), 0),
    ];
    for (offset, stop, cost) in table {
        for odd in 0..2 {
            let mut oracle = compressed(&parcels);
            oracle.registers[5] = wide(TEXT + offset + odd);
            assert_eq!(oracle.run(), stop, "offset {offset}");
            assert_eq!(oracle.gas(), 1_000_000 - 17 - cost, "offset {offset}");
            assert_eq!(values(&oracle)[1], if offset == 6 { 13 } else { 0 });
        }
    }
}

#[test]
fn jalr_reads_rs1_before_it_writes_rd() {
    let mut oracle = plain(&[e::jalr(5, 5, 0), e::EBREAK, e::EBREAK]);
    oracle.registers[5] = wide(TEXT + 8);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 8));
    assert_eq!(values(&oracle)[5], TEXT + 4);
    // C.JALR ra: links 2 bytes on.
    let mut oracle = compressed(&[0x9082, 0x9002, 0x9002]);
    oracle.registers[1] = wide(TEXT + 4);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    assert_eq!(values(&oracle)[1], TEXT + 2);
}

#[test]
fn jalr_adds_before_it_clears_bit_0() {
    // 0x10007 + 1 = 0x10008; 0x10007 + 2 = 0x10009.
    for immediate in [1, 2] {
        let mut oracle = plain(&[e::jalr(0, 5, immediate), e::EBREAK, e::EBREAK]);
        oracle.registers[5] = wide(TEXT + 7);
        assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 8));
    }
    // The sum is modulo 2^32.
    let mut oracle = plain(&[e::jalr(0, 5, 0xfff), e::EBREAK]);
    oracle.registers[5] = wide(0);
    assert_eq!(oracle.run(), trap_at(Trap::BAD_JUMP, TEXT, 0xffff_fffe));
}

#[test]
fn link_values_are_behind_the_instruction() {
    let mut oracle = plain(&[e::jal(7, 8), e::EBREAK, e::EBREAK]);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 8));
    assert_eq!(values(&oracle)[7], TEXT + 4);
    // C.JAL +4
    let mut oracle = compressed(&[0x2011, 0x9002, 0x9002]);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    assert_eq!(values(&oracle)[1], TEXT + 2);
}

#[test]
fn static_targets_follow_the_same_rule() {
    let cases = [
        (8, trap_at(Trap::BAD_JUMP, TEXT, TEXT + 8)),
        (4096 - 2, trap_at(Trap::BAD_JUMP, TEXT, TEXT + 4094)),
        (-4, trap_at(Trap::BAD_JUMP, TEXT, TEXT - 4)),
        (6, trap_at(Trap::MISALIGNED_JUMP, TEXT, TEXT + 6)),
        (2, trap_at(Trap::MISALIGNED_JUMP, TEXT, TEXT + 2)),
    ];
    for (offset, stop) in cases {
        let offset = i32::cast_unsigned(offset);
        let mut jump = plain(&[e::jal(7, offset), e::EBREAK]);
        assert_eq!(jump.run(), stop);
        assert_eq!((jump.registers()[7], jump.gas()), (0, 1_000_000 - 2 - 3));
        let mut branch = plain(&[e::branch(0, 0, 0, offset), e::EBREAK]);
        assert_eq!(branch.run(), stop);
        assert_eq!(branch.gas(), 1_000_000 - 2 - 8);
        // An untaken branch never checks its target.
        let mut untaken = plain(&[e::branch(1, 0, 0, offset), e::EBREAK]);
        assert_eq!(untaken.run(), trap(Trap::BREAKPOINT, TEXT + 4));
        assert_eq!(untaken.gas(), 1_000_000 - 10 - 3);
    }
}

#[test]
fn branches_compare_as_named() {
    // funct3, a, b, taken
    let table = [
        (0, 1, 1, true),
        (0, 1, 2, false),
        (1, 1, 2, true),
        (1, 1, 1, false),
        (4, 0xffff_ffff, 0, true),
        (4, 0, 0, false),
        (4, 0, 0xffff_ffff, false),
        (5, 0, 0xffff_ffff, true),
        (5, 0, 0, true),
        (5, 0x8000_0000, 0, false),
        (6, 0, 0xffff_ffff, true),
        (6, 0xffff_ffff, 0, false),
        (7, 0xffff_ffff, 0, true),
        (7, 3, 3, true),
        (7, 0, 1, false),
    ];
    for (funct3, a, b, taken) in table {
        let mut oracle = plain(&[e::branch(funct3, 5, 6, 8), e::EBREAK, e::EBREAK]);
        oracle.registers[5] = wide(a);
        oracle.registers[6] = wide(b);
        let expected = if taken { TEXT + 8 } else { TEXT + 4 };
        assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, expected), "{funct3} {a:#x} {b:#x}");
    }
}

#[test]
fn the_end_of_text_is_reached_only_from_the_front() {
    let end = |words: &[u32]| TEXT + 4 * u32::try_from(words.len()).unwrap();
    // Inside a run.
    let words = [e::addi(5, 0, 1)];
    let mut oracle = plain(&words);
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, end(&words)));
    assert_eq!(oracle.gas(), 1_000_000 - 2 - 1 - 1);
    // The fall-through of a branch: an arrival of its own.
    let words = [e::branch(1, 0, 0, 0)];
    let mut oracle = plain(&words);
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, end(&words)));
    assert_eq!(oracle.gas(), 1_000_000 - 10 - 3);
    // The return of an ECALL.
    let words = [e::ECALL];
    let mut oracle = plain(&words);
    assert_eq!(oracle.run(), Stop::Ecall);
    oracle.resume(0);
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, end(&words)));
    assert_eq!(oracle.gas(), 1_000_000 - 152 - 3);
}

#[test]
fn plain_text_has_no_compressed_instructions() {
    // c.li a0, 1; c.li a0, 2 as one word.
    assert_eq!(plain(&[0x4509_4505]).run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT));
    assert_eq!(plain(&[0]).run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT));
}

#[test]
fn longer_encodings_are_illegal() {
    for low in [0x001f, 0x003f, 0x007f, 0xffff] {
        let mut oracle = compressed(&[low, 0x0001, 0x0001]);
        assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT));
        assert_eq!(oracle.gas(), 1_000_000 - 3);
    }
}

#[test]
fn words_may_straddle_alignment_with_profile_c() {
    let [low, high] = halves(e::addi(5, 0, 7));
    let mut oracle = compressed(&[0x0001, low, high, 0x9002]);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 6));
    assert_eq!(values(&oracle)[5], 7);
}
