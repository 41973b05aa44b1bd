//! Section 3: widths, edges, permissions.

use super::*;
use crate::generate::encode as e;

/// Executes one load or store of funct3 with x5 = addr and x6 = value.
fn access(opcode: u32, funct3: u32, addr: u32, value: u32) -> (Stop, Oracle) {
    let word = match opcode {
        e::LOAD => e::i(e::LOAD, funct3, 7, 5, 0),
        _ => e::s(e::STORE, funct3, 5, 6, 0),
    };
    let mut oracle = plain(&[word, e::EBREAK]);
    oracle.registers[5] = wide(addr);
    oracle.registers[6] = wide(value);
    let stop = oracle.run();
    (stop, oracle)
}

const DONE: Stop = Stop::Trap { kind: Trap::BREAKPOINT, pc: TEXT + 4, addr: None };

#[test]
fn loads_extend_and_are_little_endian() {
    let bytes = [0x80, 0xff, 0x7f, 0x81];
    // funct3, offset, result
    let table = [
        (0, 0, 0xffff_ff80),
        (0, 2, 0x7f),
        (4, 0, 0x80),
        (1, 0, 0xffff_ff80),
        (1, 1, 0x7fff),
        (1, 2, 0xffff_817f),
        (5, 2, 0x817f),
        (2, 0, 0x817f_ff80),
    ];
    for (funct3, offset, result) in table {
        let mut oracle = plain(&[e::i(e::LOAD, funct3, 7, 5, offset), e::EBREAK]);
        oracle.registers[5] = wide(DATA);
        oracle.write(DATA, &bytes);
        assert_eq!(oracle.run(), DONE);
        assert_eq!(values(&oracle)[7], result, "funct3 {funct3} offset {offset}");
    }
}

#[test]
fn stores_write_the_low_bytes() {
    for (funct3, bytes) in [(0, [4, 0, 0, 0]), (1, [4, 3, 0, 0]), (2, [4, 3, 2, 1])] {
        let (stop, oracle) = access(e::STORE, funct3, DATA + 1, 0x0102_0304);
        assert_eq!(stop, DONE);
        assert_eq!(oracle.read(DATA + 1, 4).unwrap(), bytes);
    }
}

#[test]
fn misaligned_and_page_crossing_accesses_work() {
    for offset in 0xffc..=0x1001 {
        let (stop, mut oracle) = access(e::STORE, 2, DATA + offset, 0xa1b2_c3d4);
        assert_eq!(stop, DONE);
        assert_eq!(oracle.read(DATA + offset, 4).unwrap(), [0xd4, 0xc3, 0xb2, 0xa1]);
        oracle = access(e::LOAD, 2, RODATA + offset % 7, 0).1;
        let low = offset % 7;
        assert_eq!(values(&oracle)[7], 0x0302_0100 + 0x0101_0101 * low);
    }
}

/// Every edge of the mapping: access at the edge -5..+5 in every width.
#[test]
fn an_access_succeeds_exactly_if_every_byte_is_mapped_with_the_permission() {
    let edges = [
        TEXT,
        TEXT + 0x1000,
        RODATA,
        RODATA + 0x1000,
        DATA,
        DATA + 0x2000,
        0x1000,
        STACK_TOP - STACK,
        STACK_TOP,
        0,
    ];
    let readable = |a: u64| {
        (0x1_0000..0x1_1000).contains(&a)
            || (0x2_0000..0x2_1000).contains(&a)
            || (0x2_2000..0x2_4000).contains(&a)
            || (0xfffe_0000..0xffff_0000).contains(&a)
    };
    let writable =
        |a: u64| (0x2_2000..0x2_4000).contains(&a) || (0xfffe_0000..0xffff_0000).contains(&a);
    for edge in edges {
        for addr in (0..11).map(|k| edge.wrapping_add(k).wrapping_sub(5)) {
            for (funct3, n) in [(0, 1), (1, 2), (2, 4)] {
                let bytes = u64::from(addr)..u64::from(addr) + n;
                let expected = |kind, allowed: &dyn Fn(u64) -> bool| match bytes
                    .clone()
                    .find(|a| !allowed(*a))
                {
                    None => DONE,
                    Some(a) => trap_at(kind, TEXT, u32::try_from(a).unwrap()),
                };
                let (stop, _) = access(e::LOAD, funct3, addr, 0);
                assert_eq!(stop, expected(Trap::BAD_LOAD, &readable), "load {n} at {addr:#x}");
                let (stop, _) = access(e::STORE, funct3, addr, 0);
                assert_eq!(stop, expected(Trap::BAD_STORE, &writable), "store {n} at {addr:#x}");
            }
        }
    }
}

#[test]
fn the_lowest_byte_without_permission_is_reported() {
    let table = [
        (e::LOAD, RODATA + 0xffe, RODATA + 0x1000, Trap::BAD_LOAD),
        (e::LOAD, RODATA - 2, RODATA - 2, Trap::BAD_LOAD),
        (e::LOAD, 0xffff_fffe, 0xffff_fffe, Trap::BAD_LOAD),
        (e::LOAD, 0xffff_ffff, 0xffff_ffff, Trap::BAD_LOAD),
        (e::LOAD, 0xfffe_ffff, 0xffff_0000, Trap::BAD_LOAD),
        (e::LOAD, 0, 0, Trap::BAD_LOAD),
        (e::STORE, DATA + 0x1fff, DATA + 0x2000, Trap::BAD_STORE),
        (e::STORE, DATA - 1, DATA - 1, Trap::BAD_STORE),
        (e::STORE, TEXT, TEXT, Trap::BAD_STORE),
        (e::STORE, 0xffff_fffd, 0xffff_fffd, Trap::BAD_STORE),
    ];
    for (opcode, addr, reported, kind) in table {
        assert_eq!(access(opcode, 2, addr, 0).0, trap_at(kind, TEXT, reported));
    }
}

#[test]
fn effective_addresses_wrap_in_32_bits() {
    // rs1, immediate, effective address
    let table = [(0, 0xffc, 0xffff_fffc), (0xffff_ffff, 1, 0), (0xffff_fffe, 0x7ff, 0x7fd)];
    for (rs1, immediate, addr) in table {
        let mut oracle = plain(&[e::lw(7, 5, immediate)]);
        oracle.registers[5] = wide(rs1);
        assert_eq!(oracle.run(), trap_at(Trap::BAD_LOAD, TEXT, addr));
    }
    // A wrapped address that is mapped.
    let mut oracle = plain(&[e::lw(7, 5, 0x7fc), e::EBREAK]);
    oracle.registers[5] = wide(RODATA - 0x7fc);
    assert_eq!(oracle.run(), DONE);
    assert_eq!(values(&oracle)[7], 0x0302_0100);
}

#[test]
fn a_trapping_store_has_no_effect() {
    let (_, oracle) = access(e::STORE, 2, DATA + 0x1ffe, ONES);
    assert_eq!(oracle.read(DATA + 0x1ffc, 4).unwrap(), [0; 4]);
    let (_, oracle) = access(e::LOAD, 2, DATA + 0x1ffe, 0);
    assert_eq!(values(&oracle)[7], 0);
}

const ONES: u32 = 0xffff_ffff;

#[test]
fn a_load_to_x0_still_traps() {
    assert_eq!(plain(&[e::lw(0, 0, 0)]).run(), trap_at(Trap::BAD_LOAD, TEXT, 0));
    // C.LW cannot name x0 as rd; c.lwsp x0 is illegal.
    assert_eq!(compressed(&[0x4002]).run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT));
}

#[test]
fn text_is_readable_with_its_remainder_which_is_never_executed() {
    let mut bytes = e::lw(7, 5, 0).to_le_bytes().to_vec();
    bytes.extend([0x11, 0x22, 0x33]);
    let mut oracle = Oracle::new(&setup(bytes, false));
    oracle.registers[5] = wide(TEXT + 4);
    // The word behind the load is incomplete: text ends there.
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT + 4));
    assert_eq!(values(&oracle)[7], 0x0033_2211);

    let mut oracle = Oracle::new(&setup(vec![0x01, 0x00, 0x02], true));
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT + 2));
}

#[test]
fn segments_may_lie_above_2_gib_and_share_pages_of_one_permission() {
    let mut setup = setup(e::lw(7, 5, 0).to_le_bytes().to_vec(), false);
    setup.segments.push(Segment::data(0x9000_0100, vec![1, 2]));
    setup.segments.push(Segment::data(0x9000_0102, vec![3, 4]));
    let mut oracle = Oracle::new(&setup);
    oracle.registers[5] = wide(0x9000_0100);
    assert_eq!(oracle.run(), trap(Trap::ILLEGAL_INSTRUCTION, TEXT + 4));
    assert_eq!(values(&oracle)[7], 0x0403_0201);
}

#[test]
fn grown_pages_are_zero_and_writable() {
    let mut oracle = plain(&[e::sw(6, 5, 0), e::EBREAK]);
    oracle.map(DATA + 0x2000, 1);
    oracle.registers[5] = wide(DATA + 0x1ffe);
    oracle.registers[6] = wide(ONES);
    assert_eq!(oracle.run(), DONE);
    assert_eq!(oracle.read(DATA + 0x1ffc, 8).unwrap(), [0, 0, 255, 255, 255, 255, 0, 0]);
}
