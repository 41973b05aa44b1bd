//! Makes workloads callable by name, on RISC-V and in WebAssembly.

#![no_std]

/// The workloads of the benchmarks, and one more that brings much code of the standard library.
pub mod workloads {
    pub use bessemer_workloads::*;
    pub mod sorted;
}

/// Makes a program of workloads: exports `run(which, n)` and `nop()`.
#[macro_export]
macro_rules! program {
    ($($module:ident),*) => {
        /// Runs one workload.
        // SAFETY: no other function of the program has this name.
        #[unsafe(no_mangle)]
        #[inline(never)]
        pub extern "C" fn run(which: u32, n: u32) -> u32 {
            let all: &[fn(u32) -> u32] = &[$($crate::workloads::$module::run),*];
            all.get(which as usize).map_or(0, |workload| workload(n))
        }

        /// Returns at once.
        // SAFETY: no other function of the program has this name.
        #[unsafe(no_mangle)]
        pub extern "C" fn nop() {}

        /// The entry of the ELF file. It is never called.
        // SAFETY: no other function of the program has this name.
        #[cfg(target_arch = "riscv32")]
        #[unsafe(no_mangle)]
        pub extern "C" fn _start() {
            let [which, n] = core::hint::black_box([0; 2]);
            core::hint::black_box(run(which, n));
            nop();
        }

        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            loop {}
        }
    };
}
