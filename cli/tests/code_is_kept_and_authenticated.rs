//! `aot`, `cache`, and what `run` does with files and caches.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::{bench, code, command, json, stderr, stdout};
use serde_json::Value;
use tempfile::TempDir;

/// A user with folders of his own.
struct User {
    folder: TempDir,
}

impl User {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is a place for temporary files") }
    }

    fn run(&self, args: &[&str]) -> Output {
        command(args).env("HOME", self.folder.path()).output().expect("the binary starts")
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        assert_eq!(code(&output), 0, "{args:?}: {output:?}");
        json(&output)
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("the path is text").to_owned()
    }

    fn cached(&self) -> Vec<PathBuf> {
        files(&self.folder.path().join(".cache/bessemer"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.expect("readable").path()).collect()
}

#[test]
fn a_compiled_file_runs_where_it_was_made_and_is_compiled_anew_elsewhere() {
    let (user, other) = (User::new(), User::new());
    let (elf, aot) = (bench("programs/primes.elf"), user.path("primes.aot"));
    let made = user.json(&["aot", &elf, "-o", &aot]);
    assert_eq!(made["schema"], "bessemer.aot/1");
    assert_eq!(made["bytes"].as_u64(), Some(fs::metadata(&aot).expect("it is there").len()));
    let here = user.json(&["run", &aot, "1000"]);
    assert_eq!(
        (&here["code_from"], &here["stdout"]),
        (&"file".into(), &"168 primes below 1000\n".into())
    );
    let plain = user.json(&["run", &elf, "1000"]);
    assert_eq!(plain["code_from"], "compiler");
    for field in ["outcome", "gas_used", "stdout", "code_hash"] {
        assert_eq!(here[field], plain[field], "{field}");
    }
    let output = other.run(&["run", "--json", &aot, "1000"]);
    let there = json(&output);
    assert_eq!((&there["code_from"], &there["stdout"]), (&"compiler".into(), &here["stdout"]));
    assert!(stderr(&output).contains("not made by this node"), "{}", stderr(&output));
    // the second time, what was compiled anew comes from the cache
    assert_eq!(other.json(&["run", &aot, "1000"])["code_from"], "cache");
    let stale = user.run(&["run", "--stack", "64K", "--json", &aot, "1000"]);
    assert_eq!(json(&stale)["code_from"], "compiler");
    assert!(stderr(&stale).contains("other settings"), "{}", stderr(&stale));
    // other commands look at the program in it
    let program = user.json(&["inspect", &aot]);
    assert_eq!(program["code_hash"], user.json(&["inspect", &elf])["code_hash"]);
}

#[test]
fn every_process_makes_the_same_bytes() {
    let user = User::new();
    for program in ["sort_strings.elf", "imac/bytecode.elf", "programs/primes.elf"] {
        let elf = bench(program);
        let names = ["child", "again", "own"].map(|name| user.path(name));
        user.json(&["aot", &elf, "-o", &names[0]]);
        user.json(&["aot", &elf, "-o", &names[1]]);
        user.json(&["aot", "--compile-in-process", &elf, "-o", &names[2]]);
        let [child, again, own] = names.map(|name| fs::read(name).expect("it was written"));
        assert!(child == again && child == own, "{program}");
    }
}

#[test]
fn a_cache_is_shown_verified_and_emptied() {
    let user = User::new();
    let programs = ["fib.elf", "sieve.elf", "programs/primes.elf"].map(bench);
    for program in &programs {
        assert_eq!(user.json(&["run", "--cache", program, "3"])["code_from"], "compiler");
        assert_eq!(user.json(&["run", "--cache", program, "3"])["code_from"], "cache");
    }
    let listed = user.json(&["cache", "ls"]);
    assert_eq!(listed["artifacts"].as_array().map(Vec::len), Some(3));
    let stats = user.json(&["cache", "stats"]);
    assert_eq!(stats["artifacts"], 3);
    let sum: u64 = user.cached().iter().map(|path| fs::metadata(path).expect("there").len()).sum();
    assert_eq!(stats["bytes"].as_u64(), Some(sum));
    assert!(stdout(&user.run(&["cache", "stats"])).contains("3 of 20,000"));
    assert_eq!(code(&user.run(&["cache", "verify"])), 0);

    let victim = &user.cached()[0];
    let mut bytes = fs::read(victim).expect("readable");
    bytes[4096] ^= 1;
    fs::write(victim, bytes).expect("writable");
    let output = user.run(&["cache", "--json", "verify"]);
    assert_eq!(code(&output), 1);
    let unusable = &json(&output)["unusable"];
    let name = victim.file_name().and_then(|name| name.to_str());
    assert_eq!(unusable.as_array().map(Vec::len), Some(1));
    assert_eq!(unusable[0]["key"].as_str(), name);
    assert_eq!(code(&user.run(&["cache", "verify", "--remove"])), 1);
    assert_eq!(code(&user.run(&["cache", "verify"])), 0);
    assert_eq!(user.cached().len(), 2);

    assert_eq!(user.json(&["cache", "gc"])["removed"], 0);
    assert_eq!(user.json(&["cache", "gc", "--max-bytes", "1K"])["removed"], 2);
    assert_eq!(user.json(&["run", "--cache", &programs[0], "3"])["code_from"], "compiler");
    assert_eq!(user.json(&["cache", "gc", "--unused-days", "1"])["removed"], 0);
    assert_eq!(user.json(&["cache", "clear"])["removed"], 1);
    assert_eq!(user.cached().len(), 0);
    let secrets = files(&user.folder.path().join(".local/state/bessemer"));
    assert_eq!(secrets.len(), 1, "the secret is still there");
}

#[test]
fn a_damaged_cache_is_noticed_and_no_result_changes() {
    let user = User::new();
    let program = bench("programs/primes.elf");
    let cache = user.path("here");
    let args = ["run", "--cache-dir", &cache, "--json", &program, "1000"];
    let first = json(&user.run(&args));
    for path in files(Path::new(&cache)) {
        fs::write(path, [0x90; 9000]).expect("writable");
    }
    let output = user.run(&args);
    let second = json(&output);
    assert_eq!(second["code_from"], "compiler");
    for field in ["outcome", "stdout", "gas_used", "registers", "memory_sha256"] {
        assert_eq!(first[field], second[field], "{field}");
    }
    assert!(stderr(&output).contains("made anew"), "{}", stderr(&output));
}

#[test]
fn without_places_a_cache_is_a_mistake_and_a_run_is_not() {
    let program = bench("programs/primes.elf");
    let output = common::bessemer(&["cache", "ls"]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("--cache-dir"), "{}", stderr(&output));
    assert_eq!(code(&common::bessemer(&["run", &program, "10"])), 0);
}

#[test]
fn profilers_are_told_the_names_of_guest_functions() {
    let user = User::new();
    let program = bench("programs/primes.elf");
    let folder = user.path("");
    let mut running = command(&["run", "--perf-map", "--jitdump", &folder, &program, "10"]);
    let process = running.stdout(std::process::Stdio::null()).spawn().expect("starts");
    let pid = process.id();
    assert!(process.wait_with_output().expect("ends").status.success());
    let map = format!("/tmp/perf-{pid}.map");
    let text = fs::read_to_string(&map).expect("a map");
    fs::remove_file(map).expect("it is ours");
    for line in text.lines() {
        let parts: Vec<_> = line.splitn(3, ' ').collect();
        let number = |part: &str| u64::from_str_radix(part, 16).expect("a number");
        assert!(number(parts[0]) > 0 && number(parts[1]) > 0, "{line}");
    }
    assert!(text.lines().any(|line| line.ends_with(" _start")), "{text}");
    let dump = fs::read(user.path(&format!("jit-{pid}.dump"))).expect("a dump");
    assert_eq!(dump[..4], 0x4a69_5444_u32.to_le_bytes());
    assert_eq!(dump[12..16], 62_u32.to_le_bytes());
    // each record says how long it is, and the last ends with the file
    let (mut at, mut records) = (40, 0);
    while at < dump.len() {
        let len = u32::from_le_bytes(dump[at + 4..at + 8].try_into().expect("four bytes"));
        at += len as usize;
        records += 1;
    }
    assert_eq!((at, records), (dump.len(), text.lines().count()));
}
