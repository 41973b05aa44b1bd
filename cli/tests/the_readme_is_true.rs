//! The commands of the README do what it says.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

/// What a README command of the tool starts with.
const PROMPT: &str = "$ cargo run --release -- ";

#[test]
fn the_first_program_prints_what_the_readme_shows() {
    let readme = readme();
    let mut lines = readme.lines();
    let commands = lines.by_ref().filter_map(|line| line.strip_prefix(PROMPT));
    let command =
        commands.into_iter().find(|command| command.starts_with("run ")).expect("a program");
    let shown = lines.next().expect("its output");
    let output = run(command);
    assert!(output.status.success(), "{command}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), shown, "{command}");
}

#[test]
fn every_command_of_the_tour_ends_as_the_readme_says() {
    let readme = readme();
    let commands: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix(PROMPT))
        // the reader's own program
        .filter(|command| !command.ends_with(" program.elf"))
        // says what the machine lacks
        .filter(|command| *command != "doctor")
        .collect();
    assert!(commands.len() >= 6, "found only {commands:?}");
    for command in commands {
        let stops = command.contains("--gas") || command.contains("trap.elf");
        let output = run(command);
        assert_eq!(output.status.code(), Some(if stops { 4 } else { 0 }), "{command}: {output:?}");
        let said = if stops { &output.stderr } else { &output.stdout };
        assert!(!said.is_empty(), "{command} says nothing");
    }
}

#[test]
fn every_file_that_the_readme_links_to_exists() {
    let readme = readme();
    let targets: Vec<&str> = readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://"))
        .collect();
    assert!(targets.len() >= 4, "found only {targets:?}");
    for target in targets {
        assert!(root().join(target).exists(), "{target} does not exist");
    }
}

/// The home of a user who has none of the tool's files yet.
fn home() -> &'static Path {
    static HOME: LazyLock<TempDir> =
        LazyLock::new(|| tempfile::tempdir().expect("there is a place for temporary files"));
    HOME.path()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("the README can be read")
}

fn run(arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bessemer"))
        .args(arguments.split_whitespace())
        .current_dir(root())
        .env("HOME", home())
        .output()
        .expect("the tool starts")
}
