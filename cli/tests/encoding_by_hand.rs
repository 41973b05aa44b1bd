//! `encode`, `decode`, `selector` and `hash` are Solidity's.

mod common;

use common::{Local, bessemer, code, json, stderr, stdout};

/// What a command prints that must succeed.
fn says(args: &[&str]) -> String {
    let output = bessemer(args);
    assert_eq!(code(&output), 0, "{args:?}: {}", stderr(&output));
    stdout(&output).trim_end().to_owned()
}

#[test]
fn selectors_and_hashes_are_those_that_everybody_knows() {
    for (args, expected) in [
        (["selector", "transfer(address,uint256)"], "0xa9059cbb"),
        (["sig", "transfer(address to, uint amount)"], "0xa9059cbb"),
        (["selector", "error Panic(uint256)"], "0x4e487b71"),
        (
            ["selector", "event Transfer(address indexed from, address indexed to, uint256 value)"],
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        ),
        (
            ["hash", "Transfer(address,address,uint256)"],
            "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
        ),
        (["hash", "0x"], "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    ] {
        assert_eq!(says(&args), expected, "{args:?}");
    }
}

#[test]
fn what_was_encoded_is_decoded() {
    let signature = "transfer(address to, uint256 amount)";
    let to = "0x00000000000000000000000000000000000000ff";
    let data = says(&["encode", signature, to, "5e18"]);
    let word = |digits: &str| format!("{digits:0>64}");
    assert_eq!(data, format!("0xa9059cbb{}{}", word("ff"), word("4563918244f40000")));
    let shown = says(&["decode", signature, &data]);
    assert_eq!(shown.to_lowercase(), format!("to: {to}\namount: 5000000000000000000"));
    // without a name, without a selector
    let data = says(&["encode", "(uint8[],bool)", "[1,2]", "true"]);
    assert_eq!(data.len(), 2 + 64 * 5);
    let output = bessemer(&["decode", "(uint8[],bool)", &data, "--json"]);
    assert_eq!(json(&output)["values"], serde_json::json!([[1, 2], true]));
    // a structure whose members have no names: each is there, by its place
    let data = says(&["encode", "((uint32,bool),string)", "[1,true]", "ore"]);
    let output = bessemer(&["decode", "((uint32,bool),string)", &data, "--json"]);
    assert_eq!(json(&output)["values"], serde_json::json!([[1, true], "ore"]));
    assert_eq!(says(&["decode", "((uint32,bool),string)", &data]), "(1, true)\n\"ore\"");
    // results
    assert_eq!(says(&["decode", "get()(uint64)", "--output", &format!("0x{}", word("7"))]), "7");
}

#[test]
fn a_contract_takes_input_that_is_encoded_already() {
    let local = Local::new();
    let data = local.succeeds(&["encode", "add(uint64)", "5"]);
    assert_eq!(local.succeeds(&["call", "counter", data.trim_end()]), "5\n");
    let get = local.succeeds(&["selector", "get()"]);
    assert_eq!(local.succeeds(&["query", "counter", get.trim_end()]), "5\n");
    for (args, part) in [
        (&["call", "counter", "0x123"][..], "even number"),
        (&["call", "counter", data.trim_end(), "5"], "stands behind encoded input"),
    ] {
        let message = local.fails(2, args);
        assert!(message.contains(part), "{args:?}: {message}");
    }
}

#[test]
fn names_are_those_of_the_chain_here() {
    let local = Local::new();
    let data = local.succeeds(&["encode", "f(address)", "token"]);
    let shown = local.succeeds(&["decode", "f(address)", data.trim_end()]);
    assert_eq!(shown, "token\n");
}

#[test]
fn wrong_input_is_told() {
    for (expected, args, part) in [
        (2, &["selector", "transfer(address"][..], "is not a signature"),
        (2, &["encode", "f(uint7)", "1"], "is not a type"),
        (2, &["encode", "f(uint8)", "256"], "too large for uint8"),
        (2, &["encode", "f(uint8)"], "needs"),
        (2, &["decode", "f(uint8)", "0x0"], "even number"),
        (1, &["decode", "f(uint8)", "0x01020304"], "begins with 0x"),
        (1, &["decode", "(uint8)", "0x01"], "not an encoding of (uint8)"),
        (2, &["hash", "0xg"], "--text"),
    ] {
        let output = bessemer(args);
        assert_eq!(code(&output), expected, "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{args:?}: {}", stderr(&output));
    }
}
