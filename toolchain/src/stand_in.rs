//! A command of ours that cargo runs in place of the compiler, so that a program does not depend on
//! the folder that it is built in, and projects share what is compiled for them.
//!
//! Flags of the compiler decide what cargo compiles again, and cargo tells crates apart by their
//! folders, which it hands to the compiler as a hash, by which functions are ordered. So flags that
//! name folders would compile `core` again in each project, and each folder would have programs of its
//! own. The stand-in adds those flags where cargo does not see them, and replaces the hash by one of what
//! does not depend on the place.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use sha2::{Digest, Sha256};

use crate::remap::Names;

/// The variable with the names of folders, which says that the compiler is meant.
const NAMES: &str = "BESSEMER_STAND_IN_NAMES";
const METADATA: &str = "metadata=";
/// Where cargo keeps packages of registries.
const REGISTRIES: &str = "/cargo/registry/src";

/// Has cargo run `command`, which must call [`run`] first, in place of the compiler.
pub fn install(cargo: &mut Command, command: &Path, names: &Names) {
    cargo.env("RUSTC_WRAPPER", command).env(NAMES, names.encode());
}

/// Makes a link to `command` at `link`, and has cargo run it for the packages of the workspace.
///
/// Cargo's names for their files depend on its path, so that workspaces with packages of the same
/// name can share a build folder.
///
/// # Errors
///
/// Those of making the link.
pub fn install_for_workspace(cargo: &mut Command, command: &Path, link: &Path) -> io::Result<()> {
    if std::fs::read_link(link).ok().as_deref() != Some(command) {
        if let Some(folder) = link.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // a build that runs at the same time finds the old link or the new one
        let new = link.with_extension(std::process::id().to_string());
        std::os::unix::fs::symlink(command, &new)?;
        std::fs::rename(&new, link)?;
    }
    cargo.env("RUSTC_WORKSPACE_WRAPPER", link);
    if !cargo.get_envs().any(|(name, _)| name == NAMES) {
        cargo.env(NAMES, "");
    }
    Ok(())
}

/// Runs the compiler if this process stands in for it. Its exit code is that of the process.
pub fn run() -> Option<io::Result<ExitCode>> {
    let names = Names::decode(&env::var_os(NAMES)?);
    Some(compile(&names, env::args_os().skip(1)))
}

fn compile(names: &Names, mut arguments: impl Iterator<Item = OsString>) -> io::Result<ExitCode> {
    let unnamed = || io::Error::other("cargo does not say which compiler it means");
    let mut compiler = arguments.next().ok_or_else(unnamed)?;
    // for a package of the workspace, cargo runs one stand-in by the other
    let link = env::var_os("RUSTC_WORKSPACE_WRAPPER");
    if link.is_some_and(|link| link == compiler) {
        compiler = arguments.next().ok_or_else(unnamed)?;
    }
    let mut arguments: Vec<OsString> = arguments.collect();
    let place = env::var_os("CARGO_MANIFEST_DIR").and_then(|folder| names.name(folder.as_ref()));
    if let Some(place) = place {
        let identity = identity(&without_place(&place), &arguments);
        for argument in &mut arguments {
            if argument.as_bytes().starts_with(METADATA.as_bytes()) {
                *argument = format!("{METADATA}{identity}").into();
            }
        }
    }
    let status = Command::new(&compiler).args(arguments).args(names.flags()).status();
    let status = status.map_err(|error| {
        io::Error::new(error.kind(), format!("cannot run {}: {error}", compiler.display()))
    })?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1).into())
}

/// The part of a package's folder, by its name, that is the same for everybody.
fn without_place(folder: &Path) -> PathBuf {
    if let Ok(inside) = folder.strip_prefix(".") {
        return inside.to_owned();
    }
    // registries and their mirrors are folders of their own, in which there are NAME-VERSION
    match (folder.strip_prefix(REGISTRIES), folder.file_name()) {
        (Ok(_), Some(package)) => package.into(),
        _ => folder.to_owned(),
    }
}

/// The hash of a package's place, and of what is compiled for which target.
fn identity(place: &Path, arguments: &[OsString]) -> String {
    let mut hash = Sha256::new();
    hash.update(place.as_os_str().as_bytes());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let tells = ["--crate-name", "--crate-type", "--target"].map(OsStr::new);
        if tells.contains(&argument.as_os_str()) {
            for part in [Some(argument), arguments.next()].into_iter().flatten() {
                hash.update(b"\0");
                hash.update(part.as_bytes());
            }
        }
    }
    hex::encode(&hash.finalize()[..8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_identities_do_not_depend_on_folders() {
        let parts = [
            ("./contracts/vault", "contracts/vault"),
            (".", ""),
            ("/bessemer-sdk-0.1.0", "/bessemer-sdk-0.1.0"),
            ("/cargo/registry/src/some-registry/ruint-1.17.0", "ruint-1.17.0"),
            ("/cargo/git/checkouts/a-0123/b/c", "/cargo/git/checkouts/a-0123/b/c"),
            ("/rustc/library/core", "/rustc/library/core"),
        ];
        for (folder, part) in parts {
            assert_eq!(without_place(Path::new(folder)), Path::new(part), "{folder}");
        }
    }

    #[test]
    fn identities_differ_by_crate_and_target_and_not_by_other_flags() {
        let of = |text: &str| {
            let words: Vec<OsString> = text.split(' ').map(OsString::from).collect();
            identity(Path::new("a"), &words)
        };
        let one = of("--crate-name a --crate-type lib --target t --out-dir x");
        assert_eq!(one, of("--crate-name a --crate-type lib --target t --out-dir y"));
        assert_ne!(one, of("--crate-name b --crate-type lib --target t"));
        assert_ne!(one, of("--crate-name a --crate-type bin --target t"));
        assert_ne!(one, of("--crate-name a --crate-type lib"));
    }
}
