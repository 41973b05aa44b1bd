//! Generator 2: valid instructions with biased operands, jumps mostly forward.

use super::case::Case;
use super::code::Label;
use super::encode as e;
use super::program::{CONDITIONS, Program, TEMPORARY};
use crate::oracle::Isa;

pub(super) fn case(name: &'static str, seed: u64, isa: Isa) -> Case {
    let mut program = Program::new(name, seed, isa);
    program.prologue();
    let length = match program.random.below(100) {
        0 => program.random.between(1000, 3000),
        1..5 => program.random.between(200, 600),
        _ => program.random.between(15, 90),
    };
    let mut ahead = Ahead { labels: vec![] };
    let mut passed = vec![program.code.placed()];
    for position in 0..length {
        ahead.place(&mut program, position);
        if program.random.once_in(8) {
            passed.push(program.code.placed());
        }
        element(&mut program, &mut ahead, &passed, position);
    }
    ahead.place(&mut program, u32::MAX);
    if !program.random.once_in(25) {
        program.exit();
    }
    program.finish(name, seed)
}

/// Labels with the position they are placed at.
struct Ahead {
    labels: Vec<(u32, Label)>,
}

impl Ahead {
    fn label(&mut self, program: &mut Program, position: u32) -> Label {
        let label = program.code.label();
        let distance = program.random.between(1, 7);
        self.labels.push((position + distance, label));
        label
    }

    fn place(&mut self, program: &mut Program, position: u32) {
        self.labels.retain(|(at, label)| {
            let due = *at <= position;
            if due {
                program.code.place(*label);
            }
            !due
        });
    }
}

fn element(program: &mut Program, ahead: &mut Ahead, passed: &[Label], position: u32) {
    match program.random.below(100) {
        0..58 => program.arithmetic(),
        58..80 => program.memory(),
        80..90 => {
            let label = ahead.label(program, position);
            forward_branch(program, label);
        }
        90..93 => {
            let label = ahead.label(program, position);
            forward_jump(program, label);
        }
        93 | 94 => backward(program, passed),
        95 => program.host_call(),
        96 | 97 => {
            let (rd, value) = (program.rd(), program.constant());
            program.load_constant(rd, value);
        }
        98 if program.random.once_in(6) => program.trap(),
        99 if program.random.once_in(6) => wild(program),
        _ => program.arithmetic(),
    }
}

fn forward_branch(program: &mut Program, label: Label) {
    let (condition, rs1, rs2) = (program.random.pick(&CONDITIONS), program.rs(), program.rs());
    if program.compressed && program.random.percent(40) {
        program.code.compressed_branch(condition | 6, rs1, label);
    } else {
        program.code.branch(condition, rs1, rs2, label, 0);
    }
}

fn forward_jump(program: &mut Program, label: Label) {
    let link = program.random.pick(&[0, 1, 5, 28]);
    match program.random.below(4) {
        0 if program.compressed => {
            // RV64 has no C.JAL
            program.code.compressed_jump(link == 1 && !program.isa.wide, label);
        }
        1 => program.code.relative(TEMPORARY, e::jalr(link, TEMPORARY, 0), label, 0),
        2 => program.code.absolute(TEMPORARY, e::jalr(link, TEMPORARY, 0), label, 0),
        _ => program.code.jal(link, label, 0),
    }
}

/// Back under a condition that changes, or for ever.
fn backward(program: &mut Program, passed: &[Label]) {
    let label = program.random.pick(passed);
    let (rs1, rs2) = (program.rs(), program.rs());
    match program.random.below(24) {
        0 => program.code.jal(0, label, 0),
        1..19 => {
            // A register that shrinks: the loop ends when the bits are used up.
            let rs1 = program.random.between(10, 15);
            let shift = program.random.between(1, 9);
            program.code.word(e::i(e::OP_IMM, 5, rs1, rs1, shift));
            program.code.branch(1, rs1, 0, label, 0);
        }
        _ => program.code.branch(program.random.pick(&CONDITIONS), rs1, rs2, label, 0),
    }
}

/// A jump to a constant.
fn wild(program: &mut Program) {
    let (link, target) = (program.rd(), program.constant());
    program.load_constant(TEMPORARY, target);
    program.code.word(e::jalr(link, TEMPORARY, 0));
}
