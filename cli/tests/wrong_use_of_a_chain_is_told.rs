//! What cannot be done with a local chain: one clear message, the right exit code, nothing changed.

mod common;

use std::fs::File;

use common::{Local, bessemer, code, image, json, stderr, stdout};

#[test]
fn unknown_names_come_with_suggestions() {
    let local = Local::new();
    for (args, part) in [
        (&["call", "countr", "add", "1"][..], "did you mean `counter`?"),
        (&["call", "nothing", "add", "1"], "deployed are counter, token"),
        (&["call", "counter", "ad", "1"], "did you mean `add`?"),
        (&["call", "counter", "launch"], "reset"),
        (&["call", "counter", "add", "--bye", "1"], "did you mean --by?"),
        (&["call", "token", "transfer", "bbo", "1"], "did you mean `bob`?"),
        (&["call", "counter", "add", "1", "--from", "nobody"], "there is no account `nobody`"),
        (&["query", "alice", "get"], "no contract"),
        (&["query", "0x00000000000000000000000000000000000000ff", "get"], "is not a contract"),
        (&["query", "alice", "0x"], "alice is not a contract on this chain"),
        (&["query", "alice", "0x01020304"], "alice is not a contract on this chain"),
        (&["query", "bob", "get"], "no contract"),
        (&["state", "nobody"], "there is no account"),
        (&["call", "counter", "--by", "1"], "say which function"),
    ] {
        let message = local.fails(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}

#[test]
fn malformed_arguments_are_reported() {
    let local = Local::new();
    for (args, part) in [
        (&["call", "counter", "add"][..], "counter.add needs `by`, a uint64"),
        (&["call", "counter", "add", "1", "2"], "one argument too many"),
        (&["call", "counter", "add", "three"], "is not an amount"),
        (&["call", "counter", "add", "-1"], "is not an amount"),
        (&["call", "counter", "add", "0x10000000000000000"], "too large for uint64"),
        (&["call", "counter", "add", "--by"], "--by needs a value"),
        (&["call", "counter", "add", "--by", "1", "--by", "2"], "twice"),
        (&["call", "token", "transfer", "0x12", "1"], "40 hexadecimal digits"),
        (&["call", "counter", "add", "1", "--gas", "much"], "--gas"),
        (&["call", "counter", "add", "1", "--value", "1e70"], "less than the value"),
        (&["query", "counter", "get", "--value", "1"], "leave --value out"),
        (&["call", "token", "transferFrom", "alice", "bob", "1", "--from", "bob"], "--sender"),
    ] {
        let message = local.fails(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}

#[test]
fn a_query_that_would_change_something_says_what_to_do() {
    let local = Local::new();
    let message = local.fails(4, &["query", "counter", "add", "1"]);
    assert!(message.contains("bessemer call counter add"), "{message}");
}

#[test]
fn without_a_chain_the_message_says_how_to_make_one() {
    let local = Local::empty();
    for args in [
        &["call", "counter", "add", "1"][..],
        &["query", "counter", "get"],
        &["simulate", "counter", "add", "1"],
        &["state"],
        &["receipt"],
        &["events"],
    ] {
        let output = local.run(args);
        assert_eq!((code(&output), stdout(&output)), (7, ""), "{args:?}");
        assert!(stderr(&output).contains("bessemer deploy"), "{args:?}: {}", stderr(&output));
    }
    assert!(!local.folder.path().join(".bessemer").exists());
}

#[test]
fn a_second_process_waits_a_moment_and_gives_up() {
    let local = Local::new();
    let path = local.folder.path().join(".bessemer/lock");
    let file = File::options().write(true).open(path).expect("the lock is there");
    file.lock().expect("nobody has it");
    for args in [&["query", "counter", "get"][..], &["call", "counter", "add", "1"]] {
        let output = local.run(args);
        assert_eq!((code(&output), stdout(&output)), (7, ""));
        assert!(stderr(&output).contains("another process uses"), "{}", stderr(&output));
    }
    drop(file);
    assert_eq!(local.succeeds(&["query", "counter", "get"]), "0\n");
}

#[test]
fn a_folder_that_cannot_be_written_is_exit_code_7() {
    let local = Local::empty();
    // also for a user who may write everywhere
    std::fs::write(local.folder.path().join(".bessemer"), "").expect("it can be written");
    let output = local.run(&["deploy", &image("counter.elf")]);
    assert_eq!((code(&output), stdout(&output)), (7, ""));
    assert!(stderr(&output).contains(".bessemer"), "{}", stderr(&output));
}

#[test]
fn damaged_files_of_a_chain_are_told_and_left_alone() {
    for (name, text) in
        [("contracts.json", "{"), ("contracts.json", "{}"), ("chain.redb", "no database")]
    {
        let local = Local::new();
        let path = local.folder.path().join(".bessemer").join(name);
        std::fs::write(&path, text).expect("it can be written");
        let output = local.run(&["query", "counter", "get"]);
        assert_eq!((code(&output), stdout(&output)), (7, ""), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains(name), "{}", stderr(&output));
        assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
    }
}

/// A file that is not an image.
const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

#[test]
fn only_contracts_are_deployed() {
    let local = Local::new();
    let message = local.fails(4, &["deploy", MANIFEST, "--name", "manifest"]);
    assert!(message.contains("did nothing"), "{message}");
    local.fails(2, &["deploy", &image("counter.elf"), "--name", "alice"]);
    local.fails(2, &["deploy", &image("counter.elf"), "--name", "0x12"]);
    local.fails(2, &["deploy", &image("erc20.elf"), "Gold"]);
    local.fails(7, &["deploy", "./nothing.elf"]);
}

#[test]
fn errors_are_documents_for_programs_too() {
    let local = Local::new();
    let output = local.run(&["call", "counter", "reset", "--from", "bob", "--json"]);
    assert_eq!(code(&output), 4);
    let document = json(&output);
    assert_eq!(document["schema"], "bessemer.call/1");
    assert_eq!(document["status"], "revert");
    assert_eq!(document["error"]["name"], "NotOwner");
    assert_eq!(document["changed"], false);
    let output = local.run(&["--json", "call", "countr", "add", "1"]);
    assert_eq!(code(&output), 2);
    assert_eq!(json(&output)["error"]["kind"], "usage");
}

#[test]
fn every_command_has_help_with_examples() {
    for command in [
        "new", "build", "check", "test", "deploy", "call", "query", "simulate", "state", "receipt",
        "events", "replay", "abi", "size", "doctor",
    ] {
        let output = bessemer(&[command, "--help"]);
        assert_eq!(code(&output), 0, "{command}");
        assert!(stdout(&output).contains("Examples:\n  bessemer "), "{command}");
    }
    let local = Local::new();
    let help = local.succeeds(&["call", "token", "transfer", "--help"]);
    assert_eq!(help, "bessemer call token transfer --to <address> --value <uint256> -> bool\n");
}
