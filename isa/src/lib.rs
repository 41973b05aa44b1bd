//! Every instruction that Bessemer executes, said once.
//!
//! [`table`] holds one row per instruction of RV32 and RV64 with I, M, A and the bit manipulation
//! extensions, and one row per compressed form; a row says which widths have it and which extension
//! it belongs to. A [`Profile`] says which of them a program may contain. Everything else that must know the instruction set is made from these rows: the [`Inst`] enum,
//! decoder and encoder, the disassembler, the assembler, gas classes, and the [`Visitor`] trait
//! through which the interpreter and the translator give each instruction its meaning. A row
//! without a meaning does not compile.
//!
//! ```
//! use bessemer_isa::{Inst, Op, Profile};
//!
//! let inst = Inst::decode(0x00b5_0533, Profile::rv32(false)).expect("add is a legal instruction");
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
mod native;
mod profile;
mod reg;
pub mod table;
mod trap;

pub use compressed::{CompressedOp, expand};
pub use disasm::disassemble;
pub use format::{A, B, F, H, Hw, I, J, L, Lr, N, Operands, R, R1, S, U};
pub use gas::{Class, GasSchedule, MemoryClass, TextClass};
pub use immediate::Immediate;
pub use inst::{Inst, Op, Visitor};
pub use native::NativeEstimate;
pub use profile::{Extension, Profile, Widths, Xlen};
pub use reg::{Reg, RegSet};
pub use trap::{Trap, TrapKind};
