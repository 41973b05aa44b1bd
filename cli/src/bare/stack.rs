//! The state in which a program starts: its arguments, in a block at the top of the stack, and
//! `gp`.
//!
//! ```text
//! sp ->  argc
//!        argv[0] .. argv[argc - 1], 0
//!        0                              no environment
//!        6, 4096                        auxiliary vector: AT_PAGESZ, the bytes of a page
//!        0, 0                           AT_NULL
//!        strings, each with a zero byte
//!        top of the stack
//! ```
//!
//! Each number and each address is as wide as a register of the program.
//!
//! `gp` is the address of the symbol `__global_pointer$`, if the file has it: GNU ld addresses variables
//! by it, and a program without start files does not set it itself.

use bessemer_isa::Reg;
use bessemer_runtime::Instance;
use bessemer_runtime::memory::PAGE;

/// The arguments do not fit the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the arguments take {needed} bytes, but no more than half of the stack of {stack} bytes may hold them: give fewer, or a larger stack"
)]
pub struct ArgumentError {
    /// Bytes of the block.
    pub needed: u64,
    /// Bytes of the stack.
    pub stack: u32,
}

/// Writes the block for these arguments, the first of which is the program's name, points `sp`
/// at it, 16-byte aligned, and sets `gp`. For an instance that has not run.
pub fn prepare<T>(
    instance: &mut Instance<T>,
    arguments: &[impl AsRef<[u8]>],
) -> Result<(), ArgumentError> {
    let stack = instance.module().program().layout().stack.clone();
    let size = stack.end - stack.start;
    let strings: u64 = arguments.iter().map(|arg| arg.as_ref().len() as u64 + 1).sum();
    let width = instance.module().program().profile().xlen.bytes() as usize;
    let words = (arguments.len() as u64 + FIXED_WORDS) * width as u64;
    let needed = (words + strings).next_multiple_of(16);
    let error = ArgumentError { needed, stack: size };
    let block = u32::try_from(needed).ok().filter(|&needed| needed <= size / 2).ok_or(error)?;

    let sp = stack.end - block;
    let mut string = u64::from(sp) + words;
    let mut bytes = (arguments.len() as u64).to_le_bytes()[..width].to_vec();
    for argument in arguments {
        bytes.extend(&string.to_le_bytes()[..width]);
        string += argument.as_ref().len() as u64 + 1;
    }
    // behind the two lists
    bytes.resize(bytes.len() + 2 * width, 0);
    for word in [AT_PAGESZ, u64::from(PAGE)] {
        bytes.extend(&word.to_le_bytes()[..width]);
    }
    bytes.resize(words as usize, 0);
    for argument in arguments {
        bytes.extend(argument.as_ref());
        bytes.push(0);
    }
    bytes.resize(block as usize, 0);
    let place = instance.memory_mut().write(sp, block).map_err(|_| error)?;
    place.copy_from_slice(&bytes);
    instance.set_register(Reg::SP, sp.into());
    if let Some(pointer) = instance.module().program().symbols().lookup(GLOBAL_POINTER) {
        instance.set_register(Reg::GP, pointer.into());
    }
    Ok(())
}

/// argc, the ends of both lists, and the two pairs of the auxiliary vector.
const FIXED_WORDS: u64 = 1 + 1 + 1 + 2 + 2;
/// The size of a page, in the auxiliary vector.
const AT_PAGESZ: u64 = 6;
/// Where GNU ld expects `gp` to point.
const GLOBAL_POINTER: &str = "__global_pointer$";
