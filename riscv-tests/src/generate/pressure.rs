//! Generator 7: register pressure. All 31 registers are live through every operation.

use super::case::Case;
use super::encode as e;
use super::program::{AMOS, BASE, DATA, LR, MAIN_FRAME, Program, RODATA, SC, SP};
use crate::oracle::Isa;

pub(super) fn case(name: &'static str, seed: u64, isa: Isa) -> Case {
    let mut program = Program::new(name, seed, isa);
    program.code.word(e::addi(SP, SP, 0_u32.wrapping_sub(MAIN_FRAME)));
    let bases = [(DATA, program.layout.data_base()), (RODATA, program.layout.rodata)];
    for number in (1..32).filter(|number| *number != SP) {
        let value = match bases.iter().find(|(base, _)| *base == number) {
            Some((_, value)) => *value,
            None if program.random.percent(50) => program.constant(),
            None => program.random.word(),
        };
        program.load_constant(number, value);
    }
    program.fill_stack();
    // Some programs go round: the counter lives in memory, so that no register is spent on it.
    let rounds = program.random.pick(&[0, 0, 0, 1, 2, 4, 300]);
    let slot = 4;
    if rounds != 0 {
        program.code.word(e::sw(0, SP, slot));
    }
    let top = program.code.placed();
    for _ in 0..program.random.between(20, 80) {
        operation(&mut program);
    }
    if rounds != 0 {
        // The first word of the frame saves the register that counts.
        program.code.word(e::sw(30, SP, 0));
        program.code.word(e::lw(30, SP, slot));
        program.code.word(e::addi(30, 30, 1));
        program.code.word(e::sw(30, SP, slot));
        program.code.word(e::i(e::OP_IMM, 2, 30, 30, rounds));
        let out = program.code.label();
        program.code.branch(0, 30, 0, out, 0);
        program.code.word(e::lw(30, SP, 0));
        program.code.jal(0, top, 0);
        program.code.place(out);
        program.code.word(e::lw(30, SP, 0));
    }
    program.exit();
    program.finish(name, seed)
}

/// Any register but the three that hold addresses, which are live as well.
fn any(program: &mut Program) -> u32 {
    match program.random.below(32) {
        SP | DATA | RODATA if !program.random.once_in(program.careless) => 7,
        number => number,
    }
}

fn operation(program: &mut Program) {
    let (rd, rs1, rs2) = (any(program), program.rs(), program.rs());
    if program.wants_extension(40) {
        let word = program.extension(rd, rs1, rs2);
        return program.code.word(word);
    }
    let word = match program.random.below(24) {
        0..6 => {
            let (funct7, funct3) = program.random.pick(&BASE);
            e::r(e::OP, funct3, funct7, rd, rs1, rs2)
        }
        6..14 => e::r(e::OP, program.random.below(8), 1, rd, rs1, rs2),
        14 | 15 => {
            e::i(e::OP_IMM, program.random.pick(&[0, 2, 3, 4, 6, 7]), rd, rs1, program.immediate())
        }
        16 => {
            let funct3 = program.random.pick(&[1, 5]);
            e::i(e::OP_IMM, funct3, rd, rs1, program.random.below(32))
        }
        17 => e::amo(program.random.pick(&AMOS), rd, DATA, rs2),
        18 => e::amo(LR, rd, DATA, 0),
        19 => e::amo(SC, rd, DATA, rs2),
        20 => e::u(program.random.pick(&[e::LUI, e::AUIPC]), rd, program.random.word()),
        _ => return program.memory(),
    };
    program.code.word(word);
}
