//! Generator 1: raw parcels, half of them valid.

use super::case::Case;
use super::encode as e;
use super::program::{AMOS, BASE, CONDITIONS, LR, Program, SC};
use crate::oracle::Isa;

pub(super) fn case(name: &'static str, seed: u64, isa: Isa) -> Case {
    let mut program = Program::new(name, seed, isa);
    if program.random.percent(60) {
        program.prologue();
    }
    // Mostly half and half; sometimes nearly all valid, so that it gets further.
    let valid = program.random.pick(&[50, 50, 50, 90, 97]);
    for _ in 0..program.random.between(10, 60) {
        if program.random.percent(valid) {
            any_instruction(&mut program);
        } else {
            any_bits(&mut program);
        }
    }
    program.finish(name, seed)
}

fn any_bits(program: &mut Program) {
    let word = program.random.word();
    if program.compressed {
        program.code.parcel(word & 0xffff);
    } else if program.random.percent(50) {
        program.code.word(word);
    } else {
        // A major opcode that exists.
        let opcode = program.random.pick(&OPCODES);
        program.code.word(word & !0x7f | opcode);
    }
}

/// Any valid instruction with any fields, jumps mostly short.
fn any_instruction(program: &mut Program) {
    if program.wants_extension(30) {
        let (rd, rs1, rs2) = (program.rd(), program.rs(), program.rs());
        let word = match program.compressed && program.random.percent(30) {
            true => {
                let parcel = program.short_extension();
                return program.code.parcel(parcel);
            }
            false => program.extension(rd, rs1, rs2),
        };
        return program.code.word(word);
    }
    let random = &mut program.random;
    let (rd, rs1, rs2, imm) = (random.below(32), random.below(32), random.below(32), random.word());
    let short = random.below(32).wrapping_mul(2).wrapping_sub(16);
    if program.compressed && random.percent(60) {
        return program.code.parcel(any_parcel(random.word() & 0xffff));
    }
    let word = match random.below(16) {
        0..3 => {
            let (funct7, funct3) = random.pick(&BASE);
            e::r(e::OP, funct3, funct7, rd, rs1, rs2)
        }
        3 | 4 => e::r(e::OP, random.below(8), 1, rd, rs1, rs2),
        5..8 => e::i(e::OP_IMM, random.pick(&[0, 2, 3, 4, 6, 7]), rd, rs1, imm),
        8 => e::i(e::OP_IMM, random.pick(&[1, 5]), rd, rs1, imm & 31),
        9 => e::u(random.pick(&[e::LUI, e::AUIPC]), rd, imm),
        10 => e::i(e::LOAD, random.pick(&[0, 1, 2, 4, 5]), rd, rs1, imm),
        11 => e::s(e::STORE, random.below(3), rs1, rs2, imm),
        12 => match random.below(4) {
            0 => e::amo(LR, rd, rs1, 0),
            1 => e::amo(SC, rd, rs1, rs2),
            _ => e::amo(random.pick(&AMOS), rd, rs1, rs2),
        },
        13 => e::branch(random.pick(&CONDITIONS), rs1, rs2, short),
        14 => e::jal(rd, short),
        _ => random.pick(&[
            e::ECALL,
            e::EBREAK,
            e::jalr(rd, rs1, imm),
            e::i(e::MISC_MEM, 0, 0, 0, imm),
        ]),
    };
    program.code.word(word);
}

/// Turns 16 bits into a parcel of a form that exists; a few stay reserved.
fn any_parcel(bits: u32) -> u32 {
    let quadrant = match bits & 0b11 {
        0b11 => 0b01,
        quadrant => quadrant,
    };
    let funct3 = match (quadrant, bits >> 13) {
        (0b00, funct3) => [0, 2, 2, 6, 0, 2, 6, 6][funct3 as usize],
        (0b10, funct3) => [0, 4, 2, 4, 4, 2, 6, 6][funct3 as usize],
        (_, funct3) => funct3,
    };
    bits & 0x1ffc | quadrant | funct3 << 13
}

const OPCODES: [u32; 11] = [
    e::LUI,
    e::AUIPC,
    e::OP_IMM,
    e::OP,
    e::LOAD,
    e::STORE,
    e::BRANCH,
    e::JAL,
    e::JALR,
    e::AMO,
    e::MISC_MEM,
];
