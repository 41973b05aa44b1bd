//! Arithmetic on edge operands: every pair, from constants and from memory, in every aliasing of
//! registers.

use bessemer_isa::{F, H, I, Inst, Op, R, Reg, U};

use super::{Code, PROFILE, Program, Shape};

/// The edge operands.
pub(super) const EDGES: [u32; 9] =
    [0, 1, 2, 31, 0x7fff_ffff, 0x8000_0000, 0x5555_5555, 0xffff_fffe, 0xffff_ffff];
const IMMEDIATES: [i32; 8] = [0, 1, -1, 31, 0x555, -0x556, 2047, -2048];
const SHIFTS: [u32; 7] = [0, 1, 2, 15, 16, 30, 31];
const UPPERS: [u32; 6] = [0, 0x1000, 0x5555_5000, 0x7fff_f000, 0x8000_0000, 0xffff_f000];

const A: Reg = Reg::T0;
const B: Reg = Reg::T1;
const D: Reg = Reg::T2;

/// Programs for every instruction that computes on registers.
pub fn operands() -> Vec<Program> {
    Op::of(PROFILE).filter_map(program).collect()
}

fn program(op: Op) -> Option<Program> {
    let mut code = Code::new(&EDGES);
    match Shape::of(op) {
        Shape::R(make) => two_registers(&mut code, make),
        Shape::I(make) => {
            immediate(&mut code, &IMMEDIATES, |rd, rs1, imm| make(I { rd, rs1, imm }));
        }
        Shape::H(make) => {
            immediate(&mut code, &SHIFTS, |rd, rs1, shamt| make(H { rd, rs1, shamt }));
        }
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
        Shape::R1(_) | Shape::Hw(_) => return None,
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

fn set(code: &mut Code, rd: Reg, index: usize, from: From) {
    match from {
        From::Constant => code.li(rd, EDGES[index]),
        From::Memory => code.load(rd, index),
    };
}

fn two_registers(code: &mut Code, make: fn(R) -> Inst) {
    for a in 0..EDGES.len() {
        for b in 0..EDGES.len() {
            for from_a in SOURCES {
                for from_b in SOURCES {
                    for rd in [D, A, B] {
                        set(code, A, a, from_a);
                        set(code, B, b, from_b);
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
                set(code, A, a, from);
                code.inst(make(R { rd, rs1, rs2 })).store(rd);
            }
        }
    }
    code.inst(make(R { rd: D, rs1: Reg::ZERO, rs2: Reg::ZERO })).store(D);
}

fn immediate<T: Copy>(code: &mut Code, values: &[T], make: impl Fn(Reg, Reg, T) -> Inst) {
    for &value in values {
        for a in 0..EDGES.len() {
            for from in SOURCES {
                for (rd, rs1) in [(D, A), (A, A), (Reg::ZERO, A)] {
                    set(code, A, a, from);
                    code.inst(make(rd, rs1, value)).store(rd);
                }
            }
        }
        code.inst(make(D, Reg::ZERO, value)).store(D);
    }
}
