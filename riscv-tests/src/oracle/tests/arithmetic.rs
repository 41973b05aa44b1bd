//! Every operation on operands with a result known by hand.

use super::*;
use crate::generate::encode as e;

const MIN: u32 = 0x8000_0000;
const MAX: u32 = 0x7fff_ffff;
const ONES: u32 = 0xffff_ffff;

/// Executes one word with x5 = a, x6 = b and returns x7.
fn one(word: u32, a: u32, b: u32) -> u32 {
    let mut oracle = plain(&[word, e::EBREAK]);
    oracle.registers[5] = wide(a);
    oracle.registers[6] = wide(b);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    values(&oracle)[7]
}

#[test]
fn register_operations() {
    // funct7, funct3, a, b, result
    let table = [
        (0, 0, ONES, 1, 0),
        (0, 0, MAX, 1, MIN),
        (0x20, 0, 0, 1, ONES),
        (0x20, 0, MIN, 1, MAX),
        (0, 1, 1, 31, MIN),
        (0, 1, 3, 32, 3),
        (0, 1, 3, 33, 6),
        (0, 2, ONES, 0, 1),
        (0, 2, MIN, MAX, 1),
        (0, 2, MAX, MIN, 0),
        (0, 2, 5, 5, 0),
        (0, 3, ONES, 0, 0),
        (0, 3, MAX, MIN, 1),
        (0, 4, 0xff00_ff00, 0x0ff0_0ff0, 0xf0f0_f0f0),
        (0, 5, MIN, 31, 1),
        (0, 5, MIN, 63, 1),
        (0, 5, ONES, 0, ONES),
        (0x20, 5, MIN, 31, ONES),
        (0x20, 5, MAX, 30, 1),
        (0x20, 5, MIN, 0xffff_ffe4, 0xf800_0000),
        (0, 6, 0xf0, 0x0f, 0xff),
        (0, 7, 0xfc, 0x3f, 0x3c),
        (1, 0, ONES, ONES, 1),
        (1, 0, 0x1_0001, 0x1_0001, 0x2_0001),
        (1, 0, MIN, 2, 0),
        (1, 1, ONES, ONES, 0),
        (1, 1, MIN, MIN, 0x4000_0000),
        (1, 1, MIN, 1, ONES),
        (1, 1, MAX, MAX, 0x3fff_ffff),
        (1, 2, ONES, ONES, ONES),
        (1, 2, MIN, ONES, MIN),
        (1, 2, 1, ONES, 0),
        (1, 2, MAX, ONES, 0x7fff_fffe),
        (1, 3, ONES, ONES, 0xffff_fffe),
        (1, 3, MIN, MIN, 0x4000_0000),
        (1, 3, MIN, 2, 1),
        (1, 4, 7, 0, ONES),
        (1, 4, MIN, ONES, MIN),
        (1, 4, 0xffff_fff9, 2, 0xffff_fffd),
        (1, 4, 7, 0xffff_fffe, 0xffff_fffd),
        (1, 4, MIN, 1, MIN),
        (1, 5, 7, 0, ONES),
        (1, 5, MIN, ONES, 0),
        (1, 5, ONES, 2, MAX),
        (1, 6, 7, 0, 7),
        (1, 6, MIN, 0, MIN),
        (1, 6, MIN, ONES, 0),
        (1, 6, 0xffff_fff9, 2, ONES),
        (1, 6, 7, 0xffff_fffe, 1),
        (1, 7, 7, 0, 7),
        (1, 7, MIN, ONES, MIN),
        (1, 7, ONES, 10, 5),
    ];
    for (funct7, funct3, a, b, result) in table {
        let word = e::r(e::OP, funct3, funct7, 7, 5, 6);
        assert_eq!(one(word, a, b), result, "{funct7} {funct3} {a:#x} {b:#x}");
    }
}

#[test]
fn immediate_operations() {
    // funct3, immediate, a, result
    let table = [
        (0, 0xfff, 0, ONES),
        (0, 0x7ff, 1, 0x800),
        (0, 0x800, 0, 0xffff_f800),
        (2, 0xfff, MIN, 1),
        (2, 0xfff, 0, 0),
        (3, 0xfff, 0, 1),
        (3, 0xfff, ONES, 0),
        (3, 0x001, 0, 1),
        (3, 0x800, 0xffff_f7ff, 1),
        (4, 0xfff, 0x1234_5678, 0xedcb_a987),
        (6, 0x800, 1, 0xffff_f801),
        (7, 0x7ff, ONES, 0x7ff),
        (7, 0xff0, ONES, 0xffff_fff0),
        (1, 31, 1, MIN),
        (1, 0, ONES, ONES),
        (5, 31, MIN, 1),
        (5, 0x400 | 31, MIN, ONES),
        (5, 0x400 | 4, 0x7000_0000, 0x0700_0000),
    ];
    for (funct3, immediate, a, result) in table {
        let word = e::i(e::OP_IMM, funct3, 7, 5, immediate);
        assert_eq!(one(word, a, 0), result, "{funct3} {immediate:#x} {a:#x}");
    }
}

#[test]
fn upper_immediates() {
    assert_eq!(one(e::u(e::LUI, 7, 0xabcd_e000), 0, 0), 0xabcd_e000);
    // AUIPC adds to its own pc, modulo 2^32.
    assert_eq!(one(e::u(e::AUIPC, 7, 0x1000), 0, 0), TEXT + 0x1000);
    assert_eq!(one(e::u(e::AUIPC, 7, 0xffff_f000), 0, 0), TEXT - 0x1000);
    assert_eq!(one(e::u(e::AUIPC, 7, 0xffff_0000), 0, 0), 0);
}

#[test]
fn x0_stays_zero() {
    let writes = [
        e::addi(0, 0, 5),
        e::u(e::LUI, 0, 0x1000),
        e::u(e::AUIPC, 0, 0x1000),
        e::add(0, 5, 5),
        e::lw(0, 5, 0),
        e::amo(0, 0, 5, 6),
        e::amo(2, 0, 5, 0),
        // Fails with 1 in rd: there is no reservation.
        e::amo(3, 0, 5, 6),
    ];
    for word in writes {
        let mut oracle = plain(&[word, e::EBREAK]);
        oracle.registers[5] = wide(DATA);
        oracle.registers[6] = wide(1);
        oracle.write(DATA, &[9, 9, 9, 9]);
        assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
        assert_eq!(values(&oracle)[0], 0, "{word:#010x}");
    }
}

#[test]
fn an_amo_with_rd_x0_still_writes_memory() {
    let mut oracle = plain(&[e::amo(0, 0, 5, 6), e::EBREAK]);
    oracle.registers[5] = wide(DATA);
    oracle.registers[6] = wide(41);
    oracle.write(DATA, &[1, 0, 0, 0]);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    assert_eq!(oracle.read(DATA, 4).unwrap(), [42, 0, 0, 0]);
}

#[test]
fn fences_do_nothing() {
    let mut oracle = plain(&[0x0ff0_000f, 0x0100_000f, 0x8330_000f, 0xffff_8f8f, e::EBREAK]);
    oracle.registers[31] = wide(3);
    let before = *oracle.registers();
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 16));
    assert_eq!(*oracle.registers(), before);
    assert_eq!(oracle.gas(), 1_000_000 - 2 - 4 - 1);
}

#[test]
fn compressed_instructions_do_what_their_expansions_do() {
    // parcel, the same as a word
    let table = [
        (0x1ffc, e::addi(15, 2, 1020)),
        (0x1281, e::addi(5, 5, 0xfe0)),
        (0x557d, e::addi(10, 0, 0xfff)),
        (0x7101, e::addi(2, 2, 0xe00)),
        (0x7181, e::u(e::LUI, 3, 0xfffe_0000)),
        (0x807d, e::i(e::OP_IMM, 5, 8, 8, 31)),
        (0x8785, e::i(e::OP_IMM, 5, 15, 15, 0x401)),
        (0x98f9, e::i(e::OP_IMM, 7, 9, 9, 0xffe)),
        (0x8c05, e::r(e::OP, 0, 0x20, 8, 8, 9)),
        (0x8d2d, e::r(e::OP, 4, 0, 10, 10, 11)),
        (0x8e55, e::r(e::OP, 6, 0, 12, 12, 13)),
        (0x8f7d, e::r(e::OP, 7, 0, 14, 14, 15)),
        (0x00fe, e::slli(1, 1, 31)),
        (0x8192, e::add(3, 0, 4)),
        (0x931e, e::add(6, 6, 7)),
        (0x5d64, e::lw(9, 10, 124)),
        (0xc22c, e::sw(11, 12, 64)),
        (0x50fe, e::lw(1, 2, 252)),
        (0xdffe, e::sw(31, 2, 252)),
    ];
    for (parcel, word) in table {
        let [low, high] = halves(word);
        let short = run_with_values(compressed(&[parcel, 0x9002]));
        let long = run_with_values(compressed(&[low, high, 0x9002]));
        assert_eq!(short.registers, long.registers, "{parcel:#06x}");
        assert_eq!(short.gas, long.gas, "{parcel:#06x}");
        assert!(text_differs_only(&short, &long), "{parcel:#06x}");
        assert_eq!((short.pc, long.pc), (TEXT + 2, TEXT + 4), "{parcel:#06x}");
    }
}

fn run_with_values(mut oracle: Oracle) -> Oracle {
    for number in 1..32 {
        oracle.registers[number] = wide(DATA + 8 * u32::try_from(number).unwrap());
    }
    oracle.write(DATA, &(0..=255).collect::<Vec<u8>>());
    assert!(matches!(oracle.run(), Stop::Trap { kind: Trap::BREAKPOINT, .. }));
    oracle
}

fn text_differs_only(a: &Oracle, b: &Oracle) -> bool {
    a.pages().zip(b.pages()).all(|(a, b)| a == b || a.0 == TEXT)
}
