//! Every parcel that is a compressed instruction.

use bessemer_isa::{Class, CompressedOp, I, Inst, Profile, Reg, expand};

use super::code::POOL_BASE;
use super::operands::edges;
use super::{Code, DATA, POOL, Program};

/// Programs that execute every parcel: computing ones in a row, each with registers set before;
/// loads and stores with their base set; jumps and branches, and what is illegal, one by one where
/// that is few enough and every seventh otherwise.
pub fn compressed(profile: Profile) -> Vec<Program> {
    let parcels = (0..=u16::MAX).filter(|parcel| parcel & 3 != 3);
    let (mut computing, mut accessing, mut others) = (vec![], vec![], vec![]);
    for parcel in parcels {
        match expand(parcel, profile) {
            Some(inst) if inst.is_terminator() => others.push(parcel),
            Some(inst) => match inst.class() {
                Class::Load | Class::Store => accessing.push((parcel, inst)),
                _ => computing.push(parcel),
            },
            None => {
                if parcel % 97 == 0 {
                    others.push(parcel);
                }
            }
        }
    }
    let mut programs = vec![];
    for (number, parcels) in computing.chunks(6000).enumerate() {
        let mut code = Code::bare(profile);
        code.constants(&constants(profile));
        for (index, parcel) in parcels.iter().enumerate() {
            if index % 24 == 0 {
                fresh_registers(&mut code, index as u32 / 24);
            }
            code.parcel(*parcel);
            if index % 24 == 23 {
                code.li(Reg::A7, 1000).show();
            }
        }
        code.exit();
        programs.push(code.program(format!("computing parcels, part {number}")));
    }
    for (number, parcels) in accessing.chunks(3000).enumerate() {
        let mut code = Code::bare(profile);
        for (index, (parcel, inst)) in parcels.iter().enumerate() {
            let base = match *inst {
                Inst::Lw(operands) | Inst::Ld(operands) => operands.rs1,
                Inst::Lbu(operands) | Inst::Lhu(operands) | Inst::Lh(operands) => operands.rs1,
                Inst::Sw(operands) | Inst::Sd(operands) => operands.rs1,
                Inst::Sb(operands) | Inst::Sh(operands) => operands.rs1,
                _ => continue,
            };
            code.li(base, DATA + 8 * (index as u32 % 64));
            code.parcel(*parcel);
            if index % 32 == 31 {
                code.li(Reg::A7, 1000).show();
            }
        }
        code.exit();
        programs.push(code.program(format!("accessing parcels, part {number}")));
    }
    for (index, parcel) in others.iter().enumerate() {
        // there are thousands of jumps that differ in their distance only
        let mnemonic = CompressedOp::of(*parcel, profile).map(CompressedOp::mnemonic);
        let is_long = matches!(mnemonic, Some("c.j" | "c.jal" | "c.beqz" | "c.bnez"));
        if is_long && index % 53 != 0 {
            continue;
        }
        let mut code = Code::bare(profile);
        code.li(Reg::S0, 0x1_0010).li(Reg::RA, 0x1_0014);
        code.parcel(*parcel);
        for _ in 0..8 {
            code.inst(Inst::Addi(I { rd: Reg::A0, rs1: Reg::A0, imm: 1 }));
        }
        code.exit();
        let mut program = code.program(format!("parcel {parcel:#06x}"));
        program.trial.set_gas(1000);
        program.short = false;
        programs.push(program);
    }
    programs
}

/// Loads all registers from the constants, which the compiler does not see through.
fn fresh_registers(code: &mut Code, group: u32) {
    code.li(POOL_BASE, POOL + 8 * (group % 64));
    for reg in Reg::all().skip(1).filter(|reg| *reg != POOL_BASE) {
        code.load(reg, reg.index());
    }
    code.load(POOL_BASE, POOL_BASE.index());
}

/// Edge operands among others.
fn constants(profile: Profile) -> Vec<u64> {
    let edges = edges(profile.xlen);
    let mut value = 0x5bd1_e995_u32;
    let mut next = || {
        value = value.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
        i64::from(value.cast_signed()) as u64
    };
    (0..96).map(|index| edges.get(index % 13).copied().unwrap_or_else(&mut next)).collect()
}
