//! The Rust toolchain that builds for RISC-V.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};
use bessemer_bench::Profile;

use crate::{run, version_line};

/// A cargo and a rustc, and where the target's libraries come from.
pub(crate) struct Toolchain {
    cargo: &'static str,
    rustc: &'static str,
    sysroot: PathBuf,
    /// The libraries are compiled from the toolchain's source, which takes half a minute.
    from_source: bool,
}

impl Toolchain {
    /// The default toolchain if it has both targets, else Debian's if it has the source.
    pub(crate) fn find() -> Result<Self> {
        if let Ok(sysroot) = sysroot("rustc") {
            let libraries = |profile: Profile| {
                sysroot.join("lib/rustlib").join(profile.target()).join("lib").is_dir()
            };
            if Profile::ALL.into_iter().all(libraries) {
                return Ok(Self { cargo: "cargo", rustc: "rustc", sysroot, from_source: false });
            }
        }
        let (cargo, rustc) = ("/usr/bin/cargo", "/usr/bin/rustc");
        if let Ok(sysroot) = sysroot(rustc)
            && sysroot.join(SOURCE).join("library/core").is_dir()
        {
            return Ok(Self { cargo, rustc, sysroot, from_source: true });
        }
        bail!(
            "no Rust toolchain for RISC-V: `rustup target add {} {}`, \
             or on Debian `apt install rustc-web cargo-web rust-web-src`",
            Profile::Im.target(),
            Profile::Imac.target(),
        )
    }

    /// Builds every program of `bench/guest` and returns the folder they are in.
    pub(crate) fn build(&self, root: &Path, target: &str) -> Result<PathBuf> {
        let target_folder = root.join("target/guest");
        let mut cargo = Command::new(self.cargo);
        cargo
            .current_dir(root.join("bench/guest"))
            .args(["build", "--release", "--locked", "--bins", "--target", target])
            .arg("--target-dir")
            .arg(&target_folder)
            .env("RUSTC", self.rustc)
            .env_remove("RUSTFLAGS")
            .env("CARGO_ENCODED_RUSTFLAGS", self.flags(root).join("\x1f"));
        if self.from_source {
            // Building the library is an unstable feature, also of a stable cargo.
            cargo.arg("-Zbuild-std=core").env("RUSTC_BOOTSTRAP", "1");
        }
        run(&mut cargo)?;
        Ok(target_folder.join(target).join("release"))
    }

    /// Which compiler this is.
    pub(crate) fn version(&self) -> Result<String> {
        version_line(self.rustc)
    }

    /// Flags of the compiler. They replace those of `bench/guest/.cargo/config.toml`.
    fn flags(&self, root: &Path) -> Vec<String> {
        vec![
            "-Clink-arg=-Tlink.ld".into(),
            // Not every packaging of rustc brings a linker; the one that C programs need is here.
            "-Clinker=riscv64-unknown-elf-ld".into(),
            "-Clinker-flavor=ld".into(),
            "-Clink-arg=-melf32lriscv".into(),
            "-Clink-arg=-zmax-page-size=4096".into(),
            // Messages of panics name source files, and not where they were on this machine.
            format!("--remap-path-prefix={}=.", root.display()),
            format!("--remap-path-prefix={}=/rustc", self.sysroot.join(SOURCE).display()),
        ]
    }
}

/// Where a toolchain keeps the source of the libraries.
const SOURCE: &str = "lib/rustlib/src/rust";

/// The folder that the toolchain of a rustc is installed in.
fn sysroot(rustc: &str) -> Result<PathBuf> {
    Ok(run(Command::new(rustc).args(["--print", "sysroot"]))?.trim_end().into())
}
