//! LR, SC and the AMOs: operands, aliasing, and the rules of the reservation (A1 to A6).

use bessemer_isa::{A, I, Inst, L, Lr, Op, Profile, Reg, S, Xlen};

use super::operands::edges;
use super::{Code, DATA, POOL, Program, Shape};

const ADDR: Reg = Reg::S0;
const OTHER: Reg = Reg::S1;
const VALUE: Reg = Reg::T1;
const D: Reg = Reg::T2;

/// The programs.
pub fn atomics(profile: Profile) -> Vec<Program> {
    let mut programs = vec![];
    for op in Op::of(profile) {
        if let Shape::A(make) = Shape::of(op) {
            programs.push(edge_operands(profile, op, make));
        }
    }
    programs.extend(reservations(profile));
    programs
}

/// Every pair of memory word and register; rd distinct, rd = rs2, rd = x0, rd = rs1, rs1 = rs2.
fn edge_operands(profile: Profile, op: Op, make: fn(A) -> Inst) -> Program {
    let edges = edges(profile.xlen);
    let mut code = Code::new(profile, edges);
    let load = match profile.xlen {
        Xlen::Rv32 => Inst::Lw,
        Xlen::Rv64 => Inst::Ld,
    };
    let store = match profile.xlen {
        Xlen::Rv32 => Inst::Sw,
        Xlen::Rv64 => Inst::Sd,
    };
    for old in 0..edges.len() {
        for (new, &constant) in edges.iter().enumerate() {
            for (rd, rs2) in
                [(D, VALUE), (VALUE, VALUE), (Reg::ZERO, VALUE), (ADDR, VALUE), (D, ADDR)]
            {
                code.li(ADDR, DATA + 0x8000);
                code.load(VALUE, old);
                code.inst(store(S { rs1: ADDR, rs2: VALUE, imm: 0 }));
                if old % 2 == 0 {
                    code.load(VALUE, new);
                } else {
                    code.li_whole(VALUE, constant);
                }
                match op {
                    Op::ScW => _ = code.inst(lr(Reg::ZERO, ADDR)),
                    Op::ScD => {
                        let lr = Lr { rd: Reg::ZERO, rs1: ADDR, aq: false, rl: false };
                        code.inst(Inst::LrD(lr));
                    }
                    _ => {}
                }
                code.inst(make(A { rd, rs1: ADDR, rs2, aq: old > 4, rl: new > 4 })).store(rd);
                code.li(ADDR, DATA + 0x8000);
                code.inst(load(L { rd: D, rs1: ADDR, imm: 0 })).store(D);
            }
        }
    }
    code.exit();
    code.program(format!("{op} on edge operands"))
}

/// One program for each story about a reservation; a store conditional at the end tells.
fn reservations(profile: Profile) -> Vec<Program> {
    type Story = fn(&mut Code);
    let stories: [(&str, Story); 14] = [
        ("after LR", |code| _ = code.inst(lr(D, ADDR))),
        ("without LR", |_| ()),
        ("after LR of another word", |code| _ = code.inst(lr(D, OTHER))),
        ("after two LRs, the second elsewhere", |code| {
            code.inst(lr(D, ADDR)).inst(lr(D, OTHER));
        }),
        ("after two LRs, the second here", |code| _ = code.inst(lr(D, OTHER)).inst(lr(D, ADDR))),
        ("after SC to another word", |code| {
            code.inst(lr(D, ADDR)).inst(sc(D, OTHER, VALUE)).store(D);
        }),
        ("after SC to the same word", |code| {
            code.inst(lr(D, ADDR)).inst(sc(D, ADDR, VALUE)).store(D);
        }),
        ("after a host call", |code| _ = code.inst(lr(D, ADDR)).show()),
        ("after an ordinary store to the word", |code| {
            code.inst(lr(D, ADDR)).inst(Inst::Sw(S { rs1: ADDR, rs2: VALUE, imm: 0 }));
        }),
        ("after an AMO on the word", |code| {
            let amo = A { rd: D, rs1: ADDR, rs2: VALUE, aq: false, rl: false };
            code.inst(lr(D, ADDR)).inst(Inst::AmoaddW(amo));
        }),
        ("after a load of the word", |code| {
            code.inst(lr(D, ADDR)).inst(Inst::Lw(L { rd: D, rs1: ADDR, imm: 0 }));
        }),
        ("after SC that failed", |code| {
            code.inst(sc(D, ADDR, VALUE)).store(D).inst(lr(D, ADDR));
        }),
        ("to read-only memory after LR there", |code| {
            code.li(ADDR, POOL).inst(lr(D, ADDR));
        }),
        ("to unmapped memory without LR", |code| _ = code.li(ADDR, DATA - 0x1000)),
    ];
    stories
        .into_iter()
        .map(|(name, story)| {
            let mut code = Code::new(profile, edges(profile.xlen));
            code.li(ADDR, DATA + 0x8000).li(OTHER, DATA + 0x8004).li(VALUE, 7);
            story(&mut code);
            code.inst(Inst::Addi(I { rd: VALUE, rs1: Reg::ZERO, imm: 9 }));
            code.inst(sc(D, ADDR, VALUE)).store(D).show().exit();
            code.program(format!("SC {name}"))
        })
        .collect()
}

fn lr(rd: Reg, rs1: Reg) -> Inst {
    Inst::LrW(Lr { rd, rs1, aq: false, rl: false })
}

fn sc(rd: Reg, rs1: Reg, rs2: Reg) -> Inst {
    Inst::ScW(A { rd, rs1, rs2, aq: false, rl: false })
}
