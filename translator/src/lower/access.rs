//! Instructions that touch guest memory.
//!
//! An address is the base of the region, plus a zero-extended register, plus the immediate as the
//! host instruction's displacement. That this does not wrap at 2^32 makes no difference: below the
//! region, in page 0 and from `0xffff_0000` on nothing is mapped, so whatever would wrap faults
//! either way (specification, section 8). Of a 64-bit register the low half counts.

use bessemer_isa::{A, L, Lr, Reg, S, TrapKind, Xlen};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};

use super::{Lowering, trap_code};
use crate::context::{NO_RESERVATION, offset};

/// Width and extension of a load.
#[derive(Clone, Copy)]
pub(super) enum Load {
    Signed8,
    Signed16,
    Unsigned8,
    Unsigned16,
    /// Sign-extended where registers are wider.
    Word,
    Unsigned32,
    Double,
}

/// Width of a store.
#[derive(Clone, Copy)]
pub(super) enum Store {
    Byte,
    Half,
    Word,
    Double,
}

/// Width of an atomic access.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    Word,
    Double,
}

impl Lowering<'_, '_> {
    pub(super) fn load(&mut self, L { rd, rs1, imm }: L, load: Load) {
        self.before_trap();
        let address = self.address(rs1);
        let value = self.load_at(load, self.flags.load, address, imm);
        self.write(rd, value);
        if !matches!(load, Load::Unsigned32 | Load::Double) && self.xlen == Xlen::Rv64 {
            let word = self.builder.ins().ireduce(I32, value);
            self.note_word(rd, word);
        }
    }

    /// Loads into 64 bits, extended as a register of this width is.
    fn load_at(&mut self, load: Load, flags: MemFlagsData, address: Value, imm: i32) -> Value {
        let wide = self.xlen == Xlen::Rv64;
        let ins = self.builder.ins();
        // loads that extend by themselves: a plain load could be folded into the instruction that
        // uses it, and its trap would then be reported at that instruction's pc
        match load {
            Load::Signed8 if wide => ins.sload8(I64, flags, address, imm),
            Load::Signed16 if wide => ins.sload16(I64, flags, address, imm),
            Load::Word if wide => ins.sload32(flags, address, imm),
            Load::Signed8 => {
                let value = ins.sload8(I32, flags, address, imm);
                self.builder.ins().uextend(I64, value)
            }
            Load::Signed16 => {
                let value = ins.sload16(I32, flags, address, imm);
                self.builder.ins().uextend(I64, value)
            }
            Load::Unsigned8 => ins.uload8(I64, flags, address, imm),
            Load::Unsigned16 => ins.uload16(I64, flags, address, imm),
            Load::Word | Load::Unsigned32 => ins.uload32(flags, address, imm),
            Load::Double => {
                let value = ins.load(I64, flags, address, imm);
                // nothing is folded across the marker, which becomes no machine code
                self.builder.ins().sequence_point();
                value
            }
        }
    }

    pub(super) fn store(&mut self, S { rs1, rs2, imm }: S, store: Store) {
        self.before_trap();
        let address = self.address(rs1);
        let value = self.read(rs2);
        let flags = self.store_flags();
        let ins = self.builder.ins();
        match store {
            Store::Byte => ins.istore8(flags, value, address, imm),
            Store::Half => ins.istore16(flags, value, address, imm),
            Store::Word => ins.istore32(flags, value, address, imm),
            Store::Double => ins.store(flags, value, address, imm),
        };
    }

    /// LR: loads, then reserves the address (specification, section 2, rule A3).
    pub(super) fn load_reserved(&mut self, Lr { rd, rs1, .. }: Lr, size: Size) {
        let (guest, address) = self.atomic_address(rs1, size);
        let value = self.load_at(size.load(), self.flags.load, address, 0);
        let context = self.context();
        self.builder.ins().store(self.flags.context, guest, context, offset::RESERVATION);
        self.write(rd, value);
    }

    /// SC: stores and gives 0 if the address is reserved, otherwise gives 1; the reservation is gone
    /// either way (rule A4).
    pub(super) fn store_conditional(&mut self, A { rd, rs1, rs2, .. }: A, size: Size) {
        let (guest, address) = self.atomic_address(rs1, size);
        let value = self.read(rs2);
        let reserved = self.load_context(offset::RESERVATION);
        let (held, done) = (self.builder.create_block(), self.builder.create_block());
        let failed = self.builder.ins().icmp(IntCC::NotEqual, reserved, guest);
        self.builder.ins().brif(failed, done, &[], held, &[]);
        self.builder.switch_to_block(held);
        let flags = self.store_flags();
        match size {
            Size::Word => self.builder.ins().istore32(flags, value, address, 0),
            Size::Double => self.builder.ins().store(flags, value, address, 0),
        };
        self.builder.ins().jump(done, &[]);
        self.builder.switch_to_block(done);
        let none = self.builder.ins().iconst(I64, NO_RESERVATION as i64);
        let context = self.context();
        self.builder.ins().store(self.flags.context, none, context, offset::RESERVATION);
        let result = self.builder.ins().uextend(I64, failed);
        self.write(rd, result);
    }

    /// An AMO: the word must be writable even where only its load faults (rule A5).
    pub(super) fn read_modify_write(
        &mut self,
        A { rd, rs1, rs2, .. }: A,
        size: Size,
        op: impl FnOnce(&mut Self, Value, Value) -> Value,
    ) {
        let (_, address) = self.atomic_address(rs1, size);
        let operand = match size {
            Size::Word => self.read32(rs2),
            Size::Double => self.read(rs2),
        };
        let flags = self.store_flags();
        let old = self.load_at(size.load(), flags, address, 0);
        let narrow = match size {
            Size::Word => self.builder.ins().ireduce(I32, old),
            Size::Double => old,
        };
        let new = op(self, narrow, operand);
        self.builder.ins().store(flags, new, address, 0);
        self.write(rd, old);
    }

    /// The flags of a store that comes next. Cranelift removes a store that a later one overwrites,
    /// and would report the trap at the later one's pc: the marker, which becomes no machine code, keeps them apart.
    fn store_flags(&mut self) -> MemFlagsData {
        self.builder.ins().sequence_point();
        self.flags.store
    }

    pub(super) fn select_if(&mut self, condition: IntCC, a: Value, b: Value) -> Value {
        let holds = self.builder.ins().icmp(condition, a, b);
        self.builder.ins().select(holds, a, b)
    }

    /// The host address of guest address `reg`.
    fn address(&mut self, reg: Reg) -> Value {
        let (memory, guest) = (self.memory(), self.read_address(reg));
        self.builder.ins().iadd(memory, guest)
    }

    /// Guest and host address of an atomic access, after the check of rule A1.
    fn atomic_address(&mut self, reg: Reg, size: Size) -> (Value, Value) {
        self.before_trap();
        let guest = self.read_address(reg);
        let (bad, good) = (self.builder.create_block(), self.builder.create_block());
        let misaligned = self.builder.ins().band_imm_u(guest, size.bytes() - 1);
        self.builder.ins().brif(misaligned, bad, &[], good, &[]);
        self.cold(bad, |this| {
            this.store_meter();
            let (flags, context): (MemFlagsData, _) = (this.flags.context, this.context());
            this.builder.ins().istore32(flags, guest, context, offset::TRAP_ADDR);
            this.builder.ins().trap(trap_code(TrapKind::MisalignedAtomic));
        });
        self.builder.switch_to_block(good);
        let memory = self.memory();
        let address = self.builder.ins().iadd(memory, guest);
        (guest, address)
    }
}

impl Size {
    const fn bytes(self) -> i64 {
        match self {
            Self::Word => 4,
            Self::Double => 8,
        }
    }

    const fn load(self) -> Load {
        match self {
            Self::Word => Load::Word,
            Self::Double => Load::Double,
        }
    }
}
