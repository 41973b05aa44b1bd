//! Every instruction while all 31 registers are live.

use bessemer_isa::{A, B, F, H, Hw, I, Inst, J, L, Lr, Op, Profile, R, R1, Reg, S, U};

use super::{Code, DATA, Program, Shape};

/// One program for each instruction that does not end the program.
pub fn pressure(profile: Profile) -> Vec<Program> {
    Op::of(profile).map(|op| program(profile, op)).collect()
}

fn program(profile: Profile, op: Op) -> Program {
    let mut code = Code::plain(profile);
    let mut value = 0x9e37_79b9_u32;
    for reg in Reg::all().skip(1) {
        code.li(reg, value);
        value = value.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
    }
    // No number that ends the program, and operands for what touches memory.
    code.li(Reg::A7, 1000);
    for round in 0..12_u32 {
        let [rd, rs1, rs2] = [7, 11, 13].map(|step| {
            let number = 1 + (round * step + step) % 31;
            Reg::new(number).filter(|reg| *reg != Reg::A7).unwrap_or(Reg::S11)
        });
        let addresses_memory =
            matches!(Shape::of(op), Shape::L(_) | Shape::S(_) | Shape::Lr(_) | Shape::A(_));
        if addresses_memory {
            code.li(rs1, DATA + 0x100 + 8 * round);
        }
        match Shape::of(op) {
            Shape::U(make) => code.inst(make(U { rd, imm: (0x1234_5000 * (round + 1)) & !0xfff })),
            Shape::I(make) => code.inst(make(I { rd, rs1, imm: 37 * round as i32 - 200 })),
            Shape::H(make) => code.inst(make(H { rd, rs1, shamt: (5 * round) & 31 })),
            Shape::R(make) => code.inst(make(R { rd, rs1, rs2 })),
            Shape::R1(make) => code.inst(make(R1 { rd, rs1 })),
            Shape::Hw(make) => code.inst(make(Hw { rd, rs1, shamt: (5 * round) & 31 })),
            Shape::L(make) if op != Op::Jalr => code.inst(make(L { rd, rs1, imm: 5 })),
            Shape::L(make) => {
                let target = code.here() + 12;
                code.li(rs1, target);
                code.inst(make(L { rd, rs1, imm: 0 }))
            }
            Shape::S(make) => code.inst(make(S { rs1, rs2, imm: -3 })),
            Shape::Lr(make) => code.inst(make(Lr { rd, rs1, aq: true, rl: false })),
            Shape::A(make) => {
                let rd = if rd == rs1 { Reg::ZERO } else { rd };
                let lr = Lr { rd, rs1, aq: false, rl: false };
                match op {
                    Op::ScW if round.is_multiple_of(2) => _ = code.inst(Inst::LrW(lr)),
                    Op::ScD if round.is_multiple_of(2) => _ = code.inst(Inst::LrD(lr)),
                    _ => {}
                }
                code.inst(make(A { rd, rs1, rs2, aq: false, rl: true }))
            }
            Shape::B(make) => {
                code.inst(make(B { rs1, rs2, offset: 8 }));
                code.inst(Inst::Addi(I { rd, rs1: rd, imm: 1 }))
            }
            Shape::J(make) => code.inst(make(J { rd, offset: 4 })),
            Shape::F(make) => code.inst(make(F { fields: 0x0ff0_0000 })),
            Shape::N(_) if op == Op::Ecall => code.show(),
            Shape::N(make) => {
                // EBREAK ends the program: the rest of the rounds is not reached
                code.show();
                code.inst(make(bessemer_isa::N))
            }
        };
        if round % 3 == 2 {
            // JAL and JALR may have written it
            code.li(Reg::A7, 1000 + round);
            code.show();
        }
    }
    code.exit();
    code.program(format!("{op} with all registers live"))
}
