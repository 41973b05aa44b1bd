//! `bessemer test` of all example contracts: natively and as images on both engines, with equal
//! results, events, state and gas.

mod common;
mod user;

use std::path::Path;

use common::{code, json, stderr};
use user::{home, run_with, shared};

#[test]
fn the_example_contracts_do_the_same_natively_and_as_images() {
    let Some(home) = home() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // not that of who works on the contracts
    let target = root.join("target/contracts-tested");
    let output = run_with(
        home.path(),
        &root.join("contracts"),
        &["test", "--json"],
        &[("CARGO_TARGET_DIR", &target), ("CARGO_BUILD_BUILD_DIR", &shared())],
    );
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let report = json(&output);
    let tests = report["tests"].as_array().expect("a list");
    assert!(tests.len() >= 45, "only {} tests", tests.len());
    let played = |name: &str| {
        let of = |test: &&serde_json::Value| test["program"] == name;
        let with = |test: &serde_json::Value| test["transactions"].as_u64() > Some(0);
        tests.iter().filter(of).any(with)
    };
    for name in bessemer_contracts::EXAMPLES.iter().map(|example| example.name) {
        assert!(played(name), "no test of {name} was played on the engines");
    }
    // the figures of the token, as `bessemer size` shows them too
    let contracts = report["contracts"].as_array().expect("a list");
    let token = contracts.iter().find(|contract| contract["name"] == "erc20");
    let token = token.expect("it was tested");
    assert!(token["size"].as_u64() <= Some(12 << 10), "{token}");
    let transfer = &token["functions"]["transfer"]["instructions"]["most"];
    assert!(transfer.as_u64().is_some_and(|count| (1..=3_000).contains(&count)), "{token}");
}
