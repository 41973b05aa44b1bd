//! The environment of bare programs: the few calls of RISC-V Linux that a C program without an
//! operating system makes, and the stack block from which it takes its arguments.
//!
//! | a7 | Call | Does | a0 |
//! |---|---|---|---|
//! | 64 | `write(a0, a1, a2)` | writes a2 bytes at a1 to standard output (1) or error (2) | a2; -9 (EBADF) for another file |
//! | 93, 94 | `exit(a0)`, `exit_group(a0)` | ends the program | - |
//! | 214 | `brk(a0)` | moves the end of the heap to a0, if it can be there | the end of the heap |
//! | others | | nothing | -38 (ENOSYS) |
//!
//! A `write` from memory that is not mapped traps `BadPointer` (specification, rule G6, step 4)
//! rather than return -14 (EFAULT) as Linux does: a guest never sees an address fault as a number.
//!
//! No call has a price besides that of the ECALL, and neither have the pages that `brk` maps: what a
//! bare program uses is bounded by its memory class and its gas limit.

mod stack;

use std::fmt;
use std::io::Write;

use bessemer_runtime::memory::{GuestMemory, PAGE, RegionError};
use bessemer_runtime::{Caller, Engine, HostResult, HostStop, Linker, Module};

pub use stack::{ArgumentError, place_arguments};

/// Writes bytes to one of the guest's two files.
pub const WRITE: u32 = 64;
/// Ends the program.
pub const EXIT: u32 = 93;
/// Ends the program; with one hart the same as [`EXIT`].
pub const EXIT_GROUP: u32 = 94;
/// Moves the end of the heap.
pub const BRK: u32 = 214;

/// The state of the environment for one running program.
pub struct Bare {
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    heap_start: u32,
    heap_limit: u32,
    /// The end of the heap as the guest asked for it; the last page is mapped whole.
    brk: u32,
}

impl Bare {
    /// A fresh environment for an instance of `module`, with these files.
    pub fn new(
        module: &Module,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        let layout = module.program().layout();
        Self {
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            heap_start: layout.heap_start,
            heap_limit: layout.heap_limit,
            brk: layout.heap_start,
        }
    }

    /// Executes one call: `number` is a7, the arguments are a0 to a2.
    pub fn call(
        &mut self,
        mut memory: GuestMemory<'_>,
        number: u32,
        [a0, a1, a2]: [u32; 3],
    ) -> HostResult<u32> {
        match number {
            WRITE => self.write(&memory, a0, a1, a2),
            EXIT | EXIT_GROUP => Err(HostStop::Done(a0)),
            BRK => self.move_break(&mut memory, a0),
            _ => Ok(ENOSYS),
        }
    }

    /// Writes out what the files buffer.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.stdout.flush()?;
        self.stderr.flush()
    }

    fn write(
        &mut self,
        memory: &GuestMemory<'_>,
        file: u32,
        ptr: u32,
        len: u32,
    ) -> HostResult<u32> {
        let to = match file {
            1 => &mut self.stdout,
            2 => &mut self.stderr,
            _ => return Ok(EBADF),
        };
        let bytes = memory.read(ptr, len)?;
        to.write_all(bytes).map_err(|error| HostStop::Error(error.into()))?;
        Ok(len)
    }

    fn move_break(&mut self, memory: &mut GuestMemory<'_>, wanted: u32) -> HostResult<u32> {
        if !(self.heap_start..=self.heap_limit).contains(&wanted) {
            return Ok(self.brk);
        }
        let missing = wanted.saturating_sub(memory.heap_end()).div_ceil(PAGE);
        match memory.grow(missing) {
            Ok(_) => {}
            Err(RegionError::HeapLimit { .. }) => return Ok(self.brk),
            Err(error) => return Err(HostStop::Error(error.into())),
        }
        // Pages stay mapped when the heap shrinks, but what comes back later must be zero again:
        // allocators count on it.
        if let Some(dropped @ 1..) = self.brk.checked_sub(wanted) {
            memory.write(wanted, dropped)?.fill(0);
        }
        self.brk = wanted;
        Ok(wanted)
    }
}

/// A linker with the environment's calls, for instances whose data is a [`Bare`] or contains one.
pub fn linker<T: AsMut<Bare> + 'static>(engine: &Engine) -> Linker<T> {
    let mut linker = Linker::new(engine);
    linker.fallback(|mut caller: Caller<'_, T>| call(&mut caller));
    linker
}

/// Executes the host call that the guest makes.
pub fn call<T: AsMut<Bare>>(caller: &mut Caller<'_, T>) -> HostResult<u32> {
    let number = caller.number();
    let arguments = [0, 1, 2].map(|index| caller.argument(index));
    let (memory, data) = caller.memory_and_data();
    data.as_mut().call(memory, number, arguments)
}

impl AsMut<Self> for Bare {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl fmt::Debug for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bare")
            .field("brk", &format_args!("{:#010x}", self.brk))
            .finish_non_exhaustive()
    }
}

/// EBADF: no such file.
const EBADF: u32 = (-9_i32).cast_unsigned();
/// ENOSYS: no such call.
const ENOSYS: u32 = (-38_i32).cast_unsigned();
