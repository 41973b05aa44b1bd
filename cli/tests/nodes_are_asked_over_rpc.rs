//! A node on a chain that stays, and the commands that ask it.

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use common::{Local, code, command, image, json, stderr, stdout};

/// A node of a project; it is killed when it is dropped.
struct Running {
    child: Child,
    /// What it prints last before it answers.
    listening: String,
}

impl Running {
    fn start(local: &Local, args: &[&str]) -> Self {
        let mut child = command(&[&["node", "--port", "0", "--silent"], args].concat())
            .current_dir(local.folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut listening = String::new();
        let out = child.stdout.take().expect("it is piped");
        BufReader::new(out).read_line(&mut listening).expect("it is text");
        assert!(listening.starts_with("Listening on 127.0.0.1:"), "{listening}");
        Self { child, listening }
    }

    fn url(&self) -> String {
        format!("http://{}", self.listening.trim().trim_start_matches("Listening on "))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGKILL: nothing is written at the end
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

const ALICE: &str = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266";
const TRANSFER: &str = r#"{"from":"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","to":"0x70997970c51812dc3a010c7d01b50e0d17dc79c8","value":"0x5"}"#;

#[test]
fn a_node_with_state_is_found_and_goes_on_after_a_kill() {
    let local = Local::empty();
    // the project's folder, and no other above it
    std::fs::create_dir(local.folder.path().join(".bessemer")).expect("it can be made");
    let message = local.run(&["rpc", "--rpc", "node", "eth_blockNumber"]);
    assert_eq!(code(&message), 7);
    assert!(
        stderr(&message).contains("no node of this project is running"),
        "{}",
        stderr(&message)
    );

    let node = Running::start(&local, &["--state"]);
    let hash = local.succeeds(&["rpc", "--rpc", "node", "eth_sendTransaction", TRANSFER]);
    let hash = hash.trim().to_owned();
    assert_eq!(local.succeeds(&["rpc", "--rpc", &node.url(), "eth_blockNumber"]), "0x1\n");
    let second = local.run(&["node", "--port", "0", "--state"]);
    assert_eq!(code(&second), 7, "{}", stderr(&second));
    let message = stderr(&second);
    assert!(
        message.contains("is in use by process") && message.trim().lines().count() == 1,
        "{message}"
    );
    drop(node);
    let gone = local.run(&["rpc", "--rpc", "node", "eth_blockNumber"]);
    assert_eq!(code(&gone), 1);
    assert!(stderr(&gone).contains("does not answer"), "{}", stderr(&gone));

    let other = local.run(&["node", "--port", "0", "--state", "--chain-id", "5"]);
    assert_eq!(code(&other), 7, "{}", stderr(&other));
    assert!(stderr(&other).contains("has the chain id 31337"), "{}", stderr(&other));
    let other = local.run(&["node", "--port", "0", "--state", "--accounts", "3"]);
    assert_eq!(code(&other), 7, "{}", stderr(&other));
    assert!(stderr(&other).contains("has another first block"), "{}", stderr(&other));

    let _node = Running::start(&local, &["--state"]);
    let receipt = local.run(&["rpc", "--rpc", "node", "eth_getTransactionReceipt", &hash]);
    assert_eq!(json(&receipt)["status"], "0x1", "{}", stdout(&receipt));
    let refused = local.run(&["rpc", "--rpc", "node", "eth_nothing"]);
    assert_eq!(code(&refused), 1);
    assert!(stderr(&refused).contains("code -32601"), "{}", stderr(&refused));
}

#[test]
fn signed_transactions_are_sent_as_they_are() {
    let local = Local::empty();
    let node = Running::start(&local, &[]);
    let url = node.url();
    let request = format!(r#"{{"from":"{ALICE}","to":"{ALICE}","value":"0x1"}}"#);
    let signed = local.run(&["rpc", "--rpc", &url, "eth_signTransaction", &request]);
    let raw = json(&signed)["raw"].as_str().expect("bytes").to_owned();
    let sent = local.run(&["send", "--rpc", &url, "--raw", &raw, "--wait"]);
    assert_eq!(code(&sent), 0, "{}", stderr(&sent));
    assert_eq!(json(&sent)["status"], "0x1");
    let again = local.run(&["send", "--rpc", &url, "--raw", &raw]);
    assert_eq!(code(&again), 1);
    assert!(stderr(&again).contains("already known"), "{}", stderr(&again));
    for wrong in ["0x", "0x1", "0xzz"] {
        let refused = local.run(&["send", "--rpc", &url, "--raw", wrong]);
        assert_eq!(code(&refused), 2, "{wrong}: {}", stderr(&refused));
    }
}

#[test]
fn contracts_are_deployed_called_and_asked_on_a_node() {
    let local = Local::empty();
    std::fs::create_dir(local.folder.path().join(".bessemer")).expect("it can be made");
    let node = Running::start(&local, &["--state"]);
    let url = node.url();
    let deployed = local.run(&["deploy", "--rpc", &url, &image("counter.elf"), "--json"]);
    assert_eq!(code(&deployed), 0, "{}", stderr(&deployed));
    let address = json(&deployed)["address"].as_str().expect("an address").to_owned();
    let hash = json(&deployed)["transaction"].as_str().expect("a hash").to_owned();
    let receipt = local.succeeds(&["receipt", "--rpc", &url, &hash]);
    assert!(receipt.contains(&address), "{receipt}");
    local.succeeds(&["call", "--rpc", &url, "counter", "add", "--by", "3"]);
    // the option may stand among the words, and the node is found without its URL
    local.succeeds(&["call", "counter", "add", "4", "--from", "bob", "--rpc", "node"]);
    assert_eq!(local.succeeds(&["query", "--rpc", &url, "counter", "get"]).trim(), "7");
    assert_eq!(local.succeeds(&["query", &address, "get", "--rpc", &url]).trim(), "7");

    let token = image("erc20.elf");
    let made = ["deploy", "--rpc", &url, "--name", "token", &token, "Gold", "GLD", "18", "1000"];
    local.succeeds(&made);
    local.succeeds(&["call", "--rpc", &url, "token", "transfer", "bob", "5"]);
    let balance = local.succeeds(&["query", "--rpc", &url, "token", "balanceOf", "bob"]);
    assert_eq!(balance.trim(), "5");
    let refused = local.run(&["call", "--rpc", &url, "token", "transfer", "bob", "5000"]);
    assert_eq!(code(&refused), 4, "{}", stderr(&refused));
    assert!(stderr(&refused).contains("token.transfer reverted"), "{}", stderr(&refused));
    let wrong = local.run(&["call", "--rpc", &url, "coutner", "add", "1"]);
    assert_eq!(code(&wrong), 2);
    assert!(stderr(&wrong).contains("did you mean `counter`?"), "{}", stderr(&wrong));

    // the key of the second development account, which is bob's
    let key = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
    let sent = command(&["call", "--rpc", &url, "token", "transfer", "carol", "2"])
        .env("BESSEMER_PRIVATE_KEY", key)
        .current_dir(local.folder.path())
        .output()
        .expect("the binary starts");
    assert_eq!(code(&sent), 0, "{}", stderr(&sent));
    let balance = local.succeeds(&["query", "--rpc", &url, "token", "balanceOf", "bob"]);
    assert_eq!(balance.trim(), "3");
    let wrong = command(&["call", "--rpc", &url, "token", "transfer", "carol", "2"])
        .env("BESSEMER_PRIVATE_KEY", "0x12")
        .current_dir(local.folder.path())
        .output()
        .expect("the binary starts");
    assert_eq!(code(&wrong), 2);
    assert!(!stderr(&wrong).contains("0x12"), "{}", stderr(&wrong));
    assert_eq!(
        local.run(&["query", "counter", "get"]).status.code(),
        Some(7),
        "no local chain was made"
    );
}
