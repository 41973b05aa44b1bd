//! A project that is built in another folder, by another user, with the SDK elsewhere, has the same images,
//! and they do not say where that was.

mod common;
mod user;

use std::path::{Path, PathBuf};

use bessemer_toolchain::tests::cases;
use common::{code, stderr};
use user::{home, run_with, succeeds};

/// A function that can panic in a crate from elsewhere, whose message names a file of that crate.
const FUNCTION: &str = "pub fn ratio(&self, a: u64, b: u64) -> u64 {
    let number = ruint::aliases::U256::from;
    (number(a) / number(b)).to::<u64>()
}
";

/// Makes the project in a folder, with the SDK of a checkout or with its own, builds it, and returns the
/// image.
fn build(
    home: &Path,
    folder: &Path,
    checkout: Option<&Path>,
    variables: &[(&str, &Path)],
) -> Vec<u8> {
    std::fs::create_dir_all(folder).expect("it can be made");
    let sdk = checkout.map(|checkout| checkout.join("sdk").display().to_string());
    let sdk = sdk.as_ref().map_or(vec!["--vendor"], |sdk| vec!["--sdk-path", sdk]);
    succeeds(home, folder, &[&["new", "counter"], sdk.as_slice()].concat());
    let project = folder.join("counter");
    let edit = |file: &str, from: &str, to: &str| {
        let path = project.join(file);
        let text = std::fs::read_to_string(&path).expect("it is there");
        let changed = text.replacen(from, to, 1);
        assert_ne!(text, changed, "{from}");
        std::fs::write(&path, changed).expect("it can be written");
    };
    let ruint = "[dependencies]\nruint = { version = \"1\", default-features = false }";
    edit("Cargo.toml", "[dependencies]", ruint);
    edit("src/lib.rs", "pub fn get(", &format!("{FUNCTION}\npub fn get("));
    says_nothing_of(&project, &[home, Path::new(env!("CARGO_MANIFEST_DIR"))]);
    image_of(home, &project, variables)
}

fn image_of(home: &Path, project: &Path, variables: &[(&str, &Path)]) -> Vec<u8> {
    let output = run_with(home, project, &["build"], variables);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    std::fs::read(project.join("target/bessemer/counter.elf")).expect("it is there")
}

/// No file of a project contains the path of a folder.
fn says_nothing_of(project: &Path, folders: &[&Path]) {
    for entry in std::fs::read_dir(project).expect("it can be read").flatten() {
        let path = entry.path();
        if path.is_dir() {
            says_nothing_of(&path, folders);
            continue;
        }
        let bytes = std::fs::read(&path).expect("it can be read");
        let text = String::from_utf8_lossy(&bytes);
        for folder in folders.iter().map(|folder| folder.display().to_string()) {
            assert!(!text.contains(&folder), "{} contains {folder}", path.display());
        }
    }
}

/// Copies a folder, without what was built in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("it can be made");
    for entry in std::fs::read_dir(from).expect("it can be read").flatten() {
        let (name, kind) = (entry.file_name(), entry.file_type().expect("it has a type"));
        if kind.is_file() {
            std::fs::copy(entry.path(), to.join(&name)).expect("it can be copied");
        } else if kind.is_dir() && name != "target" && name != ".git" {
            copy(&entry.path(), &to.join(&name));
        }
    }
}

#[test]
fn images_do_not_depend_on_who_builds_them_and_where() {
    let Some(home) = home() else { return };
    let home = home.path();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let first = build(home, &home.join("a"), None, &[]);
    // the project travels: copied elsewhere, by somebody with an empty home, it is the same and passes
    let travelled = home.join("far/away/counter");
    copy(&home.join("a/counter"), &travelled);
    let empty = tempfile::tempdir().expect("there is a place for temporary files");
    assert!(image_of(empty.path(), &travelled, &[]) == first, "the image of the copy differs");
    let output = run_with(empty.path(), &travelled, &["test"], &[]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    // another home: cargo's folder has another name, and what it fetched is there
    let other = home.join("somebody/else");
    std::fs::create_dir_all(&other).expect("it can be made");
    let user = std::env::var_os("HOME").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME");
    let cargo = cargo.map_or_else(|| Path::new(&user).join(".cargo"), PathBuf::from);
    for entry in std::fs::read_dir(&cargo).expect("cargo has a folder").flatten() {
        let link = other.join(entry.file_name());
        std::os::unix::fs::symlink(entry.path(), link).expect("it can be linked");
    }
    let artifacts = home.join("artifacts");
    let mut variables: Vec<(&str, &Path)> = vec![("CARGO_HOME", &other)];
    // the compiler's own library comes from the same folder, so it is compiled again in deep only
    if cases(0, 1) == 1 {
        variables.push(("CARGO_BUILD_BUILD_DIR", &artifacts));
    }
    let moved = home.join("elsewhere/checkout");
    copy(&checkout, &moved);
    let second = build(home, &home.join("b/c/d"), Some(&moved), &variables);
    for image in [&first, &second] {
        let text = String::from_utf8_lossy(image);
        assert!(text.contains("/ruint-1."), "the crate is not named: the test tests nothing");
        let places = [home, &cargo, Path::new(&user), Path::new(env!("CARGO_MANIFEST_DIR"))];
        for place in places.map(|place| place.display().to_string()) {
            assert!(place.len() < 2 || !text.contains(&place), "the image contains {place}");
        }
    }
    assert!(first == second, "the images differ");
}
