//! Makes the build id: a digest of everything that decides which bytes translation gives.
//!
//! Two builds with one id give the same artifacts. The id covers the sources of the translator and of
//! the crates below it, the compiler, and this crate's manifest, which pins every part of the code
//! generator. Nothing that is missing counts as empty: then there is no build.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match build_id(|name| env::var_os(name)) {
        Ok(id) => {
            println!("cargo::rustc-env=BESSEMER_BUILD_ID={id}");
            ExitCode::SUCCESS
        }
        Err(missing) => {
            println!("cargo::error=there is no build id for the translator: {missing}");
            ExitCode::FAILURE
        }
    }
}

/// The id, from the variables that Cargo sets.
pub(crate) fn build_id(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<blake3::Hash, String> {
    let set = |name: &str| {
        variable(name).filter(|value| !value.is_empty()).ok_or(format!("{name} is not set"))
    };
    let mut hasher = blake3::Hasher::new();
    for name in ["CARGO_PKG_VERSION", "TARGET", "PROFILE"] {
        field(&mut hasher, set(name)?.as_encoded_bytes());
    }
    field(&mut hasher, &compiler(&set("RUSTC")?)?);
    let own = PathBuf::from(set("CARGO_MANIFEST_DIR")?);
    for file in ["build.rs", "Cargo.toml"] {
        field(&mut hasher, &read(&own.join(file))?);
    }
    // the build scripts of the other two say where their sources are
    let isa = set("DEP_BESSEMER_ISA_SOURCES")?.into();
    let image = set("DEP_BESSEMER_IMAGE_SOURCES")?.into();
    for folder in [own.join("src"), isa, image] {
        sources(&mut hasher, &folder)?;
    }
    Ok(hasher.finalize())
}

fn field(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// The compiler's description of its version.
fn compiler(rustc: &OsStr) -> Result<Vec<u8>, String> {
    let said = Command::new(rustc).arg("-vV").output();
    let said = said.map_err(|error| format!("{} does not start: {error}", rustc.display()))?;
    match said.status.success() && !said.stdout.is_empty() {
        true => Ok(said.stdout),
        false => Err(format!("{} -vV ended by {}", rustc.display(), said.status)),
    }
}

/// All Rust files below a folder, by their names.
fn sources(hasher: &mut blake3::Hasher, folder: &Path) -> Result<(), String> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    rust_files(folder, &mut files)?;
    if files.is_empty() {
        return Err(format!("{} has no sources", folder.display()));
    }
    files.sort();
    field(hasher, &(files.len() as u64).to_le_bytes());
    for file in files {
        let below = file.strip_prefix(folder).unwrap_or(&file);
        field(hasher, below.as_os_str().as_encoded_bytes());
        field(hasher, &read(&file)?);
    }
    Ok(())
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error| format!("{} cannot be read: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    println!("cargo::rerun-if-changed={}", file.display());
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
