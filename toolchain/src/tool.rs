//! Single commands of other projects.

use std::ffi::OsStr;
use std::fmt;
use std::process::{Command, Stdio};

/// A command that is looked for on the search path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tool {
    /// The name of the command.
    pub command: &'static str,
    /// The Debian package that has it.
    pub package: &'static str,
}

impl Tool {
    /// The GNU C compiler for RISC-V, 32 and 64 bits.
    pub const GCC: Self =
        Self { command: "riscv64-unknown-elf-gcc", package: "gcc-riscv64-unknown-elf" };
    /// The GNU assembler for RISC-V.
    pub const AS: Self = Self::binutils("riscv64-unknown-elf-as");
    /// The GNU linker for RISC-V.
    pub const LD: Self = Self::binutils("riscv64-unknown-elf-ld");
    /// Copies sections out of object files.
    pub const OBJCOPY: Self = Self::binutils("riscv64-unknown-elf-objcopy");
    /// Runs programs for RV32 under Linux.
    pub const QEMU_RISCV32: Self = Self { command: "qemu-riscv32", package: "qemu-user" };
    /// Runs programs for RV64 under Linux.
    pub const QEMU_RISCV64: Self = Self { command: "qemu-riscv64", package: "qemu-user" };
    /// Installs packages of JavaScript.
    pub const NPM: Self = Self { command: "npm", package: "npm" };

    const fn binutils(command: &'static str) -> Self {
        Self { command, package: "binutils-riscv64-unknown-elf" }
    }

    /// Whether the command starts and tells its version.
    pub fn is_installed(self) -> bool {
        let mut command = Command::new(self.command);
        let command = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

impl AsRef<OsStr> for Tool {
    fn as_ref(&self) -> &OsStr {
        self.command.as_ref()
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (Debian: {})", self.command, self.package)
    }
}
