//! Compilers in other processes: whatever they do, results are right.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bessemer_runtime::{
    Backend, ChildLimits, Compilation, Engine, ErrorKind, Module, serve_compiler,
};

use crate::harness::{Place, expected, numbered, run};

fn limits(deadline: Duration) -> ChildLimits {
    ChildLimits { deadline, ..ChildLimits::default() }
}

/// A child that is a shell script.
fn script(line: &str) -> [String; 3] {
    ["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()]
}

#[test]
fn whatever_a_child_does_the_module_is_interpreted() {
    let scripts = [
        "exit 0",
        "exit 1",
        "kill -9 $$",
        "kill -STOP $$",
        "exec /bin/sleep 1000",
        "exec cat /dev/zero",
        "exec cat /dev/urandom",
        "head -c 4 /dev/zero",
        "head -c 9 /dev/zero",
        "head -c 1000 /dev/urandom",
        r"printf '\0\4\0\0\0\0\0\0\0abcd'",
        r"printf '\1\4\0\0\0\0\0\0\0abcd'",
        r"printf '\0\377\377\377\377\377\377\377\377abcd'",
        "cat",
        "exec >&-; exec /bin/sleep 1000",
    ];
    let elf = numbered(1);
    let wanted = expected(&elf);
    let short = limits(Duration::from_millis(300));
    for line in scripts {
        let place = Place::new();
        let config = place
            .config()
            .backend(Backend::Auto)
            .compilation(Compilation::Eager)
            .child_limits(short)
            .compiler_command(script(line));
        let started = Instant::now();
        let engine = Engine::new(config).unwrap();
        let module = Module::new(&engine, &elf).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "{line}");
        assert!(module.code().is_none(), "{line}");
        assert_eq!(run(&module), wanted, "{line}");
        assert_eq!(engine.statistics().compile_failures, 1, "{line}");
        assert_eq!(place.files().len(), 0, "{line}: something was remembered");
        // nothing was remembered: an engine whose compiler works has code at once
        let engine = Engine::new(place.config()).unwrap();
        assert!(Module::new(&engine, &elf).unwrap().code().is_some());
    }
}

#[test]
fn without_an_interpreter_a_child_that_fails_is_an_error() {
    for command in [script("exit 1").to_vec(), vec!["/no/such/program".to_owned()], vec![]] {
        let config = Place::new().config().compiler_command(command);
        let error = Module::new(&Engine::new(config).unwrap(), &numbered(1)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Compiler(_)), "{error}");
    }
}

#[test]
fn a_process_that_is_no_compiler_notices() {
    // standard input of a test is not a request
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "children::reads_a_request", "--nocapture"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success() && output.status.signal().is_none(), "{output:?}");
}

/// Started by the test above.
#[test]
fn reads_a_request() {
    if std::env::args().any(|argument| argument == "children::reads_a_request") {
        assert!(serve_compiler().is_err());
    }
}
