//! Every instruction that Bessemer executes, said once.
//!
//! [`table`] holds one row per instruction of RV32I, M and A, and one row per compressed form.
//! Everything else that must know the instruction set is made from these rows: the [`Inst`] enum,
//! decoder and encoder, the disassembler, the assembler, gas classes, and the [`Visitor`] trait
//! through which the interpreter and the translator give each instruction its meaning. A row
//! without a meaning does not compile.
//!
//! ```
//! use bessemer_isa::{Inst, Op};
//!
//! let inst = Inst::decode(0x00b5_0533).expect("add is a legal instruction");
//! assert_eq!(inst.to_string(), "add a0, a0, a1");
//! assert_eq!(inst.op(), Op::Add);
//! assert_eq!(inst.encode(), 0x00b5_0533);
//! ```
//!
//! The crate depends on nothing and knows nothing of memory, ELF files or hosts.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod asm;
mod compressed;
pub mod disasm;
mod format;
mod gas;
mod immediate;
mod inst;
mod reg;
pub mod table;
mod trap;

pub use compressed::{CompressedOp, expand};
pub use disasm::disassemble;
pub use format::{A, B, F, H, I, J, L, Lr, N, Operands, R, S, U};
pub use gas::{Class, GasSchedule, MemoryClass};
pub use immediate::Immediate;
pub use inst::{Inst, Op, Visitor};
pub use reg::{Reg, RegSet};
pub use trap::{Trap, TrapKind};
