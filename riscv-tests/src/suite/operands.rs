//! Arithmetic on edge operands: every pair, from constants and from memory, in every aliasing of
//! registers.

use bessemer_isa::{F, H, Hw, I, Inst, Op, Profile, R, R1, Reg, U, Xlen};

use super::{Code, Program, Shape};

/// The edge operands of a width.
pub(super) fn edges(xlen: Xlen) -> &'static [u64] {
    match xlen {
        Xlen::Rv32 => {
            &[0, 1, 2, 31, 0x7fff_ffff, 0x8000_0000, 0x5555_5555, 0xffff_fffe, 0xffff_ffff]
        }
        Xlen::Rv64 => &[
            0,
            1,
            63,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
            0x0123_4567_89ab_cdef,
            0x7fff_ffff_ffff_ffff,
            0x8000_0000_0000_0000,
            0xffff_ffff_8000_0000,
            0xffff_ffff_ffff_ffff,
        ],
    }
}

const IMMEDIATES: [i32; 8] = [0, 1, -1, 31, 0x555, -0x556, 2047, -2048];
const SHIFTS: [u32; 7] = [0, 1, 2, 15, 16, 30, 31];
const WIDE_SHIFTS: [u32; 7] = [0, 1, 31, 32, 33, 62, 63];
const UPPERS: [u32; 6] = [0, 0x1000, 0x5555_5000, 0x7fff_f000, 0x8000_0000, 0xffff_f000];

const A: Reg = Reg::T0;
const B: Reg = Reg::T1;
const D: Reg = Reg::T2;

/// Programs for every instruction that computes on registers.
pub fn operands(profile: Profile) -> Vec<Program> {
    Op::of(profile).filter_map(|op| program(profile, op)).collect()
}

fn program(profile: Profile, op: Op) -> Option<Program> {
    let edges = edges(profile.xlen);
    let mut code = Code::new(profile, edges);
    match Shape::of(op) {
        Shape::R(make) => two_registers(&mut code, edges, make),
        Shape::I(make) => {
            immediate(&mut code, edges, &IMMEDIATES, |rd, rs1, imm| make(I { rd, rs1, imm }));
        }
        Shape::H(make) => {
            let shifts = if profile.xlen == Xlen::Rv32 { SHIFTS } else { WIDE_SHIFTS };
            immediate(&mut code, edges, &shifts, |rd, rs1, shamt| make(H { rd, rs1, shamt }));
        }
        Shape::Hw(make) => {
            immediate(&mut code, edges, &SHIFTS, |rd, rs1, shamt| make(Hw { rd, rs1, shamt }));
        }
        Shape::R1(make) => immediate(&mut code, edges, &[()], |rd, rs1, ()| make(R1 { rd, rs1 })),
        Shape::U(make) => {
            for imm in UPPERS {
                code.inst(make(U { rd: D, imm })).store(D);
                code.inst(make(U { rd: Reg::ZERO, imm })).store(Reg::ZERO);
            }
        }
        Shape::F(make) => {
            // no fields, FENCE, PAUSE, FENCE.TSO
            for fields in [0, 0x0ff0_0000, 0x0100_0000, 0x8330_0000] {
                code.inst(make(F { fields })).store(A);
            }
        }
        // memory, atomics and control flow have programs of their own
        Shape::L(_) | Shape::S(_) | Shape::Lr(_) | Shape::A(_) => return None,
        Shape::B(_) | Shape::J(_) | Shape::N(_) => return None,
    }
    code.exit();
    Some(code.program(format!("operands of {op}")))
}

/// Where an operand comes from: constants are visible to the compiler, loaded values are not.
#[derive(Clone, Copy)]
enum From {
    Constant,
    Memory,
}

const SOURCES: [From; 2] = [From::Constant, From::Memory];

fn set(code: &mut Code, edges: &[u64], rd: Reg, index: usize, from: From) {
    match from {
        From::Constant => code.li_whole(rd, edges[index]),
        From::Memory => code.load(rd, index),
    };
}

fn two_registers(code: &mut Code, edges: &[u64], make: fn(R) -> Inst) {
    for a in 0..edges.len() {
        for b in 0..edges.len() {
            for from_a in SOURCES {
                for from_b in SOURCES {
                    for rd in [D, A, B] {
                        set(code, edges, A, a, from_a);
                        set(code, edges, B, b, from_b);
                        code.inst(make(R { rd, rs1: A, rs2: B })).store(rd);
                    }
                }
            }
        }
        for from in SOURCES {
            for (rd, rs1, rs2) in [
                (D, A, A),
                (A, A, A),
                (D, A, Reg::ZERO),
                (D, Reg::ZERO, A),
                (A, A, Reg::ZERO),
                (A, Reg::ZERO, A),
                (Reg::ZERO, A, A),
            ] {
                set(code, edges, A, a, from);
                code.inst(make(R { rd, rs1, rs2 })).store(rd);
            }
        }
    }
    code.inst(make(R { rd: D, rs1: Reg::ZERO, rs2: Reg::ZERO })).store(D);
}

fn immediate<T: Copy>(
    code: &mut Code,
    edges: &[u64],
    values: &[T],
    make: impl Fn(Reg, Reg, T) -> Inst,
) {
    for &value in values {
        for a in 0..edges.len() {
            for from in SOURCES {
                for (rd, rs1) in [(D, A), (A, A), (Reg::ZERO, A)] {
                    set(code, edges, A, a, from);
                    code.inst(make(rd, rs1, value)).store(rd);
                }
            }
        }
        code.inst(make(D, Reg::ZERO, value)).store(D);
    }
}
