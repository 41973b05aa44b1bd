//! The chain in a file: what a restart, a return to a snapshot and damage leave of it.
#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

mod common;

use std::path::Path;

use bessemer_node::{Archive, Config, KEPT_STATES, Mining, Node};
use common::{ALICE, BOB, Served, config, node_in};
use serde_json::{Value, json};

fn open(folder: &Path) -> Served {
    Served::new(node_in(folder).unwrap())
}

fn transfer(client: &Served, value: &str) -> Value {
    let transfer = json!({ "from": ALICE, "to": BOB, "value": value });
    client.result("eth_sendTransaction", json!([transfer]))
}

/// Everything that clients can see of the chain.
fn everything(client: &Served) -> Vec<Value> {
    look(client).unwrap()
}

/// The same, or the message of the first error.
fn look(client: &Served) -> Result<Vec<Value>, String> {
    let ask = |method: &str, params: Value| {
        let answer = client.answer(method, params);
        let message = answer["error"]["message"].as_str().map(str::to_owned);
        message.map_or_else(|| Ok(answer["result"].clone()), Err)
    };
    let height = ask("eth_blockNumber", json!([]))?;
    let count = u64::from_str_radix(&height.as_str().unwrap()[2..], 16).unwrap();
    let mut seen = vec![height];
    for number in 0..=count {
        let number = format!("{number:#x}");
        seen.push(ask("eth_getBlockByNumber", json!([number, true]))?);
        seen.push(ask("eth_getBlockReceipts", json!([number]))?);
        seen.push(ask("eth_getProof", json!([ALICE, ["0x0"], number]))?);
    }
    for account in [ALICE, BOB] {
        seen.push(ask("eth_getBalance", json!([account, "latest"]))?);
        seen.push(ask("eth_getTransactionCount", json!([account, "latest"]))?);
    }
    seen.push(ask("eth_getLogs", json!([{ "fromBlock": "0x0" }]))?);
    Ok(seen)
}

/// Deploys a contract that emits events, and has it emit one.
fn events(client: &Served) -> (Value, Value) {
    let sample: Value = serde_json::from_str(include_str!("clients/Sample.json")).unwrap();
    let init = format!("{}{:064x}", sample["bytecode"].as_str().unwrap(), 7);
    let created = client.result("eth_sendTransaction", json!([{ "from": ALICE, "data": init }]));
    let receipt = client.result("eth_getTransactionReceipt", json!([created]));
    let contract = receipt["contractAddress"].clone();
    (contract.clone(), emit(client, &contract))
}

fn emit(client: &Served, contract: &Value) -> Value {
    let selector = &alloy_primitives::keccak256("store(uint256,string)").to_string()[2..10];
    let data = format!("0x{selector}{:064x}{:064x}{:064x}", 9, 64, 0);
    let request = json!({ "from": ALICE, "to": contract, "data": data });
    client.result("eth_sendTransaction", json!([request]))
}

#[test]
fn a_restart_changes_nothing_that_clients_see() {
    let folder = tempfile::tempdir().unwrap();
    let client = open(folder.path());
    let (contract, emitted) = events(&client);
    client.result("anvil_setBalance", json!([BOB, "0x77"]));
    let hash = transfer(&client, "0x5");
    client.result("anvil_setStorageAt", json!([contract, "0x20", format!("0x{:064x}", 3)]));
    client.result("evm_increaseTime", json!([1_000_000]));
    client.result("anvil_setCoinbase", json!([BOB]));
    let filter = client.result("eth_newFilter", json!([{}]));
    let before = everything(&client);
    let trace = client.result("debug_traceTransaction", json!([emitted, {}]));
    let time = client.result("evm_increaseTime", json!([0]));
    drop(client);

    let client = open(folder.path());
    assert_eq!(everything(&client), before);
    assert_eq!(client.result("debug_traceTransaction", json!([emitted, {}])), trace);
    let receipt = client.result("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    let slot = client.result("eth_getStorageAt", json!([contract, "0x20", "latest"]));
    assert_eq!(slot, format!("0x{:064x}", 3));
    assert_eq!(client.result("evm_increaseTime", json!([0])), time);
    assert_eq!(client.result("eth_coinbase", json!([])), BOB);
    let (code, message) = client.error("eth_getFilterChanges", json!([filter]));
    assert_eq!((code, message.as_str()), (-32000, "filter not found"));
    // what was sent is not taken again, and the chain goes on
    transfer(&client, "0x6");
    assert_eq!(everything(&client).len(), before.len() + 3);
}

#[test]
fn snapshots_survive_a_restart_and_a_return_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let client = open(folder.path());
    let (contract, _) = events(&client);
    client.result("anvil_setBalance", json!([BOB, "0x1234"]));
    let before = everything(&client);
    let snapshot = client.result("evm_snapshot", json!([]));
    let lost = emit(&client, &contract);
    client.result("evm_increaseTime", json!([500]));
    client.result("anvil_setNonce", json!([BOB, "0x99"]));
    let later = client.result("evm_snapshot", json!([]));
    transfer(&client, "0x1");
    drop(client);

    let client = open(folder.path());
    assert_eq!(client.result("evm_revert", json!([snapshot])), true);
    assert_eq!(client.result("evm_revert", json!([later])), false);
    assert_eq!(everything(&client), before);
    assert_eq!(client.result("eth_getTransactionReceipt", json!([lost])), Value::Null);
    // another history, of another length
    for _ in 0..3 {
        transfer(&client, "0x2");
    }
    let other = everything(&client);
    drop(client);
    let client = open(folder.path());
    assert_eq!(everything(&client), other);

    client.result("anvil_reset", json!([]));
    let first = everything(&client);
    assert_eq!(first[0], "0x0");
    drop(client);
    let client = open(folder.path());
    assert_eq!(everything(&client), first);
    transfer(&client, "0x3");
}

#[test]
fn states_of_recent_blocks_are_kept_and_logs_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let client = open(folder.path());
    let (contract, _) = events(&client);
    let blocks = 2 * KEPT_STATES + 60;
    client.result("anvil_mine", json!([blocks]));
    emit(&client, &contract);
    client.result("anvil_mine", json!([3]));
    let height = blocks + 6;
    assert_eq!(client.result("eth_blockNumber", json!([])), format!("{height:#x}"));
    let ask = |client: &Served| {
        let logs = |filter: Value| client.result("eth_getLogs", json!([filter]));
        let kept = format!("{:#x}", height - KEPT_STATES);
        let all = logs(json!({ "fromBlock": "0x0" }));
        assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
        let topic = all[0]["topics"][0].clone();
        assert_eq!(logs(json!({ "fromBlock": "0x0", "address": contract })), all);
        assert_eq!(
            logs(json!({ "fromBlock": "0x0", "address": [BOB, contract], "topics": [[topic]] })),
            all
        );
        assert_eq!(logs(json!({ "fromBlock": "0x0", "address": BOB })), json!([]));
        assert_eq!(logs(json!({ "fromBlock": "0x0", "topics": [null, topic] })), json!([]));
        assert_eq!(logs(json!({ "fromBlock": "0x0", "toBlock": "0x10" })), json!([all[0]]));
        assert_eq!(logs(json!({ "fromBlock": "0x1", "toBlock": "0x1" })), json!([]));
        [
            all,
            client.result("eth_getProof", json!([ALICE, [], kept])),
            client.result("eth_getBlockByNumber", json!(["0x2", true])),
        ]
    };
    let before = ask(&client);
    drop(client);
    let client = open(folder.path());
    assert_eq!(ask(&client), before);
    let (code, message) = client.error("eth_getBalance", json!([ALICE, "0x1"]));
    assert_eq!(code, -32000);
    assert!(message.contains("the state of block 1 is not kept"), "{message}");
    let hash = client.result("eth_getBlockByNumber", json!(["0x2", false]))["hash"].clone();
    assert_eq!(client.result("eth_getBlockByHash", json!([hash, false]))["number"], "0x2");
}

fn refusal(folder: &Path, change: impl FnOnce(&mut Config)) -> String {
    let mut config = config(Mining::Automatic);
    config.archive = Some(Archive::open(folder).unwrap());
    change(&mut config);
    Node::start(config).err().expect("it is refused").to_string()
}

#[test]
fn another_chain_or_a_second_process_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let client = open(folder.path());
    transfer(&client, "0x5");
    let second = Archive::open(folder.path()).err().unwrap().to_string();
    assert!(second.contains("is in use by"), "{second}");
    drop(client);
    let sentences = [
        (
            refusal(folder.path(), |config| config.genesis.spec.chain_id = 5),
            "has the chain id 31337",
        ),
        (refusal(folder.path(), |config| config.genesis.gas_limit = 5), "has another first block"),
        (
            refusal(folder.path(), |config| {
                config.genesis.spec =
                    bessemer_node::spec::Spec::at_fork(31_337, bessemer_node::spec::Fork::Cancun);
            }),
            "has other rules",
        ),
    ];
    for (sentence, what) in sentences {
        assert!(sentence.contains(what) && !sentence.contains('\n'), "{sentence}");
    }
    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("node.redb"), "not a database").unwrap();
    let foreign = Archive::open(other.path()).err().unwrap().to_string();
    assert!(foreign.contains("is not the chain of a node"), "{foreign}");
    // the chain is still there
    open(folder.path());
}

#[test]
fn a_damaged_file_is_refused_or_the_damage_has_no_effect() {
    let folder = tempfile::tempdir().unwrap();
    let client = open(folder.path());
    let (contract, _) = events(&client);
    for _ in 0..10 {
        emit(&client, &contract);
    }
    let whole = everything(&client);
    drop(client);
    let path = folder.path().join("node.redb");
    let bytes = std::fs::read(&path).unwrap();
    let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    let (mut refused, mut unharmed) = (0, 0);
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut damaged = bytes.clone();
        let at = used[random.usize(..used.len())];
        damaged[at] ^= 1 << random.u8(..8);
        std::fs::write(&path, &damaged).unwrap();
        let what = format!("seed {seed}: byte {at}");
        let sentence = match node_in(folder.path()) {
            Err(error) => error.to_string(),
            Ok(node) => {
                unharmed += 1;
                let seen = look(&Served::new(node));
                assert!(seen.as_ref() == Ok(&whole), "{what}: something else came out");
                continue;
            }
        };
        refused += 1;
        assert!(!sentence.contains('\n'), "{what}: {sentence}");
        assert!(
            ["damaged", "is not the chain", "format"].iter().any(|word| sentence.contains(word)),
            "{what}: {sentence}"
        );
    }
    println!("{refused} refused, {unharmed} without effect");
    assert!(refused > 0 && refused + unharmed == 60);
}
