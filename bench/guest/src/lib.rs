//! Makes a workload a program of its own: entry point, arguments, output, exit.
//!
//! The environment is the smallest part of RISC-V Linux: at the entry `sp` points at argc, followed
//! by the argument pointers; `write` and `exit` are environment calls. So the same image runs in
//! Bessemer and under `qemu-riscv32`.

#![no_std]

#[cfg(target_feature = "zbb")]
mod bytes;
mod start;
mod system;

pub use bessemer_workloads as workloads;
pub use start::{Arguments, run};
pub use system::exit;

/// Makes a program out of a workload.
///
/// The program exports, besides `_start`:
///
/// * `workload(n: u32) -> u32`, the workload itself, for an embedder that calls it by name;
/// * `nop()`, which does nothing, for measuring what such a call costs.
#[macro_export]
macro_rules! program {
    ($module:ident) => {
        /// Does the work; see the module of the same name.
        // SAFETY: no other function of the program has this name.
        #[unsafe(no_mangle)]
        #[inline(never)]
        pub extern "C" fn workload(n: u32) -> u32 {
            $crate::workloads::$module::run(n)
        }

        /// Returns at once.
        // SAFETY: no other function of the program has this name.
        #[unsafe(no_mangle)]
        pub extern "C" fn nop() {}

        // The stack pointer becomes the argument before Rust may move it. Nothing else has to be
        // set up: gp and tp are unused (see link.ld), and the loader has zeroed .bss.
        core::arch::global_asm!(
            ".section .text._start, \"ax\"",
            ".globl _start",
            ".type _start, @function",
            "_start:",
            "mv a0, sp",
            "andi sp, sp, -16",
            "call {main}",
            ".size _start, . - _start",
            main = sym main,
        );

        extern "C" fn main(stack: *const usize) -> ! {
            // SAFETY: `_start` passes the stack pointer that the loader set.
            let arguments = unsafe { $crate::Arguments::new(stack) };
            $crate::run(&arguments, &$crate::workloads::$module::WORKLOAD, workload)
        }
    };
}
