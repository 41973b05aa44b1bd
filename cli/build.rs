//! Puts the sources of the SDK into the tool, for projects that carry their copy of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The crates that a contract needs of this repository, by their folders.
const CRATES: [&str; 4] = ["protocol/abi", "protocol/types", "sdk", "sdk/macros"];
/// Their files and folders.
const PARTS: [&str; 4] = ["Cargo.toml", "build.rs", "bessemer.ld", "src"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets it")?).join("..");
    let root = root.canonicalize()?;
    let mut files = Vec::new();
    for folder in CRATES {
        for part in PARTS {
            collect(&root.join(folder).join(part), &mut files)?;
        }
    }
    files.sort();
    let mut text = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&root)?.to_str().ok_or("the name of a source is text")?;
        writeln!(text, "({name:?}, include_str!({:?})),", file.to_str().ok_or("text")?)?;
    }
    text.push_str("]\n");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets it")?);
    Ok(fs::write(folder.join("sdk_sources.rs"), text)?)
}

/// All files of a folder, or a file if it exists.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if path.is_file() {
        println!("cargo::rerun-if-changed={}", path.display());
        files.push(path.to_owned());
    } else if path.is_dir() {
        // also new files
        println!("cargo::rerun-if-changed={}", path.display());
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    }
    Ok(())
}
