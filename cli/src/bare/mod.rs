//! The environment of bare programs: the few calls of RISC-V Linux that a C program without an
//! operating system makes, and the stack block from which it takes its arguments.
//!
//! | a7 | Call | Does | a0 |
//! |---|---|---|---|
//! | 63 | `read(a0, a1, a2)` | reads at most a2 bytes of standard input (0) to a1 | how many; 0 at the end; -9 (EBADF) for another file |
//! | 64 | `write(a0, a1, a2)` | writes a2 bytes at a1 to standard output (1) or error (2) | a2; -9 (EBADF) for another file |
//! | 66 | `writev(a0, a1, a2)` | writes a2 pieces, whose addresses and lengths are at a1 | bytes; -9 (EBADF); -22 (EINVAL) for more than 1,024 pieces or 2 GiB |
//! | 93, 94 | `exit(a0)`, `exit_group(a0)` | ends the program | - |
//! | 113, 403 | `clock_gettime(a0, a1)` | writes seconds and nanoseconds to a1, each as wide as a register (113) or 8 bytes (403) | 0 |
//! | 214 | `brk(a0)` | moves the end of the heap to a0, if it can be there | the end of the heap |
//! | others | | nothing; see [`Bare::unknown_calls`] | -38 (ENOSYS) |
//!
//! Every run of a program with the same input is the same: the clock is that of a machine which uses a
//! unit of gas each nanosecond, from the program's first call on.
//!
//! A call with memory that is not mapped traps `BadPointer` (specification, rule G6, step 4)
//! rather than return -14 (EFAULT) as Linux does: a guest never sees an address fault as a number.
//!
//! No call has a price besides that of the ECALL, and neither have the pages that `brk` maps: what a
//! bare program uses is bounded by its memory class and its gas limit.

mod input;
mod stack;

use std::fmt;
use std::io::Write;

use bessemer_isa::Xlen;
use bessemer_runtime::memory::{GuestMemory, PAGE, RegionError};
use bessemer_runtime::{Caller, Engine, HostResult, HostStop, Linker, Module};

pub use input::Input;
pub use stack::{ArgumentError, prepare};

/// Reads bytes of standard input.
pub const READ: u32 = 63;
/// Writes bytes to one of the guest's two files.
pub const WRITE: u32 = 64;
/// Writes pieces to one of the guest's two files.
pub const WRITEV: u32 = 66;
/// Ends the program.
pub const EXIT: u32 = 93;
/// Ends the program; with one hart the same as [`EXIT`].
pub const EXIT_GROUP: u32 = 94;
/// Tells the time, in words as wide as a register.
pub const CLOCK_GETTIME: u32 = 113;
/// Tells the time, in words of 8 bytes.
pub const CLOCK_GETTIME64: u32 = 403;
/// Moves the end of the heap.
pub const BRK: u32 = 214;

/// The state of the environment for one running program.
pub struct Bare {
    stdin: Input,
    stdout: Box<dyn Write + Send>,
    stderr: Box<dyn Write + Send>,
    heap_start: u32,
    heap_limit: u32,
    /// The end of the heap as the guest asked for it; the last page is mapped whole.
    brk: u32,
    xlen: Xlen,
    /// The gas that was left at the first call.
    begin: Option<u64>,
    unknown: Vec<u32>,
}

impl Bare {
    /// A fresh environment for an instance of `module`, with these files.
    pub fn new(
        module: &Module,
        stdin: Input,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        let layout = module.program().layout();
        Self {
            stdin,
            stdout: Box::new(stdout),
            stderr: Box::new(stderr),
            heap_start: layout.heap_start,
            heap_limit: layout.heap_limit,
            brk: layout.heap_start,
            xlen: module.program().profile().xlen,
            begin: None,
            unknown: Vec::new(),
        }
    }

    /// The first of the calls that were made and are not there, in order, each once.
    pub fn unknown_calls(&self) -> &[u32] {
        &self.unknown
    }

    /// Executes one call: `number` is a7, the arguments are a0 to a2, and so much gas is left.
    pub fn call(
        &mut self,
        mut memory: GuestMemory<'_>,
        gas: u64,
        number: u32,
        [a0, a1, a2]: [u32; 3],
    ) -> HostResult<u32> {
        let begin = *self.begin.get_or_insert(gas);
        match number {
            READ => self.read(&mut memory, a0, a1, a2),
            WRITEV => self.write_pieces(&memory, a0, a1, a2),
            CLOCK_GETTIME => tell_time(&mut memory, a1, begin.saturating_sub(gas), self.xlen),
            CLOCK_GETTIME64 => tell_time(&mut memory, a1, begin.saturating_sub(gas), Xlen::Rv64),
            WRITE => self.write(&memory, a0, a1, a2),
            EXIT | EXIT_GROUP => Err(HostStop::Done(a0)),
            BRK => self.move_break(&mut memory, a0),
            _ => {
                if self.unknown.len() < MOST_UNKNOWN && !self.unknown.contains(&number) {
                    self.unknown.push(number);
                }
                Ok(ENOSYS)
            }
        }
    }

    /// Writes out what the files buffer.
    pub fn flush(&mut self) -> std::io::Result<()> {
        self.stdout.flush()?;
        self.stderr.flush()
    }

    fn read(
        &mut self,
        memory: &mut GuestMemory<'_>,
        file: u32,
        ptr: u32,
        len: u32,
    ) -> HostResult<u32> {
        if file != 0 {
            return Ok(EBADF);
        }
        let room = memory.write(ptr, len)?;
        if room.is_empty() {
            return Ok(0);
        }
        let read = self.stdin.read(room).map_err(|error| HostStop::Error(error.into()))?;
        Ok(read as u32)
    }

    /// The file with this number, to write to.
    fn file(&mut self, number: u32) -> Option<&mut (dyn Write + Send)> {
        match number {
            1 => Some(&mut *self.stdout),
            2 => Some(&mut *self.stderr),
            _ => None,
        }
    }

    fn write(
        &mut self,
        memory: &GuestMemory<'_>,
        file: u32,
        ptr: u32,
        len: u32,
    ) -> HostResult<u32> {
        let Some(to) = self.file(file) else { return Ok(EBADF) };
        let bytes = memory.read(ptr, len)?;
        to.write_all(bytes).map_err(|error| HostStop::Error(error.into()))?;
        Ok(len)
    }

    /// All pieces are looked at before one is written.
    fn write_pieces(
        &mut self,
        memory: &GuestMemory<'_>,
        file: u32,
        list: u32,
        count: u32,
    ) -> HostResult<u32> {
        let word = self.xlen.bytes();
        let Some(to) = self.file(file) else { return Ok(EBADF) };
        if count > MOST_PIECES {
            return Ok(EINVAL);
        }
        let list = memory.read(list, count * 2 * word)?;
        let mut words = list.chunks_exact(word as usize).map(|bytes| {
            let mut number = [0; 8];
            number[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(number)
        });
        let (mut pieces, mut all) = (Vec::new(), 0_u32);
        while let (Some(ptr), Some(len)) = (words.next(), words.next()) {
            let sum = u32::try_from(len).ok().and_then(|len| all.checked_add(len));
            let Some(sum) = sum.filter(|&sum| sum <= MOST_BYTES) else { return Ok(EINVAL) };
            // an address outside 32 bits is not mapped
            let ptr = u32::try_from(ptr).unwrap_or(u32::MAX);
            pieces.push(memory.read(ptr, sum - all)?);
            all = sum;
        }
        for piece in pieces {
            to.write_all(piece).map_err(|error| HostStop::Error(error.into()))?;
        }
        Ok(all)
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
    let gas = caller.gas();
    let (memory, data) = caller.memory_and_data();
    data.as_mut().call(memory, gas, number, arguments)
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

/// Writes seconds and nanoseconds, in words of this width.
fn tell_time(
    memory: &mut GuestMemory<'_>,
    ptr: u32,
    nanoseconds: u64,
    width: Xlen,
) -> HostResult<u32> {
    let word = width.bytes() as usize;
    let place = memory.write(ptr, 2 * width.bytes())?;
    let values = [nanoseconds / NANOSECONDS, nanoseconds % NANOSECONDS];
    for (place, value) in place.chunks_exact_mut(word).zip(values) {
        place.copy_from_slice(&value.to_le_bytes()[..word]);
    }
    Ok(0)
}

/// In a second.
const NANOSECONDS: u64 = 1_000_000_000;
/// The most pieces of a `writev`, as on Linux.
const MOST_PIECES: u32 = 1024;
/// The most bytes that a call writes: a length is a positive number of 32 bits.
const MOST_BYTES: u32 = i32::MAX.cast_unsigned();
/// How many unknown calls are kept.
const MOST_UNKNOWN: usize = 16;
/// EINVAL: an argument makes no sense.
const EINVAL: u32 = (-22_i32).cast_unsigned();
/// EBADF: no such file.
const EBADF: u32 = (-9_i32).cast_unsigned();
/// ENOSYS: no such call.
const ENOSYS: u32 = (-38_i32).cast_unsigned();
