//! The rules of the specification on programs small enough to compute by hand.

mod arithmetic;
mod atomics;
mod decoding;
mod gas;
mod jumps;
mod memory;

use super::{Isa, MemoryClass, Oracle, STACK_TOP, Segment, Setup, Stop, Trap};

const TEXT: u32 = 0x1_0000;
/// One page of rodata, then a gap of one page, then two pages of data.
const RODATA: u32 = 0x2_0000;
const DATA: u32 = 0x2_2000;
const STACK: u32 = 0x1_0000;

/// A program without profile C.
fn plain(words: &[u32]) -> Oracle {
    Oracle::new(&setup(words.iter().flat_map(|word| word.to_le_bytes()).collect(), false))
}

/// A program with profile C, given as parcels.
fn compressed(parcels: &[u16]) -> Oracle {
    Oracle::new(&setup(parcels.iter().flat_map(|parcel| parcel.to_le_bytes()).collect(), true))
}

/// The two parcels of a word.
fn halves(word: u32) -> [u16; 2] {
    [(word & 0xffff) as u16, (word >> 16) as u16]
}

fn setup(text: Vec<u8>, compressed: bool) -> Setup {
    Setup {
        segments: vec![
            Segment::text(TEXT, text),
            Segment::rodata(RODATA, (0..16).collect()),
            Segment { memsz: 0x2000, ..Segment::data(DATA, vec![]) },
        ],
        entry: TEXT,
        compressed,
        isa: Isa::default(),
        stack_size: STACK,
        memory_class: MemoryClass::M1M,
        gas: 1_000_000,
        sp: STACK_TOP,
    }
}

/// A value of a register.
fn wide(value: u32) -> u64 {
    u64::from(value)
}

/// The registers of a 32-bit program.
fn values(oracle: &Oracle) -> [u32; 32] {
    oracle.registers().map(|value| value.try_into().expect("the upper half is 0"))
}

fn trap(kind: u8, pc: u32) -> Stop {
    Stop::Trap { kind, pc, addr: None }
}

fn trap_at(kind: u8, pc: u32, addr: u32) -> Stop {
    Stop::Trap { kind, pc, addr: Some(addr) }
}

#[test]
fn a_frame_starts_with_zero_registers_but_sp() {
    let oracle = plain(&[0x0000_0073]);
    for (number, value) in oracle.registers().iter().enumerate() {
        assert_eq!(*value, if number == 2 { u64::from(STACK_TOP) } else { 0 });
    }
    assert_eq!((oracle.pc(), oracle.reservation()), (TEXT, None));
}

#[test]
fn a_stop_is_final_until_resumed() {
    let mut oracle = plain(&[0x0000_0073, 0x0010_0073]);
    assert_eq!(oracle.run(), Stop::Ecall);
    assert_eq!(oracle.run(), Stop::Ecall);
    oracle.resume(7);
    assert_eq!(values(&oracle)[10], 7);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    assert_eq!((oracle.pc(), oracle.executed()), (TEXT + 4, 2));
}

#[test]
fn an_ecall_changes_no_register_but_a0() {
    let mut oracle = plain(&[0x0000_0073, 0x0010_0073]);
    for number in 1..32 {
        oracle.registers[number] = wide(0x1111 * u32::try_from(number).unwrap());
    }
    let before = *oracle.registers();
    assert_eq!(oracle.run(), Stop::Ecall);
    assert_eq!(*oracle.registers(), before);
    oracle.resume(5);
    assert_eq!(oracle.run(), trap(Trap::BREAKPOINT, TEXT + 4));
    let mut after = before;
    after[10] = 5;
    assert_eq!(*oracle.registers(), after);
}
