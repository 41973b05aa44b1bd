//! The build id covers what decides which code programs get, and whatever is missing ends the build.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

#[allow(dead_code, clippy::print_stdout, reason = "its `main` is Cargo's")]
#[path = "../build.rs"]
mod build;

/// A package and its two neighbours, each with a source, and what Cargo says of them.
fn packages(folder: &Path) -> BTreeMap<&'static str, OsString> {
    for name in ["translator/src/lower", "isa/src", "image/src"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    for name in ["translator/build.rs", "translator/Cargo.toml", "translator/src/lib.rs"] {
        fs::write(folder.join(name), name).unwrap();
    }
    for name in ["translator/src/lower/mod.rs", "isa/src/lib.rs", "image/src/lib.rs"] {
        fs::write(folder.join(name), name).unwrap();
    }
    BTreeMap::from([
        ("CARGO_PKG_VERSION", "0.1.0".into()),
        ("TARGET", "x86_64-unknown-linux-gnu".into()),
        ("PROFILE", "release".into()),
        ("RUSTC", std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())),
        ("CARGO_MANIFEST_DIR", folder.join("translator").into()),
        ("DEP_BESSEMER_ISA_SOURCES", folder.join("isa/src").into()),
        ("DEP_BESSEMER_IMAGE_SOURCES", folder.join("image/src").into()),
    ])
}

fn build_id(variables: &BTreeMap<&str, OsString>) -> Result<String, String> {
    build::build_id(|name| variables.get(name).cloned()).map(|id| id.to_string())
}

const FILES: [&str; 6] = [
    "translator/build.rs",
    "translator/Cargo.toml",
    "translator/src/lib.rs",
    "translator/src/lower/mod.rs",
    "isa/src/lib.rs",
    "image/src/lib.rs",
];

#[test]
fn each_file_and_each_variable_decides_the_build_id() {
    let folder = tempfile::tempdir().unwrap();
    let variables = packages(folder.path());
    let first = build_id(&variables).unwrap();
    assert_eq!(build_id(&variables).unwrap(), first);
    for name in FILES {
        fs::write(folder.path().join(name), "changed").unwrap();
        assert_ne!(build_id(&variables).unwrap(), first, "{name}");
        fs::write(folder.path().join(name), name).unwrap();
    }
    for name in ["CARGO_PKG_VERSION", "TARGET", "PROFILE"] {
        let mut variables = variables.clone();
        variables.insert(name, "other".into());
        assert_ne!(build_id(&variables).unwrap(), first, "{name}");
    }
    assert_eq!(build_id(&variables).unwrap(), first);
}

#[test]
fn what_is_missing_ends_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let variables = packages(folder.path());
    for name in variables.keys() {
        let mut variables = variables.clone();
        variables.remove(name);
        let error = build_id(&variables).unwrap_err();
        assert!(error.contains(name), "{name}: {error}");
    }
    for name in ["translator/build.rs", "translator/Cargo.toml", "isa/src", "image/src"] {
        let gone = folder.path().join("gone");
        fs::rename(folder.path().join(name), &gone).unwrap();
        let error = build_id(&variables).unwrap_err();
        assert!(error.contains(name), "{name}: {error}");
        fs::rename(gone, folder.path().join(name)).unwrap();
    }
    fs::remove_file(folder.path().join("isa/src/lib.rs")).unwrap();
    let error = build_id(&variables).unwrap_err();
    assert!(error.ends_with("has no sources"), "{error}");
    let no_compiler = BTreeMap::from_iter(
        variables.into_iter().chain([("RUSTC", OsString::from("/there/is/no/compiler"))]),
    );
    let error = build_id(&no_compiler).unwrap_err();
    assert!(error.contains("/there/is/no/compiler"), "{error}");
}
