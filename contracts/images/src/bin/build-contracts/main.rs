//! Builds the images of the example contracts, or checks that they are what is committed.
//!
//! Equal sources and tools give equal bytes, wherever the checkout is. With another compiler than
//! the one in `TOOLCHAIN` the bytes differ, which `--check` says and does not take for a failure.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "a command that reports what it did")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use bessemer_contracts::EXAMPLES;
use bessemer_toolchain::remap::Names;
use bessemer_toolchain::rust::{self, CONTRACT_TARGET, Toolchain};
use bessemer_toolchain::stand_in;
use cargo_metadata::MetadataCommand;
use sha2::{Digest, Sha256};

fn main() -> Result<ExitCode> {
    match stand_in::run() {
        Some(compiled) => Ok(compiled?),
        None => build().map(|()| ExitCode::SUCCESS),
    }
}

fn build() -> Result<()> {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => anyhow::bail!("`{other}` is no argument; there is only `--check`"),
    };
    let images = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = images.ancestors().nth(2).context("the crate is two folders deep")?;
    let toolchain = rust::find(&root.join("contracts"), &[CONTRACT_TARGET])?;
    let (built, version) = (build_all(&toolchain, root)?, toolchain.version_line()? + "\n");
    let recorded = fs::read_to_string(images.join("TOOLCHAIN")).unwrap_or_default();
    let (mut sums, mut different) = (String::new(), Vec::new());
    for example in EXAMPLES {
        let elf = fs::read(built.join(example.name))
            .with_context(|| format!("the build made no `{}`", example.name))?;
        println!("{:>8} bytes  {}", elf.len(), example.name);
        let _ = writeln!(sums, "{}  elf/{}.elf", hex::encode(Sha256::digest(&elf)), example.name);
        if elf != example.elf {
            different.push(example.name);
        }
        if !check {
            fs::write(images.join("elf").join(example.name).with_extension("elf"), &elf)?;
        }
    }
    if !check {
        fs::write(images.join("SHA256SUMS"), sums)?;
        fs::write(images.join("TOOLCHAIN"), version)?;
        println!("{} images, {} of them new", EXAMPLES.len(), different.len());
    } else if different.is_empty() {
        println!("all images are as committed");
    } else if version == recorded {
        anyhow::bail!("the same compiler built other images: {}", different.join(", "));
    } else {
        println!("built by another compiler: {} images differ", different.len());
    }
    Ok(())
}

/// Builds every contract, and returns the folder that the programs are in.
fn build_all(toolchain: &Toolchain, root: &Path) -> Result<PathBuf> {
    let folder = root.join("target/contracts");
    let mut cargo = toolchain.build(&root.join("contracts"), CONTRACT_TARGET, "core,alloc");
    let metadata = MetadataCommand::new()
        .cargo_path(&toolchain.cargo)
        .current_dir(root.join("contracts"))
        .other_options(["--locked".to_owned()])
        .exec()?;
    let mut names = Names::of(&metadata);
    toolchain.name_library(&mut names);
    // behind that of the SDK's folder: what the checkout has is named as in the checkout
    names.push(root, ".");
    names.push(&folder, "/target");
    stand_in::install(&mut cargo, &std::env::current_exe()?, &names);
    cargo
        .args(["--locked", "--bins", "--target-dir"])
        .arg(&folder)
        // these replace the flags of `contracts/.cargo/config.toml`
        .env("CARGO_ENCODED_RUSTFLAGS", toolchain.contract_flags().join("\x1f"));
    run(&mut cargo)?;
    Ok(folder.join(CONTRACT_TARGET).join("release"))
}

/// Runs a command and returns what it printed; what it complains about is shown as it comes.
fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_owned();
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {}", name.display()))?;
    ensure!(output.status.success(), "{} failed: {}", name.display(), output.status);
    Ok(String::from_utf8(output.stdout)?)
}
