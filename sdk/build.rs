//! Hands the layout of contract images to the linker: `-Clink-arg=-Tbessemer.ld` finds it.

use std::path::PathBuf;
use std::{env, fs};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=bessemer.ld");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::copy("bessemer.ld", folder.join("bessemer.ld"))?;
    println!("cargo::rustc-link-search={}", folder.display());
    Ok(())
}
