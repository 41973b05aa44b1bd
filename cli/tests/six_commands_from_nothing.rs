//! From nothing to a called contract, as a new user does it: in an empty home directory.

mod common;
mod user;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use common::{code, command, json, stderr, stdout};
use user::{home, run, succeeds};

#[test]
fn six_commands_lead_to_a_called_contract() {
    let Some(home) = home() else { return };
    let home = home.path();
    let mut times = Vec::new();
    let mut printed = Vec::new();
    let mut folder = home.to_owned();
    for command in readme() {
        for part in command.split(" && ") {
            match part.strip_prefix("cd ") {
                Some(to) => folder.push(to),
                None => {
                    let words: Vec<_> = part.split_whitespace().skip(1).collect();
                    let begin = Instant::now();
                    let output = succeeds(home, &folder, &words);
                    times.push((part.to_owned(), begin.elapsed()));
                    printed.push(stdout(&output).to_owned());
                }
            }
        }
    }
    let project = folder;
    let [_, lines, deployed, called, asked] = printed.as_slice() else {
        panic!("the README has other commands: {printed:?}");
    };
    let (tests, functions) = lines.split_once("\n\n").expect("tests, then functions");
    assert!(tests.lines().count() >= 3, "{lines}");
    assert!(tests.lines().all(|line| line.starts_with("PASS")), "{lines}");
    assert!(tests.contains("gas"), "{lines}");
    assert!(functions.starts_with("counter  ") && functions.contains(" bytes"), "{lines}");
    for word in ["instructions", "constructor", "add", "reset"] {
        assert!(functions.contains(word), "{word}: {lines}");
    }
    assert!(deployed.starts_with("counter  0x"), "{deployed}");
    assert_eq!((called.as_str(), asked.as_str()), ("3\n", "3\n"));
    let mut text = String::new();
    for (command, time) in &times {
        let _ = writeln!(text, "{:8.1} s  {command}", time.as_secs_f64());
    }
    let all: std::time::Duration = times.iter().map(|(_, time)| *time).sum();
    let _ = writeln!(text, "{:8.1} s  together", all.as_secs_f64());
    let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes());

    // built again, it is there already, and a trap or panic has its line
    let built = succeeds(home, &project, &["build", "--json"]);
    assert_eq!(json(&built)["contracts"][0]["cached"], true);
    succeeds(home, &project, &["call", "counter", "add", "18446744073709551612"]);
    let failed = run(home, &project, &["call", "counter", "add", "1"]);
    assert_eq!(code(&failed), 4);
    assert!(stderr(&failed).contains("overflow"), "{}", stderr(&failed));
    assert!(stderr(&failed).contains("src/lib.rs:"), "{}", stderr(&failed));
    for args in [&["check", "counter"][..], &["size", "counter"], &["abi", "counter"]] {
        let shown = succeeds(home, &project, args);
        assert!(!stdout(&shown).is_empty(), "{args:?}");
    }
    assert!(stdout(&succeeds(home, &project, &["check"])).contains("storage_set"));
    // what functions took is known of the image that was tested, and of no other
    let size = succeeds(home, &project, &["size", "--json"]);
    let taken = &json(&size)["contracts"][0]["tested"]["get"]["instructions"];
    assert!(taken["most"].as_u64().expect("a number") > 100, "{}", stdout(&size));
    let other = common::image("counter.elf");
    let size = succeeds(home, &project, &["size", "--json", &other]);
    assert_eq!(json(&size)["contracts"][0]["tested"], serde_json::json!({}));
    differing_images_fail_the_test(home, &project);
}

/// The commands that the README leads with; the first, which installs the tool, is the test's own.
fn readme() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(path).expect("the README can be read");
    let commands = text.lines().filter_map(|line| line.strip_prefix("$ "));
    let commands = commands.filter(|command| command.starts_with("bessemer "));
    commands.take(5).map(str::to_owned).collect()
}

/// The same source, except that the image counts otherwise.
fn differing_images_fail_the_test(home: &Path, project: &Path) {
    let source = project.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("it is there");
    let wrong = "let total = self.count.get() + u64::from(cfg!(target_arch = \"riscv32\"));";
    let changed = text.replace("let total = self.count.get();", wrong);
    assert_ne!(text, changed);
    std::fs::write(&source, changed).expect("it can be written");
    let output = run(home, project, &["test"]);
    assert_eq!(code(&output), 5, "{}", stdout(&output));
    assert!(stdout(&output).contains("DIFF"), "{}", stdout(&output));
    for part in ["output differs", "counter.add(by: 3)", "native  returned 3", "image   returned 4"]
    {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
    assert!(stderr(&output).contains("at src/lib.rs:"), "{}", stderr(&output));
    // and what does not compile is a failure of the build, told at the author's line and by the compiler
    // alone; of two functions with one selector at the second, which is `get` here
    let function = text.lines().position(|line| line.contains("pub fn get(")).expect("it is there");
    for (wrong, said, behind) in [
        ("pub fn odd<T>(&self) {}", "a function of a contract is not generic", 1),
        ("pub fn odd(&self, number: f32) {}", "f32", 1),
        ("pub fn odd(&self) -> Option<u8> { None }", "Option<u8>", 1),
        ("pub fn odd(&self) -> Result<u8, u8> { Ok(1) }", "u8", 1),
        ("#[name = \"get\"] pub fn odd(&self) -> u64 { 1 }", "have the same selector", 2),
        ("pub fn try_get(&self) {}", "has a function `try_get` already", 1),
    ] {
        let mut lines: Vec<_> = text.lines().collect();
        lines.insert(function, wrong);
        std::fs::write(&source, lines.join("\n")).expect("it can be written");
        let output = run(home, project, &["build"]);
        assert_eq!(code(&output), 3, "{wrong}");
        let message = stderr(&output);
        assert!(message.contains(said), "{wrong}: {message}");
        let place = format!("src/lib.rs:{}:", function + behind);
        assert!(message.contains(&place), "{wrong} is not told at {place} {message}");
        assert!(!message.contains("doctor"), "{wrong}: {message}");
    }
    std::fs::write(&source, "this is no Rust").expect("it can be written");
    for command in ["build", "test"] {
        assert_eq!(code(&run(home, project, &[command])), 3, "{command}");
    }
}

#[test]
fn every_template_passes_its_tests() {
    let Some(home) = home() else { return };
    let home = home.path();
    succeeds(home, home, &["new", "gold", "--template", "token"]);
    let project = home.join("gold");
    succeeds(home, &project, &["test"]);
    // as its README says
    let readme = std::fs::read_to_string(project.join("README.md")).expect("it is there");
    let commands: Vec<_> =
        readme.lines().filter_map(|line| line.strip_prefix("$ bessemer ")).collect();
    assert!(commands.len() >= 4, "{readme}");
    for command in commands {
        succeeds(home, &project, &command.split_whitespace().collect::<Vec<_>>());
    }
}

#[test]
fn without_a_compiler_the_message_says_what_to_install() {
    let home = tempfile::tempdir().expect("there is a place for temporary files");
    let home = home.path();
    succeeds(home, home, &["new", "counter"]);
    // a compiler that has neither the target nor library source
    let tools = home.join("tools");
    std::fs::create_dir(&tools).expect("it can be made");
    for (name, script) in [("rustc", "rustc 1.95.0"), ("cargo", "cargo 1.95.0")] {
        let tool = tools.join(name);
        std::fs::write(&tool, format!("#!/bin/sh\necho {script}\n")).expect("it can be written");
        let made = Command::new("/bin/chmod").arg("+x").arg(&tool).status().expect("it starts");
        assert!(made.success());
    }
    let mut build = command(&["build"]);
    let output = build
        .env("PATH", &tools)
        .env("BESSEMER_RUST", &tools)
        .current_dir(home.join("counter"))
        .output()
        .expect("the binary starts");
    assert_eq!((code(&output), stdout(&output)), (3, ""));
    for part in ["rustup target add riscv32imac-unknown-none-elf", "apt-get install"] {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
}

#[test]
fn what_a_project_lacks_is_named() {
    let Some(home) = home() else { return };
    let home = home.path();
    succeeds(home, home, &["new", "counter"]);
    let manifest = home.join("counter/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).expect("it is there");
    for (from, to, said) in [
        ("[package]", "[package", "Cargo.toml"),
        ("[dependencies]", "[dependencies]\nmissing = { path = \"no/such/folder\" }", "missing"),
        ("edition = \"2024\"", "edition = \"2042\"", "2042"),
    ] {
        let wrong = text.replacen(from, to, 1);
        assert_ne!(wrong, text, "{from}");
        std::fs::write(&manifest, wrong).expect("it can be written");
        let output = run(home, &home.join("counter"), &["build"]);
        assert_eq!(code(&output), 3, "{to}");
        let message = stderr(&output);
        assert!(message.contains("cargo cannot read the project"), "{message}");
        assert!(message.contains(said), "{said}: {message}");
        assert!(!message.contains("bessemer new"), "{message}");
    }
    // and where there is none, that is what is said
    let output = run(home, home, &["build"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("bessemer new NAME"), "{}", stderr(&output));
}

#[test]
fn a_project_is_made_whole_or_not_at_all() {
    let home = tempfile::tempdir().expect("there is a place for temporary files");
    let home = home.path();
    succeeds(home, home, &["new", "counter"]);
    for (args, expected) in [
        (&["new", "counter"][..], 2),
        (&["new", "Counter"], 2),
        (&["new", "1st"], 2),
        (&["new", "alice"], 2),
        (&["new", "other", "--sdk-path", "/nonexistent"], 2),
        (&["new", "other", "--template", "moon"], 2),
        (&["new", "no/such/folder/other"], 7),
    ] {
        let output = run(home, home, args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
    }
    let entries: Vec<_> = std::fs::read_dir(home).expect("it is there").collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
}
