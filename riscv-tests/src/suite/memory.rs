//! Loads and stores of every width: aligned, misaligned, across pages, and at every edge of what is
//! mapped.

use bessemer_isa::{A, Inst, L, Lr, Op, Profile, Reg, S};

use super::{Code, DATA, POOL, Program, Shape, operands};

const ADDR: Reg = Reg::S0;
const VALUE: Reg = Reg::T1;
const D: Reg = Reg::T2;

/// The programs.
pub fn memory(profile: Profile) -> Vec<Program> {
    let mut programs = vec![];
    for op in Op::of(profile) {
        if let Some(program) = inside(profile, op) {
            programs.push(program);
            programs.extend(edges().into_iter().filter_map(|addr| at(profile, op, addr)));
        }
    }
    programs
}

/// The access, with the address in [`ADDR`] plus the immediate if it has one.
fn access(op: Op, imm: i32) -> Option<Inst> {
    if op == Op::Jalr {
        return None;
    }
    match Shape::of(op) {
        Shape::L(make) => Some(make(L { rd: D, rs1: ADDR, imm })),
        Shape::S(make) => Some(make(S { rs1: ADDR, rs2: VALUE, imm })),
        Shape::Lr(make) => Some(make(Lr { rd: D, rs1: ADDR, aq: false, rl: false })),
        Shape::A(make) => Some(make(A { rd: D, rs1: ADDR, rs2: VALUE, aq: false, rl: false })),
        _ => None,
    }
}

/// All accesses that succeed: every offset in a word, next to a page edge and across it.
fn inside(profile: Profile, op: Op) -> Option<Program> {
    access(op, 0)?;
    let has_offset = matches!(Shape::of(op), Shape::L(_) | Shape::S(_));
    let mut code = Code::new(profile, operands::edges(profile.xlen));
    code.li_whole(VALUE, 0x7182_93a4_8192_a3b4);
    for offset in -8..8 {
        let addr = (DATA + 0x3000).wrapping_add_signed(offset);
        if !has_offset && addr % alignment(op) != 0 {
            continue;
        }
        for imm in [0, 1, -1, 2047, -2048] {
            let imm = if has_offset { imm } else { 0 };
            code.li(ADDR, DATA + 0x2ff8).li(D, 0x1727_3747);
            for word in 0..6 {
                code.inst(Inst::Sw(S { rs1: ADDR, rs2: D, imm: 4 * word }));
            }
            code.li(ADDR, addr.wrapping_add_signed(-imm));
            reserve(&mut code, op);
            code.inst(access(op, imm)?).store(D);
            code.li(ADDR, DATA + 0x2ff8);
            for word in 0..6 {
                code.inst(Inst::Lw(L { rd: D, rs1: ADDR, imm: 4 * word })).store(D);
            }
        }
    }
    code.exit();
    Some(code.program(format!("{op} inside memory")))
}

/// Bytes of an atomic access.
fn alignment(op: Op) -> u32 {
    if op.mnemonic().ends_with(".d") { 8 } else { 4 }
}

/// What a store conditional needs before it.
fn reserve(code: &mut Code, op: Op) {
    let lr = Lr { rd: Reg::ZERO, rs1: ADDR, aq: false, rl: false };
    match op {
        Op::ScW => _ = code.inst(Inst::LrW(lr)),
        Op::ScD => _ = code.inst(Inst::LrD(lr)),
        _ => {}
    }
}

/// One access that perhaps traps, then an end.
fn at(profile: Profile, op: Op, addr: u32) -> Option<Program> {
    let has_offset = matches!(Shape::of(op), Shape::L(_) | Shape::S(_));
    let imm = match addr % 3 {
        _ if !has_offset => 0,
        0 => 0,
        1 => 2047,
        _ => -2048,
    };
    let mut code = Code::plain(profile);
    code.li(ADDR, addr.wrapping_add_signed(-imm));
    reserve(&mut code, op);
    code.inst(access(op, imm)?).exit();
    let mut program = code.program(format!("{op} at {addr:#010x}"));
    program.short = false;
    Some(program)
}

/// Addresses around each place where a permission changes.
fn edges() -> Vec<u32> {
    let mut addrs: Vec<u32> = vec![0, 1, 2, 3, 0x8000_0000, 0x7fff_fffe];
    for edge in [
        0x1000,
        0x1_0000,
        0x1_1000,
        POOL,
        POOL + 0x1000,
        DATA,
        DATA + 0x1_0000,
        0xfffe_0000,
        0xffff_0000,
        0,
    ] {
        addrs.extend((-4..=1).map(|step| edge_step(edge, step)));
    }
    addrs.sort_unstable();
    addrs.dedup();
    addrs
}

fn edge_step(edge: u32, step: i32) -> u32 {
    edge.wrapping_add_signed(step)
}
