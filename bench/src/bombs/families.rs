//! The families: one function each.

use bessemer_isa::{A, B, I, Inst, J, L, N, R, Reg, U};

use super::{Bomb, Charge, DATA, TEXT};
use crate::fairness::compressed_jump;

/// Every family.
pub const ALL: &[Bomb] = &[
    bomb("straight", "one run of arithmetic from end to end", straight),
    bomb("branches", "nothing but branches to random places nearby", branches),
    bomb("nested", "loops nested 500 deep", nested),
    bomb("short", "blocks of two instructions that branch to random places nearby", short),
    bomb("table", "blocks that go on through a jump table of all blocks", table),
    bomb("pressure", "all registers alive, defined differently on every edge", pressure),
    bomb("divisions", "nothing but divisions and remainders", divisions),
    bomb("loads", "nothing but loads", loads),
    bomb("ecalls", "nothing but host calls", ecalls),
    bomb("illegal", "nothing that is an instruction, all of it pointed at by data", illegal),
    bomb("chain", "each instruction needs the result of the one before", chain),
    bomb("far", "jumps from end to end, inwards", far),
    bomb("calls", "each instruction calls the next but one and is called and returned to", calls),
    bomb("taken", "arithmetic, all of it pointed at by data", taken),
    bomb(
        "overlap",
        "two streams of instructions in the same bytes that branch into each other",
        overlap,
    ),
    bomb("c.jalr", "nothing but calls by a register", |charge| charge.register_jumps(true, &ANY)),
    bomb("c.jalr.x1", "nothing but calls to the return address", |charge| {
        charge.register_jumps(true, &[Reg::RA]);
    }),
    bomb("c.jalr.x5", "nothing but calls by the other link register", |charge| {
        charge.register_jumps(true, &[Reg::T0]);
    }),
    bomb("c.jalr.taken", "calls by a register, all of them pointed at by data", |charge| {
        charge.register_jumps(true, &ANY);
        charge.take_all();
    }),
    bomb("c.jr", "nothing but jumps by a register", |charge| charge.register_jumps(false, &ANY)),
    bomb("c.jr.taken", "jumps by a register, all of them pointed at by data", |charge| {
        charge.register_jumps(false, &ANY);
        charge.take_all();
    }),
    bomb("jalr.x7", "jumps by a register that link and are not calls", |charge| {
        charge.fill(|charge| {
            let rs1 = charge.register();
            Inst::Jalr(L { rd: Reg::T2, rs1, imm: 0 })
        });
        charge.take_all();
    }),
    bomb("jalr.x5", "calls by a register that link the other link register", |charge| {
        charge.fill(|charge| {
            let rs1 = charge.register();
            Inst::Jalr(L { rd: Reg::T0, rs1, imm: 4 })
        });
        charge.take_all();
    }),
    bomb("c.jal", "nothing but short calls to random places nearby", |charge| {
        charge.short_jumps(true);
    }),
    bomb("c.j", "nothing but short jumps to random places nearby", |charge| {
        charge.short_jumps(false);
    }),
    bomb("cycle", "calls that never return, in one random cycle", |charge| charge.cycle(Reg::RA)),
    bomb("cycle.x0", "jumps in one random cycle", |charge| charge.cycle(Reg::ZERO)),
    bomb("cycle.x5", "the same with the other link register", |charge| charge.cycle(Reg::T0)),
    bomb(
        "returning",
        "calls of functions that return at once, and branches around them",
        |charge| {
            charge.fill(|charge| match charge.text.len() % 3 {
                0 => Inst::Jal(J { rd: Reg::RA, offset: 8 }),
                1 => Inst::Bne(B { rs1: Reg::A0, rs2: Reg::RA, offset: 8 }),
                _ => Inst::Jalr(L { rd: Reg::ZERO, rs1: Reg::RA, imm: 0 }),
            });
        },
    ),
    bomb("atomics", "nothing but atomic operations", |charge| {
        charge.fill(|charge| {
            let R { rd, rs1, rs2 } = charge.operands();
            let operands = A { rd, rs1, rs2, aq: false, rl: false };
            let kinds = [Inst::ScW, Inst::AmomaxW, Inst::AmoaddW];
            kinds[charge.below(3)](operands)
        });
    }),
    bomb("ecalls.taken", "nothing but host calls, all of them pointed at by data", |charge| {
        ecalls(charge);
        charge.take_all();
    }),
    bomb("branches.taken", "nothing but branches, all of them pointed at by data", |charge| {
        branches(charge);
        charge.take_all();
    }),
];

/// Registers that hold anything.
const ANY: [Reg; 5] = [Reg::RA, Reg::T0, Reg::T2, Reg::A0, Reg::S3];

const fn bomb(name: &'static str, summary: &'static str, build: fn(&mut Charge)) -> Bomb {
    Bomb { name, summary, build }
}

fn straight(charge: &mut Charge) {
    charge.fill(Charge::arithmetic);
}

fn branches(charge: &mut Charge) {
    charge.fill(Charge::branch);
}

/// Heads of 500 loops, then their tails in opposite order; a branch reaches no further.
fn nested(charge: &mut Charge) {
    const DEPTH: usize = 500;
    charge.fill(|charge| {
        let place = charge.text.len() % (2 * DEPTH);
        let level = if place < DEPTH { place } else { 2 * DEPTH - 1 - place };
        let register = register(level);
        if place < DEPTH {
            return Inst::Addi(I { rd: register, rs1: register, imm: -1 });
        }
        let offset = -4 * (place - level) as i32;
        Inst::Bne(B { rs1: register, rs2: Reg::ZERO, offset })
    });
}

fn short(charge: &mut Charge) {
    charge.fill(|charge| match charge.text.len() % 2 {
        0 => Inst::Addi(I { rd: Reg::A0, rs1: Reg::A0, imm: 1 }),
        _ => charge.branch(),
    });
}

/// `t0` walks through the table, whose last word leads out of it.
fn table(charge: &mut Charge) {
    charge.push(Inst::Lui(U { rd: Reg::T0, imm: DATA }));
    charge.fill(|charge| match charge.text.len() % 4 {
        1 => Inst::Lw(L { rd: Reg::T1, rs1: Reg::T0, imm: 0 }),
        2 => Inst::Addi(I { rd: Reg::T0, rs1: Reg::T0, imm: 4 }),
        3 => Inst::Jalr(L { rd: Reg::ZERO, rs1: Reg::T1, imm: 0 }),
        _ => Inst::Add(R { rd: Reg::A0, rs1: Reg::A0, rs2: Reg::T1 }),
    });
    charge.data = (4..charge.length).step_by(4).map(address).collect();
}

fn pressure(charge: &mut Charge) {
    charge.fill(|charge| match charge.text.len() % 3 {
        2 => charge.branch(),
        _ => charge.arithmetic(),
    });
}

fn divisions(charge: &mut Charge) {
    charge.fill(|charge| {
        let (operands, kind) = (charge.operands(), charge.below(4));
        [Inst::Div, Inst::Divu, Inst::Rem, Inst::Remu][kind](operands)
    });
}

/// From the top of the stack, which `sp` points at.
fn loads(charge: &mut Charge) {
    charge.fill(|charge| {
        let rd = match charge.register() {
            Reg::SP => Reg::ZERO,
            rd => rd,
        };
        let imm = -2048 + 4 * charge.below(512) as i32;
        let kind = charge.below(5);
        let kinds = [Inst::Lb, Inst::Lbu, Inst::Lh, Inst::Lhu, Inst::Lw];
        kinds[kind](L { rd, rs1: Reg::SP, imm })
    });
}

fn ecalls(charge: &mut Charge) {
    charge.fill(|_| Inst::Ecall(N));
}

fn illegal(charge: &mut Charge) {
    charge.text = vec![0; charge.length];
    charge.take_all();
}

fn chain(charge: &mut Charge) {
    charge.fill(|charge| {
        let operands = R { rd: Reg::A0, rs1: Reg::A0, rs2: Reg::A1 };
        [Inst::Mul, Inst::Add, Inst::Xor, Inst::Sltu][charge.text.len() % 4](operands)
    });
}

/// Each jump goes to the mirror image of its place, or to the place behind that.
fn far(charge: &mut Charge) {
    let length = charge.length as i32;
    charge.fill(|charge| {
        let here = charge.text.len() as i32;
        let mirror = length - 1 - here;
        let target = if here < mirror { mirror } else { mirror + 1 };
        Inst::Jal(J { rd: Reg::ZERO, offset: 4 * (target - here) })
    });
}

fn calls(charge: &mut Charge) {
    let last = charge.length - 1;
    charge.fill(|charge| {
        let here = charge.text.len();
        let target = (here + 2).min(last);
        Inst::Jal(J { rd: Reg::RA, offset: 4 * (target - here) as i32 })
    });
}

fn taken(charge: &mut Charge) {
    straight(charge);
    charge.take_all();
}

/// Both halves of each word look like the lower half of a 4-byte instruction, so that there is an
/// instruction at every multiple of 2. A branch goes where its upper half, the next instruction,
/// happens to point.
fn overlap(charge: &mut Charge) {
    charge.compressed = true;
    for _ in 0..charge.length {
        let halves = [charge.half(), charge.half()];
        charge.text.push(halves[1] << 16 | halves[0]);
    }
}

impl Charge {
    /// Appends instructions until the text has its length.
    fn fill(&mut self, mut next: impl FnMut(&mut Self) -> Inst) {
        while self.text.len() < self.length {
            let inst = next(self);
            self.push(inst);
        }
    }

    fn push(&mut self, inst: Inst) {
        self.text.push(inst.encode());
    }

    /// Has data point at each word, as far as a contract's data reaches.
    fn take_all(&mut self) {
        self.data = (0..self.length.min(MOST_DATA)).map(address).collect();
    }

    /// Appends compressed jumps until the text has its length.
    fn fill_parcels(&mut self, mut next: impl FnMut(&mut Self, usize) -> u32) {
        self.compressed = true;
        while self.text.len() < self.length {
            let at = 2 * self.text.len();
            let halves = [next(self, at), next(self, at + 1)];
            self.text.push(halves[1] << 16 | halves[0]);
        }
    }

    /// `c.jr`, or with a link `c.jalr` (manual, format CR).
    fn register_jumps(&mut self, link: bool, by: &[Reg]) {
        let funct = if link { 0b1001 } else { 0b1000 };
        self.fill_parcels(|charge, _| {
            let register = by[charge.below(by.len())];
            funct << 12 | register.number() << 7 | 0b10
        });
    }

    /// `c.j`, or with a link `c.jal`, to a random place in reach.
    fn short_jumps(&mut self, link: bool) {
        const REACH: usize = 1000;
        let last = 2 * self.length;
        self.fill_parcels(|charge, here| {
            let first = here.saturating_sub(REACH);
            let to = first + charge.below((here + REACH).min(last) - first);
            u32::from(compressed_jump(link, 2 * here, 2 * to))
        });
    }

    /// `jal` from word to word, through all of them in one random cycle.
    fn cycle(&mut self, rd: Reg) {
        let mut order: Vec<usize> = (1..self.length).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
        self.text = vec![0; self.length];
        let mut here = 0;
        for next in order.into_iter().chain([0]) {
            let offset = 4 * (next as i32 - here as i32);
            self.text[here] = Inst::Jal(J { rd, offset }).encode();
            here = next;
        }
    }

    /// Any register but `x0`.
    fn register(&mut self) -> Reg {
        let number = self.below(31);
        register(number)
    }

    fn operands(&mut self) -> R {
        R { rd: self.register(), rs1: self.register(), rs2: self.register() }
    }

    fn arithmetic(&mut self) -> Inst {
        let (operands, kind) = (self.operands(), self.below(5));
        [Inst::Add, Inst::Sub, Inst::Xor, Inst::Sltu, Inst::Mul][kind](operands)
    }

    /// A branch from here to anywhere within its reach.
    fn branch(&mut self) -> Inst {
        const REACH: usize = 1000;
        let here = self.text.len();
        let first = here.saturating_sub(REACH);
        let target = first + self.below((here + REACH).min(self.length) - first);
        let (R { rs1, rs2, .. }, kind) = (self.operands(), self.below(4));
        let offset = 4 * (target as i32 - here as i32);
        [Inst::Beq, Inst::Bne, Inst::Bltu, Inst::Bge][kind](B { rs1, rs2, offset })
    }

    /// The lower half of an `addi` or its like, or sometimes of a branch: any upper half is good.
    fn half(&mut self) -> u32 {
        let (opcode, functs): (u32, &[u32]) = match self.below(8) {
            0 => (0x63, &[0, 1, 4, 5, 6, 7]),
            _ => (0x13, &[0, 2, 3, 4, 6, 7]),
        };
        let funct = functs[self.below(functs.len())];
        let rest = self.below(64) as u32;
        opcode | (rest & 31) << 7 | funct << 12 | rest >> 5 << 15
    }
}

/// One of the 31 registers that are not `x0`.
fn register(number: usize) -> Reg {
    Reg::new(1 + (number % 31) as u32).unwrap_or(Reg::A0)
}

/// The address of a word of text.
fn address(index: usize) -> u32 {
    TEXT + 4 * index as u32
}

/// Words of data that a contract may have.
const MOST_DATA: usize = 64 << 10;
