//! The instruction set: one row per instruction, one row per compressed form.
//!
//! A row says name, method, mnemonic, operand format, fixed bits with their mask, and class.
//! Matches and masks are those of the RISC-V unprivileged manual, chapter "RV32/64G Instruction Set
//! Listings". What a row says is not said anywhere else in the project, except in the oracle of the
//! conformance suite, which must not share it.

/// Calls the macro `$callback` with the rows of RV32I, M and A.
///
/// Immediate shifts fix bits 31:25: RV32 has no shift amount above 31.
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:ident) => {
        $crate::for_each_instruction! { $callback! {} }
    };
    ($callback:ident! { $($prefix:tt)* }) => {
        $callback! { $($prefix)*
        //  Name     method     "mnemonic"   format match        mask         class
            Lui      lui        "lui"        U      0x0000_0037  0x0000_007f  Alu;
            Auipc    auipc      "auipc"      U      0x0000_0017  0x0000_007f  Alu;

            Addi     addi       "addi"       I      0x0000_0013  0x0000_707f  Alu;
            Slti     slti       "slti"       I      0x0000_2013  0x0000_707f  Alu;
            Sltiu    sltiu      "sltiu"      I      0x0000_3013  0x0000_707f  Alu;
            Xori     xori       "xori"       I      0x0000_4013  0x0000_707f  Alu;
            Ori      ori        "ori"        I      0x0000_6013  0x0000_707f  Alu;
            Andi     andi       "andi"       I      0x0000_7013  0x0000_707f  Alu;
            Slli     slli       "slli"       H      0x0000_1013  0xfe00_707f  Alu;
            Srli     srli       "srli"       H      0x0000_5013  0xfe00_707f  Alu;
            Srai     srai       "srai"       H      0x4000_5013  0xfe00_707f  Alu;

            Add      add        "add"        R      0x0000_0033  0xfe00_707f  Alu;
            Sub      sub        "sub"        R      0x4000_0033  0xfe00_707f  Alu;
            Sll      sll        "sll"        R      0x0000_1033  0xfe00_707f  Alu;
            Slt      slt        "slt"        R      0x0000_2033  0xfe00_707f  Alu;
            Sltu     sltu       "sltu"       R      0x0000_3033  0xfe00_707f  Alu;
            Xor      xor        "xor"        R      0x0000_4033  0xfe00_707f  Alu;
            Srl      srl        "srl"        R      0x0000_5033  0xfe00_707f  Alu;
            Sra      sra        "sra"        R      0x4000_5033  0xfe00_707f  Alu;
            Or       or         "or"         R      0x0000_6033  0xfe00_707f  Alu;
            And      and        "and"        R      0x0000_7033  0xfe00_707f  Alu;

            Mul      mul        "mul"        R      0x0200_0033  0xfe00_707f  Mul;
            Mulh     mulh       "mulh"       R      0x0200_1033  0xfe00_707f  Mulh;
            Mulhsu   mulhsu     "mulhsu"     R      0x0200_2033  0xfe00_707f  Mulh;
            Mulhu    mulhu      "mulhu"      R      0x0200_3033  0xfe00_707f  Mulh;
            Div      div        "div"        R      0x0200_4033  0xfe00_707f  Div;
            Divu     divu       "divu"       R      0x0200_5033  0xfe00_707f  Div;
            Rem      rem        "rem"        R      0x0200_6033  0xfe00_707f  Div;
            Remu     remu       "remu"       R      0x0200_7033  0xfe00_707f  Div;

            Lb       lb         "lb"         L      0x0000_0003  0x0000_707f  Load;
            Lh       lh         "lh"         L      0x0000_1003  0x0000_707f  Load;
            Lw       lw         "lw"         L      0x0000_2003  0x0000_707f  Load;
            Lbu      lbu        "lbu"        L      0x0000_4003  0x0000_707f  Load;
            Lhu      lhu        "lhu"        L      0x0000_5003  0x0000_707f  Load;
            Sb       sb         "sb"         S      0x0000_0023  0x0000_707f  Store;
            Sh       sh         "sh"         S      0x0000_1023  0x0000_707f  Store;
            Sw       sw         "sw"         S      0x0000_2023  0x0000_707f  Store;

            LrW      lr_w       "lr.w"       Lr     0x1000_202f  0xf9f0_707f  Load;
            ScW      sc_w       "sc.w"       A      0x1800_202f  0xf800_707f  Store;
            AmoswapW amoswap_w  "amoswap.w"  A      0x0800_202f  0xf800_707f  Amo;
            AmoaddW  amoadd_w   "amoadd.w"   A      0x0000_202f  0xf800_707f  Amo;
            AmoxorW  amoxor_w   "amoxor.w"   A      0x2000_202f  0xf800_707f  Amo;
            AmoandW  amoand_w   "amoand.w"   A      0x6000_202f  0xf800_707f  Amo;
            AmoorW   amoor_w    "amoor.w"    A      0x4000_202f  0xf800_707f  Amo;
            AmominW  amomin_w   "amomin.w"   A      0x8000_202f  0xf800_707f  Amo;
            AmomaxW  amomax_w   "amomax.w"   A      0xa000_202f  0xf800_707f  Amo;
            AmominuW amominu_w  "amominu.w"  A      0xc000_202f  0xf800_707f  Amo;
            AmomaxuW amomaxu_w  "amomaxu.w"  A      0xe000_202f  0xf800_707f  Amo;

            Beq      beq        "beq"        B      0x0000_0063  0x0000_707f  Branch;
            Bne      bne        "bne"        B      0x0000_1063  0x0000_707f  Branch;
            Blt      blt        "blt"        B      0x0000_4063  0x0000_707f  Branch;
            Bge      bge        "bge"        B      0x0000_5063  0x0000_707f  Branch;
            Bltu     bltu       "bltu"       B      0x0000_6063  0x0000_707f  Branch;
            Bgeu     bgeu       "bgeu"       B      0x0000_7063  0x0000_707f  Branch;
            Jal      jal        "jal"        J      0x0000_006f  0x0000_007f  Jal;
            Jalr     jalr       "jalr"       L      0x0000_0067  0x0000_707f  Jalr;

            Fence    fence      "fence"      F      0x0000_000f  0x0000_707f  Alu;
            Ecall    ecall      "ecall"      N      0x0000_0073  0xffff_ffff  Ecall;
            Ebreak   ebreak     "ebreak"     N      0x0010_0073  0xffff_ffff  Ebreak;
        }
    };
}

/// Calls the macro `$callback` with the rows of the C extension (RV32C without floats).
///
/// A row is tried only after the rows above it; its expansion is an instruction of the first table,
/// or `None` where the manual reserves the encoding. A compressed form has no meaning of its own.
#[macro_export]
macro_rules! for_each_compressed {
    ($callback:ident) => {
        $callback! {
        //  Name        method      "mnemonic"    format  match   mask     expansion
            CAddi4spn   c_addi4spn  "c.addi4spn"  Ciw     0x0000  0xe003   |o| (o.imm != 0).then_some(Inst::Addi(I { rd: o.rd, rs1: Reg::SP, imm: o.imm }));
            CLw         c_lw        "c.lw"        Cl      0x4000  0xe003   |o| Some(Inst::Lw(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CSw         c_sw        "c.sw"        Cs      0xc000  0xe003   |o| Some(Inst::Sw(S { rs1: o.rs1, rs2: o.rs2, imm: o.imm }));

            CNop        c_nop       "c.nop"       Cn      0x0001  0xffff   |_| Some(Inst::Addi(I { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 }));
            CAddi       c_addi      "c.addi"      Ci      0x0001  0xe003   |o| Some(Inst::Addi(I { rd: o.rd, rs1: o.rd, imm: o.imm }));
            CJal        c_jal       "c.jal"       Cj      0x2001  0xe003   |o| Some(Inst::Jal(J { rd: Reg::RA, offset: o.offset }));
            CLi         c_li        "c.li"        Ci      0x4001  0xe003   |o| Some(Inst::Addi(I { rd: o.rd, rs1: Reg::ZERO, imm: o.imm }));
            CAddi16sp   c_addi16sp  "c.addi16sp"  Ci16    0x6101  0xef83   |o| (o.imm != 0).then_some(Inst::Addi(I { rd: Reg::SP, rs1: Reg::SP, imm: o.imm }));
            CLui        c_lui       "c.lui"       Cu      0x6001  0xe003   |o| (o.imm != 0).then_some(Inst::Lui(U { rd: o.rd, imm: o.imm }));
            CSrli       c_srli      "c.srli"      Ch      0x8001  0xfc03   |o| Some(Inst::Srli(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CSrai       c_srai      "c.srai"      Ch      0x8401  0xfc03   |o| Some(Inst::Srai(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CAndi       c_andi      "c.andi"      Cbi     0x8801  0xec03   |o| Some(Inst::Andi(I { rd: o.rd, rs1: o.rd, imm: o.imm }));
            CSub        c_sub       "c.sub"       Ca      0x8c01  0xfc63   |o| Some(Inst::Sub(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CXor        c_xor       "c.xor"       Ca      0x8c21  0xfc63   |o| Some(Inst::Xor(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            COr         c_or        "c.or"        Ca      0x8c41  0xfc63   |o| Some(Inst::Or(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CAnd        c_and       "c.and"       Ca      0x8c61  0xfc63   |o| Some(Inst::And(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CJ          c_j         "c.j"         Cj      0xa001  0xe003   |o| Some(Inst::Jal(J { rd: Reg::ZERO, offset: o.offset }));
            CBeqz       c_beqz      "c.beqz"      Cb      0xc001  0xe003   |o| Some(Inst::Beq(B { rs1: o.rs1, rs2: Reg::ZERO, offset: o.offset }));
            CBnez       c_bnez      "c.bnez"      Cb      0xe001  0xe003   |o| Some(Inst::Bne(B { rs1: o.rs1, rs2: Reg::ZERO, offset: o.offset }));

            CSlli       c_slli      "c.slli"      Csh     0x0002  0xf003   |o| Some(Inst::Slli(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CLwsp       c_lwsp      "c.lwsp"      Clsp    0x4002  0xe003   |o| (!o.rd.is_zero()).then_some(Inst::Lw(L { rd: o.rd, rs1: Reg::SP, imm: o.imm }));
            CJr         c_jr        "c.jr"        Cjr     0x8002  0xf07f   |o| (!o.rs1.is_zero()).then_some(Inst::Jalr(L { rd: Reg::ZERO, rs1: o.rs1, imm: 0 }));
            CMv         c_mv        "c.mv"        Cr      0x8002  0xf003   |o| Some(Inst::Add(R { rd: o.rd, rs1: Reg::ZERO, rs2: o.rs2 }));
            CEbreak     c_ebreak    "c.ebreak"    Cn      0x9002  0xffff   |_| Some(Inst::Ebreak(N));
            CJalr       c_jalr      "c.jalr"      Cjr     0x9002  0xf07f   |o| Some(Inst::Jalr(L { rd: Reg::RA, rs1: o.rs1, imm: 0 }));
            CAdd        c_add       "c.add"       Cr      0x9002  0xf003   |o| Some(Inst::Add(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CSwsp       c_swsp      "c.swsp"      Csp     0xc002  0xe003   |o| Some(Inst::Sw(S { rs1: Reg::SP, rs2: o.rs2, imm: o.imm }));
        }
    };
}
