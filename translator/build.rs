//! Makes the build id: a digest of everything that decides which bytes translation gives.
//!
//! Two builds with one id give the same artifacts. The id covers the sources of the translator and of
//! the crates below it, the compiler, and the exact versions of the code generator.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut hasher = blake3::Hasher::new();
    for name in ["CARGO_PKG_VERSION", "TARGET", "PROFILE"] {
        field(&mut hasher, env::var(name).unwrap_or_default().as_bytes());
    }
    field(&mut hasher, &compiler());
    for folder in ["src", "../isa/src", "../image/src"] {
        let folder = manifest.join(folder);
        println!("cargo::rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        rust_files(&folder, &mut files);
        files.sort();
        for file in files {
            let below = file.strip_prefix(&folder).unwrap_or(&file);
            field(&mut hasher, below.as_os_str().as_encoded_bytes());
            field(&mut hasher, &fs::read(&file).unwrap_or_default());
        }
    }
    field(&mut hasher, code_generator().as_bytes());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=BESSEMER_BUILD_ID={}", hasher.finalize().to_hex());
}

fn field(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// What the compiler says that it is.
fn compiler() -> Vec<u8> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    Command::new(rustc).arg("-vV").output().map(|output| output.stdout).unwrap_or_default()
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The locked versions of Cranelift and its register allocator, with their checksums: the lock file is
/// that of the workspace that is being built, which stands above the output folder.
fn code_generator() -> String {
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let locks = out.ancestors().map(|folder| folder.join("Cargo.lock"));
    let Some(lock) = locks.into_iter().find(|lock| lock.is_file()) else {
        return String::new();
    };
    println!("cargo::rerun-if-changed={}", lock.display());
    let text = fs::read_to_string(lock).unwrap_or_default();
    let packages = text.split("[[package]]").filter(|package| {
        ["name = \"cranelift-", "name = \"regalloc2\""].iter().any(|name| package.contains(name))
    });
    packages.map(|package| package.split("dependencies").next().unwrap_or_default()).collect()
}
