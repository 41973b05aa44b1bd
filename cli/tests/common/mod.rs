//! Runs the `bessemer` binary, on programs of the repository and on assembled ones.

#![allow(dead_code, unreachable_pub, reason = "each test compiles it and uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bessemer_image::{ImageBuilder, Profile};
use bessemer_isa::asm;
use serde_json::Value;
use tempfile::TempDir;

/// The command with these arguments, in an environment that changes nothing about its output.
pub fn command<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bessemer"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "BESSEMER_MACHINE"] {
        command.env_remove(name);
    }
    // nothing of the user's is read or written
    for name in ["XDG_CACHE_HOME", "XDG_STATE_HOME", "BESSEMER_CACHE_DIR"] {
        command.env_remove(name);
    }
    command.env_remove("HOME").args(args);
    command
}

/// What the command prints, and how it ends.
pub fn bessemer<S: AsRef<std::ffi::OsStr>>(args: &[S]) -> Output {
    command(args).output().expect("the binary starts")
}

pub fn code(output: &Output) -> i32 {
    output.status.code().expect("the process ended by itself")
}

pub fn stdout(output: &Output) -> &str {
    str::from_utf8(&output.stdout).expect("standard output is text")
}

pub fn stderr(output: &Output) -> &str {
    str::from_utf8(&output.stderr).expect("standard error is text")
}

/// The one document on standard output.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("standard output is one JSON document")
}

/// A program in `bench/elf`.
pub fn bench(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/elf").join(name);
    path.to_str().expect("the path is text").to_owned()
}

/// A folder with an assembled program, which goes when it is dropped.
pub struct Assembled {
    pub folder: TempDir,
    pub elf: String,
}

impl Assembled {
    pub fn new(source: &str) -> Self {
        let options = asm::Options::compressed();
        let assembly = asm::assemble(source, &options).expect("the source is right");
        let mut image =
            ImageBuilder::new(Profile::rv32(true)).text(assembly.text.base, &assembly.text.bytes);
        if !assembly.rodata.bytes.is_empty() {
            image = image.rodata(assembly.rodata.base, &assembly.rodata.bytes);
        }
        let writable = [&assembly.data, &assembly.bss];
        for section in writable.into_iter().filter(|section| !section.bytes.is_empty()) {
            let len = u32::try_from(section.bytes.len()).expect("small");
            image = image.data(section.base, &section.bytes, len);
        }
        image = image.entry(assembly.entry);
        for (name, addr) in &assembly.symbols {
            image = image.symbol(name, *addr);
        }
        let folder = tempfile::tempdir().expect("there is a place for temporary files");
        let path = folder.path().join("program.elf");
        std::fs::write(&path, image.build()).expect("the folder can be written to");
        let elf = path.to_str().expect("the path is text").to_owned();
        Self { folder, elf }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn path_text(&self, name: &str) -> String {
        self.path(name).to_str().expect("the path is text").to_owned()
    }
}

/// An image in `contracts/images/elf`.
pub fn image(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts/images/elf").join(name);
    path.to_str().expect("the path is text").to_owned()
}

/// A folder with a local chain, on which the contracts `counter` and `token` are deployed.
pub struct Local {
    pub folder: TempDir,
}

impl Local {
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("there is a place for temporary files") }
    }

    pub fn new() -> Self {
        let local = Self::empty();
        local.succeeds(&["deploy", &image("counter.elf")]);
        let token = image("erc20.elf");
        local.succeeds(&["deploy", "--name", "token", &token, "Gold", "GLD", "18", "1000"]);
        local
    }

    /// Runs the command in the folder.
    pub fn run(&self, args: &[&str]) -> Output {
        command(args).current_dir(self.folder.path()).output().expect("the binary starts")
    }

    /// What a command prints that must succeed.
    pub fn succeeds(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
        stdout(&output).to_owned()
    }

    /// What a command that must fail says, and that it changes nothing.
    pub fn fails(&self, expected: i32, args: &[&str]) -> String {
        let before = self.digest();
        let output = self.run(args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
        assert_eq!(stdout(&output), "", "{args:?}");
        assert_eq!(self.digest(), before, "{args:?} changed something");
        let message = stderr(&output).to_owned();
        assert!(message.starts_with("error: "), "{args:?}: {message}");
        message
    }

    /// The digest of the whole state.
    pub fn digest(&self) -> String {
        let output = self.run(&["state", "--json"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        json(&output)["digest"].as_str().expect("it is text").to_owned()
    }
}
