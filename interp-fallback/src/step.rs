//! What each instruction does, in the words and the order of the RISC-V unprivileged manual.
//!
//! This is one of the two places where instructions have a meaning; the translator's lowering is
//! the other, and neither is made from the other. Arithmetic wraps modulo 2^32 everywhere, so it is
//! written with `wrapping_` methods, and "signed" is a cast to `i32`.
//!
//! Everything is inlined into the one loop. A single method left out of it would take the address
//! of the step, and the state of the whole loop would go through memory.

use std::marker::PhantomData;

use bessemer_image::{Fault, Hart, Memory, Text};
use bessemer_isa::{A, B, F, H, I, J, L, Lr, N, R, Reg, S, TrapKind, U, Visitor};

use crate::trace::{Access, Direction, Observer, RegisterWrite, Width};

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

/// What an instruction did, kept only for observers that want it.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) register: Option<RegisterWrite>,
    pub(crate) load: Option<Access>,
    pub(crate) store: Option<Access>,
}

/// The execution of the one instruction at `hart.pc`, which the step does not change.
pub(crate) struct Step<'a, M: ?Sized, O> {
    text: &'a Text,
    hart: &'a mut Hart,
    memory: &'a mut M,
    len: u8,
    pub(crate) effects: Effects,
    observer: PhantomData<O>,
}

impl<'a, M: Memory + ?Sized, O: Observer> Step<'a, M, O> {
    #[inline(always)]
    pub(crate) fn new(text: &'a Text, hart: &'a mut Hart, memory: &'a mut M, len: u8) -> Self {
        Self { text, hart, memory, len, effects: Effects::default(), observer: PhantomData }
    }
}

impl<M: Memory + ?Sized, O: Observer> Visitor for Step<'_, M, O> {
    type Output = Outcome;

    // Integer computational instructions: constants.

    /// LUI places the 32-bit U-immediate value into the destination register rd, filling in the
    /// lowest 12 bits with zeros.
    #[inline(always)]
    fn lui(&mut self, o: U) -> Outcome {
        self.write(o.rd, o.imm)
    }

    /// AUIPC adds the U-immediate to the address of the AUIPC instruction.
    #[inline(always)]
    fn auipc(&mut self, o: U) -> Outcome {
        self.write(o.rd, self.hart.pc.wrapping_add(o.imm))
    }

    // Integer register-immediate instructions. The immediate is sign-extended to 32 bits, also
    // where it is then treated as unsigned.

    #[inline(always)]
    fn addi(&mut self, o: I) -> Outcome {
        self.immediate(o, u32::wrapping_add)
    }

    /// SLTI places the value 1 in rd if rs1 is less than the immediate when both are treated as
    /// signed numbers, else 0.
    #[inline(always)]
    fn slti(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| u32::from((a as i32) < b as i32))
    }

    /// SLTIU compares the values as unsigned numbers: the immediate is first sign-extended, then
    /// treated as unsigned.
    #[inline(always)]
    fn sltiu(&mut self, o: I) -> Outcome {
        self.immediate(o, |a, b| u32::from(a < b))
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
        self.write(o.rd, self.hart.get(o.rs1).wrapping_shl(o.shamt))
    }

    /// SRLI is a logical right shift (zeros are shifted into the upper bits).
    #[inline(always)]
    fn srli(&mut self, o: H) -> Outcome {
        self.write(o.rd, self.hart.get(o.rs1).wrapping_shr(o.shamt))
    }

    /// SRAI is an arithmetic right shift (the original sign bit is copied into the vacated upper
    /// bits).
    #[inline(always)]
    fn srai(&mut self, o: H) -> Outcome {
        let shifted = (self.hart.get(o.rs1) as i32).wrapping_shr(o.shamt);
        self.write(o.rd, shifted as u32)
    }

    // Integer register-register instructions. Overflows are ignored and the low 32 bits of results
    // are written. Shifts use the low 5 bits of rs2, which is what `wrapping_shl` does.

    #[inline(always)]
    fn add(&mut self, o: R) -> Outcome {
        self.register(o, u32::wrapping_add)
    }

    #[inline(always)]
    fn sub(&mut self, o: R) -> Outcome {
        self.register(o, u32::wrapping_sub)
    }

    #[inline(always)]
    fn sll(&mut self, o: R) -> Outcome {
        self.register(o, u32::wrapping_shl)
    }

    #[inline(always)]
    fn slt(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| u32::from((a as i32) < b as i32))
    }

    #[inline(always)]
    fn sltu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| u32::from(a < b))
    }

    #[inline(always)]
    fn xor(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn srl(&mut self, o: R) -> Outcome {
        self.register(o, u32::wrapping_shr)
    }

    #[inline(always)]
    fn sra(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| (a as i32).wrapping_shr(b) as u32)
    }

    #[inline(always)]
    fn or(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a | b)
    }

    #[inline(always)]
    fn and(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a & b)
    }

    // M: multiplication. MUL returns the lower 32 bits of the product, MULH, MULHU and MULHSU the
    // upper 32 bits of the full 64-bit product, for signed x signed, unsigned x unsigned, and
    // rs1 signed x rs2 unsigned.

    #[inline(always)]
    fn mul(&mut self, o: R) -> Outcome {
        self.register(o, u32::wrapping_mul)
    }

    #[inline(always)]
    fn mulh(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| {
            let product = i64::from(a as i32).wrapping_mul(i64::from(b as i32));
            (product >> 32) as u32
        })
    }

    #[inline(always)]
    fn mulhsu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| {
            let product = i64::from(a as i32).wrapping_mul(i64::from(b));
            (product >> 32) as u32
        })
    }

    #[inline(always)]
    fn mulhu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| {
            let product = u64::from(a).wrapping_mul(u64::from(b));
            (product >> 32) as u32
        })
    }

    // M: division, rounding towards zero; the sign of a nonzero remainder equals the sign of the
    // dividend. The quotient of division by zero has all bits set, and the remainder of division by
    // zero equals the dividend. Signed division overflow (-2^31 by -1) has the dividend as quotient
    // and the remainder 0, which is what `wrapping_div` and `wrapping_rem` do.

    #[inline(always)]
    fn div(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| match b as i32 {
            0 => u32::MAX,
            b => (a as i32).wrapping_div(b) as u32,
        })
    }

    #[inline(always)]
    fn divu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.checked_div(b).unwrap_or(u32::MAX))
    }

    #[inline(always)]
    fn rem(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| match b as i32 {
            0 => a,
            b => (a as i32).wrapping_rem(b) as u32,
        })
    }

    #[inline(always)]
    fn remu(&mut self, o: R) -> Outcome {
        self.register(o, |a, b| a.checked_rem(b).unwrap_or(a))
    }

    // Loads copy a value from memory to register rd. LH and LB sign-extend to 32 bits, LHU and LBU
    // zero-extend. A load to x0 still raises any exception.

    #[inline(always)]
    fn lb(&mut self, o: L) -> Outcome {
        let value = self.load_u8(o)?;
        self.write(o.rd, i32::from(value as i8) as u32)
    }

    #[inline(always)]
    fn lh(&mut self, o: L) -> Outcome {
        let value = self.load_u16(o)?;
        self.write(o.rd, i32::from(value as i16) as u32)
    }

    #[inline(always)]
    fn lw(&mut self, o: L) -> Outcome {
        let value = self.load_u32(self.address(o.rs1, o.imm))?;
        self.write(o.rd, value)
    }

    #[inline(always)]
    fn lbu(&mut self, o: L) -> Outcome {
        let value = self.load_u8(o)?;
        self.write(o.rd, u32::from(value))
    }

    #[inline(always)]
    fn lhu(&mut self, o: L) -> Outcome {
        let value = self.load_u16(o)?;
        self.write(o.rd, u32::from(value))
    }

    // Stores copy the low 8, 16 or 32 bits of register rs2 to memory.

    #[inline(always)]
    fn sb(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.hart.get(o.rs2) as u8);
        self.memory.store_u8(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Byte, u32::from(value))
    }

    #[inline(always)]
    fn sh(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.hart.get(o.rs2) as u16);
        self.memory.store_u16(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Half, u32::from(value))
    }

    #[inline(always)]
    fn sw(&mut self, o: S) -> Outcome {
        let (addr, value) = (self.address(o.rs1, o.imm), self.hart.get(o.rs2));
        self.memory.store_u32(addr, value).map_err(bad_store)?;
        self.stored(addr, Width::Word, value)
    }

    // A: load-reserved and store-conditional.

    /// LR.W loads a word from the address in rs1, places it in rd, and registers a reservation on
    /// that word.
    #[inline(always)]
    fn lr_w(&mut self, o: Lr) -> Outcome {
        let addr = self.aligned(o.rs1)?;
        let value = self.load_u32(addr)?;
        self.hart.reservation = Some(addr);
        self.write(o.rd, value)
    }

    /// SC.W conditionally writes the word in rs2 to the address in rs1: it succeeds only if the
    /// reservation is still valid and is on that word. On success it writes zero to rd, on failure
    /// one. Executing an SC.W invalidates any reservation.
    #[inline(always)]
    fn sc_w(&mut self, o: A) -> Outcome {
        let addr = self.aligned(o.rs1)?;
        if self.hart.reservation == Some(addr) {
            let value = self.hart.get(o.rs2);
            self.memory.store_u32(addr, value).map_err(bad_store)?;
            self.hart.reservation = None;
            self.stored(addr, Width::Word, value)?;
            self.write(o.rd, 0)
        } else {
            self.hart.reservation = None;
            self.write(o.rd, 1)
        }
    }

    // A: atomic memory operations load a word from the address in rs1, apply a binary operator to
    // the loaded value and rs2, store the result to the address in rs1, and place the loaded value
    // in rd.

    #[inline(always)]
    fn amoswap_w(&mut self, o: A) -> Outcome {
        self.amo(o, |_, b| b)
    }

    #[inline(always)]
    fn amoadd_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::wrapping_add)
    }

    #[inline(always)]
    fn amoxor_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a ^ b)
    }

    #[inline(always)]
    fn amoand_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a & b)
    }

    #[inline(always)]
    fn amoor_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| a | b)
    }

    #[inline(always)]
    fn amomin_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| (a as i32).min(b as i32) as u32)
    }

    #[inline(always)]
    fn amomax_w(&mut self, o: A) -> Outcome {
        self.amo(o, |a, b| (a as i32).max(b as i32) as u32)
    }

    #[inline(always)]
    fn amominu_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::min)
    }

    #[inline(always)]
    fn amomaxu_w(&mut self, o: A) -> Outcome {
        self.amo(o, u32::max)
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
        self.branch(o, |a, b| (a as i32) < b as i32)
    }

    #[inline(always)]
    fn bge(&mut self, o: B) -> Outcome {
        self.branch(o, |a, b| a as i32 >= b as i32)
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

/// What several instructions have in common.
impl<M: Memory + ?Sized, O: Observer> Step<'_, M, O> {
    /// Writes a result and goes on.
    #[inline(always)]
    fn write(&mut self, rd: Reg, new: u32) -> Outcome {
        if O::EFFECTS && !rd.is_zero() {
            let old = self.hart.get(rd);
            self.effects.register = Some(RegisterWrite { rd, old, new });
        }
        self.hart.set(rd, new);
        Ok(Flow::Next)
    }

    #[inline(always)]
    fn immediate(&mut self, o: I, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        self.write(o.rd, operation(self.hart.get(o.rs1), o.imm as u32))
    }

    #[inline(always)]
    fn register(&mut self, o: R, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        self.write(o.rd, operation(self.hart.get(o.rs1), self.hart.get(o.rs2)))
    }

    /// The effective address: a register plus a sign-extended immediate, modulo 2^32.
    #[inline(always)]
    fn address(&self, rs1: Reg, imm: i32) -> u32 {
        self.hart.get(rs1).wrapping_add_signed(imm)
    }

    /// The effective address of an atomic, which must be aligned before anything else.
    #[inline(always)]
    fn aligned(&self, rs1: Reg) -> Result<u32, Raised> {
        let addr = self.hart.get(rs1);
        if addr.is_multiple_of(4) {
            Ok(addr)
        } else {
            Err(Raised { kind: TrapKind::MisalignedAtomic, addr: Some(addr) })
        }
    }

    #[inline(always)]
    fn load_u8(&mut self, o: L) -> Result<u8, Raised> {
        let addr = self.address(o.rs1, o.imm);
        let value = self.memory.load_u8(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Byte, u32::from(value));
        Ok(value)
    }

    #[inline(always)]
    fn load_u16(&mut self, o: L) -> Result<u16, Raised> {
        let addr = self.address(o.rs1, o.imm);
        let value = self.memory.load_u16(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Half, u32::from(value));
        Ok(value)
    }

    #[inline(always)]
    fn load_u32(&mut self, addr: u32) -> Result<u32, Raised> {
        let value = self.memory.load_u32(addr).map_err(bad_load)?;
        self.loaded(addr, Width::Word, value);
        Ok(value)
    }

    /// A read-modify-write. A word that cannot be stored to raises `BadStore`, never `BadLoad`, so
    /// that is found out before the load.
    #[inline(always)]
    fn amo(&mut self, o: A, operation: impl Fn(u32, u32) -> u32) -> Outcome {
        let addr = self.aligned(o.rs1)?;
        self.memory.check_store_u32(addr).map_err(bad_store)?;
        let old = self.load_u32(addr)?;
        let new = operation(old, self.hart.get(o.rs2));
        self.memory.store_u32(addr, new).map_err(bad_store)?;
        self.stored(addr, Width::Word, new)?;
        self.write(o.rd, old)
    }

    /// An untaken branch never looks at its target.
    #[inline(always)]
    fn branch(&mut self, o: B, condition: impl Fn(u32, u32) -> bool) -> Outcome {
        if condition(self.hart.get(o.rs1), self.hart.get(o.rs2)) {
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
        self.write(rd, link)?;
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
    fn loaded(&mut self, addr: u32, width: Width, value: u32) {
        if O::EFFECTS {
            self.effects.load = Some(Access { direction: Direction::Load, addr, width, value });
        }
    }

    #[inline(always)]
    fn stored(&mut self, addr: u32, width: Width, value: u32) -> Outcome {
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
