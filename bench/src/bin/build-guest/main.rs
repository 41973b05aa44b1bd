//! Builds the guest images of `bench/elf`: the workloads for every profile, and the C programs.
//!
//! Needs a Rust toolchain for RISC-V (`rustup target add riscv32im-unknown-none-elf
//! riscv32imac-unknown-none-elf riscv64imac-unknown-none-elf`, or Debian's `rustc-web cargo-web
//! rust-web-src`) and `riscv64-unknown-elf-gcc` with its binutils. Equal sources and tools give equal bytes in a checkout of
//! the same path: cargo tells packages apart by their paths, which decides the order of functions.
//! `git diff --exit-code bench/elf` after a run there shows whether they still do.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command that reports what it did")]

mod c;

use std::{
    ffi::{OsStr, OsString},
    fmt::Write,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use bessemer_bench::{PROGRAMS, Profile, workloads};
use bessemer_toolchain::remap::Names;
use bessemer_toolchain::rust::{self, Toolchain};
use sha2::{Digest, Sha256};

/// The largest size of an image: images are committed, and a rebuild commits all of them again.
const MAX_LENGTH: usize = 60 * 1024;

fn main() -> Result<()> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the crate is in a folder")?;
    let mut images = Vec::new();

    let targets = Profile::ALL.map(Profile::target);
    let rust = rust::find(&root.join("bench/guest"), &targets)?;
    for profile in Profile::ALL {
        let built = build_all(&rust, root, profile)?;
        for workload in workloads::ALL {
            let name = Path::new(profile.folder()).join(workload.name);
            images.push((name.with_extension("elf"), fs::read(built.join(workload.name))?));
        }
    }
    for name in PROGRAMS {
        let image = c::build(root, name)?;
        images.push((Path::new("programs").join(name).with_extension("elf"), image));
    }
    images.sort();

    let elf = root.join("bench/elf");
    for (name, image) in &images {
        ensure!(image.len() <= MAX_LENGTH, "{} has {} bytes", name.display(), image.len());
        let path = elf.join(name);
        fs::create_dir_all(path.parent().context("an image is in a folder")?)?;
        fs::write(&path, image).with_context(|| format!("cannot write {}", path.display()))?;
        // Not for Bessemer, which reads bytes, but qemu refuses a file that is not executable.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    fs::write(elf.join("SHA256SUMS"), sums(&images))?;
    fs::write(elf.join("TOOLCHAIN"), format!("{}\n{}", rust.version_line()?, c::version()?))?;
    println!("{} images in {}", images.len(), elf.display());
    Ok(())
}

/// Builds every program of `bench/guest` and returns the folder they are in.
fn build_all(toolchain: &Toolchain, root: &Path, profile: Profile) -> Result<PathBuf> {
    let folder = root.join("target/guest").join(profile.folder());
    let target = profile.target();
    let mut cargo = toolchain.build(&root.join("bench/guest"), target, "core");
    // these replace the flags of `bench/guest/.cargo/config.toml`; the linker is the one that the C
    // programs need too
    let mut library = Names::default();
    toolchain.name_library(&mut library);
    let mut checkout = Names::default();
    checkout.push(root, ".");
    let mut flags = vec![OsString::from("-Clink-arg=-Tlink.ld")];
    flags.extend(library.flags());
    flags.extend(rust::gnu_linker_flags(target).into_iter().map(OsString::from));
    flags.extend(checkout.flags());
    if !profile.features().is_empty() {
        flags.push(format!("-Ctarget-feature={}", profile.features()).into());
    }
    cargo
        .args(["--locked", "--bins", "--target-dir"])
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join(OsStr::new("\x1f")));
    run(&mut cargo)?;
    Ok(folder.join(target).join("release"))
}

/// The lines that `sha256sum --check` reads.
fn sums(images: &[(PathBuf, Vec<u8>)]) -> String {
    let mut lines = String::new();
    for (name, image) in images {
        let _ = writeln!(lines, "{}  {}", hex::encode(Sha256::digest(image)), name.display());
    }
    lines
}

/// Runs a command and returns what it printed; what it complains about is shown as it comes.
fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_owned();
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", name.display()))?;
    ensure!(output.status.success(), "{} failed: {}", name.display(), output.status);
    Ok(String::from_utf8(output.stdout)?)
}

/// The first line of what `program --version` prints.
fn version_line(program: impl AsRef<OsStr>) -> Result<String> {
    let text = run(Command::new(program).arg("--version"))?;
    Ok(format!("{}\n", text.lines().next().unwrap_or_default()))
}
