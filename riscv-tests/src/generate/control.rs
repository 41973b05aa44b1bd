//! Generator 3: control flow. Counted loops, nested and recursive calls, jump tables, jumps into
//! the middle of runs and of instructions, and targets at the edges of the rules.

use super::case::Case;
use super::code::Label;
use super::encode as e;
use super::program::{CONDITIONS, MAIN_FRAME, Program, RA, RODATA, SP, TEMPORARY};
use crate::oracle::Isa;

/// Counts down to the end of recursion.
const BUDGET: u32 = 24;
/// Loop counters: two for the main body, then one for each function.
const COUNTERS: u32 = 18;
const MAX_FUNCTIONS: u32 = 4;

pub(super) fn case(name: &'static str, seed: u64, isa: Isa) -> Case {
    let mut program = Program::new(name, seed, isa);
    let count = program.random.below(MAX_FUNCTIONS + 1);
    let functions = (0..count).map(|_| program.code.label()).collect();
    let mut control = Control { program, functions };
    let before = control.program.random.percent(30);
    if before {
        control.functions();
        control.program.entry = control.program.code.here();
    }
    control.main();
    if !before {
        control.functions();
    }
    control.program.finish(name, seed)
}

struct Control {
    program: Program,
    functions: Vec<Label>,
}

/// Where an element stands.
#[derive(Clone, Copy)]
struct Place {
    /// Index of the enclosing function; the main body is before all functions.
    function: Option<u32>,
    /// How deep it may still nest.
    depth: u32,
    /// The next free loop counter, if there is one.
    counter: Option<u32>,
}

impl Place {
    fn deeper(self) -> Self {
        Self { depth: self.depth - 1, ..self }
    }

    /// The counter to use, and the place inside the loop.
    fn counter(self) -> Option<(u32, Self)> {
        let counter = self.counter?;
        let more = self.function.is_none() && counter == COUNTERS;
        Some((counter, Self { counter: more.then_some(COUNTERS + 1), ..self.deeper() }))
    }
}

impl Control {
    fn main(&mut self) {
        self.program.prologue();
        let budget = self.program.random.between(1, 12);
        self.program.load_constant(BUDGET, budget);
        let length = match self.program.random.below(20) {
            0 => self.program.random.between(20, 40),
            _ => self.program.random.between(3, 8),
        };
        self.block(Place { function: None, depth: 3, counter: Some(COUNTERS) }, length);
        if !self.program.random.once_in(30) {
            self.program.exit();
        }
    }

    fn functions(&mut self) {
        for (index, label) in (0..).zip(self.functions.clone()) {
            self.program.code.place(label);
            self.function(index, label);
        }
    }

    fn function(&mut self, index: u32, label: Label) {
        let place = Place { function: Some(index), depth: 2, counter: Some(COUNTERS + 2 + index) };
        let length = self.program.random.between(1, 3);
        self.program.frame = (0, 12);
        let short = self.program.compressed && self.program.random.percent(60);
        let (program, code) = (&mut self.program.random, &mut self.program.code);
        if short {
            code.parcel(e::c_addi16sp(0_u32.wrapping_sub(16)));
            code.parcel(e::c_swsp(RA, 12));
        } else {
            code.word(e::addi(SP, SP, 0_u32.wrapping_sub(16)));
            code.word(e::sw(RA, SP, 12));
        }
        if program.percent(40) {
            // Recursion, while the budget lasts.
            let out = code.label();
            code.word(e::addi(BUDGET, BUDGET, 0xfff));
            code.branch(5, 0, BUDGET, out, 0);
            code.jal(RA, label, 0);
            code.place(out);
        }
        self.block(place, length);
        let code = &mut self.program.code;
        if short {
            code.parcel(e::c_lwsp(RA, 12));
            code.parcel(e::c_addi16sp(16));
            code.parcel(e::cr(0, RA, 0));
        } else {
            code.word(e::lw(RA, SP, 12));
            code.word(e::addi(SP, SP, 16));
            code.word(e::jalr(0, RA, 0));
        }
        self.program.frame = (16, MAIN_FRAME);
    }

    fn block(&mut self, place: Place, length: u32) {
        for _ in 0..length {
            self.element(place);
        }
    }

    fn element(&mut self, place: Place) {
        match self.program.random.below(32) {
            0..8 => {
                let length = self.program.random.between(1, 6);
                self.straight(length);
            }
            8..12 if place.depth > 0 => self.choice(place),
            12..16 if place.depth > 0 => self.counted_loop(place),
            16..20 => self.call(place),
            20..22 if place.depth > 0 => self.jump_table(place),
            22 | 23 => self.jump_into_a_run(),
            24 | 25 => self.jump_into_an_instruction(),
            26 | 27 => self.hidden_jump(),
            28 => self.program.host_call(),
            29 if self.program.random.once_in(3) => self.bad_target(),
            30 if self.program.random.once_in(8) => self.program.trap(),
            _ => self.straight(2),
        }
    }

    fn straight(&mut self, length: u32) {
        for _ in 0..length {
            match self.program.random.below(10) {
                0..3 => self.program.memory(),
                _ => self.program.arithmetic(),
            }
        }
    }

    /// If, else.
    fn choice(&mut self, place: Place) {
        let (other, end) = (self.program.code.label(), self.program.code.label());
        self.branch(other);
        let length = self.program.random.between(1, 2);
        self.block(place.deeper(), length);
        if self.program.random.percent(50) {
            self.jump(end);
            self.program.code.place(other);
            self.block(place.deeper(), 1);
        } else {
            self.program.code.place(other);
        }
        self.program.code.place(end);
    }

    fn counted_loop(&mut self, place: Place) {
        let Some((counter, inside)) = place.counter() else {
            return self.straight(3);
        };
        let rounds = match self.program.random.below(24) {
            0 => 0x7fff,
            1 | 2 => self.program.random.between(20, 60),
            _ => self.program.random.between(1, 6),
        };
        self.program.load_constant(counter, rounds);
        let top = self.program.code.placed();
        let length = self.program.random.between(1, 3);
        self.block(inside, length);
        if self.program.compressed && self.program.random.percent(50) {
            self.program.code.parcel(e::c_addi(counter, 0x3f));
        } else {
            self.program.code.word(e::addi(counter, counter, 0xfff));
        }
        // blt x0, counter: also ends when the body has used the counter up.
        self.program.code.branch(4, 0, counter, top, 0);
    }

    fn call(&mut self, place: Place) {
        // A function calls only those behind it, so that calls end.
        let first = place.function.map_or(0, |index| index + 1) as usize;
        let Some(callees) = self.functions.get(first..).filter(|callees| !callees.is_empty())
        else {
            return self.straight(2);
        };
        let callee = self.program.random.pick(callees);
        let (random, code) = (&mut self.program.random, &mut self.program.code);
        // Bit 0 of a JALR target does not count.
        let odd = u32::from(random.once_in(6));
        match random.below(6) {
            // RV64 has no C.JAL
            0 if self.program.compressed && !self.program.isa.wide => {
                code.compressed_jump(true, callee);
            }
            1 if self.program.compressed => {
                code.absolute(TEMPORARY, e::addi(TEMPORARY, TEMPORARY, 0), callee, odd);
                code.parcel(e::cr(1, TEMPORARY, 0));
            }
            2 => code.relative(RA, e::jalr(RA, RA, 0), callee, odd),
            3 => code.absolute(TEMPORARY, e::jalr(RA, TEMPORARY, 0), callee, odd),
            _ => code.jal(RA, callee, 0),
        }
    }

    /// A table of addresses in rodata; most entries are the blocks that follow.
    fn jump_table(&mut self, place: Place) {
        let bits = self.program.random.between(1, 3);
        let count = 1 << bits;
        let start = u32::try_from(self.program.table.len()).expect("tables are small");
        if start + count > 256 {
            return self.straight(2);
        }
        let index = self.program.rs();
        let code = &mut self.program.code;
        code.word(e::i(e::OP_IMM, 7, TEMPORARY, index, count - 1));
        code.word(e::slli(TEMPORARY, TEMPORARY, 2));
        code.word(e::add(TEMPORARY, TEMPORARY, RODATA));
        code.word(e::lw(TEMPORARY, TEMPORARY, 4 * start));
        if self.program.compressed && self.program.random.percent(50) {
            code.parcel(e::cr(0, TEMPORARY, 0));
        } else {
            code.word(e::jalr(0, TEMPORARY, 0));
        }
        let end = self.program.code.label();
        let blocks: Vec<_> =
            (0..self.program.random.between(1, 3)).map(|_| self.program.code.label()).collect();
        for _ in 0..count {
            let label = self.program.random.pick(&blocks);
            let addend = match self.program.random.below(24) {
                0 | 1 => 1,
                2 => 2,
                _ => 0,
            };
            self.program.table.push((label, addend));
        }
        for label in blocks {
            self.program.code.place(label);
            self.block(place.deeper(), 1);
            if self.program.random.percent(80) {
                self.jump(end);
            }
        }
        self.program.code.place(end);
    }

    /// A branch past the first instructions of a stretch that is also run from its start.
    fn jump_into_a_run(&mut self) {
        let middle = self.program.code.label();
        self.branch(middle);
        let length = self.program.random.between(1, 4);
        self.straight(length);
        self.program.code.place(middle);
        let length = self.program.random.between(1, 4);
        self.straight(length);
    }

    /// With profile C, to the second half of a LUI that is an instruction of its own; without, the
    /// target is misaligned, so it is seldom tried.
    fn jump_into_an_instruction(&mut self) {
        if !self.program.compressed && !self.program.random.once_in(8) {
            return self.straight(2);
        }
        let host = self.program.code.label();
        match self.program.random.below(3) {
            0 => {
                let (condition, rs1) = (self.program.random.pick(&CONDITIONS), self.program.rs());
                let rs2 = self.program.rs();
                self.program.code.branch(condition, rs1, rs2, host, 2);
            }
            1 => self.program.code.jal(0, host, 2),
            _ => {
                let jump = e::jalr(0, TEMPORARY, 0);
                self.program.code.relative(TEMPORARY, jump, host, 2);
            }
        }
        let length = self.program.random.below(3);
        self.straight(length);
        self.program.code.place(host);
        let random = &mut self.program.random;
        let (register, imm) = (random.between(10, 15), random.below(64));
        let half = match random.below(6) {
            0 => e::c_addi(register, imm),
            1 => e::c_li(register, imm),
            2 => e::cr(1, register, random.between(1, 31)),
            3 => e::c_alu(random.below(4), register, imm),
            4 => e::c_branch(6, register, 8),
            _ => random.word() & 0xffff,
        };
        let rd = self.program.rd();
        self.program.code.word(e::u(e::LUI, rd, 0) | half << 16);
        self.straight(2);
    }

    /// A target that is formed by arithmetic which no scan for constants recognises.
    fn hidden_jump(&mut self) {
        let target = self.program.code.label();
        let addend = self.program.random.pick(&[0x7f, 0x80, 0x123, 0x7fe]);
        let code = &mut self.program.code;
        code.absolute(TEMPORARY, e::addi(TEMPORARY, TEMPORARY, 0), target, addend);
        code.word(e::jalr(0, TEMPORARY, 0_u32.wrapping_sub(addend)));
        let length = self.program.random.below(3);
        self.straight(length);
        self.program.code.place(target);
    }

    /// The edges of G5: around both ends of text, odd, bit 1, outside.
    fn bad_target(&mut self) {
        let random = &mut self.program.random;
        let link = random.pick(&[0, 1, 5, 31]);
        let start = self.program.layout.text;
        let jump = e::jalr(link, TEMPORARY, 0);
        if random.percent(40) {
            let target = random.pick(&[
                start.wrapping_sub(4),
                start.wrapping_sub(2),
                start.wrapping_sub(1),
                self.program.layout.data,
                self.program.layout.rodata,
                0,
                0xffff_fffe,
                0xffff_ffff,
            ]);
            self.program.load_constant(TEMPORARY, target);
            self.program.code.word(jump);
            return;
        }
        // A label that is never placed is the end of text.
        let end = self.program.code.label();
        let addend: i32 = random.pick(&[-8, -4, -3, -2, -1, 0, 1, 2, 4]);
        match random.below(3) {
            0 => self.program.code.relative(TEMPORARY, jump, end, addend.cast_unsigned()),
            1 => self.program.code.jal(link, end, addend.cast_unsigned()),
            _ => self.program.code.absolute(TEMPORARY, jump, end, addend.cast_unsigned()),
        }
    }

    fn branch(&mut self, to: Label) {
        let random = &mut self.program.random;
        let (condition, rs1, rs2) = (random.pick(&CONDITIONS), random.below(32), random.below(32));
        self.program.code.branch(condition, rs1, rs2, to, 0);
    }

    fn jump(&mut self, to: Label) {
        if self.program.compressed && self.program.random.percent(60) {
            self.program.code.compressed_jump(false, to);
        } else {
            self.program.code.jal(0, to, 0);
        }
    }
}
