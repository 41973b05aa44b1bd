//! Instructions that compute a register from registers and constants.

use bessemer_isa::{H, I, R, Reg, U};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, Value};

use super::Lowering;

impl Lowering<'_, '_> {
    pub(super) fn constant(&mut self, U { rd, imm }: U) {
        self.write_constant(rd, imm);
    }

    pub(super) fn pc_relative(&mut self, U { rd, imm }: U) {
        self.write_constant(rd, self.pc.wrapping_add(imm));
    }

    /// `rd = op(rs1, imm)`; the immediate is sign-extended.
    pub(super) fn with_immediate(
        &mut self,
        I { rd, rs1, imm }: I,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let a = self.read32(rs1);
        let b = self.builder.ins().iconst(I32, i64::from(imm as u32));
        let value = op(self, a, b);
        self.write32(rd, value);
    }

    /// `rd = rs1 + imm`, of which `mv` and `li` are special cases that cost nothing.
    pub(super) fn add_immediate(&mut self, I { rd, rs1, imm }: I) {
        if rs1.is_zero() {
            self.write_constant(rd, imm as u32);
        } else if imm == 0 {
            let value = self.read(rs1);
            self.write(rd, value);
        } else {
            self.with_immediate(I { rd, rs1, imm }, |this, a, b| this.builder.ins().iadd(a, b));
        }
    }

    /// `rd = op(rs1, rs2)`.
    pub(super) fn with_registers(
        &mut self,
        R { rd, rs1, rs2 }: R,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let (a, b) = (self.read32(rs1), self.read32(rs2));
        let value = op(self, a, b);
        self.write32(rd, value);
    }

    /// `rd = rs1 + rs2`, of which the compressed `mv` is a special case.
    pub(super) fn add_registers(&mut self, R { rd, rs1, rs2 }: R) {
        if rs1.is_zero() || rs2.is_zero() {
            let value = self.read(if rs1.is_zero() { rs2 } else { rs1 });
            self.write(rd, value);
        } else {
            self.with_registers(R { rd, rs1, rs2 }, |this, a, b| this.builder.ins().iadd(a, b));
        }
    }

    /// A shift by a constant.
    pub(super) fn shift_immediate(
        &mut self,
        H { rd, rs1, shamt }: H,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let a = self.read32(rs1);
        let b = self.builder.ins().iconst(I32, i64::from(shamt));
        let value = op(self, a, b);
        self.write32(rd, value);
    }

    /// `rd = a < b`.
    pub(super) fn set_if(&mut self, rd: Reg, condition: IntCC, a: Value, b: Value) {
        let bit = self.builder.ins().icmp(condition, a, b);
        let value = self.builder.ins().uextend(I64, bit);
        self.write(rd, value);
    }

    pub(super) fn set_if_immediate(&mut self, I { rd, rs1, imm }: I, condition: IntCC) {
        let a = self.read32(rs1);
        let b = self.builder.ins().iconst(I32, i64::from(imm as u32));
        self.set_if(rd, condition, a, b);
    }

    pub(super) fn set_if_registers(&mut self, R { rd, rs1, rs2 }: R, condition: IntCC) {
        let (a, b) = (self.read32(rs1), self.read32(rs2));
        self.set_if(rd, condition, a, b);
    }

    /// The upper half of a product; whether each operand is signed.
    pub(super) fn multiply_high(&mut self, R { rd, rs1, rs2 }: R, signed: (bool, bool)) {
        let a = self.extended(rs1, signed.0);
        let b = self.extended(rs2, signed.1);
        let product = self.builder.ins().imul(a, b);
        let value = self.builder.ins().ushr_imm_u(product, 32);
        self.write(rd, value);
    }

    /// The register's value extended to 64 bits.
    fn extended(&mut self, reg: Reg, signed: bool) -> Value {
        if signed {
            let value = self.read32(reg);
            self.builder.ins().sextend(I64, value)
        } else {
            self.read(reg)
        }
    }

    /// Unsigned division (manual, section "Division Operations"): by zero, the quotient is all ones
    /// and the remainder the dividend. The host's divider never sees a zero.
    pub(super) fn divide_unsigned(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
        let (a, b) = (self.read32(rs1), self.read32(rs2));
        let one = self.builder.ins().iconst(I32, 1);
        let divisor = self.builder.ins().select(b, b, one);
        let (value, by_zero) = if remainder {
            (self.builder.ins().urem(a, divisor), a)
        } else {
            let ones = self.builder.ins().iconst(I32, 0xffff_ffff);
            (self.builder.ins().udiv(a, divisor), ones)
        };
        let value = self.builder.ins().select(b, value, by_zero);
        self.write32(rd, value);
    }

    /// Signed division, on 64 bits: there the one overflow, the smallest number divided by -1, is
    /// an ordinary quotient whose low half is what the manual asks for.
    pub(super) fn divide_signed(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
        let (a, b) = (self.extended(rs1, true), self.extended(rs2, true));
        let one = self.builder.ins().iconst(I64, 1);
        let divisor = self.builder.ins().select(b, b, one);
        let (value, by_zero) = if remainder {
            (self.builder.ins().srem(a, divisor), a)
        } else {
            let ones = self.builder.ins().iconst(I64, -1);
            (self.builder.ins().sdiv(a, divisor), ones)
        };
        let value = self.builder.ins().select(b, value, by_zero);
        let value = self.builder.ins().ireduce(I32, value);
        self.write32(rd, value);
    }
}
