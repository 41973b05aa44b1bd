//! The two environment calls, and what happens at a panic.

use core::{
    arch::asm,
    fmt::{self, Write},
    panic::PanicInfo,
};

/// `write` of RISC-V Linux.
const WRITE: usize = 64;

/// `exit` of RISC-V Linux.
const EXIT: usize = 93;

/// Where output goes.
pub(crate) struct Descriptor(usize);

impl Descriptor {
    pub(crate) const fn output() -> Self {
        Self(1)
    }

    pub(crate) const fn error() -> Self {
        Self(2)
    }

    /// Writes all bytes in one call. Output that cannot be written is dropped.
    pub(crate) fn write(&self, bytes: &[u8]) {
        // SAFETY: the call reads the bytes of the slice and changes nothing but a0.
        unsafe {
            asm!(
                "ecall",
                in("a7") WRITE,
                inlateout("a0") self.0 => _,
                in("a1") bytes.as_ptr(),
                in("a2") bytes.len(),
                options(nostack, readonly),
            );
        }
    }
}

impl Write for Descriptor {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write(text.as_bytes());
        Ok(())
    }
}

/// Ends the program.
pub fn exit(code: usize) -> ! {
    // A loop in place of `noreturn`: behind that, compilers put a trap made of a CSR instruction.
    loop {
        // SAFETY: the call does not return; if it did, nothing but a0 would have changed.
        unsafe { asm!("ecall", in("a7") EXIT, inlateout("a0") code => _, options(nostack)) }
    }
}

/// Says why, and ends with the code that Rust programs have for panics.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    // A descriptor takes every write.
    let _ = writeln!(Descriptor::error(), "{info}");
    exit(101)
}
