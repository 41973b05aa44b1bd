//! From arguments to output.

use core::fmt::Write;

use bessemer_workloads::Workload;

use crate::system::{Descriptor, exit};

/// The argument block that the loader left above the stack.
pub struct Arguments {
    /// Points at argc; the pointers to the arguments follow.
    block: *const usize,
}

impl Arguments {
    /// Takes the stack pointer of the entry.
    ///
    /// # Safety
    ///
    /// `stack` points at argc, followed by as many pointers to strings that end with a zero byte;
    /// all of it stays in place and unchanged while the program runs.
    #[must_use]
    pub const unsafe fn new(stack: *const usize) -> Self {
        Self { block: stack }
    }

    /// The argument number `index`; number 0 is the name of the program.
    fn nth(&self, index: usize) -> Option<&[u8]> {
        // SAFETY: `new` was promised a block that starts with argc.
        let count = unsafe { self.block.read() };
        if index >= count {
            return None;
        }
        // SAFETY: `index` is below argc, and the pointers follow argc.
        let argument = unsafe { self.block.add(1 + index).read() } as *const u8;
        let mut length = 0;
        // SAFETY: every byte up to the zero byte, which ends the loop, belongs to the argument.
        while unsafe { argument.add(length).read() } != 0 {
            length += 1;
        }
        // SAFETY: the loop has just read these bytes, and no other code changes them.
        Some(unsafe { core::slice::from_raw_parts(argument, length) })
    }
}

/// Runs a workload with the first argument as `n`, or with its small `n` if there is none, prints
/// its name and checksum, and ends the program: with 0, or with 2 if the argument is not a number.
pub fn run(arguments: &Arguments, workload: &Workload, entry: extern "C" fn(u32) -> u32) -> ! {
    let n = match arguments.nth(1) {
        None => workload.small_n,
        Some(argument) => match parse(argument) {
            Some(n) => n,
            None => {
                Descriptor::error().write(b"usage: PROGRAM [N], N a decimal number below 2^32\n");
                exit(2);
            }
        },
    };
    let checksum = entry(n);
    // A descriptor takes every write.
    let _ = writeln!(Descriptor::output(), "{} {checksum:08x}", workload.name);
    exit(0)
}

/// A decimal number.
fn parse(digits: &[u8]) -> Option<u32> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}
