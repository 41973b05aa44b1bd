//! What each instruction does.

use super::Oracle;
use super::instruction::{AmoOperation, Condition, Extend, Instruction, Operation, Width};
use super::trap::Trap;

/// Where control goes after an instruction.
pub(super) enum Next {
    /// To the next instruction of the same run.
    Inside,
    /// To the start of a run.
    Arrive(u32),
    Ecall,
    Trap(Trap),
}

impl Oracle {
    /// Executes the instruction at pc, `length` bytes long. pc itself is moved by the caller.
    pub(super) fn perform(&mut self, instruction: Instruction, length: u32) -> Next {
        match self.attempt(instruction, length) {
            Ok(next) => next,
            Err(trap) => Next::Trap(trap),
        }
    }

    fn attempt(&mut self, instruction: Instruction, length: u32) -> Result<Next, Trap> {
        let pc = self.pc;
        let next = pc + length;
        match instruction {
            Instruction::Lui { rd, imm } => self.set(rd, imm),
            Instruction::Auipc { rd, imm } => self.set(rd, pc.wrapping_add(imm)),

            Instruction::Jal { rd, offset } => {
                let target = self.target(pc.wrapping_add(offset))?;
                self.set(rd, next);
                return Ok(Next::Arrive(target));
            }
            Instruction::Jalr { rd, rs1, offset } => {
                let target = self.target(self.registers[rs1].wrapping_add(offset))?;
                self.set(rd, next);
                return Ok(Next::Arrive(target));
            }
            Instruction::Branch { condition, rs1, rs2, offset } => {
                if !holds(condition, self.registers[rs1], self.registers[rs2]) {
                    return Ok(Next::Arrive(next));
                }
                return Ok(Next::Arrive(self.target(pc.wrapping_add(offset))?));
            }

            Instruction::Load { width, extend, rd, rs1, offset } => {
                let addr = self.registers[rs1].wrapping_add(offset);
                let value = self.load(addr, bytes(width))?;
                self.set(rd, extended(value, width, extend));
            }
            Instruction::Store { width, rs1, rs2, offset } => {
                let addr = self.registers[rs1].wrapping_add(offset);
                self.store(addr, bytes(width), self.registers[rs2])?;
            }

            Instruction::Immediate { operation, rd, rs1, imm } => {
                self.set(rd, compute(operation, self.registers[rs1], imm));
            }
            Instruction::Register { operation, rd, rs1, rs2 } => {
                self.set(rd, compute(operation, self.registers[rs1], self.registers[rs2]));
            }
            Instruction::Fence => {}

            Instruction::Ecall => {
                // Rule 6 of A.
                self.reservation = None;
                return Ok(Next::Ecall);
            }
            Instruction::Ebreak => return Err(Trap::new(Trap::BREAKPOINT)),
            Instruction::Illegal => return Err(Trap::new(Trap::ILLEGAL_INSTRUCTION)),

            Instruction::LoadReserved { rd, rs1 } => {
                let addr = self.atomic_address(rs1)?;
                let value = self.load(addr, 4)?;
                self.reservation = Some(addr);
                self.set(rd, value);
            }
            Instruction::StoreConditional { rd, rs1, rs2 } => {
                let addr = self.atomic_address(rs1)?;
                if self.reservation == Some(addr) {
                    self.store(addr, 4, self.registers[rs2])?;
                    self.set(rd, 0);
                } else {
                    self.set(rd, 1);
                }
                self.reservation = None;
            }
            Instruction::Amo { operation, rd, rs1, rs2 } => {
                let addr = self.atomic_address(rs1)?;
                // Not mapped or not writable: BadStore, never BadLoad.
                let old = self.memory.load(addr, 4).map_err(|a| Trap::at(Trap::BAD_STORE, a))?;
                self.store(addr, 4, combine(operation, old, self.registers[rs2]))?;
                self.set(rd, old);
            }
        }
        Ok(Next::Inside)
    }

    /// x0 reads 0 after every instruction.
    fn set(&mut self, rd: usize, value: u32) {
        if rd != 0 {
            self.registers[rd] = value;
        }
    }

    fn load(&self, addr: u32, n: u32) -> Result<u32, Trap> {
        self.memory.load(addr, n).map_err(|a| Trap::at(Trap::BAD_LOAD, a))
    }

    fn store(&mut self, addr: u32, n: u32, value: u32) -> Result<(), Trap> {
        self.memory.store(addr, n, value).map_err(|a| Trap::at(Trap::BAD_STORE, a))
    }

    /// Rule 1 of A: aligned, before anything else.
    fn atomic_address(&self, rs1: usize) -> Result<u32, Trap> {
        match self.registers[rs1] {
            addr if addr.is_multiple_of(4) => Ok(addr),
            addr => Err(Trap::at(Trap::MISALIGNED_ATOMIC, addr)),
        }
    }

    /// G5: where a jump to `sum` arrives.
    fn target(&self, sum: u32) -> Result<u32, Trap> {
        let t = sum & !1;
        if !self.text.contains(t) {
            return Err(Trap::at(Trap::BAD_JUMP, t));
        }
        if !self.text.is_compressed() && !t.is_multiple_of(4) {
            return Err(Trap::at(Trap::MISALIGNED_JUMP, t));
        }
        Ok(t)
    }
}

fn holds(condition: Condition, a: u32, b: u32) -> bool {
    match condition {
        Condition::Beq => a == b,
        Condition::Bne => a != b,
        Condition::Blt => signed(a) < signed(b),
        Condition::Bge => signed(a) >= signed(b),
        Condition::Bltu => a < b,
        Condition::Bgeu => a >= b,
    }
}

fn compute(operation: Operation, a: u32, b: u32) -> u32 {
    // The exact operands of the multiplications: no product of them leaves 66 bits.
    let signed_a = i128::from(signed(a));
    let signed_b = i128::from(signed(b));
    let unsigned_a = i128::from(a);
    let unsigned_b = i128::from(b);
    match operation {
        Operation::Add => a.wrapping_add(b),
        Operation::Sub => a.wrapping_sub(b),
        Operation::Slt => u32::from(signed(a) < signed(b)),
        Operation::Sltu => u32::from(a < b),
        Operation::Xor => a ^ b,
        Operation::Or => a | b,
        Operation::And => a & b,

        // The amount is the low 5 bits.
        Operation::Sll => a << (b & 0x1f),
        Operation::Srl => a >> (b & 0x1f),
        Operation::Sra => unsigned(signed(a) >> (b & 0x1f)),

        Operation::Mul => low_half(unsigned_a * unsigned_b),
        Operation::Mulh => high_half(signed_a * signed_b),
        Operation::Mulhsu => high_half(signed_a * unsigned_b),
        Operation::Mulhu => high_half(unsigned_a * unsigned_b),

        Operation::Div if b == 0 => 0xffff_ffff,
        Operation::Div if a == 0x8000_0000 && b == 0xffff_ffff => 0x8000_0000,
        Operation::Div => unsigned(signed(a) / signed(b)),
        Operation::Divu if b == 0 => 0xffff_ffff,
        Operation::Divu => a / b,
        Operation::Rem if b == 0 => a,
        Operation::Rem if a == 0x8000_0000 && b == 0xffff_ffff => 0,
        Operation::Rem => unsigned(signed(a) % signed(b)),
        Operation::Remu if b == 0 => a,
        Operation::Remu => a % b,
    }
}

fn combine(operation: AmoOperation, old: u32, rs2: u32) -> u32 {
    match operation {
        AmoOperation::Swap => rs2,
        AmoOperation::Add => old.wrapping_add(rs2),
        AmoOperation::Xor => old ^ rs2,
        AmoOperation::And => old & rs2,
        AmoOperation::Or => old | rs2,
        AmoOperation::Min => unsigned(signed(old).min(signed(rs2))),
        AmoOperation::Max => unsigned(signed(old).max(signed(rs2))),
        AmoOperation::Minu => old.min(rs2),
        AmoOperation::Maxu => old.max(rs2),
    }
}

fn bytes(width: Width) -> u32 {
    match width {
        Width::Byte => 1,
        Width::Half => 2,
        Width::Word => 4,
    }
}

fn extended(value: u32, width: Width, extend: Extend) -> u32 {
    match (width, extend) {
        (Width::Byte, Extend::Sign) if value & 0x80 != 0 => value | 0xffff_ff00,
        (Width::Half, Extend::Sign) if value & 0x8000 != 0 => value | 0xffff_0000,
        _ => value,
    }
}

fn signed(value: u32) -> i32 {
    value.cast_signed()
}

fn unsigned(value: i32) -> u32 {
    value.cast_unsigned()
}

fn low_half(product: i128) -> u32 {
    (product & 0xffff_ffff) as u32
}

fn high_half(product: i128) -> u32 {
    (product >> 32 & 0xffff_ffff) as u32
}
