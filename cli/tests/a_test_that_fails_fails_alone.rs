//! A test that does not end, or takes its process with it, fails by its name, and the others go on.

mod common;
mod user;

use common::{code, json, stderr, stdout};
use user::{home, run, succeeds};

const TESTS: &str = r#"
#[cfg(test)]
mod ends {
    use super::*;
    use bessemer_sdk::testing;

    #[test]
    fn refused() {
        let (alice, bob) = (testing::user("alice"), testing::user("mallory"));
        testing::act_as(alice);
        let counter = CounterClient::new(testing::deploy::<Counter>(&()).unwrap());
        counter.add(3);
        testing::act_as(bob);
        counter.reset();
    }
    #[test]
    fn aborted() {
        println!("printed before the abort");
        std::process::abort();
    }
    #[test]
    fn deep() {
        fn deeper(depth: u64) -> u64 {
            std::hint::black_box(depth) + if depth == u64::MAX { 0 } else { deeper(depth + 1) }
        }
        assert!(deeper(0) > 0);
    }
    #[test]
    fn endless() {
        println!("printed before the loop");
        loop {
            std::hint::spin_loop();
        }
    }
    #[test]
    fn exits() {
        std::process::exit(0);
    }
    #[test]
    #[ignore = "slow"]
    fn left_out() {
        unreachable!()
    }
    #[test]
    fn passes() {
        println!("test ends::passes ... FAILED");
    }
    #[test]
    #[should_panic(expected = "on purpose")]
    fn throws() {
        panic!("on purpose");
    }
    #[test]
    fn wrong() {
        println!("one line\n\nand another");
        eprintln!("an error line");
        assert_eq!(1 + 1, 3, "this is arithmetic");
    }
}
"#;

#[test]
fn each_test_is_a_process_with_a_limit() {
    let Some(home) = home() else { return };
    let home = home.path();
    succeeds(home, home, &["new", "counter"]);
    let project = home.join("counter");
    let source = project.join("src/lib.rs");
    let text = std::fs::read_to_string(&source).expect("it is there");
    std::fs::write(&source, text + TESTS).expect("it can be written");

    let output = run(home, &project, &["test", "--json", "--timeout", "2", "ends::"]);
    assert_eq!(code(&output), 5, "{}", stdout(&output));
    let report = json(&output);
    let tests = report["tests"].as_array().expect("a list");
    let of = |name: &str| {
        let test = tests.iter().find(|test| test["test"] == format!("ends::{name}"));
        let test = test.unwrap_or_else(|| panic!("{name} is not in {report:#}"));
        let details = test["details"].as_str().unwrap_or_default().to_owned();
        (test["verdict"].as_str().expect("a word").to_owned(), details)
    };
    for (name, verdict, said) in [
        ("aborted", "fail", &["printed before the abort", "SIGABRT"][..]),
        ("deep", "fail", &["overflowed its stack"]),
        ("endless", "fail", &["printed before the loop", "more than 2 seconds", "--timeout"]),
        ("exits", "fail", &["the process ended before the test did"]),
        ("left_out", "skip", &[]),
        ("passes", "pass", &[]),
        (
            "refused",
            "fail",
            &[
                "NotOwner",
                "counter.reset() from mallory",
                "└ reverted: NotOwner { caller: mallory, owner: alice }",
                "src/lib.rs:",
            ],
        ),
        ("throws", "pass", &[]),
        (
            "wrong",
            "fail",
            &["one line\n\nand another", "an error line", "src/lib.rs:", "left: 2", "arithmetic"],
        ),
    ] {
        let (found, details) = of(name);
        assert_eq!(found, verdict, "{name}: {details}");
        for part in said {
            assert!(details.contains(part), "{name} does not say {part:?}: {details}");
        }
        assert!(!details.contains("running 1 test"), "{name}: {details}");
    }
    assert_eq!(tests.len(), 9, "{report:#}");
    assert_eq!((&report["passed"], &report["failed"]), (&3.into(), &6.into()));

    // the transaction that failed is shown, and with -vv all of them
    let (_, details) = of("refused");
    assert!(!details.contains("counter.add"), "{details}");
    let output = run(home, &project, &["test", "-vv", "ends::refused"]);
    let said = stderr(&output);
    for part in
        ["new counter()", "counter.add(by: 3) from alice", "event Added {", "counter.reset()"]
    {
        assert!(said.contains(part), "-vv does not show {part}: {said}");
    }
    // tests that pass are shown with -vvv, and what they store with -vvvv
    for (verbosity, calls, stores) in
        [("-v", false, false), ("-vvv", true, false), ("-vvvv", true, true)]
    {
        let output = run(home, &project, &["test", verbosity, "counts_up"]);
        let said = stderr(&output);
        assert_eq!(said.contains("counter.add(by: 4)"), calls, "{verbosity}: {said}");
        assert_eq!(said.contains("store field 1: 3 -> 7"), stores, "{verbosity}: {said}");
    }
}
