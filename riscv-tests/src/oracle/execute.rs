//! The meaning of each instruction.

use super::Oracle;
use super::instruction::{
    AmoOperation, Condition, Extend, Function, Instruction, Operation, Size, Width,
};
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
            Instruction::Lui { rd, imm } => self.set(rd, self.extended(imm)),
            Instruction::Auipc { rd, imm } => {
                self.set(rd, u64::from(pc).wrapping_add(self.extended(imm)));
            }

            Instruction::Jal { rd, offset } => {
                let target = self.target(pc.wrapping_add(offset))?;
                self.set(rd, u64::from(next));
                return Ok(Next::Arrive(target));
            }
            Instruction::Jalr { rd, rs1, offset } => {
                let target = self.target(self.address(rs1, offset))?;
                self.set(rd, u64::from(next));
                return Ok(Next::Arrive(target));
            }
            Instruction::Branch { condition, rs1, rs2, offset } => {
                if !holds(condition, self.registers[rs1], self.registers[rs2], self.xlen()) {
                    return Ok(Next::Arrive(next));
                }
                return Ok(Next::Arrive(self.target(pc.wrapping_add(offset))?));
            }

            Instruction::Load { width, extend, rd, rs1, offset } => {
                let value = self.load(self.address(rs1, offset), bytes(width))?;
                self.set(rd, extended(value, width, extend));
            }
            Instruction::Store { width, rs1, rs2, offset } => {
                self.store(self.address(rs1, offset), bytes(width), self.registers[rs2])?;
            }

            Instruction::Immediate { operation, size, rd, rs1, imm } => {
                let imm = self.extended(imm);
                self.set(rd, self.sized(size, self.registers[rs1], imm, operation));
            }
            Instruction::Register { operation, size, rd, rs1, rs2 } => {
                let (a, b) = (self.registers[rs1], self.registers[rs2]);
                self.set(rd, self.sized(size, a, b, operation));
            }
            Instruction::Unary { function, size, rd, rs1 } => {
                let a = self.registers[rs1];
                let value = match size {
                    Size::Register => apply(function, a, self.xlen()),
                    Size::Word => apply(function, a & 0xffff_ffff, 32),
                };
                self.set(rd, value);
            }
            Instruction::Fence => {}

            Instruction::Ecall => {
                // Rule 6 of A.
                self.reservation = None;
                return Ok(Next::Ecall);
            }
            Instruction::Ebreak => return Err(Trap::new(Trap::BREAKPOINT)),
            Instruction::Illegal => return Err(Trap::new(Trap::ILLEGAL_INSTRUCTION)),

            Instruction::LoadReserved { width, rd, rs1 } => {
                let addr = self.atomic_address(rs1, bytes(width))?;
                let value = self.load(addr, bytes(width))?;
                self.reservation = Some(addr);
                self.set(rd, extended(value, width, Extend::Sign));
            }
            Instruction::StoreConditional { width, rd, rs1, rs2 } => {
                let addr = self.atomic_address(rs1, bytes(width))?;
                if self.reservation == Some(addr) {
                    self.store(addr, bytes(width), self.registers[rs2])?;
                    self.set(rd, 0);
                } else {
                    self.set(rd, 1);
                }
                self.reservation = None;
            }
            Instruction::Amo { operation, width, rd, rs1, rs2 } => {
                let n = bytes(width);
                let addr = self.atomic_address(rs1, n)?;
                // Not mapped or not writable: BadStore, never BadLoad.
                let old = self.memory.load(addr, n).map_err(|a| Trap::at(Trap::BAD_STORE, a))?;
                self.store(addr, n, combine(operation, old, self.registers[rs2], 8 * n))?;
                self.set(rd, extended(old, width, Extend::Sign));
            }
        }
        Ok(Next::Inside)
    }

    fn xlen(&self) -> u32 {
        if self.isa.wide { 64 } else { 32 }
    }

    /// x0 reads 0 after every instruction; RV32 keeps 32 bits.
    fn set(&mut self, rd: usize, value: u64) {
        if rd != 0 {
            self.registers[rd] = if self.isa.wide { value } else { value & 0xffff_ffff };
        }
    }

    /// A 32-bit value as a register holds it: sign-extended in RV64.
    pub(super) fn extended(&self, value: u32) -> u64 {
        if self.isa.wide { sign_extended(value) } else { u64::from(value) }
    }

    /// The effective address, modulo 2^32 in either width.
    fn address(&self, rs1: usize, offset: u32) -> u32 {
        ((self.registers[rs1].wrapping_add(u64::from(offset))) & 0xffff_ffff) as u32
    }

    /// The result of an operation on whole registers or on their low words.
    fn sized(&self, size: Size, a: u64, b: u64, operation: Operation) -> u64 {
        match size {
            Size::Register => compute(operation, a, b, self.xlen()),
            Size::Word => {
                let word = compute(operation, a & 0xffff_ffff, b & 0xffff_ffff, 32);
                sign_extended((word & 0xffff_ffff) as u32)
            }
        }
    }

    fn load(&self, addr: u32, n: u32) -> Result<u64, Trap> {
        self.memory.load(addr, n).map_err(|a| Trap::at(Trap::BAD_LOAD, a))
    }

    fn store(&mut self, addr: u32, n: u32, value: u64) -> Result<(), Trap> {
        self.memory.store(addr, n, value).map_err(|a| Trap::at(Trap::BAD_STORE, a))
    }

    /// Rule 1 of A: aligned, before anything else.
    fn atomic_address(&self, rs1: usize, n: u32) -> Result<u32, Trap> {
        match self.address(rs1, 0) {
            addr if addr.is_multiple_of(n) => Ok(addr),
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

/// Everything below computes with registers of `n` bits.
fn holds(condition: Condition, a: u64, b: u64, n: u32) -> bool {
    match condition {
        Condition::Beq => a == b,
        Condition::Bne => a != b,
        Condition::Blt => signed(a, n) < signed(b, n),
        Condition::Bge => signed(a, n) >= signed(b, n),
        Condition::Bltu => a < b,
        Condition::Bgeu => a >= b,
    }
}

fn compute(operation: Operation, a: u64, b: u64, n: u32) -> u64 {
    // The exact operands of the multiplications and divisions.
    let signed_a = signed(a, n);
    let signed_b = signed(b, n);
    let unsigned_a = i128::from(a);
    let unsigned_b = i128::from(b);
    // The amount is the low 5 or 6 bits.
    let amount = (b & u64::from(n - 1)) as u32;
    let bit = 1_i128 << amount;
    let word = unsigned_a & 0xffff_ffff;
    let exact = match operation {
        Operation::Add => unsigned_a + unsigned_b,
        Operation::Sub => unsigned_a - unsigned_b,
        Operation::Slt => i128::from(signed_a < signed_b),
        Operation::Sltu => i128::from(unsigned_a < unsigned_b),
        Operation::Xor => unsigned_a ^ unsigned_b,
        Operation::Or => unsigned_a | unsigned_b,
        Operation::And => unsigned_a & unsigned_b,
        Operation::Sll => unsigned_a << amount,
        Operation::Srl => unsigned_a >> amount,
        Operation::Sra => signed_a >> amount,

        Operation::Mul => unsigned_a.wrapping_mul(unsigned_b),
        Operation::Mulh => (signed_a * signed_b) >> n,
        Operation::Mulhsu => (signed_a * unsigned_b) >> n,
        Operation::Mulhu => ((u128::from(a) * u128::from(b)) >> n).cast_signed(),

        // The one overflow of a signed division is cut to the dividend.
        Operation::Div if signed_b == 0 => -1,
        Operation::Div => signed_a / signed_b,
        Operation::Divu if unsigned_b == 0 => -1,
        Operation::Divu => unsigned_a / unsigned_b,
        Operation::Rem if signed_b == 0 => signed_a,
        Operation::Rem => signed_a % signed_b,
        Operation::Remu if unsigned_b == 0 => unsigned_a,
        Operation::Remu => unsigned_a % unsigned_b,

        Operation::ShiftAdd(count) => (unsigned_a << count) + unsigned_b,
        Operation::ShiftAddUw(count) => (word << count) + unsigned_b,
        Operation::SlliUw => word << amount,
        Operation::Andn => unsigned_a & !unsigned_b,
        Operation::Orn => unsigned_a | !unsigned_b,
        Operation::Xnor => !(unsigned_a ^ unsigned_b),
        Operation::Min => signed_a.min(signed_b),
        Operation::Minu => unsigned_a.min(unsigned_b),
        Operation::Max => signed_a.max(signed_b),
        Operation::Maxu => unsigned_a.max(unsigned_b),
        Operation::Rol => unsigned_a << amount | unsigned_a >> (n - amount),
        Operation::Ror => unsigned_a >> amount | unsigned_a << (n - amount),
        Operation::Bclr => unsigned_a & !bit,
        Operation::Bext => unsigned_a >> amount & 1,
        Operation::Binv => unsigned_a ^ bit,
        Operation::Bset => unsigned_a | bit,
        Operation::CzeroEqz => {
            if b == 0 {
                0
            } else {
                unsigned_a
            }
        }
        Operation::CzeroNez => {
            if b == 0 {
                unsigned_a
            } else {
                0
            }
        }
    };
    cut(exact, n)
}

fn apply(function: Function, a: u64, n: u32) -> u64 {
    let bit = |index: u32| a >> index & 1 == 1;
    let count =
        |bits: &mut dyn Iterator<Item = u32>| bits.take_while(|&at| !bit(at)).count() as u64;
    match function {
        Function::Clz => count(&mut (0..n).rev()),
        Function::Ctz => count(&mut (0..n)),
        Function::Cpop => (0..n).filter(|&at| bit(at)).count() as u64,
        Function::SextB => cut(signed(a & 0xff, 8), n),
        Function::SextH => cut(signed(a & 0xffff, 16), n),
        Function::ZextH => a & 0xffff,
        Function::OrcB => each_byte(n, |at| if a >> at & 0xff == 0 { 0 } else { 0xff }),
        Function::Rev8 => each_byte(n, |at| a >> (n - 8 - at) & 0xff),
    }
}

/// Puts a value together from its bytes, each by the index of its lowest bit.
fn each_byte(n: u32, byte: impl Fn(u32) -> u64) -> u64 {
    (0..n).step_by(8).map(|at| byte(at) << at).sum()
}

fn combine(operation: AmoOperation, old: u64, rs2: u64, n: u32) -> u64 {
    let rs2 = cut(i128::from(rs2), n);
    match operation {
        AmoOperation::Swap => rs2,
        AmoOperation::Add => old.wrapping_add(rs2),
        AmoOperation::Xor => old ^ rs2,
        AmoOperation::And => old & rs2,
        AmoOperation::Or => old | rs2,
        AmoOperation::Min => cut(signed(old, n).min(signed(rs2, n)), n),
        AmoOperation::Max => cut(signed(old, n).max(signed(rs2, n)), n),
        AmoOperation::Minu => old.min(rs2),
        AmoOperation::Maxu => old.max(rs2),
    }
}

fn bytes(width: Width) -> u32 {
    match width {
        Width::Byte => 1,
        Width::Half => 2,
        Width::Word => 4,
        Width::Double => 8,
    }
}

/// In 64 bits; RV32 keeps the lower half.
fn extended(value: u64, width: Width, extend: Extend) -> u64 {
    match extend {
        Extend::Sign => cut(signed(value, 8 * bytes(width)), 64),
        Extend::Zero => value,
    }
}

fn sign_extended(word: u32) -> u64 {
    cut(signed(u64::from(word), 32), 64)
}

/// The value as a two's complement number of `n` bits.
fn signed(value: u64, n: u32) -> i128 {
    let value = i128::from(value);
    if value >> (n - 1) & 1 == 1 { value - (1 << n) } else { value }
}

/// The low `n` bits.
fn cut(value: i128, n: u32) -> u64 {
    (value & ((1 << n) - 1)) as u64
}
