//! The C programs of `bench/programs`.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use bessemer_toolchain::Tool;

use crate::{run, version_line};

/// Compiles `bench/programs/NAME.c`. From the root of the checkout and by hand, that is
///
/// ```text
/// riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -mno-relax -O2 -g -ffreestanding -nostdlib
///     -nostartfiles -static -Wall -Wextra -Werror -fno-tree-loop-distribute-patterns
///     -Wl,--build-id=none -Wl,-zmax-page-size=4096 -T bench/guest/link.ld bench/programs/NAME.c -o NAME.elf
/// ```
pub(crate) fn build(root: &Path, name: &str) -> Result<Vec<u8>> {
    let folder = root.join("target/guest");
    fs::create_dir_all(&folder)?;
    let image = folder.join(name).with_extension("elf");
    run(Command::new(Tool::GCC)
        // Debug information names the source relative to the checkout, which becomes ".".
        .current_dir(root)
        .arg(format!("-ffile-prefix-map={}=.", root.display()))
        .args(["-march=rv32im", "-mabi=ilp32", "-mno-relax", "-O2", "-g"])
        .args(["-ffreestanding", "-nostdlib", "-nostartfiles", "-static"])
        .args(["-Wall", "-Wextra", "-Werror"])
        // A loop that zeroes memory stays a loop: there is no memset to call.
        .arg("-fno-tree-loop-distribute-patterns")
        .args(["-Wl,--build-id=none", "-Wl,-zmax-page-size=4096"])
        .args(["-T", "bench/guest/link.ld"])
        .arg(format!("bench/programs/{name}.c"))
        .arg("-o")
        .arg(&image))?;
    Ok(fs::read(image)?)
}

/// Which compiler that is.
pub(crate) fn version() -> Result<String> {
    version_line(Tool::GCC)
}
