//! What a project needs is compiled once for all projects of a user, and projects of the same name do
//! not get each other's programs.

mod common;
mod user;

use std::path::Path;

use common::{code, stderr, stdout};
use user::{home, run, succeeds};

/// Makes a project `counter` in a folder, in which the function `get` has another name.
fn project(home: &Path, folder: &Path, get: &str) {
    std::fs::create_dir_all(folder).expect("it can be made");
    succeeds(home, folder, &["new", "counter"]);
    let path = folder.join("counter/src/lib.rs");
    let text = std::fs::read_to_string(&path).expect("it is there");
    std::fs::write(&path, text.replace("fn get(", &format!("fn {get}("))).expect("it is written");
}

/// Builds it, and returns what cargo said.
fn build(home: &Path, folder: &Path) -> String {
    let output = run(home, &folder.join("counter"), &["build"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    stderr(&output).to_owned()
}

#[test]
fn a_further_project_compiles_only_its_own_packages() {
    let Some(home) = home() else { return };
    let home = home.path();
    let (first, second) = (home.join("first"), home.join("second"));
    project(home, &first, "one");
    // older than the first's files, so that times of files alone say that nothing changed
    project(home, &second, "two");
    build(home, &first);
    let said = build(home, &second);
    let compiled: Vec<_> = said.lines().filter(|line| line.contains("Compiling")).collect();
    assert!(compiled.len() == 1 && compiled[0].contains("counter"), "{said}");
    for (folder, has) in [(&first, "one"), (&second, "two")] {
        // nothing is compiled again because the other was
        let said = build(home, folder);
        assert!(!said.contains("Compiling"), "{said}");
        let functions = run(home, &folder.join("counter"), &["abi", "counter"]);
        assert!(stdout(&functions).contains(&format!("\"{has}\"")), "{}", stdout(&functions));
    }
}
