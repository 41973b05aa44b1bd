//! The process that compiles has limits, and what it makes is what this one would make.

#![allow(clippy::unwrap_used, reason = "in a test, a failure")]

mod common;

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use bessemer_image::{ImageBuilder, Profile};
use bessemer_runtime::{
    Backend, ChildLimits, Compilation, Config, Engine, ErrorKind, Module, Origin,
};
use common::command;

fn child() -> [&'static str; 2] {
    [env!("CARGO_BIN_EXE_bessemer"), "serve-compiler"]
}

#[test]
fn it_gives_up_its_rights_before_it_reads_the_program() {
    let mut process = command(&["serve-compiler"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = process.stdin.take().expect("a pipe");
    // the opening of a request: 300 MiB and 7 seconds
    let opening = (*b"bsmr-cc2", 300_u64 << 20, 7_u32);
    let opening = postcard::to_stdvec(&opening).expect("it has an encoding");
    input.write_all(&opening).expect("it reads");
    let about = |name: &str| {
        fs::read_to_string(format!("/proc/{}/{name}", process.id())).expect("it is alive")
    };
    // it has no way to tell that it is ready: wait until it is, and fail if it never is
    let filtered = (0..1_000_000).any(|_| {
        std::thread::yield_now();
        about("status").contains("Seccomp:\t2")
    });
    assert!(filtered, "{}", about("status"));
    assert!(about("status").contains("NoNewPrivs:\t1"));
    let limits = about("limits");
    let limit = |name: &str| limits.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    assert!(limit("Max address space").contains(&(300_u64 << 20).to_string()), "{limits}");
    assert!(limit("Max cpu time").contains(" 7 "), "{limits}");
    drop(input);
    // a request that ends here is answered with a message
    let output = process.wait_with_output().expect("it ends");
    assert_eq!(output.stdout.first(), Some(&1));
}

#[test]
fn both_ways_compile_to_the_same_code() {
    let elf = fs::read(common::bench("u256.elf")).expect("in the repository");
    let module = |config: Config| Module::new(&Engine::new(config).unwrap(), &elf).unwrap();
    for config in [Config::new(), Config::new().precise_registers(true)] {
        let config = config.backend(Backend::Jit);
        let (own, other) = (module(config.clone()), module(config.compiler_command(child())));
        let codes = [&own, &other].map(|module| module.code().expect("compiled"));
        assert_eq!(codes[0].bytes(), codes[1].bytes());
        assert_eq!(codes[0].tables(), codes[1].tables());
        assert_eq!(other.origin(), Some(Origin::Compiled));
    }
}

#[test]
fn too_little_memory_or_time_is_not_remembered() {
    // much text: a branch to the next instruction, again and again
    let text = 0x0000_0263_u32.to_le_bytes().repeat(60_000);
    let elf = ImageBuilder::new(Profile::rv32(false)).text(0x1_0000, text).build();
    let limits = ChildLimits::default();
    let config = |limits| {
        Config::new()
            .backend(Backend::Auto)
            .compilation(Compilation::Eager)
            .compiler_command(child())
            .child_limits(limits)
    };
    for too_little in [
        ChildLimits { memory: 1 << 20, ..limits },
        ChildLimits { deadline: Duration::from_millis(20), ..limits },
    ] {
        let engine = Engine::new(config(too_little)).unwrap();
        let module = Module::new(&engine, &elf).unwrap();
        assert!(module.code().is_none(), "{too_little:?} was enough");
        assert_eq!(engine.statistics().compile_failures, 1);
        let engine = Engine::new(config(too_little).backend(Backend::Jit)).unwrap();
        let error = Module::new(&engine, &elf).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Compiler(_)), "{error}");
    }
    assert!(Module::new(&Engine::new(config(limits)).unwrap(), &elf).unwrap().code().is_some());
}
