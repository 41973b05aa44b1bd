//! Exit codes, and the one message that goes with each.

mod common;

use std::io::Read;
use std::process::Stdio;

use common::{Assembled, bench, bessemer, code, command, json, stderr, stdout};

#[test]
fn a_program_that_ends_gives_its_own_exit_code() {
    for (a0, expected) in [(0, 0), (1, 1), (4, 4), (255, 255), (256, 0), (-1, 255)] {
        for call in [93, 94] {
            let program = Assembled::new(&format!("li a0, {a0}\nli a7, {call}\necall"));
            for backend in ["auto", "jit", "interp"] {
                let output = bessemer(&["run", "--backend", backend, &program.elf]);
                assert_eq!(code(&output), expected, "{a0} {call} {backend}");
                assert_eq!((stdout(&output), stderr(&output)), ("", ""));
            }
        }
    }
}

#[test]
fn a_trap_is_exit_code_4_and_one_message() {
    for backend in ["jit", "interp"] {
        let output = bessemer(&["run", &bench("programs/trap.elf"), "--backend", backend]);
        assert_eq!(code(&output), 4);
        assert_eq!(stdout(&output), "");
        let message = stderr(&output);
        assert_eq!(message.lines().count(), 1, "{message}");
        for part in ["BadLoad", "pc 0x00010054", "address 0x00000000", "sum+0x14", "trap.c:15"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn out_of_gas_is_exit_code_4_and_names_the_option() {
    for backend in ["jit", "interp"] {
        let args = ["run", "--backend", backend, "--gas", "100000", &bench("programs/primes.elf")];
        let output = bessemer(&args);
        assert_eq!(code(&output), 4);
        let message = stderr(&output);
        for part in ["out of gas", "main", "100,000", "--gas"] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn json_tells_a_trap_from_an_exit_with_4() {
    let exits = Assembled::new("li a0, 4\nli a7, 93\necall");
    let output = bessemer(&["run", "--json", &exits.elf]);
    assert_eq!(code(&output), 4);
    let document = json(&output);
    assert_eq!(document["schema"], "bessemer.run/1");
    assert_eq!(document["outcome"]["kind"], "exit");
    assert_eq!(document["outcome"]["code"], 4);

    let output = bessemer(&["run", "--json", &bench("programs/trap.elf")]);
    assert_eq!(code(&output), 4);
    let outcome = &json(&output)["outcome"];
    assert_eq!(outcome["kind"], "trap");
    assert_eq!(outcome["trap"], "BadLoad");
    assert_eq!(outcome["pc"], 0x1_0054);
    assert_eq!(outcome["addr"], 0);
    assert_eq!(outcome["place"]["symbol"], "sum");
    assert_eq!(outcome["place"]["line"], 15);

    let output = bessemer(&["run", "--json", "--gas", "10", &bench("programs/hello.elf")]);
    assert_eq!(code(&output), 4);
    let document = json(&output);
    assert_eq!(document["outcome"]["kind"], "out_of_gas");
    assert_eq!(document["gas_used"], 10);
    assert_eq!(document["gas_left"], 0);
}

#[test]
fn a_file_that_is_no_program_is_exit_code_1_with_the_rule() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for command in ["run", "diff", "disasm"] {
        let output = bessemer(&[command, manifest]);
        assert_eq!(code(&output), 1, "{command}");
        assert_eq!(stdout(&output), "");
        assert!(stderr(&output).contains("(L2)"), "{}", stderr(&output));

        let output = bessemer(&[command, "--json", manifest]);
        assert_eq!(code(&output), 1);
        let document = json(&output);
        assert_eq!(document["schema"], "bessemer.error/1");
        assert_eq!(document["error"]["kind"], "load");
        assert_eq!(document["error"]["rule"], "L2");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_exit_code_7() {
    for command in ["run", "diff", "inspect", "disasm"] {
        let output = bessemer(&[command, "/nonexistent.elf"]);
        assert_eq!(code(&output), 7, "{command}");
        let message = stderr(&output);
        assert!(message.starts_with("error: cannot read /nonexistent.elf"), "{message}");
    }
    let hello = bench("programs/hello.elf");
    let output = bessemer(&["run", "--dump", "0x10000", "0x10004", "/nonexistent/file", &hello]);
    assert_eq!(code(&output), 7);
    assert!(stderr(&output).contains("/nonexistent/file"));
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let hello = bench("programs/hello.elf");
    for args in [
        &[][..],
        &["run"],
        &["unknown"],
        &["run", &hello, "--backend", "fast"],
        &["run", &hello, "--gas", "-1"],
        &["run", &hello, "--gas", "4611686018427387905"],
        &["run", &hello, "--stack", "many"],
        &["run", &hello, "--dump", "0x10000", "0x10004"],
        &["run", &hello, "--dump", "0x10004", "0x10000", "file"],
        &["run", &hello, "--dump", "no_such_symbol", "0x10000", "file"],
        &["run", &hello, "--trace", "--backend", "jit"],
        &["diff", &hello, "--against", "fastest"],
        &["disasm", &hello, "--function", "no_such_function"],
    ] {
        let output = bessemer(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
        assert_eq!(stdout(&output), "", "{args:?}");
    }
}

#[test]
fn help_and_version_are_results() {
    for args in [&["--help"][..], &["run", "--help"], &["diff", "--help"], &["--version"]] {
        let output = bessemer(args);
        assert_eq!(code(&output), 0, "{args:?}");
        assert_eq!(stderr(&output), "");
        assert!(stdout(&output).contains("bessemer"), "{args:?}");
    }
    for command in ["run", "diff", "inspect", "disasm"] {
        let output = bessemer(&[command, "--help"]);
        assert!(stdout(&output).contains("Examples:\n  bessemer "), "{command}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let endless =
        Assembled::new("loop: li a0, 1\nlui a1, 0x10\nli a2, 16\nli a7, 64\necall\nj loop");
    for args in [
        &["run", &endless.elf][..],
        &["run", "--backend", "interp", &endless.elf],
        &["disasm", &bench("token.elf")],
    ] {
        let mut child = command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut first = [0; 1];
        let mut pipe = child.stdout.take().expect("it is piped");
        pipe.read_exact(&mut first).expect("something is printed");
        drop(pipe);
        let output = child.wait_with_output().expect("the process ends");
        assert_eq!(code(&output), 7, "{args:?}");
        assert_eq!(stderr(&output), "", "{args:?}");
    }
}

#[test]
fn a_closed_pipe_ends_a_traced_run() {
    let endless = Assembled::new("loop: j loop");
    let mut child = command(&["run", "--trace", &endless.elf])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stderr.take().expect("it is piped");
    pipe.read_exact(&mut [0; 64]).expect("something is printed");
    drop(pipe);
    let status = child.wait().expect("the process ends");
    assert_eq!(status.code(), Some(7));
}
