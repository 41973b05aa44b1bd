//! Branches on edge operands, and indirect jumps to every place.

use bessemer_isa::{B, I, Inst, L, N, Op, Profile, Reg, S};

use super::operands::edges;
use super::{Code, Program, Shape};

const A: Reg = Reg::T0;
const C: Reg = Reg::T1;
const COUNT: Reg = Reg::S1;

/// Every branch with every pair of operands: forward over an instruction, and taken or not.
pub fn branches(profile: Profile) -> Vec<Program> {
    let edges = edges(profile.xlen);
    let mut programs = vec![];
    for op in Op::of(profile) {
        let Shape::B(make) = Shape::of(op) else { continue };
        let mut code = Code::new(profile, edges);
        for (a, &left) in edges.iter().enumerate() {
            for (b, &right) in edges.iter().enumerate() {
                for constant in [false, true] {
                    if constant {
                        code.li_whole(A, left).li_whole(C, right);
                    } else {
                        code.load(A, a).load(C, b);
                    }
                    code.inst(make(B { rs1: A, rs2: C, offset: 8 }));
                    code.inst(Inst::Addi(I { rd: COUNT, rs1: COUNT, imm: 1 }));
                    code.store(COUNT);
                }
            }
            for (rs1, rs2) in [(A, A), (A, Reg::ZERO), (Reg::ZERO, A), (Reg::ZERO, Reg::ZERO)] {
                code.load(A, a);
                code.inst(make(B { rs1, rs2, offset: 8 }));
                code.inst(Inst::Addi(I { rd: COUNT, rs1: COUNT, imm: 3 }));
                code.store(COUNT);
            }
        }
        code.exit();
        programs.push(code.program(format!("{op} on edge operands")));
    }
    programs
}

/// JALR to every parcel of a small text, around its ends, and to odd addresses; in both profiles,
/// with and without a link. Rule G5.
pub fn indirect_jumps(profile: Profile) -> Vec<Program> {
    let mut programs = vec![];
    for compressed in [false, true] {
        let profile = Profile { compressed, ..profile };
        let length = jump_to(profile, 0, 0, Reg::RA).1 - 0x1_0000;
        for step in -4_i32..(length as i32 + 6) {
            let target = 0x1_0000_u32.wrapping_add_signed(step);
            let link = if step % 3 == 0 { Reg::T1 } else { Reg::RA };
            // rd = rs1 too
            let link = if step % 7 == 0 { Reg::T0 } else { link };
            let imm = [0, 1, -1, 2047, -2048][step.unsigned_abs() as usize % 5];
            let (code, _) = jump_to(profile, target, imm, link);
            let name = format!("jalr to {target:#x}, compressed: {compressed}");
            let mut program = code.program(name);
            // some targets loop for ever
            program.trial.set_gas(4000);
            programs.push(program);
        }
    }
    programs
}

/// A text that jumps and then has instructions whose halves are instructions too; with its end.
fn jump_to(profile: Profile, target: u32, imm: i32, rd: Reg) -> (Code, u32) {
    let mut code = Code::bare(profile);
    // not again after the first time
    code.inst(Inst::Bne(B { rs1: COUNT, rs2: Reg::ZERO, offset: 20 }));
    code.inst(Inst::Addi(I { rd: COUNT, rs1: COUNT, imm: 1 }));
    code.li(Reg::T0, target.wrapping_add_signed(-imm));
    code.inst(Inst::Jalr(L { rd, rs1: Reg::T0, imm }));
    // lui a0, 0x45054: its second half is c.li a0, 1
    code.word(0x4505_4537);
    code.inst(Inst::Addi(I { rd: Reg::A1, rs1: Reg::A1, imm: 0x101 }));
    code.inst(Inst::Sw(S { rs1: Reg::SP, rs2: Reg::A1, imm: -4 }));
    if profile.compressed {
        // c.addi a2, 1; c.li a3, -1
        code.parcel(0x0605).parcel(0x56fd);
    }
    code.inst(Inst::Ecall(N));
    code.exit();
    let end = code.here();
    (code, end)
}
