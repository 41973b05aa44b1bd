//! What tells crates apart, without the folder that the checkout is in.
//!
//! Cargo tells crates apart by their folders, which it hands to the compiler as a hash, by which
//! functions are ordered: each checkout would have images of its own. So cargo runs this command in
//! place of the compiler, and the compiler gets a hash of what does not depend on the place.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// The variable that holds the folder of the checkout, and says that the compiler is meant.
const ROOT: &str = "BESSEMER_CHECKOUT";
const METADATA: &str = "metadata=";

/// Has a cargo run this command in place of the compiler.
pub(crate) fn stand_in(cargo: &mut Command, root: &Path) -> Result<()> {
    cargo.env("RUSTC_WRAPPER", env::current_exe()?).env(ROOT, root);
    Ok(())
}

/// Runs the compiler, if this command stands in for it.
pub(crate) fn compile() -> Option<Result<ExitCode>> {
    let root = env::var_os(ROOT)?;
    Some(run(Path::new(&root)))
}

fn run(root: &Path) -> Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let rustc = arguments.next().context("cargo names the compiler")?;
    let mut arguments: Vec<OsString> = arguments.collect();
    if let Some(folder) = env::var_os("CARGO_MANIFEST_DIR")
        && let Ok(inside) = Path::new(&folder).strip_prefix(root)
    {
        let identity = identity(inside, &arguments);
        for argument in &mut arguments {
            if argument.to_string_lossy().starts_with(METADATA) {
                *argument = format!("{METADATA}{identity}").into();
            }
        }
    }
    let status = Command::new(&rustc).args(arguments).status();
    let status = status.with_context(|| format!("cannot run {}", rustc.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1).into())
}

/// The hash of the folder inside the checkout, and of what is compiled for which target.
fn identity(inside: &Path, arguments: &[OsString]) -> String {
    let mut hash = Sha256::new();
    hash.update(inside.as_os_str().as_encoded_bytes());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if ["--crate-name", "--crate-type", "--target"].iter().any(|name| argument == name) {
            for part in [Some(argument), arguments.next()].into_iter().flatten() {
                hash.update(b"\0");
                hash.update(part.as_encoded_bytes());
            }
        }
    }
    hex::encode(&hash.finalize()[..8])
}
