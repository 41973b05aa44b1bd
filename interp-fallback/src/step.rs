//! The meaning of each instruction, in the words and the order of the RISC-V unprivileged manual.
//!
//! This is one of the two places where instructions have a meaning; the translator's lowering is
//! the other, and neither is made from the other. An instruction that both widths have means the
//! same in both, over the [`Word`] that a register holds. Addresses have 32 bits in either width: the
//! upper half of a register that is used as one is ignored.
//!
//! Everything is inlined into the one loop. A single method left out of it would take the address
//! of the step, and the state of the whole loop would go through memory.

use std::marker::PhantomData;

use bessemer_image::{Fault, Hart, Memory, Text};
use bessemer_isa::{A, B, F, H, Hw, I, J, L, Lr, N, R, R1, Reg, S, TrapKind, U, Visitor};

use crate::trace::{Access, Direction, Observer, RegisterWrite, Width};
use crate::word::Word;

/// Where control goes after an instruction that did not trap.
pub(crate) enum Flow {
    /// To the instruction that follows in the same run.
    Next,
    /// To an arrival at this address.
    Arrive(u32),
    /// To the host, which does the call.
    Ecall,
}

/// A trap, before its pc is added. Nothing that the instruction does has happened.
pub(crate) struct Raised {
    pub(crate) kind: TrapKind,
    pub(crate) addr: Option<u32>,
}

type Outcome = Result<Flow, Raised>;

/// The effect of an instruction, kept only for observers that want it.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) register: Option<RegisterWrite>,
    pub(crate) load: Option<Access>,
    pub(crate) store: Option<Access>,
}

/// The execution of the one instruction at `hart.pc`, which the step does not change.
pub(crate) struct Step<'a, W, M: ?Sized, O> {
    text: &'a Text,
    hart: &'a mut Hart,
    memory: &'a mut M,
    len: u8,
    pub(crate) effects: Effects,
    kind: PhantomData<(W, O)>,
}

impl<'a, W: Word, M: Memory + ?Sized, O: Observer> Step<'a, W, M, O> {
    #[inline(always)]
    pub(crate) fn new(text: &'a Text, hart: &'a mut Hart, memory: &'a mut M, len: u8) -> Self {
        Self { text, hart, memory, len, effects: Effects::default(), kind: PhantomData }
    }
}

impl<W: Word, M: Memory + ?Sized, O: Observer> Visitor for Step<'_, W, M, O> {
    type Output = Outcome;

    // Integer computational instructions: constants.

    /// LUI places the 32-bit U-immediate value into the destination register rd, filling in the
    /// lowest 12 bits with zeros; on RV64 the result is sign-extended.
    #[inline(always)]
    fn lui(&mut self, o: U) -> Outcome {
        self.write(o.rd, W::sign_extended(o.imm))
    }

    /// AUIPC adds the (on RV64 sign-extended) U-immediate to the address of the AUIPC instruction.
    #[inline(always)]
    fn auipc(&mut self, o: U) -> Outcome {
        let pc = W::zero_extended(self.hart.pc);
        self.write(o.rd, pc.add(W::sign_extended(o.imm)))
    }

    // Integer register-immediate instructions. The immediate is sign-extended to XLEN bits, also
    // where it is then treated as unsigned.

    #[inline(always)]
    fn addi(&mut self, o: I) -> Outcome {
        self.immediate(o, W::add)
    }

    /// SLTI places the value 1 in rd if rs1 is less than the immediate when both are treated as
    /// signed numbers, else 0.
    #[inline(always)]
    fn slti(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| W::from_bool(a.is_less_signed(b)))
    }

    /// SLTIU compares the values as unsigned numbers: the immediate is first sign-extended, then
    /// treated as unsigned.
    #[inline(always)]
    fn sltiu(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| W::from_bool(a < b))
    }

    #[inline(always)]
    fn xori(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn ori(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| a | b)
    }

    #[inline(always)]
    fn andi(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| a & b)
    }

    /// SLLI is a logical left shift (zeros are shifted into the lower bits).
    #[inline(always)]
    fn slli(&mut self, o: H) -> Outcome {
        self.shift(o, W::shl)
    }

    /// SRLI is a logical right shift (zeros are shifted into the upper bits).
    #[inline(always)]
    fn srli(&mut self, o: H) -> Outcome {
        self.shift(o, W::shr)
    }

    /// SRAI is an arithmetic right shift (the original sign bit is copied into the vacated upper
    /// bits).
    #[inline(always)]
    fn srai(&mut self, o: H) -> Outcome {
        self.shift(o, W::sar)
    }

    // Integer register-register instructions. Overflows are ignored and the low XLEN bits of results
    // are written. Shifts use the low 5 or 6 bits of rs2.

    #[inline(always)]
    fn add(&mut self, o: R) -> Outcome {
        self.register(o, W::add)
    }

    #[inline(always)]
    fn sub(&mut self, o: R) -> Outcome {
        self.register(o, W::sub)
    }

    #[inline(always)]
    fn sll(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shl(b.low32()))
    }

    #[inline(always)]
    fn slt(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::from_bool(a.is_less_signed(b)))
    }

    #[inline(always)]
    fn sltu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::from_bool(a < b))
    }

    #[inline(always)]
    fn xor(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn srl(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shr(b.low32()))
    }

    #[inline(always)]
    fn sra(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.sar(b.low32()))
    }

    #[inline(always)]
    fn or(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a | b)
    }

    #[inline(always)]
    fn and(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a & b)
    }

    // RV64I: the instructions that end in W work on the low 32 bits of their operands and
    // sign-extend the 32-bit result.

    /// ADDIW adds the sign-extended immediate.
    #[inline(always)]
    fn addiw(&mut self, o: I) -> Outcome {
        let sum = self.get(o.rs1).low32().wrapping_add_signed(o.imm);
        self.write(o.rd, W::sign_extended(sum))
    }

    #[inline(always)]
    fn slliw(&mut self, o: Hw) -> Outcome {
        self.shift_word(o, u32::wrapping_shl)
    }

    #[inline(always)]
    fn srliw(&mut self, o: Hw) -> Outcome {
        self.shift_word(o, u32::wrapping_shr)
    }

    #[inline(always)]
    fn sraiw(&mut self, o: Hw) -> Outcome {
        self.shift_word(o, |a, b| (a as i32).wrapping_shr(b) as u32)
    }

    #[inline(always)]
    fn addw(&mut self, o: R) -> Outcome {
        self.register_word(o, u32::wrapping_add)
    }

    #[inline(always)]
    fn subw(&mut self, o: R) -> Outcome {
        self.register_word(o, u32::wrapping_sub)
    }

    #[inline(always)]
    fn sllw(&mut self, o: R) -> Outcome {
        self.register_word(o, u32::wrapping_shl)
    }

    #[inline(always)]
    fn srlw(&mut self, o: R) -> Outcome {
        self.register_word(o, u32::wrapping_shr)
    }

    #[inline(always)]
    fn sraw(&mut self, o: R) -> Outcome {
        self.register_word(o, |a, b| (a as i32).wrapping_shr(b) as u32)
    }

    // M: multiplication. MUL returns the lower XLEN bits of the product, MULH, MULHU and MULHSU the
    // upper XLEN bits of the full product, for signed x signed, unsigned x unsigned, and rs1 signed
    // x rs2 unsigned.

    #[inline(always)]
    fn mul(&mut self, o: R) -> Outcome {
        self.register(o, W::mul)
    }

    #[inline(always)]
    fn mulh(&mut self, o: R) -> Outcome {
        self.register(o, W::mulh)
    }

    #[inline(always)]
    fn mulhsu(&mut self, o: R) -> Outcome {
        self.register(o, W::mulhsu)
    }

    #[inline(always)]
    fn mulhu(&mut self, o: R) -> Outcome {
        self.register(o, W::mulhu)
    }

    // M: division, rounding towards zero; the sign of a nonzero remainder equals the sign of the
    // dividend. The quotient of division by zero has all bits set, and the remainder of division by
    // zero equals the dividend. Signed division overflow (the smallest number by -1) has the dividend
    // as quotient and the remainder 0.

    #[inline(always)]
    fn div(&mut self, o: R) -> Outcome {
        self.register(o, W::div)
    }

    #[inline(always)]
    fn divu(&mut self, o: R) -> Outcome {
        self.register(o, W::divu)
    }

    #[inline(always)]
    fn rem(&mut self, o: R) -> Outcome {
        self.register(o, W::rem)
    }

    #[inline(always)]
    fn remu(&mut self, o: R) -> Outcome {
        self.register(o, W::remu)
    }

    #[inline(always)]
    fn mulw(&mut self, o: R) -> Outcome {
        self.register_word(o, u32::wrapping_mul)
    }

    #[inline(always)]
    fn divw(&mut self, o: R) -> Outcome {
        self.register_word(o, <u32 as Word>::div)
    }

    #[inline(always)]
    fn divuw(&mut self, o: R) -> Outcome {
        self.register_word(o, <u32 as Word>::divu)
    }

    #[inline(always)]
    fn remw(&mut self, o: R) -> Outcome {
        self.register_word(o, <u32 as Word>::rem)
    }

    #[inline(always)]
    fn remuw(&mut self, o: R) -> Outcome {
        self.register_word(o, <u32 as Word>::remu)
    }

    // Zba: address generation. The forms that end in UW take rs1 as an unsigned word.

    #[inline(always)]
    fn sh1add(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shl(1).add(b))
    }

    #[inline(always)]
    fn sh2add(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shl(2).add(b))
    }

    #[inline(always)]
    fn sh3add(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shl(3).add(b))
    }

    #[inline(always)]
    fn add_uw(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::zero_extended(a.low32()).add(b))
    }

    #[inline(always)]
    fn sh1add_uw(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::zero_extended(a.low32()).shl(1).add(b))
    }

    #[inline(always)]
    fn sh2add_uw(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::zero_extended(a.low32()).shl(2).add(b))
    }

    #[inline(always)]
    fn sh3add_uw(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| W::zero_extended(a.low32()).shl(3).add(b))
    }

    #[inline(always)]
    fn slli_uw(&mut self, o: H) -> Outcome {
        self.shift(o, |a, b| W::zero_extended(a.low32()).shl(b))
    }

    // Zbb: basic bit manipulation.

    #[inline(always)]
    fn andn(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a & !b)
    }

    #[inline(always)]
    fn orn(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a | !b)
    }

    #[inline(always)]
    fn xnor(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| !(a ^ b))
    }

    #[inline(always)]
    fn min(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| if a.is_less_signed(b) { a } else { b })
    }

    #[inline(always)]
    fn minu(&mut self, o: R) -> Outcome {
        self.register(o, Ord::min)
    }

    #[inline(always)]
    fn max(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| if a.is_less_signed(b) { b } else { a })
    }

    #[inline(always)]
    fn maxu(&mut self, o: R) -> Outcome {
        self.register(o, Ord::max)
    }

    #[inline(always)]
    fn rol(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.rotate_right(b.low32().wrapping_neg() % W::BITS))
    }

    #[inline(always)]
    fn ror(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.rotate_right(b.low32() % W::BITS))
    }

    #[inline(always)]
    fn rori(&mut self, o: H) -> Outcome {
        self.shift(o, W::rotate_right)
    }

    /// CLZ counts zeros from the most significant bit on; XLEN if there is no other bit.
    #[inline(always)]
    fn clz(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.leading_zeros()))
    }

    /// CTZ counts zeros from the least significant bit on; XLEN if there is no other bit.
    #[inline(always)]
    fn ctz(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.trailing_zeros()))
    }

    #[inline(always)]
    fn cpop(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.count_ones()))
    }

    #[inline(always)]
    fn sextb(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::sign_extended(i32::from(a.low32() as i8) as u32))
    }

    #[inline(always)]
    fn sexth(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::sign_extended(i32::from(a.low32() as i16) as u32))
    }

    #[inline(always)]
    fn zexth_32(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.low32() & 0xffff))
    }

    #[inline(always)]
    fn zexth_64(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.low32() & 0xffff))
    }

    /// ORC.B sets all bits of each byte that has a bit set.
    #[inline(always)]
    fn orc_b(&mut self, o: R1) -> Outcome {
        self.unary(o, or_combine)
    }

    #[inline(always)]
    fn rev8_32(&mut self, o: R1) -> Outcome {
        self.unary(o, W::swap_bytes)
    }

    #[inline(always)]
    fn rev8_64(&mut self, o: R1) -> Outcome {
        self.unary(o, W::swap_bytes)
    }

    #[inline(always)]
    fn rolw(&mut self, o: R) -> Outcome {
        self.register_word(o, |a, b| a.rotate_left(b % 32))
    }

    #[inline(always)]
    fn rorw(&mut self, o: R) -> Outcome {
        self.register_word(o, |a, b| a.rotate_right(b % 32))
    }

    #[inline(always)]
    fn roriw(&mut self, o: Hw) -> Outcome {
        self.shift_word(o, u32::rotate_right)
    }

    #[inline(always)]
    fn clzw(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.low32().leading_zeros()))
    }

    #[inline(always)]
    fn ctzw(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.low32().trailing_zeros()))
    }

    #[inline(always)]
    fn cpopw(&mut self, o: R1) -> Outcome {
        self.unary(o, |a| W::zero_extended(a.low32().count_ones()))
    }

    // Zbs: single bits; the index is the low 5 or 6 bits of rs2 or of the immediate.

    #[inline(always)]
    fn bclr(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a & !bit::<W>(b.low32()))
    }

    #[inline(always)]
    fn bclri(&mut self, o: H) -> Outcome {
        self.shift(o, |a, b| a & !bit::<W>(b))
    }

    #[inline(always)]
    fn bext(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.shr(b.low32()) & W::ONE)
    }

    #[inline(always)]
    fn bexti(&mut self, o: H) -> Outcome {
        self.shift(o, |a, b| a.shr(b) & W::ONE)
    }

    #[inline(always)]
    fn binv(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a ^ bit::<W>(b.low32()))
    }

    #[inline(always)]
    fn binvi(&mut self, o: H) -> Outcome {
        self.shift(o, |a, b| a ^ bit::<W>(b))
    }

    #[inline(always)]
    fn bset(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a | bit::<W>(b.low32()))
    }

    #[inline(always)]
    fn bseti(&mut self, o: H) -> Outcome {
        self.shift(o, |a, b| a | bit::<W>(b))
    }

    // Zicond: rs1, or zero under the condition on rs2.

    #[inline(always)]
    fn czero_eqz(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| if b == W::ZERO { W::ZERO } else { a })
    }

    #[inline(always)]
    fn czero_nez(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| if b == W::ZERO { a } else { W::ZERO })
    }

    // Loads copy a value from memory to register rd. LW, LH and LB sign-extend to XLEN bits, LWU, LHU
    // and LBU zero-extend. A load to x0 still raises any exception.

    #[inline(always)]
    fn lb(&mut self, o: L) -> Outcome {
        let value = self.load_u8(o)?;
        self.write(o.rd, W::sign_extended(i32::from(value as i8) as u32))
    }

    #[inline(always)]
    fn lh(&mut self, o: L) -> Outcome {
        let value = self.load_u16(o)?;
        self.write(o.rd, W::sign_extended(i32::from(value as i16) as u32))
    }

    #[inline(always)]
    fn lw(&mut self, o: L) -> Outcome {
        let value = self.load_u32(self.address(o.rs1, o.imm))?;
        self.write(o.rd, W::sign_extended(value))
    }

    #[inline(always)]
    fn lbu(&mut self, o: L) -> Outcome {
        let value = self.load_u8(o)?;
        self.write(o.rd, W::zero_extended(u32::from(value)))
    }

    #[inline(always)]
    fn lhu(&mut self, o: L) -> Outcome {
        let value = self.load_u16(o)?;
        self.write(o.rd, W::zero_extended(u32::from(value)))
    }

    #[inline(always)]
    fn lwu(&mut self, o: L) -> Outcome {
        let value = self.load_u32(self.address(o.rs1, o.imm))?;
        self.write(o.rd, W::zero_extended(value))
    }

    #[inline(always)]
    fn ld(&mut self, o: L) -> Outcome {
        let value = self.load_u64(self.address(o.rs1, o.imm))?;
        self.write(o.rd, W::from_register(value))
    }

    // Stores copy the low 8, 16, 32 or 64 bits of register rs2 to memory.

    #[inline(always)]
    fn sb(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.get(o.rs2).low32() as u8);
        self.memory.store_u8(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Byte, u64::from(value))
    }

    #[inline(always)]
    fn sh(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.get(o.rs2).low32() as u16);
        self.memory.store_u16(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Half, u64::from(value))
    }

    #[inline(always)]
    fn sw(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.get(o.rs2).low32());
        self.memory.store_u32(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Word, u64::from(value))
    }

    #[inline(always)]
    fn sd(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.get(o.rs2).to_register());
        self.memory.store_u64(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Double, value)
    }

    // A: load-reserved and store-conditional.

    /// LR loads from the address in rs1, places the value in rd, and registers a reservation on that
    /// address.
    #[inline(always)]
    fn lr_w(&mut self, o: Lr) -> Outcome {
        let addr = self.aligned(o.rs1, 4)?;
        let value = self.load_u32(addr)?;
        self.hart.reservation = Some(addr);
        self.write(o.rd, W::sign_extended(value))
    }

    #[inline(always)]
    fn lr_d(&mut self, o: Lr) -> Outcome {
        let addr = self.aligned(o.rs1, 8)?;
        let value = self.load_u64(addr)?;
        self.hart.reservation = Some(addr);
        self.write(o.rd, W::from_register(value))
    }

    /// SC conditionally writes rs2 to the address in rs1: it succeeds only if the reservation is
    /// still valid and is on that address. On success it writes zero to rd, on failure one. Executing
    /// an SC invalidates any reservation.
    #[inline(always)]
    fn sc_w(&mut self, o: A) -> Outcome {
        let addr = self.aligned(o.rs1, 4)?;
        if self.hart.reservation == Some(addr) {
            let value = self.get(o.rs2).low32();
            self.memory.store_u32(addr, value).map_err(bad_store)?;
            self.stored(addr, Width::Word, u64::from(value))?;
            self.conditional(o.rd, W::ZERO)
        } else {
            self.conditional(o.rd, W::ONE)
        }
    }

    #[inline(always)]
    fn sc_d(&mut self, o: A) -> Outcome {
        let addr = self.aligned(o.rs1, 8)?;
        if self.hart.reservation == Some(addr) {
            let value = self.get(o.rs2).to_register();
            self.memory.store_u64(addr, value).map_err(bad_store)?;
            self.stored(addr, Width::Double, value)?;
            self.conditional(o.rd, W::ZERO)
        } else {
            self.conditional(o.rd, W::ONE)
        }
    }

    // A: atomic memory operations load from the address in rs1, apply a binary operator to the
    // loaded value and rs2, store the result to the address in rs1, and place the loaded value in rd,
    // sign-extended.

    #[inline(always)]
    fn amoswap_w(&mut self, o: A) -> Outcome {
        self.amo(o, |_, b| b)
    }

    #[inline(always)]
    fn amoswap_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |_, b| b)
    }

    #[inline(always)]
    fn amoadd_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::wrapping_add)
    }

    #[inline(always)]
    fn amoadd_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, u64::wrapping_add)
    }

    #[inline(always)]
    fn amoxor_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn amoxor_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn amoand_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a & b)
    }

    #[inline(always)]
    fn amoand_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |a, b| a & b)
    }

    #[inline(always)]
    fn amoor_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a | b)
    }

    #[inline(always)]
    fn amoor_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |a, b| a | b)
    }

    #[inline(always)]
    fn amomin_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| (a as i32).min(b as i32) as u32)
    }

    #[inline(always)]
    fn amomin_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |a, b| (a as i64).min(b as i64) as u64)
    }

    #[inline(always)]
    fn amomax_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| (a as i32).max(b as i32) as u32)
    }

    #[inline(always)]
    fn amomax_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, |a, b| (a as i64).max(b as i64) as u64)
    }

    #[inline(always)]
    fn amominu_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::min)
    }

    #[inline(always)]
    fn amominu_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, u64::min)
    }

    #[inline(always)]
    fn amomaxu_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::max)
    }

    #[inline(always)]
    fn amomaxu_d(&mut self, o: A) -> Outcome {
        self.amo_double(o, u64::max)
    }

    // Conditional branches compare two registers and, if the comparison holds, jump to the address
    // of the branch plus the offset.

    #[inline(always)]
    fn beq(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| a == b)
    }

    #[inline(always)]
    fn bne(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| a != b)
    }

    #[inline(always)]
    fn blt(&mut self, o: B) -> Outcome {
        self.branch(o, W::is_less_signed)
    }

    #[inline(always)]
    fn bge(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| !a.is_less_signed(b))
    }

    #[inline(always)]
    fn bltu(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| a < b)
    }

    #[inline(always)]
    fn bgeu(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| a >= b)
    }

    // Unconditional jumps write the address of the following instruction to rd.

    /// JAL: the offset is added to the address of the jump instruction to form the target.
    #[inline(always)]
    fn jal(&mut self, o: J) -> Outcome {
        let target = self.hart.pc.wrapping_add_signed(o.offset);
        self.jump_and_link(o.rd, target)
    }

    /// JALR: the target is obtained by adding the sign-extended 12-bit immediate to rs1, then
    /// setting the least-significant bit of the result to zero.
    #[inline(always)]
    fn jalr(&mut self, o: L) -> Outcome {
        let target = self.address(o.rs1, o.imm) & !1;
        self.jump_and_link(o.rd, target)
    }

    /// FENCE orders memory accesses as seen by other harts and devices, of which there are none.
    #[inline(always)]
    fn fence(&mut self, _: F) -> Outcome {
        Ok(Flow::Next)
    }

    // Environment call and breakpoint.

    /// ECALL makes a service request to the execution environment. It clears the reservation
    /// (specification, section 2, rule A 6).
    #[inline(always)]
    fn ecall(&mut self, _: N) -> Outcome {
        self.hart.reservation = None;
        Ok(Flow::Ecall)
    }

    /// EBREAK returns control to a debugging environment, which here is a trap.
    #[inline(always)]
    fn ebreak(&mut self, _: N) -> Outcome {
        Err(Raised { kind: TrapKind::Breakpoint, addr: None })
    }
}

/// Code that several instructions have in common.
impl<W: Word, M: Memory + ?Sized, O: Observer> Step<'_, W, M, O> {
    /// The value of a register.
    #[inline(always)]
    fn get(&self, reg: Reg) -> W {
        W::from_register(self.hart.get(reg))
    }

    /// Writes a result and goes on.
    #[inline(always)]
    fn write(&mut self, rd: Reg, new: W) -> Outcome {
        let new = new.to_register();
        if O::EFFECTS && !rd.is_zero() {
            let old = self.hart.get(rd);
            self.effects.register = Some(RegisterWrite { rd, old, new });
        }
        self.hart.set(rd, new);
        Ok(Flow::Next)
    }

    #[inline(always)]
    fn immediate(&mut self, o: I, operation: impl Fn(W, W) -> W) -> Outcome {
        self.write(o.rd, operation(self.get(o.rs1), W::sign_extended(o.imm as u32)))
    }

    #[inline(always)]
    fn shift(&mut self, o: H, operation: impl Fn(W, u32) -> W) -> Outcome {
        self.write(o.rd, operation(self.get(o.rs1), o.shamt))
    }

    #[inline(always)]
    fn register(&mut self, o: R, operation: impl Fn(W, W) -> W) -> Outcome {
        self.write(o.rd, operation(self.get(o.rs1), self.get(o.rs2)))
    }

    #[inline(always)]
    fn unary(&mut self, o: R1, operation: impl Fn(W) -> W) -> Outcome {
        self.write(o.rd, operation(self.get(o.rs1)))
    }

    #[inline(always)]
    fn register_word(&mut self, o: R, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        let result = operation(self.get(o.rs1).low32(), self.get(o.rs2).low32());
        self.write(o.rd, W::sign_extended(result))
    }

    #[inline(always)]
    fn shift_word(&mut self, o: Hw, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        let result = operation(self.get(o.rs1).low32(), o.shamt);
        self.write(o.rd, W::sign_extended(result))
    }

    /// The effective address: a register plus a sign-extended immediate, modulo 2^32.
    #[inline(always)]
    fn address(&self, rs1: Reg, imm: i32) -> u32 {
        self.get(rs1).low32().wrapping_add_signed(imm)
    }

    /// The effective address of an atomic of `size` bytes, which must be aligned before anything else.
    #[inline(always)]
    fn aligned(&self, rs1: Reg, size: u32) -> Result<u32, Raised> {
        let addr = self.get(rs1).low32();
        if addr.is_multiple_of(size) {
            Ok(addr)
        } else {
            Err(Raised { kind: TrapKind::MisalignedAtomic, addr: Some(addr) })
        }
    }

    #[inline(always)]
    fn load_u8(&mut self, o: L) -> Result<u8, Raised> {
        let addr = self.address(o.rs1, o.imm);
        let value = self.memory.load_u8(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Byte, u64::from(value));
        Ok(value)
    }

    #[inline(always)]
    fn load_u16(&mut self, o: L) -> Result<u16, Raised> {
        let addr = self.address(o.rs1, o.imm);
        let value = self.memory.load_u16(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Half, u64::from(value));
        Ok(value)
    }

    #[inline(always)]
    fn load_u32(&mut self, addr: u32) -> Result<u32, Raised> {
        let value = self.memory.load_u32(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Word, u64::from(value));
        Ok(value)
    }

    #[inline(always)]
    fn load_u64(&mut self, addr: u32) -> Result<u64, Raised> {
        let value = self.memory.load_u64(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Double, value);
        Ok(value)
    }

    /// The end of a store conditional.
    #[inline(always)]
    fn conditional(&mut self, rd: Reg, failed: W) -> Outcome {
        self.hart.reservation = None;
        self.write(rd, failed)
    }

    /// A read-modify-write. A word that cannot be stored to raises `BadStore`, never `BadLoad`, so
    /// that is found out before the load.
    #[inline(always)]
    fn amo(&mut self, o: A, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        let addr = self.aligned(o.rs1, 4)?;
        self.memory.check_store(addr, 4).map_err(bad_store)?;
        let old = self.load_u32(addr)?;
        let new = operation(old, self.get(o.rs2).low32());
        self.memory.store_u32(addr, new).map_err(bad_store)?;
        self.stored(addr, Width::Word, u64::from(new))?;
        self.write(o.rd, W::sign_extended(old))
    }

    #[inline(always)]
    fn amo_double(&mut self, o: A, operation: impl Fn(u64, u64) -> u64) -> Outcome {
        let addr = self.aligned(o.rs1, 8)?;
        self.memory.check_store(addr, 8).map_err(bad_store)?;
        let old = self.load_u64(addr)?;
        let new = operation(old, self.get(o.rs2).to_register());
        self.memory.store_u64(addr, new).map_err(bad_store)?;
        self.stored(addr, Width::Double, new)?;
        self.write(o.rd, W::from_register(old))
    }

    /// An untaken branch never looks at its target.
    #[inline(always)]
    fn branch(&mut self, o: B, condition: impl Fn(W, W) -> bool) -> Outcome {
        if condition(self.get(o.rs1), self.get(o.rs2)) {
            self.jump(self.hart.pc.wrapping_add_signed(o.offset))
        } else {
            Ok(Flow::Arrive(self.following()))
        }
    }

    /// The register is not written if the jump traps.
    #[inline(always)]
    fn jump_and_link(&mut self, rd: Reg, target: u32) -> Outcome {
        let link = self.following();
        let flow = self.jump(target)?;
        self.write(rd, W::zero_extended(link))?;
        Ok(flow)
    }

    /// Rule G5: outside text is a bad jump, inside text but off the step a misaligned one, and
    /// everything else an arrival.
    #[inline(always)]
    fn jump(&self, target: u32) -> Outcome {
        let kind = if !self.text.covers(target) {
            TrapKind::BadJump
        } else if !target.is_multiple_of(self.text.profile().step()) {
            TrapKind::MisalignedJump
        } else {
            return Ok(Flow::Arrive(target));
        };
        Err(Raised { kind, addr: Some(target) })
    }

    /// The address of the instruction that follows.
    #[inline(always)]
    fn following(&self) -> u32 {
        self.hart.pc.wrapping_add(u32::from(self.len))
    }

    #[inline(always)]
    fn loaded(&mut self, addr: u32, width: Width, value: u64) {
        if O::EFFECTS {
            self.effects.load = Some(Access { direction: Direction::Load, addr, width, value });
        }
    }

    #[inline(always)]
    fn stored(&mut self, addr: u32, width: Width, value: u64) -> Outcome {
        if O::EFFECTS {
            self.effects.store = Some(Access { direction: Direction::Store, addr, width, value });
        }
        Ok(Flow::Next)
    }
}

fn bad_load(fault: Fault) -> Raised {
    Raised { kind: TrapKind::BadLoad, addr: Some(fault.addr) }
}

fn bad_store(fault: Fault) -> Raised {
    Raised { kind: TrapKind::BadStore, addr: Some(fault.addr) }
}

/// The one bit of this index, of which the low 5 or 6 bits count.
#[inline(always)]
fn bit<W: Word>(index: u32) -> W {
    W::ONE.shl(index)
}

/// All bits of each byte that has a bit set.
#[inline(always)]
fn or_combine<W: Word>(value: W) -> W {
    let bytes = value.to_register().to_le_bytes();
    W::from_register(u64::from_le_bytes(bytes.map(|byte| if byte == 0 { 0 } else { 0xff })))
}
