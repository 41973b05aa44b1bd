//! The six rules of section 2, "A".

use super::*;
use crate::generate::encode as e;

/// Registers of the programs: x5 an address, x6 a value, x7 the result.
fn lr() -> u32 {
    e::amo(0b00010, 7, 5, 0)
}

fn sc() -> u32 {
    e::amo(0b00011, 7, 5, 6)
}

fn run(words: &[u32], addr: u32) -> (Stop, Oracle) {
    let mut oracle = plain(words);
    oracle.registers[5] = wide(addr);
    oracle.registers[6] = wide(0xcafe);
    if (DATA..DATA + 0x1ffc).contains(&addr) {
        oracle.write(addr & !3, &[1, 2, 3, 4]);
    }
    let stop = oracle.run();
    (stop, oracle)
}

fn done(words: &[u32]) -> Stop {
    trap(Trap::BREAKPOINT, TEXT + 4 * (u32::try_from(words.len()).unwrap() - 1))
}

#[test]
fn amos_return_the_old_word_and_store_the_new() {
    // funct5, old, rs2, new
    let table = [
        (0b00001, 1, 2, 2),
        (0b00000, 0xffff_ffff, 2, 1),
        (0b00100, 0xff00, 0x0ff0, 0xf0f0),
        (0b01100, 0xff00, 0x0ff0, 0x0f00),
        (0b01000, 0xff00, 0x0ff0, 0xfff0),
        (0b10000, 0x8000_0000, 1, 0x8000_0000),
        (0b10000, 5, 0xffff_ffff, 0xffff_ffff),
        (0b10100, 0x8000_0000, 1, 1),
        (0b10100, 5, 0xffff_ffff, 5),
        (0b11000, 0x8000_0000, 1, 1),
        (0b11100, 0x8000_0000, 1, 0x8000_0000),
    ];
    for (funct5, old, rs2, new) in table {
        for aqrl in 0..4 {
            let word = e::amo(funct5, 7, 5, 6) | aqrl << 25;
            let mut oracle = plain(&[word, e::EBREAK]);
            oracle.registers[5] = wide(DATA);
            oracle.registers[6] = wide(rs2);
            oracle.memory.store(DATA, 4, wide(old)).unwrap();
            assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
            assert_eq!(values(&oracle)[7], old, "funct5 {funct5:#b}");
            assert_eq!(oracle.memory.load(DATA, 4), Ok(wide(new)), "funct5 {funct5:#b}");
        }
    }
}

#[test]
fn operands_are_read_before_rd_is_written() {
    // amoadd x5, x5, (x5): the address is also the addend.
    let mut oracle = plain(&[e::amo(0, 5, 5, 5), e::EBREAK]);
    oracle.registers[5] = wide(DATA);
    oracle.memory.store(DATA, 4, 3).unwrap();
    oracle.run();
    assert_eq!(values(&oracle)[5], 3);
    assert_eq!(oracle.memory.load(DATA, 4), Ok(wide(DATA + 3)));
}

#[test]
fn rule_1_misaligned_before_anything_else() {
    for funct5 in [0b00010, 0b00011, 0b00001, 0, 0b11100] {
        let rs2 = if funct5 == 0b00010 { 0 } else { 6 };
        for addr in [DATA + 1, DATA + 2, DATA + 3, 1, 0xffff_ffff, RODATA + 2] {
            let (stop, _) = run(&[e::amo(funct5, 7, 5, rs2)], addr);
            assert_eq!(stop, trap_at(Trap::MISALIGNED_ATOMIC, TEXT, addr));
        }
    }
}

#[test]
fn rule_2_no_reservation_at_entry() {
    let words = [sc(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 1));
    assert_eq!(oracle.read(DATA, 4).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn rule_3_lr_loads_and_reserves() {
    let words = [lr(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA + 4);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 0x0403_0201));
    assert_eq!(oracle.reservation(), Some(DATA + 4));
    // The load traps, and the older reservation stays.
    let words = [lr(), e::addi(5, 0, 8), lr()];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!(stop, trap_at(Trap::BAD_LOAD, TEXT + 8, 8));
    assert_eq!(oracle.reservation(), Some(DATA));
    // A second LR replaces it.
    let words = [lr(), e::addi(5, 5, 4), lr(), e::EBREAK];
    assert_eq!(run(&words, DATA).1.reservation(), Some(DATA + 4));
}

#[test]
fn rule_4_sc_stores_if_the_reservation_is_its_word() {
    let words = [lr(), sc(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 0));
    assert_eq!(oracle.read(DATA, 4).unwrap(), [0xfe, 0xca, 0, 0]);
    assert_eq!(oracle.reservation(), None);
}

#[test]
fn rule_4_sc_to_another_word_fails_without_access_and_clears() {
    // The other word is not even mapped.
    for step in [4, 0x7fc] {
        let words = [lr(), e::addi(5, 5, step), sc(), e::EBREAK];
        let (stop, oracle) = run(&words, DATA + 0x1ff8);
        assert_eq!((stop, values(&oracle)[7]), (done(&words), 1));
        assert_eq!(oracle.reservation(), None);
    }
    // The failed SC cleared: a further SC to the reserved word fails as well.
    let words = [lr(), e::addi(5, 5, 4), sc(), e::addi(5, 5, 0xffc), sc(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 1));
    assert_eq!(oracle.read(DATA, 4).unwrap(), [1, 2, 3, 4]);
}

#[test]
fn rule_4_sc_after_sc_fails() {
    let words = [lr(), sc(), sc(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 1));
}

#[test]
fn rule_4_sc_to_a_reserved_word_that_is_not_writable_traps() {
    let (stop, _) = run(&[lr(), sc(), e::EBREAK], RODATA + 4);
    assert_eq!(stop, trap_at(Trap::BAD_STORE, TEXT + 4, RODATA + 4));
}

#[test]
fn rule_5_an_amo_needs_a_writable_word() {
    for addr in [RODATA, TEXT, 0, DATA - 4, DATA + 0x2000, 0xffff_fffc] {
        let (stop, oracle) = run(&[e::amo(0, 7, 5, 6)], addr);
        assert_eq!(stop, trap_at(Trap::BAD_STORE, TEXT, addr));
        assert_eq!(values(&oracle)[7], 0);
    }
}

#[test]
fn rule_6_an_ecall_clears() {
    let words = [lr(), e::ECALL, sc(), e::EBREAK];
    let (stop, mut oracle) = run(&words, DATA);
    assert_eq!(stop, Stop::Ecall);
    oracle.resume(0);
    assert_eq!(oracle.run(), done(&words));
    assert_eq!(values(&oracle)[7], 1);
}

#[test]
fn rule_6_ordinary_accesses_and_amos_keep_the_reservation() {
    for between in [e::lw(8, 5, 0), e::sw(6, 5, 0), e::amo(0, 8, 5, 6), e::sw(6, 5, 4)] {
        let words = [lr(), between, sc(), e::EBREAK];
        let (stop, oracle) = run(&words, DATA);
        assert_eq!((stop, values(&oracle)[7]), (done(&words), 0));
    }
}

#[test]
fn a_jump_keeps_the_reservation() {
    let words = [lr(), e::jal(0, 4), e::branch(0, 0, 0, 4), sc(), e::EBREAK];
    let (stop, oracle) = run(&words, DATA);
    assert_eq!((stop, values(&oracle)[7]), (done(&words), 0));
}
