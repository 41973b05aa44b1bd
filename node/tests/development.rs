//! A development node over HTTP: what clients send, and what they need back.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]
#![allow(clippy::needless_pass_by_value, reason = "parameters are written where they are sent")]

mod common;

use alloy_primitives::keccak256;
use bessemer_node::{Mining, Node};
use common::{ALICE, BOB, Served, config};
use serde_json::{Value, json};

fn start(mining: Mining) -> Served {
    Served::new(Node::start(config(mining)).unwrap())
}

#[test]
fn a_transfer_is_in_a_block_at_once_and_a_snapshot_undoes_it() {
    let client = start(Mining::Automatic);
    let snapshot = client.result("evm_snapshot", json!([]));
    let transfer = json!({ "from": ALICE, "to": BOB, "value": "0x5" });
    let hash = client.result("eth_sendTransaction", json!([transfer]));
    let receipt = client.result("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1");
    assert_eq!(receipt["gasUsed"], "0x5208");
    assert_eq!(receipt["type"], "0x2");
    let before = client.result("eth_getBalance", json!([BOB, "0x0"]));
    let after = client.result("eth_getBalance", json!([BOB, "latest"]));
    assert_eq!(before, "0x21e19e0c9bab2400000");
    assert_eq!(after, "0x21e19e0c9bab2400005");
    assert_eq!(client.result("eth_getTransactionCount", json!([ALICE])), "0x1");
    let (code, message) =
        client.error("eth_sendTransaction", json!([{ "from": ALICE, "to": BOB, "nonce": "0x0" }]));
    assert_eq!(code, -32000);
    assert!(message.starts_with("nonce too low"), "{message}");

    assert_eq!(client.result("evm_revert", json!([snapshot])), true);
    assert_eq!(client.result("evm_revert", json!([snapshot])), false);
    assert_eq!(client.result("eth_blockNumber", json!([])), "0x0");
    assert_eq!(client.result("eth_getTransactionReceipt", json!([hash])), Value::Null);
    assert_eq!(client.result("eth_getBalance", json!([BOB])), before);
}

#[test]
fn contracts_are_deployed_called_and_their_reverts_are_told() {
    let client = start(Mining::Automatic);
    let sample: Value = serde_json::from_str(include_str!("clients/Sample.json")).unwrap();
    let init = format!("{}{:064x}", sample["bytecode"].as_str().unwrap(), 7);
    let created = client.result("eth_sendTransaction", json!([{ "from": ALICE, "data": init }]));
    let receipt = client.result("eth_getTransactionReceipt", json!([created]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    let contract = receipt["contractAddress"].clone();
    let data = |signature: &str| format!("0x{}", &keccak256(signature).to_string()[2..10]);
    let value =
        client.result("eth_call", json!([{ "to": contract, "data": data("value()") }, "latest"]));
    assert_eq!(value, format!("0x{:064x}", 7));
    let both =
        json!({ "to": contract, "data": data("value()"), "input": data("value()"), "type": "0x2" });
    assert_eq!(client.result("eth_call", json!([both])), value);

    let answer = client.answer("eth_call", json!([{ "to": contract, "data": data("refuse()") }]));
    assert_eq!(answer["error"]["code"], 3, "{answer}");
    assert_eq!(answer["error"]["message"], "execution reverted: refused");
    assert!(answer["error"]["data"].as_str().unwrap().starts_with("0x08c379a0"), "{answer}");

    let store = format!("{}{:064x}{:064x}{:064x}", data("store(uint256,string)"), 9, 64, 0);
    let request = json!({ "from": ALICE, "to": contract, "data": store });
    let gas = client.result("eth_estimateGas", json!([request]));
    let gas = u64::from_str_radix(&gas.as_str().unwrap()[2..], 16).unwrap();
    let with = |gas: u64| json!([{ "from": ALICE, "to": contract, "data": store, "gas": format!("{gas:#x}") }]);
    client.result("eth_call", with(gas));
    client.error("eth_call", with(gas - 1));
    let hash = client.result("eth_sendTransaction", with(gas));
    let receipt = client.result("eth_getTransactionReceipt", json!([hash]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    let logs = client.result("eth_getLogs", json!([{ "address": contract, "fromBlock": "0x0" }]));
    assert_eq!(logs, receipt["logs"]);
    assert_eq!(logs.as_array().map(Vec::len), Some(1));
    let trace =
        client.result("debug_traceTransaction", json!([created, { "tracer": "callTracer" }]));
    assert_eq!(trace["type"], "CREATE", "{trace}");
}

#[test]
fn transactions_wait_in_order_when_blocks_are_made_by_hand() {
    let client = start(Mining::Manual);
    for nonce in ["0x1", "0x0"] {
        let transfer = json!({ "from": ALICE, "to": BOB, "value": "0x1", "nonce": nonce });
        client.result("eth_sendTransaction", json!([transfer]));
    }
    let status = client.result("txpool_status", json!([]));
    assert_eq!(status, json!({ "pending": "0x2", "queued": "0x0" }));
    assert_eq!(client.result("eth_getTransactionCount", json!([ALICE, "pending"])), "0x2");
    let filter = client.result("eth_newBlockFilter", json!([]));
    client.result("evm_mine", json!([]));
    let block = client.result("eth_getBlockByNumber", json!(["latest", true]));
    let nonces: Vec<_> = block["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["nonce"].clone())
        .collect();
    assert_eq!(nonces, ["0x0", "0x1"]);
    let changes = client.result("eth_getFilterChanges", json!([filter]));
    assert_eq!(changes, json!([block["hash"]]));
    assert_eq!(client.result("eth_getFilterChanges", json!([filter])), json!([]));
    client.error("eth_getFilterChanges", json!(["0x7777"]));
}

#[test]
fn time_and_accounts_are_changed_by_hand() {
    let client = start(Mining::Automatic);
    client.result("evm_setNextBlockTimestamp", json!([4_000_000_000_u64]));
    client.result("evm_mine", json!([]));
    let block = client.result("eth_getBlockByNumber", json!(["latest", false]));
    assert_eq!(block["timestamp"], "0xee6b2800");
    let nobody = "0x00000000000000000000000000000000000000aa";
    client.result("hardhat_setBalance", json!([nobody, "0xde0b6b3a7640000"]));
    client.error("eth_sendTransaction", json!([{ "from": nobody, "to": BOB }]));
    client.result("hardhat_impersonateAccount", json!([nobody]));
    let hash = client
        .result("eth_sendTransaction", json!([{ "from": nobody, "to": BOB, "value": "0x1" }]));
    assert_eq!(client.result("eth_getTransactionReceipt", json!([hash]))["from"], nobody);
    client.result("anvil_setStorageAt", json!([nobody, "0x1", format!("0x{:064x}", 9)]));
    let stored = client.result("eth_getStorageAt", json!([nobody, "0x1", "latest"]));
    assert_eq!(stored, format!("0x{:064x}", 9));
}

#[test]
fn invalid_requests_are_refused_and_the_next_one_is_answered() {
    let client = start(Mining::Automatic);
    assert_eq!(client.error("eth_noSuchMethod", json!([])).0, -32601);
    assert_eq!(client.error("eth_getBalance", json!(["0x1"])).0, -32602);
    assert_eq!(client.error("eth_getBalance", json!({ "address": ALICE })).0, -32602);
    assert_eq!(client.error("eth_sendRawTransaction", json!(["0x02c0"])).0, -32602);
    for body in ["{", "[]", "[1]", "{\"jsonrpc\":\"2.0\"}"] {
        let answer: Value = serde_json::from_str(&client.post(body)).unwrap();
        let error = if answer.is_array() { &answer[0]["error"] } else { &answer["error"] };
        assert!(error.is_object(), "{body}: {answer}");
    }
    // no parameters, an identity that is text, and a batch
    let batch = r#"[{"jsonrpc":"2.0","id":"a","method":"eth_chainId"},{"jsonrpc":"2.0","id":5,"method":"net_version"}]"#;
    let answer: Value = serde_json::from_str(&client.post(batch)).unwrap();
    assert_eq!(answer[0], json!({ "jsonrpc": "2.0", "id": "a", "result": "0x7a69" }));
    assert_eq!(answer[1], json!({ "jsonrpc": "2.0", "id": 5, "result": "31337" }));
}

#[test]
fn names_of_others_are_not_answered_and_health_is() {
    let client = start(Mining::Automatic);
    let url = client.url.clone();
    let foreign = client.agent.get(&url).header("host", "evil.example").call().unwrap();
    assert_eq!(foreign.status(), 403);
    let health =
        client.agent.get(format!("{url}/health")).call().unwrap().body_mut().read_to_string();
    assert_eq!(health.unwrap(), "{\"status\":\"ok\",\"blockNumber\":0}\n");
    let metrics =
        client.agent.get(format!("{url}/metrics")).call().unwrap().body_mut().read_to_string();
    assert!(metrics.unwrap().contains("bessemer_block_number 0\n"));
}

#[test]
fn time_ends_before_64_bits_do_and_blocks_go_on() {
    let client = start(Mining::Automatic);
    let time =
        || client.result("eth_getBlockByNumber", json!(["latest", false]))["timestamp"].clone();
    client.error("evm_setNextBlockTimestamp", json!(["0xffffffffffffffff"]));
    client.result("evm_setNextBlockTimestamp", json!(["0x7fffffffffffffff"]));
    for expected in ["0x7fffffffffffffff", "0x8000000000000000", "0x8000000000000001"] {
        client.result("evm_mine", json!([]));
        assert_eq!(time(), expected);
    }
    client.result("evm_increaseTime", json!([i64::MAX]));
    client.result("evm_mine", json!([]));
    client.result("eth_feeHistory", json!(["0x4", "latest", []]));
    client.result("eth_gasPrice", json!([]));
    let block = json!({ "blockOverrides": { "time": "0xffffffffffffffff" } });
    let late = json!([{ "blockStateCalls": [block] }, "latest"]);
    assert_eq!(client.error("eth_simulateV1", late).0, -32602);
}

#[test]
fn traces_that_grow_faster_than_gas_are_refused() {
    let client = start(Mining::Automatic);
    // jumpdest, push1 0, jump
    let endless = json!({ "data": "0x5b600056", "gas": "0x2dc6c0" });
    let (code, message) = client.error("debug_traceCall", json!([endless, "latest"]));
    assert_eq!(code, -32005, "{message}");
    let limited = client.result("debug_traceCall", json!([endless, "latest", { "limit": 10 }]));
    assert_eq!(limited["structLogs"].as_array().map(Vec::len), Some(10));

    // for ever: a static call of account 0xff, with 512 KiB of input that nobody reads
    let calls = json!({ "data": "0x5b600080620800005f60ff5afa50600056", "gas": "0x2dc6c0" });
    let whole = json!([calls, "latest", { "tracer": "callTracer" }]);
    let (code, message) = client.error("debug_traceCall", whole);
    assert_eq!(code, -32005, "{message}");
    let config = json!({ "onlyTopCall": true });
    let top = json!([calls, "latest", { "tracer": "callTracer", "tracerConfig": config }]);
    assert_eq!(client.result("debug_traceCall", top)["type"], "CREATE");
}

#[test]
fn identities_of_requests_come_back_as_they_were() {
    let client = start(Mining::Automatic);
    for id in
        ["0", "9007199254740993", "18446744073709551615", "\"9007199254740993\"", "\"\"", "null"]
    {
        let request =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_chainId","params":[]}}"#);
        for (body, answer) in [
            (request.clone(), client.post(&request)),
            (format!("[{request}]"), client.post(&format!("[{request}]"))),
        ] {
            assert!(answer.contains(&format!(r#""id":{id},"#)), "{body}: {answer}");
            assert!(answer.contains(r#""result":"0x7a69""#), "{body}: {answer}");
        }
    }
    // what is none of these is taken for a notification, and the next request is answered
    for id in ["1.5", "-1", "18446744073709551616", "[]", "true"] {
        let request =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"eth_chainId","params":[]}}"#);
        let answer = client.post(&request);
        assert!(!answer.contains("result"), "{id}: {answer}");
    }
    client.result("eth_chainId", json!([]));
}

#[test]
fn a_writer_that_panics_ends_the_node_with_a_message() {
    let node = Node::start(config(Mining::Automatic)).unwrap();
    let Served { server, client } = Served::new(std::sync::Arc::clone(&node));
    assert!(node.write_blocking(|_| panic!("of this test")).is_err());
    let (code, message) = client.error("evm_mine", json!([]));
    assert_eq!(code, -32000);
    assert!(message.contains("the node is ending"), "{message}");
    let fault = server.until_told().unwrap_err();
    assert!(fault.contains("of this test"), "{fault}");
}

/// The token of `contracts`, as tools deploy it.
fn token(arguments: &str) -> String {
    let file = include_bytes!("../../contracts/images/elf/erc20.elf");
    let initcode = bessemer_chain::initcode(file, &[]);
    format!("{}{arguments}", alloy_primitives::hex::encode_prefixed(initcode))
}

#[test]
fn programs_are_deployed_by_initcode_and_described_by_their_interface() {
    let client = start(Mining::Automatic);
    let interface: Value = {
        let file = include_bytes!("../../contracts/images/elf/erc20.elf");
        let found = bessemer_interface::Interface::of_image(file).unwrap().unwrap();
        serde_json::from_str(&found.json).unwrap()
    };
    let arguments = client.result(
        "bessemer_encodeCall",
        json!([interface, "constructor", ["Gold", "GLD", "18", "1000"]]),
    );
    let init = token(&arguments.as_str().unwrap()[2..]);
    let created = client.result("eth_sendTransaction", json!([{ "from": ALICE, "data": init }]));
    let receipt = client.result("eth_getTransactionReceipt", json!([created]));
    assert_eq!(receipt["status"], "0x1", "{receipt}");
    let contract = receipt["contractAddress"].clone();
    let known = client.result("bessemer_getInterface", json!([contract]));
    assert_eq!(known["kind"], "riscv");
    assert_eq!(known["interface"]["abi"], interface);
    assert_eq!(client.result("bessemer_getInterface", json!([ALICE]))["kind"], "none");

    let log = &receipt["logs"][0];
    let event = client.result("bessemer_decodeLog", json!([contract, log["topics"], log["data"]]));
    assert_eq!(
        (&event["name"], &event["arguments"][2]["value"]),
        (&json!("Transfer"), &json!("1000"))
    );
    let input = client.result("bessemer_encodeCall", json!([contract, "transfer", [BOB, "5"]]));
    let call = client.result("bessemer_decodeInput", json!([contract, input]));
    assert_eq!(call["signature"], "transfer(address,uint256)");
    assert_eq!(call["arguments"][0], json!({ "name": "to", "type": "address", "value": BOB }));

    // the error of a call, and of a transaction that fails
    let too_much =
        client.result("bessemer_encodeCall", json!([contract, "transfer", [BOB, "9999"]]));
    let answer =
        client.answer("eth_call", json!([{ "from": ALICE, "to": contract, "data": too_much }]));
    let data = answer["error"]["data"].clone();
    let error = client.result("bessemer_decodeError", json!([contract, data]));
    assert_eq!(error["name"], "ERC20InsufficientBalance");
    let failing = json!([{ "from": ALICE, "to": contract, "data": too_much, "gas": "0x80000" }]);
    let hash = client.result("eth_sendTransaction", failing);
    let told = client.result("bessemer_explainTransaction", json!([hash]));
    assert_eq!(told["succeeded"], false);
    assert_eq!(told["call"]["call"]["name"], "transfer");
    assert_eq!(told["call"]["revert"], error);
    assert_eq!(told["failures"][0]["status"], "reverted");
    let told = client.result("bessemer_explainTransaction", json!([created]));
    assert_eq!(told["call"]["call"]["arguments"][1]["value"], "GLD");
    assert_eq!(told["call"]["events"][0]["event"], event);
    // gas of frames is Ethereum's, so a frame has less than its transaction
    let gas = |value: &Value| u64::from_str_radix(&value.as_str().unwrap()[2..], 16).unwrap();
    assert!(gas(&told["call"]["gasUsed"]) < gas(&told["gasUsed"]), "{told}");
}

#[test]
fn files_that_are_no_contracts_are_refused_with_the_reason() {
    let client = start(Mining::Automatic);
    let init = alloy_primitives::hex::encode_prefixed(bessemer_chain::initcode(b"no program", &[]));
    for method in ["eth_estimateGas", "eth_call"] {
        let answer = client.answer(method, json!([{ "from": ALICE, "data": init }]));
        let error = &answer["error"];
        assert_eq!(error["code"], 3, "{answer}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.starts_with("execution reverted: the file is not a contract: "),
            "{answer}"
        );
        let told = client.result("bessemer_decodeError", json!([[], error["data"]]));
        assert_eq!(told["arguments"][0]["value"], "the file is not a contract (L2)");
    }
    let transaction = json!([{ "from": ALICE, "data": init, "gas": "0x80000" }]);
    let hash = client.result("eth_sendTransaction", transaction);
    let receipt = client.result("eth_getTransactionReceipt", json!([hash]));
    assert_eq!((&receipt["status"], &receipt["logs"]), (&json!("0x0"), &json!([])));
    let told = client.result("bessemer_explainTransaction", json!([hash]));
    assert!(told["reason"].as_str().unwrap().contains("the file is not a contract"), "{told}");
}

#[test]
fn hostile_interfaces_and_data_are_answered_quickly_or_refused() {
    let client = start(Mining::Automatic);
    let function = |ty: &str| {
        json!([{
            "type": "function", "name": "f", "outputs": [], "stateMutability": "view",
            "inputs": [{ "name": "value", "type": ty }],
        }])
    };
    let deep = format!("uint8{}", "[]".repeat(2000));
    for ty in [
        "uint256[]",
        "uint256[0][]",
        "string[]",
        "bytes",
        "uint8[4294967295]",
        "uint8[9][9][9][9][9][9][9][9][9]",
        deep.as_str(),
        "nothing",
        "tuple",
    ] {
        let abi = function(ty);
        let selector = &keccak256(format!("f({ty})")).to_string()[..10];
        for word in [
            "f".repeat(64),
            format!("{:064x}", u64::MAX),
            format!("{:064x}", 1_u64 << 40),
            format!("{:064x}", 32),
        ] {
            let data = format!("{selector}{:064x}{word}{word}", 32);
            let begin = std::time::Instant::now();
            let answer = client.answer("bessemer_decodeInput", json!([abi, data]));
            assert!(answer.is_object(), "{ty}");
            assert!(
                begin.elapsed() < std::time::Duration::from_secs(5),
                "{ty} took {:?}",
                begin.elapsed()
            );
        }
        for argument in ["", "[", "99999999999999999999999999999999", "[[[[", "(((("] {
            client.answer("bessemer_encodeCall", json!([abi, "f", [argument]]));
        }
    }
    for abi in [
        json!([1]),
        json!([{}]),
        json!([{ "type": "function" }]),
        json!([{ "type": "event", "name": 1 }]),
    ] {
        let (code, _) = client.error("bessemer_getInterface", json!([abi]));
        assert_eq!(code, -32602);
    }
    let (code, message) = client.error("bessemer_encodeCall", json!([function("uint8"), "f", []]));
    assert_eq!((code, &*message), (-32602, "f(uint8) takes 1 arguments, and 0 are given"));
    client.error("bessemer_encodeCall", json!([function("uint8"), "g", []]));
    client.error("bessemer_encodeCall", json!([ALICE, "f", []]));
    client.error("bessemer_explainTransaction", json!([format!("0x{}", "0".repeat(64))]));
}
