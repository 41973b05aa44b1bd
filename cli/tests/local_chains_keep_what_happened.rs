//! A local chain: deployed contracts can be called, asked and looked at, by one process after another.

mod common;

use common::{Local, code, image, json, stderr, stdout};

#[test]
fn deployed_contracts_can_be_called_and_queried() {
    let local = Local::new();
    let output = local.run(&["call", "counter", "add", "--by", "3"]);
    assert_eq!((code(&output), stdout(&output)), (0, "3\n"), "{}", stderr(&output));
    assert!(stderr(&output).contains("event Added { by: 3, total: 3 }"), "{}", stderr(&output));
    assert_eq!(local.succeeds(&["call", "counter", "add", "4"]), "7\n");
    assert_eq!(local.succeeds(&["query", "counter", "get"]), "7\n");
}

#[test]
fn arguments_are_written_in_many_ways() {
    let local = Local::new();
    for line in [
        &["call", "token", "transfer", "--to", "bob", "--value", "5"][..],
        &["call", "token", "transfer", "bob", "0x5", "--from", "alice"],
        &["call", "--from", "alice", "token", "transfer", "--value=5", "bob"],
        &["call", "token", "transfer(address,uint256)", "bob", "0.5e1"],
    ] {
        assert_eq!(local.succeeds(line), "true\n", "{line:?}");
    }
    for name in ["balanceOf", "balance_of", "balance-of", "BALANCEOF"] {
        assert_eq!(local.succeeds(&["query", "token", name, "bob"]), "20\n", "{name}");
    }
    assert_eq!(local.succeeds(&["query", "token", "name"]), "Gold\n");
    local.succeeds(&["call", "token", "approve", "--spender", "counter", "--value", "2"]);
    let line = ["query", "token", "allowance", "--owner", "alice", "--spender", "counter"];
    assert_eq!(local.succeeds(&line), "2\n");
    // the function's own `--from` comes before the tool's
    local.succeeds(&["call", "token", "approve", "carol", "3", "--from", "bob"]);
    let line = ["call", "token", "transferFrom", "--from", "bob", "--to", "dave", "--value", "3"];
    local.succeeds(&[&line[..], &["--sender", "carol"]].concat());
    assert_eq!(local.succeeds(&["query", "token", "balanceOf", "dave"]), "3\n");
}

#[test]
fn a_failed_call_is_explained_and_can_be_run_again() {
    let local = Local::new();
    local.succeeds(&["call", "counter", "add", "9"]);
    let message = local.fails(4, &["call", "counter", "reset", "--from", "bob"]);
    for part in [
        "counter.reset reverted: NotOwner { caller: bob, owner: alice }",
        "state unchanged",
        "next: bessemer replay .bessemer/failed/0001.json",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(local.succeeds(&["query", "counter", "get"]), "9\n");
    // the file needs no chain
    let elsewhere = Local::empty();
    let file = local.folder.path().join(".bessemer/failed/0001.json");
    let output = elsewhere.run(&["replay", file.to_str().expect("text")]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    let said = stderr(&output);
    for part in ["counter.reset reverted: NotOwner { caller: bob, owner: alice }", "engines agree"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!elsewhere.folder.path().join(".bessemer").exists());
}

#[test]
fn a_replay_that_ends_otherwise_is_a_mismatch() {
    let local = Local::new();
    local.fails(4, &["call", "counter", "reset", "--from", "bob"]);
    let file = local.folder.path().join(".bessemer/failed/0001.json");
    let text = std::fs::read_to_string(&file).expect("it was written");
    let mut document: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
    document["outcome"]["gas_used"] = 1.into();
    std::fs::write(&file, document.to_string()).expect("it can be written");
    let output = local.run(&["replay", ".bessemer/failed/0001.json"]);
    assert_eq!(code(&output), 6, "{}", stderr(&output));
    for damaged in ["", "{}", "[1]", &text[..text.len() / 2], &text.replace("0x", "0y")] {
        std::fs::write(&file, damaged).expect("it can be written");
        local.fails(2, &["replay", ".bessemer/failed/0001.json"]);
    }
}

#[test]
fn gas_that_does_not_suffice_changes_nothing() {
    let local = Local::new();
    let message = local.fails(4, &["call", "counter", "add", "1", "--gas", "190_000"]);
    assert!(message.contains("counter.add out of gas"), "{message}");
    assert!(message.contains("give more with --gas"), "{message}");
    assert!(local.fails(2, &["call", "counter", "add", "1", "--gas", "10"]).contains("gas limit"));
}

#[test]
fn a_simulation_shows_everything_and_keeps_nothing() {
    let local = Local::new();
    let before = local.digest();
    let text = local.succeeds(&["simulate", "token", "transfer", "bob", "5"]);
    for part in
        ["would return", "true", "gas ", "event Transfer { from: alice, to: bob, value: 5 }"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    for part in ["storage", "; witness of ", "; nothing was kept"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = local.run(&["simulate", "token", "transfer", "bob", "5000", "--json"]);
    assert_eq!(code(&output), 4);
    let document = json(&output);
    assert_eq!(document["status"], "revert");
    assert_eq!(document["error"]["name"], "ERC20InsufficientBalance");
    assert_eq!(document["error"]["fields"]["needed"], "5000");
    assert_eq!(document["changes"], serde_json::json!([]));
    assert!(document["witness_bytes"].as_u64().is_some_and(|bytes| bytes > 1000));
    assert_eq!(local.digest(), before);
}

#[test]
fn calls_are_shown_as_a_tree() {
    let local = Local::new();
    // a failed call shows how it went
    let message = local.fails(4, &["call", "token", "transfer", "bob", "5000"]);
    for part in [
        "] token.transfer(to: bob, value: 5000) from alice",
        "└ reverted: ERC20InsufficientBalance { sender: alice, balance: 1000, needed: 5000 }",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    // a proxy, whose calls are other contracts' code on its own state
    let address = local.succeeds(&["address", "alice"]);
    let made = local.succeeds(&["deploy", &image("proxy.elf"), "counter", "0x", "--name", "front"]);
    assert!(made.contains(address.trim()), "it is not at {address}: {made}");
    let args = ["call", "front", "add", "--by", "3", "--abi", "counter", "-v"];
    let output = local.run(&args);
    assert_eq!((code(&output), stdout(&output)), (0, "3\n"), "{}", stderr(&output));
    let counter_writes = "store front.field 1: nothing -> 3";
    let tree = [
        "] front.add(by: 3) from alice",
        "├ [",
        "] delegate counter.add(by: 3)",
        counter_writes,
        "event front.Added { by: 3, total: 3 }",
        "└ returned 3",
    ];
    for part in tree {
        assert!(stderr(&output).contains(part), "{part}: {}", stderr(&output));
    }
    // without an interface nothing is known of it, and there may be another name for it
    assert!(local.fails(2, &["call", "front", "add", "3"]).contains("no function `add`"));
    for abi in [image("counter.elf").as_str(), "front"] {
        let output = local.run(&["query", "front", "get", "--abi", abi]);
        assert_eq!(code(&output) == 0, abi != "front", "{}", stderr(&output));
    }
    assert!(local.fails(2, &["query", "front", "get", "--abi", "nothing"]).contains("--abi"));

    // the same of transactions that were made before
    let shown = local.succeeds(&["trace"]);
    for part in ["delegate counter.add(by: 3)", counter_writes, "└ returned"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let height = json(&local.run(&["receipt", "--json"]))["height"].to_string();
    assert_eq!(local.succeeds(&["trace", &height]), shown);
    let trace = json(&local.run(&["trace", &height, "--json"]))["trace"].clone();
    assert_eq!(trace["entries"][0]["function"], "add", "{trace:#}");
    assert_eq!(trace["entries"][0]["call"], "delegate", "{trace:#}");
    assert_eq!(trace["entries"][0]["arguments"]["by"], "3", "{trace:#}");
    assert!(local.succeeds(&["trace", ".bessemer/failed/0001.json"]).contains("└ reverted: ERC20"));
    assert!(local.fails(2, &["trace", "99999"]).contains("the newest is"));
    let earlier: u64 = height.parse().expect("a number");
    let deployed = local.succeeds(&["trace", &(earlier - 1).to_string()]);
    assert!(deployed.contains("new front(implementation: counter"), "{deployed}");
    let replayed = local.run(&["replay", ".bessemer/failed/0001.json"]);
    assert!(stderr(&replayed).contains("└ reverted: ERC20Ins"), "{}", stderr(&replayed));
    let text = local.succeeds(&["simulate", "token", "transfer", "bob", "5"]);
    assert!(text.contains("store field 4[alice]: 1000 -> 995"), "{text}");
}

#[test]
fn the_clock_of_a_chain_can_be_set() {
    let local = Local::new();
    let of = |args: &[&str]| json(&local.run(args));
    let wall = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let wall = wall.expect("it is after 1970").as_secs();
    // as the machine's, unless it is set
    let now = of(&["time", "--json"])["now"].as_u64().expect("a number");
    assert!(now.abs_diff(wall) < 600, "{now} and {wall}");
    let advanced = of(&["time", "--json", "advance", "7d"])["now"].as_u64().expect("a number");
    assert!(advanced.abs_diff(wall + 7 * 86_400) < 600, "{advanced}");
    let stop = ["time", "stop", "2100-03-01T00:00:00Z"];
    assert!(local.succeeds(&stop).contains("4107542400  2100-03-01T00:00:00Z, and stands still"));
    local.succeeds(&["call", "counter", "add", "1"]);
    let newest = of(&["time", "--json"])["newest_block"].clone();
    assert_eq!(newest, 4_107_542_400_u64);
    // for one transaction
    local.succeeds(&["call", "counter", "add", "1", "--at", "+2h"]);
    assert_eq!(of(&["time", "--json"])["newest_block"], 4_107_542_400_u64 + 7_200);
    local.succeeds(&["query", "counter", "get", "--at", "4200000000"]);
    assert!(
        local.fails(2, &["call", "counter", "add", "1", "--at", "5"]).contains("does not go back")
    );
    assert!(local.fails(2, &["time", "set", "yesterday"]).contains("is not a time"));
    assert!(local.succeeds(&["trace"]).contains("counter.add(by: 1)"));
}

#[test]
fn addresses_of_contracts_are_known_before() {
    let local = Local::new();
    let token = image("erc20.elf");
    let salted = local.succeeds(&["address", "counter", "--salt", "1", "--of", &token]);
    let number = format!("0x{:064x}", 1);
    assert_eq!(local.succeeds(&["address", "counter", "--salt", &number, "--of", &token]), salted);
    // what the creator binds into the salt makes another address, and other arguments again another
    let of = |args: &[&str]| {
        local.succeeds(&[&["address", "counter", "--salt", "1", "--of", &token][..], args].concat())
    };
    let (gold, silver) = (of(&["Gold", "GLD", "18", "1"]), of(&["Silver", "SLV", "18", "1"]));
    assert!(gold != salted && gold != silver && silver != salted);
    assert_ne!(
        local.succeeds(&["address", "alice", "--nonce", "1"]),
        local.succeeds(&["address", "alice", "--nonce", "2"])
    );
    local.fails(2, &["address", "counter", "--salt", "1"]);
}

#[test]
fn values_of_enums_have_names() {
    let local = Local::empty();
    local.succeeds(&["deploy", &image("storage.elf")]);
    let point = r#"{"x":1,"y":-2}"#;
    for colour in ["Green", "green", "1"] {
        local.succeeds(&["call", "storage", "set", "-5", "true", "hi", point, colour]);
        let shown = local.succeeds(&["query", "storage", "get"]);
        assert!(shown.ends_with("Green\n"), "{shown}");
    }
    let output = local.run(&["query", "storage", "get", "--json"]);
    assert_eq!(json(&output)["result"][4], "Green");
    let args = ["call", "storage", "set", "-5", "true", "hi", point, "Gren"];
    assert!(local.fails(2, &args).contains("did you mean Green?"));
    let functions = local.succeeds(&["abi", "storage", "--functions"]);
    assert!(functions.contains("--colour <Colour: Red|Green>"), "{functions}");
    assert!(functions.contains("--point <(int32 x, int32 y)>"), "{functions}");
    // other tools read a number
    let interface = local.succeeds(&["abi", "storage", "--solidity"]);
    assert!(interface.contains("Colour"), "{interface}");
}

#[test]
fn receipts_and_events_are_found_again() {
    let local = Local::new();
    local.succeeds(&["call", "token", "transfer", "bob", "5"]);
    let text = local.succeeds(&["receipt"]);
    for part in ["returned", "alice", "token", "Transfer { from: alice, to: bob, value: 5 }"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = local.run(&["events", "token", "--event", "transfer", "--json"]);
    let events = &json(&output)["events"];
    assert_eq!(events.as_array().map(Vec::len), Some(2), "{events}");
    assert_eq!(events[1]["event"]["fields"]["value"], "5");
    let output = local.run(&["events", "token", "--last", "1", "--json"]);
    assert_eq!(json(&output)["events"][0], events[1]);
    let height = events[1]["height"].to_string();
    assert_eq!(local.succeeds(&["receipt", &height]), text);
    assert!(local.fails(2, &["receipt", "99999"]).contains("the newest is"));
}

#[test]
fn state_shows_accounts_and_what_they_store() {
    let local = Local::new();
    local.succeeds(&["call", "counter", "add", "258"]);
    let text = local.succeeds(&["state"]);
    for part in ["alice", "bob", "counter", "token", "contract"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = local.succeeds(&["state", "counter"]);
    for part in ["field 0  alice", "field 1  258"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = local.succeeds(&["state", "token"]);
    for part in ["\"Gold\"", "field 4[alice]  1000"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = local.run(&["state", "counter", "--json"]);
    assert!(json(&output)["storage"].as_array().is_some_and(|list| list.len() >= 2));
}

#[test]
fn what_a_contract_stores_is_proved_without_the_chain() {
    let local = Local::new();
    local.succeeds(&["call", "counter", "add", "258"]);
    let state = json(&local.run(&["state", "counter", "--json"]));
    let root = state["state_root"].as_str().expect("a root");
    assert!(local.succeeds(&["state", "verify"]).contains(root));
    let stored = state["storage"].as_array().expect("a list");
    let mut line = vec!["prove", "counter"];
    line.extend(stored.iter().map(|entry| entry["key"].as_str().expect("a key")));
    line.push("0xffff");
    let proof = json(&local.run(&line));
    assert_eq!(proof["stateRoot"], root);
    let proved: Vec<_> = proof["storageProof"].as_array().into_iter().flatten().collect();
    assert_eq!(proved.len(), stored.len() + 1);
    assert!(stored.len() >= 2);
    for (proved, stored) in proved.iter().zip(stored) {
        assert_eq!((&proved["key"], &proved["value"]), (&stored["key"], &stored["value"]));
    }
    assert_eq!(proved[stored.len()]["value"], serde_json::Value::Null);

    // whoever checks it has the document and a root
    let elsewhere = Local::empty();
    let check = |proof: &serde_json::Value, root: &str| {
        let file = elsewhere.folder.path().join("proof.json");
        std::fs::write(file, proof.to_string()).expect("the file is written");
        elsewhere.run(&["verify", "proof.json", "--root", root])
    };
    let output = check(&proof, root);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains("under 0xffff: nothing"), "{}", stdout(&output));
    // another root, a wrong number, a wrong value, an absence that is none
    let output = check(&proof, &format!("0x{}", "11".repeat(32)));
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("does not have this"), "{}", stderr(&output));
    let mut wrong = [proof.clone(), proof.clone(), proof.clone()];
    wrong[0]["balance"] = "0x1".into();
    wrong[1]["storageProof"][0]["value"] = "0x01".into();
    wrong[2]["storageProof"][0]["value"] = serde_json::Value::Null;
    for wrong in wrong {
        let output = check(&wrong, root);
        assert_eq!(code(&output), 1, "{wrong}");
        assert!(stderr(&output).contains("does not have this"), "{}", stderr(&output));
    }
}

#[test]
fn a_deployed_contract_describes_itself() {
    let local = Local::new();
    let output = local.run(&["abi", "token"]);
    assert_eq!(code(&output), 0);
    let interface = json(&output);
    let names: Vec<_> =
        interface.as_array().into_iter().flatten().map(|item| &item["name"]).collect();
    for name in ["transfer", "balanceOf", "Transfer", "ERC20InsufficientBalance"] {
        assert!(names.contains(&&serde_json::json!(name)), "{name}: {names:?}");
    }
    let functions = local.succeeds(&["abi", &image("counter.elf"), "--functions"]);
    assert!(functions.contains("add --by <uint64> -> uint64\n"), "{functions}");
}

#[test]
fn a_name_points_to_the_newest_contract() {
    let local = Local::new();
    local.succeeds(&["call", "counter", "add", "5"]);
    let first = local.succeeds(&["state", "counter"]);
    let address =
        first.split_whitespace().find(|word| word.starts_with("0x")).expect("its address");
    local.succeeds(&["deploy", &image("counter.elf")]);
    assert_eq!(local.succeeds(&["query", "counter", "get"]), "0\n");
    assert_eq!(local.succeeds(&["query", address, "get"]), "5\n");
}
