//! The Rust toolchain that builds for RISC-V.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::{identity, run};

const TARGET: &str = "riscv32imac-unknown-none-elf";
/// Where a toolchain keeps the source of the libraries.
const SOURCE: &str = "lib/rustlib/src/rust";

/// A cargo and a rustc, and where the target's libraries come from.
pub(crate) struct Toolchain {
    cargo: &'static str,
    rustc: &'static str,
    sysroot: PathBuf,
    /// The libraries are compiled from the toolchain's source.
    from_source: bool,
}

impl Toolchain {
    /// The default toolchain if it has the target, else Debian's if it has the source.
    pub(crate) fn find() -> Result<Self> {
        if let Ok(sysroot) = sysroot("rustc")
            && sysroot.join("lib/rustlib").join(TARGET).join("lib").is_dir()
        {
            return Ok(Self { cargo: "cargo", rustc: "rustc", sysroot, from_source: false });
        }
        let (cargo, rustc) = ("/usr/bin/cargo", "/usr/bin/rustc");
        if let Ok(sysroot) = sysroot(rustc)
            && sysroot.join(SOURCE).join("library/core").is_dir()
        {
            return Ok(Self { cargo, rustc, sysroot, from_source: true });
        }
        bail!(
            "no Rust toolchain for RISC-V: `rustup target add {TARGET}`, \
             or on Debian `apt install rustc-web cargo-web rust-web-src binutils-riscv64-unknown-elf`"
        )
    }

    /// Builds every contract, and returns the folder that the programs are in.
    pub(crate) fn build(&self, root: &Path) -> Result<PathBuf> {
        let folder = root.join("target/contracts");
        let mut cargo = Command::new(self.cargo);
        cargo
            .current_dir(root.join("contracts"))
            .args(["build", "--release", "--locked", "--bins", "--target", TARGET])
            .arg("--target-dir")
            .arg(&folder)
            .env("RUSTC", self.rustc)
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(root).join("\x1f"));
        if self.from_source {
            // Building the library is an unstable feature, also of a stable cargo.
            cargo.arg("-Zbuild-std=core,alloc").env("RUSTC_BOOTSTRAP", "1");
        }
        identity::stand_in(&mut cargo, root)?;
        run(&mut cargo)?;
        Ok(folder.join(TARGET).join("release"))
    }

    /// Which compiler this is.
    pub(crate) fn version(&self) -> Result<String> {
        run(Command::new(self.rustc).arg("--version"))
    }

    /// Flags of the compiler. They replace those of `contracts/.cargo/config.toml`.
    fn flags(&self, root: &Path) -> Vec<String> {
        let mut flags = vec![
            "-Clink-arg=-Tbessemer.ld".into(),
            // The linker shortens calls, which saves a tenth of an image, and misaligned accesses
            // cost here what others do. The compiler warns that the names may change.
            "-Ctarget-feature=+relax,+unaligned-scalar-mem".into(),
            // Messages of panics name source files, and not where they were on this machine.
            format!("--remap-path-prefix={}=.", root.display()),
            format!("--remap-path-prefix={}=/rustc", self.sysroot.join(SOURCE).display()),
        ];
        if self.from_source {
            // Debian's rustc brings no linker.
            flags.extend([
                "-Clinker=riscv64-unknown-elf-ld".into(),
                "-Clinker-flavor=ld".into(),
                "-Clink-arg=-melf32lriscv".into(),
                "-Clink-arg=-zmax-page-size=4096".into(),
            ]);
        }
        flags
    }
}

/// The folder that the toolchain of a rustc is installed in.
fn sysroot(rustc: &str) -> Result<PathBuf> {
    Ok(run(Command::new(rustc).args(["--print", "sysroot"]))?.trim_end().into())
}
