//! A user who has compilers, and nothing else.

#![allow(dead_code, unreachable_pub, reason = "each test compiles it and uses a part")]

use std::path::{Path, PathBuf};
use std::process::Output;

use bessemer_toolchain::tests::or_skip;
use tempfile::TempDir;

use crate::common::{code, command, stderr, stdout};

/// Runs the tool as a user whose home holds nothing but compilers and crates.
pub fn run(home: &Path, folder: &Path, args: &[&str]) -> Output {
    run_with(home, folder, args, &[])
}

/// The same with variables set.
pub fn run_with(home: &Path, folder: &Path, args: &[&str], variables: &[(&str, &Path)]) -> Output {
    let mut command = command(args);
    for name in [
        "CARGO",
        "CARGO_MANIFEST_DIR",
        "RUSTC",
        "RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_BUILD_DIR",
        "RUSTUP_TOOLCHAIN",
    ] {
        command.env_remove(name);
    }
    // compilers and downloaded crates are what an installation has before the first command
    for (name, default) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        let home = std::env::var_os("HOME").unwrap_or_default();
        let kept = std::env::var_os(name).unwrap_or_else(|| Path::new(&home).join(default).into());
        command.env(name, kept);
    }
    // Projects share what cargo compiles for them, as those of one user do. `.ci/six-commands` begins
    // with nothing.
    command.env("XDG_CACHE_HOME", cache());
    command.envs(variables.iter().copied());
    command.env("HOME", home).current_dir(folder).output().expect("the binary starts")
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// The folder in which the projects share what is compiled.
pub fn shared() -> PathBuf {
    cache().join("bessemer-build")
}

pub fn succeeds(home: &Path, folder: &Path, args: &[&str]) -> Output {
    let output = run(home, folder, args);
    assert_eq!(code(&output), 0, "{args:?}: {}\n{}", stdout(&output), stderr(&output));
    output
}

/// A home in which contracts can be built. Without a compiler for them the test is skipped.
pub fn home() -> Option<TempDir> {
    let home = tempfile::tempdir().expect("there is a place for temporary files");
    let doctor = run(home.path(), home.path(), &["doctor"]);
    if code(&doctor) == 0 {
        return Some(home);
    }
    or_skip(Err(format!("contracts cannot be built here:\n{}", stderr(&doctor))))
}
