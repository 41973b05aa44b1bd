//! The instruction set: one row per instruction, one row per compressed form.
//!
//! A row says name, method, mnemonic, the widths that have it, its extension, operand format, fixed
//! bits with their mask, and class.
//! Matches and masks are those of the RISC-V unprivileged manual, chapter "RV32/64G Instruction Set
//! Listings". What a row says is not said anywhere else in the project, except in the oracle of the
//! conformance suite, which must not share it.

/// Calls the macro `$callback` with the rows of RV32I, RV64I, M, A, Zba, Zbb, Zbs and Zicond.
///
/// Shift amounts of the format `H` have six bits; RV32 has none above 31. Two instructions have
/// another encoding in each width, hence two rows: `zext.h` and `rev8`.
#[macro_export]
macro_rules! for_each_instruction {
    ($callback:ident) => {
        $crate::for_each_instruction! { $callback! {} }
    };
    ($callback:ident! { $($prefix:tt)* }) => {
        $callback! { $($prefix)*
        //  Name       method     "mnemonic"   on   in     format match    mask         class
            Lui        lui        "lui"        Any  I      U   0x0000_0037  0x0000_007f  Alu;
            Auipc      auipc      "auipc"      Any  I      U   0x0000_0017  0x0000_007f  Alu;

            Addi       addi       "addi"       Any  I      I   0x0000_0013  0x0000_707f  Alu;
            Slti       slti       "slti"       Any  I      I   0x0000_2013  0x0000_707f  Alu;
            Sltiu      sltiu      "sltiu"      Any  I      I   0x0000_3013  0x0000_707f  Alu;
            Xori       xori       "xori"       Any  I      I   0x0000_4013  0x0000_707f  Alu;
            Ori        ori        "ori"        Any  I      I   0x0000_6013  0x0000_707f  Alu;
            Andi       andi       "andi"       Any  I      I   0x0000_7013  0x0000_707f  Alu;
            Slli       slli       "slli"       Any  I      H   0x0000_1013  0xfc00_707f  Alu;
            Srli       srli       "srli"       Any  I      H   0x0000_5013  0xfc00_707f  Alu;
            Srai       srai       "srai"       Any  I      H   0x4000_5013  0xfc00_707f  Alu;

            Add        add        "add"        Any  I      R   0x0000_0033  0xfe00_707f  Alu;
            Sub        sub        "sub"        Any  I      R   0x4000_0033  0xfe00_707f  Alu;
            Sll        sll        "sll"        Any  I      R   0x0000_1033  0xfe00_707f  Alu;
            Slt        slt        "slt"        Any  I      R   0x0000_2033  0xfe00_707f  Alu;
            Sltu       sltu       "sltu"       Any  I      R   0x0000_3033  0xfe00_707f  Alu;
            Xor        xor        "xor"        Any  I      R   0x0000_4033  0xfe00_707f  Alu;
            Srl        srl        "srl"        Any  I      R   0x0000_5033  0xfe00_707f  Alu;
            Sra        sra        "sra"        Any  I      R   0x4000_5033  0xfe00_707f  Alu;
            Or         or         "or"         Any  I      R   0x0000_6033  0xfe00_707f  Alu;
            And        and        "and"        Any  I      R   0x0000_7033  0xfe00_707f  Alu;

            Addiw      addiw      "addiw"      Rv64 I      I   0x0000_001b  0x0000_707f  Alu;
            Slliw      slliw      "slliw"      Rv64 I      Hw  0x0000_101b  0xfe00_707f  Alu;
            Srliw      srliw      "srliw"      Rv64 I      Hw  0x0000_501b  0xfe00_707f  Alu;
            Sraiw      sraiw      "sraiw"      Rv64 I      Hw  0x4000_501b  0xfe00_707f  Alu;
            Addw       addw       "addw"       Rv64 I      R   0x0000_003b  0xfe00_707f  Alu;
            Subw       subw       "subw"       Rv64 I      R   0x4000_003b  0xfe00_707f  Alu;
            Sllw       sllw       "sllw"       Rv64 I      R   0x0000_103b  0xfe00_707f  Alu;
            Srlw       srlw       "srlw"       Rv64 I      R   0x0000_503b  0xfe00_707f  Alu;
            Sraw       sraw       "sraw"       Rv64 I      R   0x4000_503b  0xfe00_707f  Alu;

            Mul        mul        "mul"        Any  M      R   0x0200_0033  0xfe00_707f  Mul;
            Mulh       mulh       "mulh"       Any  M      R   0x0200_1033  0xfe00_707f  Mulh;
            Mulhsu     mulhsu     "mulhsu"     Any  M      R   0x0200_2033  0xfe00_707f  Mulh;
            Mulhu      mulhu      "mulhu"      Any  M      R   0x0200_3033  0xfe00_707f  Mulh;
            Div        div        "div"        Any  M      R   0x0200_4033  0xfe00_707f  Div;
            Divu       divu       "divu"       Any  M      R   0x0200_5033  0xfe00_707f  Div;
            Rem        rem        "rem"        Any  M      R   0x0200_6033  0xfe00_707f  Div;
            Remu       remu       "remu"       Any  M      R   0x0200_7033  0xfe00_707f  Div;

            Mulw       mulw       "mulw"       Rv64 M      R   0x0200_003b  0xfe00_707f  Mul;
            Divw       divw       "divw"       Rv64 M      R   0x0200_403b  0xfe00_707f  Div;
            Divuw      divuw      "divuw"      Rv64 M      R   0x0200_503b  0xfe00_707f  Div;
            Remw       remw       "remw"       Rv64 M      R   0x0200_603b  0xfe00_707f  Div;
            Remuw      remuw      "remuw"      Rv64 M      R   0x0200_703b  0xfe00_707f  Div;

            Sh1add     sh1add     "sh1add"     Any  Zba    R   0x2000_2033  0xfe00_707f  Alu;
            Sh2add     sh2add     "sh2add"     Any  Zba    R   0x2000_4033  0xfe00_707f  Alu;
            Sh3add     sh3add     "sh3add"     Any  Zba    R   0x2000_6033  0xfe00_707f  Alu;
            AddUw      add_uw     "add.uw"     Rv64 Zba    R   0x0800_003b  0xfe00_707f  Alu;
            Sh1addUw   sh1add_uw  "sh1add.uw"  Rv64 Zba    R   0x2000_203b  0xfe00_707f  Alu;
            Sh2addUw   sh2add_uw  "sh2add.uw"  Rv64 Zba    R   0x2000_403b  0xfe00_707f  Alu;
            Sh3addUw   sh3add_uw  "sh3add.uw"  Rv64 Zba    R   0x2000_603b  0xfe00_707f  Alu;
            SlliUw     slli_uw    "slli.uw"    Rv64 Zba    H   0x0800_101b  0xfc00_707f  Alu;

            Andn       andn       "andn"       Any  Zbb    R   0x4000_7033  0xfe00_707f  Alu;
            Orn        orn        "orn"        Any  Zbb    R   0x4000_6033  0xfe00_707f  Alu;
            Xnor       xnor       "xnor"       Any  Zbb    R   0x4000_4033  0xfe00_707f  Alu;
            Min        min        "min"        Any  Zbb    R   0x0a00_4033  0xfe00_707f  Alu;
            Minu       minu       "minu"       Any  Zbb    R   0x0a00_5033  0xfe00_707f  Alu;
            Max        max        "max"        Any  Zbb    R   0x0a00_6033  0xfe00_707f  Alu;
            Maxu       maxu       "maxu"       Any  Zbb    R   0x0a00_7033  0xfe00_707f  Alu;
            Rol        rol        "rol"        Any  Zbb    R   0x6000_1033  0xfe00_707f  Alu;
            Ror        ror        "ror"        Any  Zbb    R   0x6000_5033  0xfe00_707f  Alu;
            Rori       rori       "rori"       Any  Zbb    H   0x6000_5013  0xfc00_707f  Alu;
            Clz        clz        "clz"        Any  Zbb    R1  0x6000_1013  0xfff0_707f  Alu;
            Ctz        ctz        "ctz"        Any  Zbb    R1  0x6010_1013  0xfff0_707f  Alu;
            Cpop       cpop       "cpop"       Any  Zbb    R1  0x6020_1013  0xfff0_707f  Alu;
            SextB      sextb      "sext.b"     Any  Zbb    R1  0x6040_1013  0xfff0_707f  Alu;
            SextH      sexth      "sext.h"     Any  Zbb    R1  0x6050_1013  0xfff0_707f  Alu;
            ZextH32    zexth_32   "zext.h"     Rv32 Zbb    R1  0x0800_4033  0xfff0_707f  Alu;
            ZextH64    zexth_64   "zext.h"     Rv64 Zbb    R1  0x0800_403b  0xfff0_707f  Alu;
            OrcB       orc_b      "orc.b"      Any  Zbb    R1  0x2870_5013  0xfff0_707f  Alu;
            Rev832     rev8_32    "rev8"       Rv32 Zbb    R1  0x6980_5013  0xfff0_707f  Alu;
            Rev864     rev8_64    "rev8"       Rv64 Zbb    R1  0x6b80_5013  0xfff0_707f  Alu;
            Rolw       rolw       "rolw"       Rv64 Zbb    R   0x6000_103b  0xfe00_707f  Alu;
            Rorw       rorw       "rorw"       Rv64 Zbb    R   0x6000_503b  0xfe00_707f  Alu;
            Roriw      roriw      "roriw"      Rv64 Zbb    Hw  0x6000_501b  0xfe00_707f  Alu;
            Clzw       clzw       "clzw"       Rv64 Zbb    R1  0x6000_101b  0xfff0_707f  Alu;
            Ctzw       ctzw       "ctzw"       Rv64 Zbb    R1  0x6010_101b  0xfff0_707f  Alu;
            Cpopw      cpopw      "cpopw"      Rv64 Zbb    R1  0x6020_101b  0xfff0_707f  Alu;

            Bclr       bclr       "bclr"       Any  Zbs    R   0x4800_1033  0xfe00_707f  Alu;
            Bclri      bclri      "bclri"      Any  Zbs    H   0x4800_1013  0xfc00_707f  Alu;
            Bext       bext       "bext"       Any  Zbs    R   0x4800_5033  0xfe00_707f  Alu;
            Bexti      bexti      "bexti"      Any  Zbs    H   0x4800_5013  0xfc00_707f  Alu;
            Binv       binv       "binv"       Any  Zbs    R   0x6800_1033  0xfe00_707f  Alu;
            Binvi      binvi      "binvi"      Any  Zbs    H   0x6800_1013  0xfc00_707f  Alu;
            Bset       bset       "bset"       Any  Zbs    R   0x2800_1033  0xfe00_707f  Alu;
            Bseti      bseti      "bseti"      Any  Zbs    H   0x2800_1013  0xfc00_707f  Alu;

            CzeroEqz   czero_eqz  "czero.eqz"  Any  Zicond R   0x0e00_5033  0xfe00_707f  Alu;
            CzeroNez   czero_nez  "czero.nez"  Any  Zicond R   0x0e00_7033  0xfe00_707f  Alu;

            Lb         lb         "lb"         Any  I      L   0x0000_0003  0x0000_707f  Load;
            Lh         lh         "lh"         Any  I      L   0x0000_1003  0x0000_707f  Load;
            Lw         lw         "lw"         Any  I      L   0x0000_2003  0x0000_707f  Load;
            Lbu        lbu        "lbu"        Any  I      L   0x0000_4003  0x0000_707f  Load;
            Lhu        lhu        "lhu"        Any  I      L   0x0000_5003  0x0000_707f  Load;
            Sb         sb         "sb"         Any  I      S   0x0000_0023  0x0000_707f  Store;
            Sh         sh         "sh"         Any  I      S   0x0000_1023  0x0000_707f  Store;
            Sw         sw         "sw"         Any  I      S   0x0000_2023  0x0000_707f  Store;

            Lwu        lwu        "lwu"        Rv64 I      L   0x0000_6003  0x0000_707f  Load;
            Ld         ld         "ld"         Rv64 I      L   0x0000_3003  0x0000_707f  Load;
            Sd         sd         "sd"         Rv64 I      S   0x0000_3023  0x0000_707f  Store;

            LrW        lr_w       "lr.w"       Any  A      Lr  0x1000_202f  0xf9f0_707f  Load;
            ScW        sc_w       "sc.w"       Any  A      A   0x1800_202f  0xf800_707f  Store;
            AmoswapW   amoswap_w  "amoswap.w"  Any  A      A   0x0800_202f  0xf800_707f  Amo;
            AmoaddW    amoadd_w   "amoadd.w"   Any  A      A   0x0000_202f  0xf800_707f  Amo;
            AmoxorW    amoxor_w   "amoxor.w"   Any  A      A   0x2000_202f  0xf800_707f  Amo;
            AmoandW    amoand_w   "amoand.w"   Any  A      A   0x6000_202f  0xf800_707f  Amo;
            AmoorW     amoor_w    "amoor.w"    Any  A      A   0x4000_202f  0xf800_707f  Amo;
            AmominW    amomin_w   "amomin.w"   Any  A      A   0x8000_202f  0xf800_707f  Amo;
            AmomaxW    amomax_w   "amomax.w"   Any  A      A   0xa000_202f  0xf800_707f  Amo;
            AmominuW   amominu_w  "amominu.w"  Any  A      A   0xc000_202f  0xf800_707f  Amo;
            AmomaxuW   amomaxu_w  "amomaxu.w"  Any  A      A   0xe000_202f  0xf800_707f  Amo;

            LrD        lr_d       "lr.d"       Rv64 A      Lr  0x1000_302f  0xf9f0_707f  Load;
            ScD        sc_d       "sc.d"       Rv64 A      A   0x1800_302f  0xf800_707f  Store;
            AmoswapD   amoswap_d  "amoswap.d"  Rv64 A      A   0x0800_302f  0xf800_707f  Amo;
            AmoaddD    amoadd_d   "amoadd.d"   Rv64 A      A   0x0000_302f  0xf800_707f  Amo;
            AmoxorD    amoxor_d   "amoxor.d"   Rv64 A      A   0x2000_302f  0xf800_707f  Amo;
            AmoandD    amoand_d   "amoand.d"   Rv64 A      A   0x6000_302f  0xf800_707f  Amo;
            AmoorD     amoor_d    "amoor.d"    Rv64 A      A   0x4000_302f  0xf800_707f  Amo;
            AmominD    amomin_d   "amomin.d"   Rv64 A      A   0x8000_302f  0xf800_707f  Amo;
            AmomaxD    amomax_d   "amomax.d"   Rv64 A      A   0xa000_302f  0xf800_707f  Amo;
            AmominuD   amominu_d  "amominu.d"  Rv64 A      A   0xc000_302f  0xf800_707f  Amo;
            AmomaxuD   amomaxu_d  "amomaxu.d"  Rv64 A      A   0xe000_302f  0xf800_707f  Amo;

            Beq        beq        "beq"        Any  I      B   0x0000_0063  0x0000_707f  Branch;
            Bne        bne        "bne"        Any  I      B   0x0000_1063  0x0000_707f  Branch;
            Blt        blt        "blt"        Any  I      B   0x0000_4063  0x0000_707f  Branch;
            Bge        bge        "bge"        Any  I      B   0x0000_5063  0x0000_707f  Branch;
            Bltu       bltu       "bltu"       Any  I      B   0x0000_6063  0x0000_707f  Branch;
            Bgeu       bgeu       "bgeu"       Any  I      B   0x0000_7063  0x0000_707f  Branch;
            Jal        jal        "jal"        Any  I      J   0x0000_006f  0x0000_007f  Jal;
            Jalr       jalr       "jalr"       Any  I      L   0x0000_0067  0x0000_707f  Jalr;

            Fence      fence      "fence"      Any  I      F   0x0000_000f  0x0000_707f  Alu;
            Ecall      ecall      "ecall"      Any  I      N   0x0000_0073  0xffff_ffff  Ecall;
            Ebreak     ebreak     "ebreak"     Any  I      N   0x0010_0073  0xffff_ffff  Ebreak;
        }
    };
}

/// Calls the macro `$callback` with the rows of the C extension without floats, and of Zcb.
///
/// A row is tried only after the rows above it; its expansion is an instruction of the first table,
/// or `None` where the manual reserves the encoding. A compressed form has no meaning of its own, and
/// is illegal where its expansion is: so is a shift amount above 31 on RV32.
#[macro_export]
macro_rules! for_each_compressed {
    ($callback:ident) => {
        $callback! {
        //  Name        method      "mnemonic"    on   in   format  match   mask     expansion
            CAddi4spn   c_addi4spn  "c.addi4spn"  Any  Zca  Ciw    0x0000  0xe003   |o| (o.imm != 0).then_some(Inst::Addi(I { rd: o.rd, rs1: Reg::SP, imm: o.imm }));
            CLw         c_lw        "c.lw"        Any  Zca  Cl     0x4000  0xe003   |o| Some(Inst::Lw(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CLd         c_ld        "c.ld"        Rv64 Zca  Cld    0x6000  0xe003   |o| Some(Inst::Ld(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CSw         c_sw        "c.sw"        Any  Zca  Cs     0xc000  0xe003   |o| Some(Inst::Sw(S { rs1: o.rs1, rs2: o.rs2, imm: o.imm }));
            CSd         c_sd        "c.sd"        Rv64 Zca  Csd    0xe000  0xe003   |o| Some(Inst::Sd(S { rs1: o.rs1, rs2: o.rs2, imm: o.imm }));
            CLbu        c_lbu       "c.lbu"       Any  Zcb  Clb    0x8000  0xfc03   |o| Some(Inst::Lbu(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CLhu        c_lhu       "c.lhu"       Any  Zcb  Clh    0x8400  0xfc43   |o| Some(Inst::Lhu(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CLh         c_lh        "c.lh"        Any  Zcb  Clh    0x8440  0xfc43   |o| Some(Inst::Lh(L { rd: o.rd, rs1: o.rs1, imm: o.imm }));
            CSb         c_sb        "c.sb"        Any  Zcb  Csb    0x8800  0xfc03   |o| Some(Inst::Sb(S { rs1: o.rs1, rs2: o.rs2, imm: o.imm }));
            CSh         c_sh        "c.sh"        Any  Zcb  Cshw   0x8c00  0xfc43   |o| Some(Inst::Sh(S { rs1: o.rs1, rs2: o.rs2, imm: o.imm }));

            CNop        c_nop       "c.nop"       Any  Zca  Cn     0x0001  0xffff   |_| Some(Inst::Addi(I { rd: Reg::ZERO, rs1: Reg::ZERO, imm: 0 }));
            CAddi       c_addi      "c.addi"      Any  Zca  Ci     0x0001  0xe003   |o| Some(Inst::Addi(I { rd: o.rd, rs1: o.rd, imm: o.imm }));
            CJal        c_jal       "c.jal"       Rv32 Zca  Cj     0x2001  0xe003   |o| Some(Inst::Jal(J { rd: Reg::RA, offset: o.offset }));
            CAddiw      c_addiw     "c.addiw"     Rv64 Zca  Ci     0x2001  0xe003   |o| (!o.rd.is_zero()).then_some(Inst::Addiw(I { rd: o.rd, rs1: o.rd, imm: o.imm }));
            CLi         c_li        "c.li"        Any  Zca  Ci     0x4001  0xe003   |o| Some(Inst::Addi(I { rd: o.rd, rs1: Reg::ZERO, imm: o.imm }));
            CAddi16sp   c_addi16sp  "c.addi16sp"  Any  Zca  Ci16   0x6101  0xef83   |o| (o.imm != 0).then_some(Inst::Addi(I { rd: Reg::SP, rs1: Reg::SP, imm: o.imm }));
            CLui        c_lui       "c.lui"       Any  Zca  Cu     0x6001  0xe003   |o| (o.imm != 0).then_some(Inst::Lui(U { rd: o.rd, imm: o.imm }));
            CSrli       c_srli      "c.srli"      Any  Zca  Ch     0x8001  0xec03   |o| Some(Inst::Srli(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CSrai       c_srai      "c.srai"      Any  Zca  Ch     0x8401  0xec03   |o| Some(Inst::Srai(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CAndi       c_andi      "c.andi"      Any  Zca  Cbi    0x8801  0xec03   |o| Some(Inst::Andi(I { rd: o.rd, rs1: o.rd, imm: o.imm }));
            CSub        c_sub       "c.sub"       Any  Zca  Ca     0x8c01  0xfc63   |o| Some(Inst::Sub(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CXor        c_xor       "c.xor"       Any  Zca  Ca     0x8c21  0xfc63   |o| Some(Inst::Xor(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            COr         c_or        "c.or"        Any  Zca  Ca     0x8c41  0xfc63   |o| Some(Inst::Or(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CAnd        c_and       "c.and"       Any  Zca  Ca     0x8c61  0xfc63   |o| Some(Inst::And(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CSubw       c_subw      "c.subw"      Rv64 Zca  Ca     0x9c01  0xfc63   |o| Some(Inst::Subw(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CAddw       c_addw      "c.addw"      Rv64 Zca  Ca     0x9c21  0xfc63   |o| Some(Inst::Addw(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CMul        c_mul       "c.mul"       Any  Zcb  Ca     0x9c41  0xfc63   |o| Some(Inst::Mul(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CZextB      c_zextb     "c.zext.b"    Any  Zcb  Cu1    0x9c61  0xfc7f   |o| Some(Inst::Andi(I { rd: o.rd, rs1: o.rd, imm: 255 }));
            CSextB      c_sextb     "c.sext.b"    Any  Zcb  Cu1    0x9c65  0xfc7f   |o| Some(Inst::SextB(R1 { rd: o.rd, rs1: o.rd }));
            CZextH32    c_zexth_32  "c.zext.h"    Rv32 Zcb  Cu1    0x9c69  0xfc7f   |o| Some(Inst::ZextH32(R1 { rd: o.rd, rs1: o.rd }));
            CZextH64    c_zexth_64  "c.zext.h"    Rv64 Zcb  Cu1    0x9c69  0xfc7f   |o| Some(Inst::ZextH64(R1 { rd: o.rd, rs1: o.rd }));
            CSextH      c_sexth     "c.sext.h"    Any  Zcb  Cu1    0x9c6d  0xfc7f   |o| Some(Inst::SextH(R1 { rd: o.rd, rs1: o.rd }));
            CZextW      c_zextw     "c.zext.w"    Rv64 Zcb  Cu1    0x9c71  0xfc7f   |o| Some(Inst::AddUw(R { rd: o.rd, rs1: o.rd, rs2: Reg::ZERO }));
            CNot        c_not       "c.not"       Any  Zcb  Cu1    0x9c75  0xfc7f   |o| Some(Inst::Xori(I { rd: o.rd, rs1: o.rd, imm: -1 }));
            CJ          c_j         "c.j"         Any  Zca  Cj     0xa001  0xe003   |o| Some(Inst::Jal(J { rd: Reg::ZERO, offset: o.offset }));
            CBeqz       c_beqz      "c.beqz"      Any  Zca  Cb     0xc001  0xe003   |o| Some(Inst::Beq(B { rs1: o.rs1, rs2: Reg::ZERO, offset: o.offset }));
            CBnez       c_bnez      "c.bnez"      Any  Zca  Cb     0xe001  0xe003   |o| Some(Inst::Bne(B { rs1: o.rs1, rs2: Reg::ZERO, offset: o.offset }));

            CSlli       c_slli      "c.slli"      Any  Zca  Csh    0x0002  0xe003   |o| Some(Inst::Slli(H { rd: o.rd, rs1: o.rd, shamt: o.shamt }));
            CLwsp       c_lwsp      "c.lwsp"      Any  Zca  Clsp   0x4002  0xe003   |o| (!o.rd.is_zero()).then_some(Inst::Lw(L { rd: o.rd, rs1: Reg::SP, imm: o.imm }));
            CLdsp       c_ldsp      "c.ldsp"      Rv64 Zca  Cldsp  0x6002  0xe003   |o| (!o.rd.is_zero()).then_some(Inst::Ld(L { rd: o.rd, rs1: Reg::SP, imm: o.imm }));
            CJr         c_jr        "c.jr"        Any  Zca  Cjr    0x8002  0xf07f   |o| (!o.rs1.is_zero()).then_some(Inst::Jalr(L { rd: Reg::ZERO, rs1: o.rs1, imm: 0 }));
            CMv         c_mv        "c.mv"        Any  Zca  Cr     0x8002  0xf003   |o| Some(Inst::Add(R { rd: o.rd, rs1: Reg::ZERO, rs2: o.rs2 }));
            CEbreak     c_ebreak    "c.ebreak"    Any  Zca  Cn     0x9002  0xffff   |_| Some(Inst::Ebreak(N));
            CJalr       c_jalr      "c.jalr"      Any  Zca  Cjr    0x9002  0xf07f   |o| Some(Inst::Jalr(L { rd: Reg::RA, rs1: o.rs1, imm: 0 }));
            CAdd        c_add       "c.add"       Any  Zca  Cr     0x9002  0xf003   |o| Some(Inst::Add(R { rd: o.rd, rs1: o.rd, rs2: o.rs2 }));
            CSwsp       c_swsp      "c.swsp"      Any  Zca  Csp    0xc002  0xe003   |o| Some(Inst::Sw(S { rs1: Reg::SP, rs2: o.rs2, imm: o.imm }));
            CSdsp       c_sdsp      "c.sdsp"      Rv64 Zca  Csdsp  0xe002  0xe003   |o| Some(Inst::Sd(S { rs1: Reg::SP, rs2: o.rs2, imm: o.imm }));
        }
    };
}
