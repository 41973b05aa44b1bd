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

/// The example of EIP-712, with the name of a key in the place of an address.
const MAIL: &str = r#"{
  "types": {
    "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
    "Mail": [
      { "name": "from", "type": "Person" },
      { "name": "to", "type": "Person" },
      { "name": "contents", "type": "string" }
    ]
  },
  "primaryType": "Mail",
  "domain": {
    "name": "Ether Mail",
    "version": "1",
    "chainId": 1,
    "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC"
  },
  "message": {
    "from": { "name": "Cow", "wallet": "cow" },
    "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
    "contents": "Hello, Bob!"
  }
}"#;

#[test]
fn keys_sign_typed_data_as_the_standard_says() {
    let local = Local::empty();
    let key = "0xc85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4";
    let made = local.succeeds(&["keys", "new", "cow", "--import", key]);
    assert!(made.contains("cow  0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826"), "{made}");
    std::fs::write(local.folder.path().join("mail.json"), MAIL).expect("it can be written");
    let hash = "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2\n";
    assert_eq!(local.succeeds(&["hash", "--typed", "mail.json"]), hash);
    let signature = "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d\
                     07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c\n";
    assert_eq!(local.succeeds(&["sign", "cow", "--typed", "mail.json"]), signature);
    assert_eq!(local.succeeds(&["sign", "cow", "--hash", hash.trim()]), signature);
    // a text is signed with a prefix, so never as a hash
    assert_ne!(local.succeeds(&["sign", "cow", hash.trim()]), signature);
    let random = local.succeeds(&["keys", "new", "other"]);
    assert!(local.succeeds(&["keys"]).contains(random.trim()));
    assert_ne!(local.succeeds(&["sign", "other", "--typed", "mail.json"]), signature);
    for args in [
        &["sign", "alice", "text"][..],
        &["keys", "new", "other"],
        &["keys", "new", "alice"],
        &["keys", "new", "bad", "--import", "0x00"],
        &["sign", "cow", "--hash", "0x12"],
    ] {
        let output = local.run(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
    }
}
