// Instructions that an assembler may not know yet, as macros that write their encodings. Which ones
// is told by BESSEMER_ZICOND and BESSEMER_ZCB.

#ifdef __ASSEMBLER__
#ifndef BESSEMER_INSTRUCTIONS_H
#define BESSEMER_INSTRUCTIONS_H

#ifdef BESSEMER_ZICOND
.macro czero.eqz rd, rs1, rs2
        .insn r 0x33, 5, 7, \rd, \rs1, \rs2
.endm
.macro czero.nez rd, rs1, rs2
        .insn r 0x33, 7, 7, \rd, \rs1, \rs2
.endm
#endif

#ifdef BESSEMER_ZCB
// Reads `xNUMBER` or `OFFSET(xNUMBER)`; offsets are decimal or hexadecimal. The symbols `number` and
// `offset` say what was read.
.macro bessemer_operand text
        .set offset, 0
        .set number, 0
        .set digits, 0
        .set radix, 10
        .irpc char, \text
        .ifc \char,(
        .set offset, number
        .set number, 0
        .set digits, 0
        .set radix, 10
        .endif
        .ifc \char,x
        .if digits
        .set radix, 16
        .endif
        .endif
        .ifnc \char,(
        .ifnc \char,x
        .ifnc \char,)
        .set number, number * radix + 0x\char
        .set digits, digits + 1
        .endif
        .endif
        .endif
        .endr
.endm

// A parcel with the fields funct6, one of x8 to x15, two bits, three bits, opcode.
.macro bessemer_parcel funct6, middle, two, three, opcode
        .2byte (\funct6) << 10 | ((\middle) - 8) << 7 | (\two) << 5 | (\three) << 2 | (\opcode)
.endm

.macro bessemer_access funct6, bits, register, address
        bessemer_operand \register
        .set register, number
        bessemer_operand \address
        bessemer_parcel \funct6, number, \bits, register - 8, 0
.endm
.macro c.lbu rd, address
        bessemer_access 0x20, "(offset & 1) << 1 | offset >> 1", \rd, \address
.endm
.macro c.lhu rd, address
        bessemer_access 0x21, "offset >> 1", \rd, \address
.endm
.macro c.lh rd, address
        bessemer_access 0x21, "2 | offset >> 1", \rd, \address
.endm
.macro c.sb rs2, address
        bessemer_access 0x22, "(offset & 1) << 1 | offset >> 1", \rs2, \address
.endm
.macro c.sh rs2, address
        bessemer_access 0x23, "offset >> 1", \rs2, \address
.endm

.macro bessemer_unary rd, three
        bessemer_operand \rd
        bessemer_parcel 0x27, number, 3, \three, 1
.endm
.macro c.zext.b rd
        bessemer_unary \rd, 0
.endm
.macro c.sext.b rd
        bessemer_unary \rd, 1
.endm
.macro c.zext.h rd
        bessemer_unary \rd, 2
.endm
.macro c.sext.h rd
        bessemer_unary \rd, 3
.endm
.macro c.zext.w rd
        bessemer_unary \rd, 4
.endm
.macro c.not rd
        bessemer_unary \rd, 5
.endm
.macro c.mul rd, rs2
        bessemer_operand \rd
        .set register, number
        bessemer_operand \rs2
        bessemer_parcel 0x27, register, 2, number - 8, 1
.endm
#endif

#endif
#endif
