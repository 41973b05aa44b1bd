//! Instructions that compute a register from registers and constants.

use bessemer_isa::{H, Hw, I, Inst, R, R1, Reg, U, Xlen};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64, I128, Type};
use cranelift_codegen::ir::{InstBuilder, Value};

use super::{Lowering, Product};

/// How far behind a multiplication the one for the other half of the product is looked for, in
/// instructions.
const MAX_DISTANCE: u32 = 8;

impl Lowering<'_, '_> {
    pub(super) fn constant(&mut self, U { rd, imm }: U) {
        let value = self.extend(imm.cast_signed());
        self.write_constant(rd, value);
    }

    pub(super) fn pc_relative(&mut self, U { rd, imm }: U) {
        let value = match self.xlen {
            Xlen::Rv32 => u64::from(self.pc.wrapping_add(imm)),
            Xlen::Rv64 => u64::from(self.pc).wrapping_add(self.extend(imm.cast_signed())),
        };
        self.write_constant(rd, value);
    }

    /// `rd = op(rs1, imm)`; the immediate is sign-extended.
    pub(super) fn with_immediate(
        &mut self,
        I { rd, rs1, imm }: I,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let a = self.read_word(rs1);
        let b = self.word_constant(imm);
        let mut value = op(self, a, b);
        if rd == rs1 && rd != Reg::SP && self.xlen == Xlen::Rv64 {
            value = self.computed_once(value);
        }
        self.write_word(rd, value);
    }

    /// The value, which Cranelift does not compute again elsewhere. Operations with a constant it
    /// repeats in each block that uses them. The old value is then needed as long as the new one: a
    /// register that a loop steps by a constant, and that is used behind the loop, takes two, and a move
    /// and a jump more in each iteration. The pair is no code.
    fn computed_once(&mut self, value: Value) -> Value {
        let pair = self.builder.ins().iconcat(value, value);
        self.builder.ins().isplit(pair).0
    }

    /// `rd = rs1 + imm`, of which `mv` and `li` are special cases that cost nothing.
    pub(super) fn add_immediate(&mut self, I { rd, rs1, imm }: I) {
        if rs1.is_zero() {
            let value = self.extend(imm);
            self.write_constant(rd, value);
        } else if imm == 0 {
            self.copy(rd, rs1);
        } else {
            self.with_immediate(I { rd, rs1, imm }, |this, a, b| this.builder.ins().iadd(a, b));
        }
    }

    /// `rd = rs1 + imm` in 32 bits, of which `sext.w` is a special case.
    pub(super) fn add_immediate_word(&mut self, I { rd, rs1, imm }: I) {
        let mut value = self.read32(rs1);
        if imm != 0 {
            value = self.builder.ins().iadd_imm_s(value, i64::from(imm));
        }
        self.write32(rd, value);
    }

    /// `rd = op(rs1)`.
    pub(super) fn with_register(
        &mut self,
        R1 { rd, rs1 }: R1,
        op: impl FnOnce(&mut Self, Value) -> Value,
    ) {
        let a = self.read_word(rs1);
        let value = op(self, a);
        self.write_word(rd, value);
    }

    /// `rd = op(rs1, rs2)`.
    pub(super) fn with_registers(
        &mut self,
        R { rd, rs1, rs2 }: R,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let (a, b) = (self.read_word(rs1), self.read_word(rs2));
        let value = op(self, a, b);
        self.write_word(rd, value);
    }

    /// `rd = op(rs1, rs2)` in 32 bits.
    pub(super) fn with_words(
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
            self.copy(rd, if rs1.is_zero() { rs2 } else { rs1 });
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
        let a = self.read_word(rs1);
        let b = self.builder.ins().iconst(I32, i64::from(shamt));
        let value = op(self, a, b);
        self.write_word(rd, value);
    }

    /// A shift of the low 32 bits by a constant.
    pub(super) fn shift_word(
        &mut self,
        Hw { rd, rs1, shamt }: Hw,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let a = self.read32(rs1);
        let b = self.builder.ins().iconst(I32, i64::from(shamt));
        let value = op(self, a, b);
        self.write32(rd, value);
    }

    /// A logical shift right of the low 32 bits by a constant. Shifted at all, the result is not
    /// negative, and extended as it is.
    pub(super) fn shift_right_word(&mut self, h: Hw) {
        if h.shamt == 0 {
            return self.shift_word(h, |this, a, b| this.builder.ins().ushr(a, b));
        }
        let a = self.read32(h.rs1);
        let value = self.builder.ins().ushr_imm_u(a, i64::from(h.shamt));
        self.write_positive(h.rd, value);
    }

    /// `rd = op(rs1, rs2)`, where words that are sign-extended give one that is.
    pub(super) fn bitwise(&mut self, r: R, op: impl FnOnce(&mut Self, Value, Value) -> Value) {
        match self.known_words([r.rs1, r.rs2]) {
            Some([a, b]) => {
                let value = op(self, a, b);
                self.write32(r.rd, value);
            }
            None => self.with_registers(r, op),
        }
    }

    /// `rd = op(rs1, imm)`, the same.
    pub(super) fn bitwise_immediate(
        &mut self,
        i: I,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        match self.known_words([i.rs1]) {
            Some([a]) => {
                let b = self.builder.ins().iconst(I32, i64::from(i.imm.cast_unsigned()));
                let value = op(self, a, b);
                self.write32(i.rd, value);
            }
            None => self.with_immediate(i, op),
        }
    }

    /// `rd = rs1 & imm`. A mask that is not negative leaves a word.
    pub(super) fn mask(&mut self, i: I) {
        if self.xlen == Xlen::Rv64 && i.imm >= 0 {
            let a = self.read32(i.rs1);
            let value = self.builder.ins().band_imm_u(a, i64::from(i.imm));
            return self.write_positive(i.rd, value);
        }
        self.bitwise_immediate(i, |this, a, b| this.builder.ins().band(a, b));
    }

    /// `rd = a < b`.
    pub(super) fn set_if(&mut self, rd: Reg, condition: IntCC, a: Value, b: Value) {
        let bit = self.builder.ins().icmp(condition, a, b);
        let value = self.builder.ins().uextend(I64, bit);
        self.write(rd, value);
    }

    pub(super) fn set_if_immediate(&mut self, I { rd, rs1, imm }: I, condition: IntCC) {
        let (a, b) = match self.known_words([rs1]) {
            Some([a]) => (a, self.builder.ins().iconst(I32, i64::from(imm.cast_unsigned()))),
            None => (self.read_word(rs1), self.word_constant(imm)),
        };
        self.set_if(rd, condition, a, b);
    }

    pub(super) fn set_if_registers(&mut self, R { rd, rs1, rs2 }: R, condition: IntCC) {
        let (a, b) = self.comparable(rs1, rs2);
        self.set_if(rd, condition, a, b);
    }

    /// Two registers as values of which any comparison gives what that of the registers does. Sign
    /// extension keeps both orders.
    pub(super) fn comparable(&mut self, rs1: Reg, rs2: Reg) -> (Value, Value) {
        match self.known_words([rs1, rs2]) {
            Some([a, b]) => (a, b),
            None => (self.read_word(rs1), self.read_word(rs2)),
        }
    }

    /// The lower half of a product.
    pub(super) fn multiply(&mut self, r: R) {
        let of_same = |inst: Inst| if let Inst::Mulhu(r) = inst { Some(r) } else { None };
        match self.whole_product(r, of_same) {
            Some(Product { low, .. }) => self.write(r.rd, low),
            None => self.with_registers(r, |this, a, b| this.builder.ins().imul(a, b)),
        }
    }

    /// The whole product of two 64-bit registers, if an instruction near this one needs the other half:
    /// the host computes both at once. `other` tells which instruction that is.
    fn whole_product(&mut self, r: R, other: fn(Inst) -> Option<R>) -> Option<Product> {
        if self.xlen == Xlen::Rv32 || self.in_context || r.rs1.is_zero() || r.rs2.is_zero() {
            return None;
        }
        let (a, b) = (self.read(r.rs1), self.read(r.rs2));
        let is_it = |product: &&Product| [(a, b), (b, a)].contains(&product.factors);
        if let Some(known) = self.products.iter().find(is_it) {
            return Some(*known);
        }
        if !self.is_followed(r, other) {
            return None;
        }
        let wide = [a, b].map(|factor| self.builder.ins().uextend(I128, factor));
        let product = self.builder.ins().imul(wide[0], wide[1]);
        let (low, high) = self.builder.ins().isplit(product);
        let product = Product { factors: (a, b), low, high };
        self.products.push(product);
        Some(product)
    }

    /// Whether one of the next instructions of the block is such a one on the same operands.
    fn is_followed(&self, r: R, other: fn(Inst) -> Option<R>) -> bool {
        let text = self.env.program.text();
        let (mut written, mut pc) = (r.rd, self.next_pc);
        for _ in 0..MAX_DISTANCE {
            if [r.rs1, r.rs2].contains(&written) {
                return false;
            }
            let slot = text.index(pc).filter(|&slot| self.flow.block_at(slot).is_none());
            let Some(decoded) = slot.map(|slot| text.slot(slot)) else { return false };
            let Some(inst) = decoded.inst.filter(|inst| !inst.is_terminator()) else {
                return false;
            };
            if let Some(found) = other(inst) {
                let same = [(r.rs1, r.rs2), (r.rs2, r.rs1)].contains(&(found.rs1, found.rs2));
                if same {
                    return true;
                }
            }
            written = inst.registers().1.iter().next().unwrap_or(Reg::ZERO);
            pc = pc.wrapping_add(u32::from(decoded.len));
        }
        false
    }

    /// The upper half of a product; whether each operand is signed.
    pub(super) fn multiply_high(&mut self, R { rd, rs1, rs2 }: R, signed: (bool, bool)) {
        let value = match (self.xlen, signed) {
            (Xlen::Rv32, _) => {
                let a = self.extended(rs1, signed.0);
                let b = self.extended(rs2, signed.1);
                let product = self.builder.ins().imul(a, b);
                self.builder.ins().ushr_imm_u(product, 32)
            }
            (Xlen::Rv64, (true, true)) => {
                let (a, b) = (self.read(rs1), self.read(rs2));
                self.builder.ins().smulhi(a, b)
            }
            (Xlen::Rv64, (false, _))
                if let Some(Product { high, .. }) =
                    self.whole_product(R { rd, rs1, rs2 }, |inst| match inst {
                        Inst::Mul(r) => Some(r),
                        _ => None,
                    }) =>
            {
                high
            }
            (Xlen::Rv64, (is_signed, _)) => {
                let (a, b) = (self.read(rs1), self.read(rs2));
                let high = self.builder.ins().umulhi(a, b);
                if is_signed {
                    // a negative a was taken as a + 2^64
                    let sign = self.builder.ins().sshr_imm_u(a, 63);
                    let excess = self.builder.ins().band(sign, b);
                    self.builder.ins().isub(high, excess)
                } else {
                    high
                }
            }
        };
        self.write(rd, value);
    }

    /// The low 32 bits of a register extended to 64.
    fn extended(&mut self, reg: Reg, signed: bool) -> Value {
        let value = self.read32(reg);
        match signed {
            true => self.builder.ins().sextend(I64, value),
            false => self.builder.ins().uextend(I64, value),
        }
    }

    /// Unsigned division (manual, section "Division Operations"): by zero, the quotient is all ones
    /// and the remainder the dividend.
    pub(super) fn divide_unsigned(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
        let (a, b) = (self.read_word(rs1), self.read_word(rs2));
        let value = self.quotient_unsigned(self.word(), a, b, remainder);
        self.write_word(rd, value);
    }

    pub(super) fn divide_unsigned_word(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
        let (a, b) = (self.read32(rs1), self.read32(rs2));
        let value = self.quotient_unsigned(I32, a, b, remainder);
        self.write32(rd, value);
    }

    /// The host's divider never sees a zero.
    fn quotient_unsigned(&mut self, ty: Type, a: Value, b: Value, remainder: bool) -> Value {
        let one = self.builder.ins().iconst(ty, 1);
        let divisor = self.builder.ins().select(b, b, one);
        let (value, by_zero) = if remainder {
            (self.builder.ins().urem(a, divisor), a)
        } else {
            let zero = self.builder.ins().iconst(ty, 0);
            let ones = self.builder.ins().bnot(zero);
            (self.builder.ins().udiv(a, divisor), ones)
        };
        self.builder.ins().select(b, value, by_zero)
    }

    pub(super) fn divide_signed(&mut self, r: R, remainder: bool) {
        match self.xlen {
            Xlen::Rv32 => self.divide_signed_word(r, remainder),
            Xlen::Rv64 => self.divide_signed_double(r, remainder),
        }
    }

    /// Signed division of words, on 64 bits: there the one overflow, the smallest number divided by
    /// -1, is an ordinary quotient whose low half is what the manual asks for.
    pub(super) fn divide_signed_word(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
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

    /// Signed division of 64 bits. The host's divider sees neither 0 nor -1: by -1, the quotient is
    /// the negated dividend, also where that overflows, and the remainder 0.
    fn divide_signed_double(&mut self, R { rd, rs1, rs2 }: R, remainder: bool) {
        let (a, b) = (self.read(rs1), self.read(rs2));
        let one = self.builder.ins().iconst(I64, 1);
        let above = self.builder.ins().iadd(b, one);
        let special = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, above, one);
        let divisor = self.builder.ins().select(special, one, b);
        let value = if remainder {
            // divided by 1, the remainder is 0
            let value = self.builder.ins().srem(a, divisor);
            self.builder.ins().select(b, value, a)
        } else {
            let value = self.builder.ins().sdiv(a, divisor);
            let ones = self.builder.ins().iconst(I64, -1);
            let negated = self.builder.ins().ineg(a);
            let exceptional = self.builder.ins().select(b, negated, ones);
            self.builder.ins().select(special, exceptional, value)
        };
        self.write(rd, value);
    }

    /// `rd = (rs1 << count) + rs2`.
    pub(super) fn shift_and_add(&mut self, r: R, count: i64) {
        self.with_registers(r, |this, a, b| {
            let scaled = this.builder.ins().ishl_imm_u(a, count);
            this.builder.ins().iadd(scaled, b)
        });
    }

    /// The same, with the low 32 bits of rs1 taken as unsigned.
    pub(super) fn shift_and_add_word(&mut self, R { rd, rs1, rs2 }: R, count: i64) {
        let (a, b) = (self.extended(rs1, false), self.read(rs2));
        let scaled = self.builder.ins().ishl_imm_u(a, count);
        let value = self.builder.ins().iadd(scaled, b);
        self.write(rd, value);
    }

    pub(super) fn shift_unsigned_word(&mut self, H { rd, rs1, shamt }: H) {
        let a = self.extended(rs1, false);
        let value = self.builder.ins().ishl_imm_u(a, i64::from(shamt));
        self.write(rd, value);
    }

    /// The lowest bits of rs1, sign-extended.
    pub(super) fn sign_extend(&mut self, R1 { rd, rs1 }: R1, from: Type) {
        let a = self.read_word(rs1);
        let low = self.builder.ins().ireduce(from, a);
        let word = self.word();
        let value = self.builder.ins().sextend(word, low);
        self.write_word(rd, value);
    }

    /// A count in the low 32 bits.
    pub(super) fn count_in_word(
        &mut self,
        R1 { rd, rs1 }: R1,
        op: impl FnOnce(&mut Self, Value) -> Value,
    ) {
        let a = self.read32(rs1);
        let count = op(self, a);
        let value = self.builder.ins().uextend(I64, count);
        self.write(rd, value);
    }

    /// ORC.B: the carry out of the low seven bits of each byte, together with its top bit, says
    /// whether a bit is set; neither carry nor borrow leaves the byte.
    pub(super) fn or_combine_bytes(&mut self, r: R1) {
        self.with_register(r, |this, a| {
            let low = this.each_byte(0x7f);
            let rest = this.builder.ins().band(a, low);
            let carried = this.builder.ins().iadd(rest, low);
            let any = this.builder.ins().bor(carried, a);
            let high = this.each_byte(0x80);
            let top = this.builder.ins().band(any, high);
            let bottom = this.builder.ins().ushr_imm_u(top, 7);
            let below = this.builder.ins().isub(top, bottom);
            this.builder.ins().bor(below, top)
        });
    }

    /// A constant with this value in each byte.
    fn each_byte(&mut self, byte: u8) -> Value {
        let ty = self.word();
        let value = i64::from_le_bytes([byte; 8]);
        let value = if ty == I32 { value & i64::from(u32::MAX) } else { value };
        self.builder.ins().iconst(ty, value)
    }

    /// `rd = op(rs1, bit)`, with the bit of which rs2 is the index.
    pub(super) fn with_bit(&mut self, r: R, op: impl FnOnce(&mut Self, Value, Value) -> Value) {
        self.with_registers(r, |this, a, index| {
            let word = this.word();
            let one = this.builder.ins().iconst(word, 1);
            let bit = this.builder.ins().ishl(one, index);
            op(this, a, bit)
        });
    }

    /// `rd = op(rs1, bit)`, with the bit of which the constant is the index.
    pub(super) fn with_constant_bit(
        &mut self,
        H { rd, rs1, shamt }: H,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let a = self.read_word(rs1);
        let word = self.word();
        let bit = self.builder.ins().iconst(word, (1_u64 << shamt).cast_signed());
        let value = op(self, a, bit);
        self.write_word(rd, value);
    }

    pub(super) fn extract_bit(&mut self, a: Value, index: Value) -> Value {
        let shifted = self.builder.ins().ushr(a, index);
        self.builder.ins().band_imm_u(shifted, 1)
    }

    /// `rd = rs1`, or 0 if rs2 compares so with 0.
    pub(super) fn zero_if(&mut self, r: R, condition: IntCC) {
        self.with_registers(r, |this, a, b| {
            let word = this.word();
            let zero = this.builder.ins().iconst(word, 0);
            match condition {
                IntCC::Equal => this.builder.ins().select(b, a, zero),
                _ => this.builder.ins().select(b, zero, a),
            }
        });
    }
}
