//! What computational instructions, loads and stores leave in registers and memory.
//!
//! Operands are the edges that the manual speaks of, and those of the public instruction tests.

use bessemer_image::Stop;
use bessemer_isa::{Class, F, H, I, Inst, L, N, Op, Profile, R, Reg, S, U};

use crate::harness::{DATA, Frame, TEXT};

const MIN: u32 = 0x8000_0000;
const MAX: u32 = 0x7fff_ffff;
const ONES: u32 = 0xffff_ffff;

type RegisterRow = (fn(R) -> Inst, u32, u32, u32);

#[rustfmt::skip]
const REGISTER: &[RegisterRow] = &[
    (Inst::Add,    MAX, 1, MIN),
    (Inst::Add,    ONES, 1, 0),
    (Inst::Add,    MIN, MIN, 0),
    (Inst::Sub,    0, 1, ONES),
    (Inst::Sub,    MIN, 1, MAX),
    (Inst::Sub,    0, MIN, MIN),
    (Inst::Sll,    1, 31, MIN),
    (Inst::Sll,    1, 32, 1),
    (Inst::Sll,    0x2121_2121, 0xffff_ffce, 0x4848_4000),
    (Inst::Slt,    MIN, MAX, 1),
    (Inst::Slt,    MAX, MIN, 0),
    (Inst::Slt,    ONES, 0, 1),
    (Inst::Slt,    5, 5, 0),
    (Inst::Sltu,   MIN, MAX, 0),
    (Inst::Sltu,   MAX, MIN, 1),
    (Inst::Sltu,   0, ONES, 1),
    (Inst::Sltu,   ONES, ONES, 0),
    (Inst::Xor,    0xff00_ff00, 0x0f0f_0f0f, 0xf00f_f00f),
    (Inst::Srl,    MIN, 31, 1),
    (Inst::Srl,    ONES, 33, MAX),
    (Inst::Sra,    MIN, 31, ONES),
    (Inst::Sra,    MIN, 32, MIN),
    (Inst::Sra,    MAX, 30, 1),
    (Inst::Or,     0xff00_ff00, 0x0f0f_0f0f, 0xff0f_ff0f),
    (Inst::And,    0xff00_ff00, 0x0f0f_0f0f, 0x0f00_0f00),
    (Inst::Mul,    0x7e00, 0xb6db_6db7, 0x1200),
    (Inst::Mul,    0xaaaa_aaab, 0x0002_fe7d, 0x0000_ff7f),
    (Inst::Mul,    MIN, ONES, MIN),
    (Inst::Mulh,   MIN, MIN, 0x4000_0000),
    (Inst::Mulh,   0xaaaa_aaab, 0x0002_fe7d, 0xffff_0081),
    (Inst::Mulh,   0xff00_0000, 0xff00_0000, 0x0001_0000),
    (Inst::Mulh,   ONES, ONES, 0),
    (Inst::Mulh,   1, ONES, ONES),
    (Inst::Mulhsu, MIN, 0xffff_8000, 0x8000_4000),
    (Inst::Mulhsu, 0xaaaa_aaab, 0x0002_fe7d, 0xffff_0081),
    (Inst::Mulhsu, 0x0002_fe7d, 0xaaaa_aaab, 0x0001_fefe),
    (Inst::Mulhsu, ONES, ONES, ONES),
    (Inst::Mulhsu, 1, ONES, 0),
    (Inst::Mulhu,  MIN, 0xffff_8000, 0x7fff_c000),
    (Inst::Mulhu,  0xaaaa_aaab, 0x0002_fe7d, 0x0001_fefe),
    (Inst::Mulhu,  ONES, ONES, 0xffff_fffe),
    (Inst::Div,    20, 6, 3),
    (Inst::Div,    -20_i32 as u32, 6, -3_i32 as u32),
    (Inst::Div,    20, -6_i32 as u32, -3_i32 as u32),
    (Inst::Div,    MIN, ONES, MIN),
    (Inst::Div,    MIN, 0, ONES),
    (Inst::Div,    0, 0, ONES),
    (Inst::Divu,   -20_i32 as u32, 6, 715_827_879),
    (Inst::Divu,   MIN, ONES, 0),
    (Inst::Divu,   7, 0, ONES),
    (Inst::Rem,    -20_i32 as u32, 6, -2_i32 as u32),
    (Inst::Rem,    20, -6_i32 as u32, 2),
    (Inst::Rem,    MIN, ONES, 0),
    (Inst::Rem,    MIN, 0, MIN),
    (Inst::Remu,   -20_i32 as u32, 6, 2),
    (Inst::Remu,   MIN, ONES, MIN),
    (Inst::Remu,   ONES, 0, ONES),
];

type ImmediateRow = (fn(I) -> Inst, u32, i32, u32);

#[rustfmt::skip]
const IMMEDIATE: &[ImmediateRow] = &[
    (Inst::Addi,  MAX, 1, MIN),
    (Inst::Addi,  0, -2048, 0xffff_f800),
    (Inst::Addi,  ONES, 2047, 0x7fe),
    (Inst::Slti,  MIN, -2048, 1),
    (Inst::Slti,  ONES, 0, 1),
    (Inst::Slti,  0, -1, 0),
    (Inst::Sltiu, 0, -1, 1),
    (Inst::Sltiu, 0xffff_f7ff, -2048, 1),
    (Inst::Sltiu, 0xffff_f800, -2048, 0),
    (Inst::Sltiu, 0, 1, 1),
    (Inst::Xori,  0x00ff_0f00, -1, 0xff00_f0ff),
    (Inst::Ori,   0x00ff_0f00, -241, 0xffff_ff0f),
    (Inst::Andi,  0xff00_ff00, -241, 0xff00_ff00),
    (Inst::Andi,  ONES, 2047, 0x7ff),
];

type ShiftRow = (fn(H) -> Inst, u32, u32, u32);

#[rustfmt::skip]
const SHIFT: &[ShiftRow] = &[
    (Inst::Slli, 1, 31, MIN),
    (Inst::Slli, 0x2121_2121, 14, 0x4848_4000),
    (Inst::Slli, MIN, 0, MIN),
    (Inst::Srli, MIN, 31, 1),
    (Inst::Srli, ONES, 1, MAX),
    (Inst::Srai, MIN, 31, ONES),
    (Inst::Srai, MAX, 31, 0),
    (Inst::Srai, 0x8181_8181, 7, 0xff03_0303),
];

#[test]
fn computations_have_the_results_of_the_manual_under_every_aliasing() {
    let (a, b, d) = (Reg::A1, Reg::A2, Reg::A0);
    for &(inst, left, right, expected) in REGISTER {
        for rd in [d, a, b, Reg::ZERO] {
            let inst = inst(R { rd, rs1: a, rs2: b });
            check(inst, &[(a, left), (b, right)], rd, expected);
        }
    }
    for &(inst, left, imm, expected) in IMMEDIATE {
        for rd in [d, a, Reg::ZERO] {
            check(inst(I { rd, rs1: a, imm }), &[(a, left)], rd, expected);
        }
    }
    for &(inst, left, shamt, expected) in SHIFT {
        for rd in [d, a, Reg::ZERO] {
            check(inst(H { rd, rs1: a, shamt }), &[(a, left)], rd, expected);
        }
    }
}

#[test]
fn no_computation_is_left_out_of_the_tables() {
    let (rd, rs1, rs2) = (Reg::ZERO, Reg::ZERO, Reg::ZERO);
    let registers = REGISTER.iter().map(|row| row.0(R { rd, rs1, rs2 }).op());
    let immediates = IMMEDIATE.iter().map(|row| row.0(I { rd, rs1, imm: 0 }).op());
    let shifts = SHIFT.iter().map(|row| row.0(H { rd, rs1, shamt: 0 }).op());
    let elsewhere = [Op::Lui, Op::Auipc, Op::Fence];
    let tested: Vec<Op> = registers.chain(immediates).chain(shifts).chain(elsewhere).collect();
    for op in Op::of(Profile::rv32(false)) {
        if matches!(op.class(), Class::Alu | Class::Mul | Class::Mulh | Class::Div) {
            assert!(tested.contains(&op), "{op} has no row");
        }
    }
}

#[test]
fn x0_as_an_operand_is_zero_on_both_sides() {
    let add = |rd, rs1, rs2| Inst::Add(R { rd, rs1, rs2 });
    check(add(Reg::A0, Reg::ZERO, Reg::A1), &[(Reg::A1, 7)], Reg::A0, 7);
    check(add(Reg::A0, Reg::A1, Reg::ZERO), &[(Reg::A1, 7)], Reg::A0, 7);
    check(add(Reg::A0, Reg::ZERO, Reg::ZERO), &[], Reg::A0, 0);
}

#[test]
fn constants_and_fences() {
    let rd = Reg::A0;
    check(Inst::Lui(U { rd, imm: 0xffff_f000 }), &[], rd, 0xffff_f000);
    check(Inst::Auipc(U { rd, imm: 0xffff_f000 }), &[], rd, TEXT - 0x1000);
    check(Inst::Auipc(U { rd, imm: 0xffff_0000 }), &[], rd, 0);
    check(Inst::Auipc(U { rd, imm: 0 }), &[], rd, TEXT);
    let pause = Inst::decode(0x0100_000f, Profile::rv32(false)).unwrap();
    let fence_tso = Inst::decode(0x8330_000f, Profile::rv32(false)).unwrap();
    let every_field = Inst::decode(0xffff_8f8f, Profile::rv32(false)).unwrap();
    for fence in [Inst::Fence(F::new(15, 15)), pause, fence_tso, every_field] {
        check(fence, &[(Reg::T6, 3)], Reg::T6, 3);
    }
}

#[test]
fn auipc_adds_to_its_own_pc() {
    let auipc = Inst::Auipc(U { rd: Reg::A0, imm: 0x1000 });
    let mut frame = Frame::new(&[Inst::Fence(F::new(0, 0)), auipc, Inst::Ecall(N)]);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.get(Reg::A0), TEXT + 4 + 0x1000);
}

#[test]
fn loads_extend_by_their_kind() {
    let (rd, rs1) = (Reg::A0, Reg::A1);
    type Row = (fn(L) -> Inst, i32, u32);
    #[rustfmt::skip]
    let rows: [Row; 10] = [
        (Inst::Lb,  0, 0xffff_ff80),
        (Inst::Lb,  1, 0x0000_007f),
        (Inst::Lbu, 0, 0x0000_0080),
        (Inst::Lh,  0, 0x0000_7f80),
        (Inst::Lh,  2, 0xffff_8001),
        (Inst::Lh,  1, 0x0000_017f),
        (Inst::Lhu, 2, 0x0000_8001),
        (Inst::Lw,  0, 0x8001_7f80),
        (Inst::Lw,  1, 0xff80_017f),
        (Inst::Lw, -1, 0x017f_80ff),
    ];
    for (inst, imm, expected) in rows {
        for rd in [rd, rs1, Reg::ZERO] {
            let mut frame = Frame::new(&[inst(L { rd, rs1, imm }), Inst::Ecall(N)]);
            frame.memory.write(DATA + 15, &[0xff, 0x80, 0x7f, 0x01, 0x80, 0xff]).unwrap();
            frame.set(rs1, DATA + 16);
            assert_eq!(frame.run(), Stop::Ecall);
            let expected = if rd.is_zero() { 0 } else { expected };
            assert_eq!(frame.get(rd), expected, "{}", inst(L { rd, rs1, imm }));
        }
    }
}

#[test]
fn stores_move_the_low_bytes_and_no_others() {
    let (rs1, rs2) = (Reg::A1, Reg::A2);
    type Row = (fn(S) -> Inst, i32, [u8; 6]);
    let rows: [Row; 4] = [
        (Inst::Sb, 0, [9, 0x21, 9, 9, 9, 9]),
        (Inst::Sh, 1, [9, 9, 0x21, 0x43, 9, 9]),
        (Inst::Sw, 0, [9, 0x21, 0x43, 0x65, 0x87, 9]),
        (Inst::Sw, -1, [0x21, 0x43, 0x65, 0x87, 9, 9]),
    ];
    for (inst, imm, expected) in rows {
        let inst = inst(S { rs1, rs2, imm });
        let frame = Frame::new(&[inst, Inst::Ecall(N)]);
        let mut frame = frame.with(rs1, DATA + 1).with(rs2, 0x8765_4321);
        frame.memory.write(DATA, &[9; 6]).unwrap();
        assert_eq!(frame.run(), Stop::Ecall);
        let mut found = [0; 6];
        frame.memory.read(DATA, &mut found).unwrap();
        assert_eq!(found, expected, "{inst}");
    }
}

#[test]
fn effective_addresses_wrap_in_32_bits() {
    let lw = |imm| Inst::Lw(L { rd: Reg::A0, rs1: Reg::A1, imm });
    let rows = [(0xffff_ffff, 1, 0), (0, -4, 0xffff_fffc), (0xffff_f801, 2047, 0)];
    for (base, imm, addr) in rows {
        let mut frame = Frame::new(&[lw(imm)]).with(Reg::A1, base);
        let Stop::Trap(trap) = frame.run() else {
            panic!("page 0 and the top are never mapped");
        };
        assert_eq!(trap.addr, Some(addr));
    }
}

#[test]
fn compressed_forms_do_what_they_stand_for() {
    // c.li a0, -1; c.addi a0, 3; c.mv a1, a0; c.slli a1, 4; c.sub a1, a0; then ecall.
    let parcels = [0x557d_u16, 0x050d, 0x85aa, 0x0592, 0x8d89, 0x0073, 0x0000];
    let bytes: Vec<u8> = parcels.iter().flat_map(|parcel| parcel.to_le_bytes()).collect();
    let mut frame = Frame::of_bytes(crate::harness::COMPRESSED, &bytes);
    assert_eq!(frame.run(), Stop::Ecall);
    assert_eq!(frame.hart.pc, TEXT + 10);
    assert_eq!(frame.get(Reg::A0), 2);
    assert_eq!(frame.get(Reg::A1), 30);
}

/// Executes one instruction, then expects a value in `rd` and all other registers unchanged.
fn check(inst: Inst, operands: &[(Reg, u32)], rd: Reg, expected: u32) {
    let mut frame = Frame::new(&[inst, Inst::Ecall(N)]);
    for reg in Reg::all() {
        frame.set(reg, 0x0101_0101 * reg.number());
    }
    for &(reg, value) in operands {
        frame.set(reg, value);
    }
    let mut registers = frame.hart.registers;
    if !rd.is_zero() {
        registers[rd.index()] = u64::from(expected);
    }
    assert_eq!(frame.run(), Stop::Ecall, "{inst}");
    assert_eq!(frame.hart.registers, registers, "{inst} of {operands:x?}");
    assert_eq!(frame.hart.pc, TEXT + 4);
}
