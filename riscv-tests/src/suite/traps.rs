//! Every kind of trap, raised by every instruction that can, first, in the middle and last in its
//! run; every program is run with every gas limit, so also with one unit too little.

use bessemer_isa::{A, B, I, Inst, J, L, Lr, N, Op, Profile, Reg, S};

use super::{Code, DATA, POOL, Program, Shape};

const ADDR: Reg = Reg::S0;
const D: Reg = Reg::T2;

/// Instructions that raise a trap.
struct Raiser {
    name: String,
    /// The value of [`ADDR`] before.
    addr: u32,
    words: Vec<u32>,
    compressed: bool,
}

/// The programs.
pub fn traps(profile: Profile) -> Vec<Program> {
    raisers(profile).iter().flat_map(|raiser| programs(profile, raiser)).collect()
}

fn programs(profile: Profile, raiser: &Raiser) -> Vec<Program> {
    [(0, 0), (2, 2), (3, 0)]
        .into_iter()
        .map(|(before, after)| {
            let mut code = Code::bare(Profile { compressed: raiser.compressed, ..profile });
            // the preparation is a run of its own
            code.li(ADDR, raiser.addr).inst(Inst::Jal(J { rd: Reg::ZERO, offset: 4 }));
            for _ in 0..before {
                code.inst(Inst::Addi(I { rd: D, rs1: D, imm: 3 }));
            }
            for word in &raiser.words {
                code.word(*word);
            }
            for _ in 0..after {
                code.inst(Inst::Addi(I { rd: D, rs1: D, imm: 5 }));
            }
            let mut program =
                code.program(format!("{}, {before} before, {after} after", raiser.name));
            program.short = true;
            program.trial.set_gas(2000);
            program
        })
        .collect()
}

fn raisers(profile: Profile) -> Vec<Raiser> {
    let mut raisers = vec![];
    let mut add = |name: &str, addr: u32, insts: &[Inst]| {
        let words = insts.iter().map(|inst| inst.encode()).collect();
        raisers.push(Raiser { name: name.to_owned(), addr, words, compressed: false });
    };
    for (rd, name) in [(D, "link"), (ADDR, "rd = rs1"), (Reg::ZERO, "no link")] {
        let jalr = |imm| [Inst::Jalr(L { rd, rs1: ADDR, imm })];
        add(&format!("jalr to nowhere, {name}"), 0x2000_0000, &jalr(0));
        add(&format!("jalr below text, {name}"), 0xfffe, &jalr(1));
        add(&format!("jalr to a half word, {name}"), 0x1_0000, &jalr(6));
    }
    for (offset, name) in [(0x1000, "out of text"), (6, "to a half word"), (-0x2000, "below text")]
    {
        add(&format!("jal {name}"), 0, &[Inst::Jal(J { rd: D, offset })]);
        let offset = offset.clamp(-4096, 4094);
        for op in Op::of(profile) {
            if let Shape::B(make) = Shape::of(op) {
                let taken = make(B { rs1: Reg::ZERO, rs2: Reg::ZERO, offset });
                add(&format!("{op} {name}"), 0, &[taken]);
            }
        }
    }
    for op in Op::of(profile) {
        match Shape::of(op) {
            Shape::L(make) if op != Op::Jalr => {
                for rd in [D, Reg::ZERO, ADDR] {
                    let inst = make(L { rd, rs1: ADDR, imm: 1 });
                    add(&format!("{op} unmapped to {rd}"), DATA - 0x1000, &[inst]);
                }
            }
            Shape::S(make) => {
                let inst = make(S { rs1: ADDR, rs2: D, imm: -1 });
                add(&format!("{op} unmapped"), 0x8000, &[inst]);
                add(&format!("{op} to read-only memory"), POOL + 8, &[inst]);
                add(&format!("{op} to text"), 0x1_0008, &[inst]);
                // the second store overwrites the first: the trap belongs to the first
                add(&format!("{op} twice"), POOL + 8, &[inst, inst]);
            }
            Shape::Lr(make) => {
                let inst = make(Lr { rd: D, rs1: ADDR, aq: false, rl: false });
                add("lr.w unmapped", 0x8000, &[inst]);
                add("lr.w misaligned", DATA + 2, &[inst]);
                add("lr.w misaligned and unmapped", 0x8001, &[inst]);
            }
            Shape::A(make) => {
                let lr = Inst::LrW(Lr { rd: D, rs1: ADDR, aq: false, rl: false });
                let inst = make(A { rd: D, rs1: ADDR, rs2: D, aq: false, rl: false });
                add(&format!("{op} unmapped"), 0x8000, &[inst]);
                add(&format!("{op} to read-only memory"), POOL, &[lr, inst]);
                add(&format!("{op} misaligned"), DATA + 1, &[inst]);
                add(&format!("{op} misaligned and unmapped"), 0x8003, &[inst]);
            }
            _ => {}
        }
    }
    add("ebreak", 0, &[Inst::Ebreak(N)]);
    // a load and a store of the same word, where only the load may
    let (lw, sw) =
        (Inst::Lw(L { rd: D, rs1: ADDR, imm: 0 }), Inst::Sw(S { rs1: ADDR, rs2: D, imm: 0 }));
    add("storing back what was loaded", POOL, &[lw, sw]);
    add("the end of text", 0, &[]);
    for word in [0, u32::MAX, 0x0000_100f, 0xc000_2573, 0x3020_0073, 0x1050_0073, 0x0000_0013 ^ 2] {
        for compressed in [false, true] {
            let name = format!("{word:#010x}, compressed: {compressed}");
            raisers.push(Raiser { name, addr: 0, words: vec![word], compressed });
        }
    }
    // c.ebreak; c.nop
    raisers.push(Raiser {
        name: "c.ebreak".into(),
        addr: 0,
        words: vec![0x0001_9002],
        compressed: true,
    });
    raisers
}
