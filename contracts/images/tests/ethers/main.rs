//! The interfaces in the images, as ethers reads them: what it encodes is understood, what contracts
//! answer it decodes. It is fetched by npm; without that, these tests are skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panics")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use bessemer_chain::{Chain, Receipt, Status, selector};
use bessemer_contracts::{EXAMPLES, image};
use bessemer_runtime::{Backend, Config, Engine};
use bessemer_toolchain::Tool;
use bessemer_toolchain::tests::or_skip;
use object::{Object, ObjectSection};
use serde_json::{Value, json};

/// The release that answers are known of.
const ETHERS: &str = "ethers@6.17.0";

/// Where ethers is; `None`, with a note, where npm does not get it.
fn ethers() -> Option<&'static Path> {
    static INSTALLED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = || {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/ethers");
        let package = target.join("node_modules/ethers");
        if package.is_dir() {
            return Some(package);
        }
        let mut npm = Command::new(Tool::NPM);
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]);
        npm.args(["--fetch-retries=0", "--fetch-timeout=20000", "--prefix"]);
        let output = npm.arg(&target).arg(ETHERS).output();
        let why = match &output {
            Ok(output) if output.status.success() => return Some(package),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        or_skip(Err(format!("npm does not install {ETHERS}: {why}")))
    };
    INSTALLED.get_or_init(install).as_deref()
}

/// The interface of an example, as it stands in its image.
fn interface(name: &str) -> Value {
    let file = object::File::parse(image(name).unwrap()).unwrap();
    let section = file.section_by_name(".bessemer.abi").expect(name);
    serde_json::from_slice(section.data().unwrap()).expect(name)
}

/// What ethers makes of questions about an interface.
fn ask(ethers: &Path, abi: &Value, work: &Value) -> Vec<Value> {
    let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ethers/client.cjs");
    let mut node = Command::new("node");
    node.arg(client).arg(ethers).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut node = node.spawn().expect("node runs where npm does");
    let question = json!({ "abi": abi, "work": work }).to_string();
    node.stdin.take().unwrap().write_all(question.as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "ethers refuses {work}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn bytes(answer: &Value) -> Vec<u8> {
    hex::decode(answer.as_str().expect("a text")).expect("hex digits")
}

#[test]
fn every_interface_is_read_with_the_selectors_that_contracts_have() {
    let Some(ethers) = ethers() else { return };
    for example in EXAMPLES {
        let abi = interface(example.name);
        let functions = ask(ethers, &abi, &json!([["functions", null]])).remove(0);
        let functions = functions.as_array().unwrap();
        let entries = abi.as_array().unwrap().iter();
        let declared = entries.filter(|entry| entry["type"] == "function").count();
        assert_eq!(functions.len(), declared, "{}", example.name);
        for function in functions {
            let signature = function[0].as_str().unwrap();
            assert_eq!(
                function[1],
                hex::encode_prefixed(selector(signature)),
                "{} {signature}",
                example.name
            );
        }
    }
}

#[test]
fn the_token_understands_ethers_and_ethers_the_token() {
    let Some(ethers) = ethers() else { return };
    let engine = Engine::new(Config::new().backend(Backend::Jit)).unwrap();
    let mut chain = Chain::in_memory(&engine).unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| chain.user(name).unwrap());
    let [from, to] = [alice, bob].map(|user| hex::encode_prefixed(user.as_bytes()));
    let abi = interface("erc20");

    let work = json!([
        ["deploy", ["Gold", "GLD", 18, "1000"]],
        ["call", ["transfer", [to, "30"]]],
        ["call", ["transfer", [to, "971"]]],
        ["call", ["balanceOf", [to]]],
        ["call", ["symbol", []]],
    ]);
    let [deploy, transfer, too_much, balance, symbol] =
        <[Value; 5]>::try_from(ask(ethers, &abi, &work)).unwrap();
    let deployment = chain.deploy(image("erc20").unwrap()).input(bytes(&deploy));
    let token = deployment.from(alice).create().unwrap();
    let mut send = |input: &Value| -> Receipt {
        chain.call(token, "").input(bytes(input)).from(alice).send().unwrap()
    };
    let [moved, refused] = [&transfer, &too_much].map(&mut send);
    let [balance, symbol] = [&balance, &symbol].map(&mut send);
    assert_eq!((moved.status, refused.status), (Status::Return, Status::Revert));

    let [event] = moved.events.as_slice() else { panic!("{:?}", moved.events) };
    let topics: Vec<String> = event.topics.iter().map(hex::encode_prefixed).collect();
    let said = ask(
        ethers,
        &abi,
        &json!([
            ["result", ["transfer", hex::encode_prefixed(&moved.output)]],
            ["event", [topics, hex::encode_prefixed(&event.data)]],
            ["error", hex::encode_prefixed(&refused.output)],
            ["result", ["balanceOf", hex::encode_prefixed(&balance.output)]],
            ["result", ["symbol", hex::encode_prefixed(&symbol.output)]],
        ]),
    );
    let lower = |value: &Value| value.to_string().to_lowercase();
    let expected = [
        json!([true]),
        json!({ "name": "Transfer", "args": [from, to, "30"] }),
        json!({ "name": "ERC20InsufficientBalance", "args": [from, "970", "971"] }),
        json!(["30"]),
        json!(["GLD"]),
    ];
    // ethers marks errors in addresses by upper case
    assert_eq!(said.iter().map(lower).collect::<Vec<_>>(), expected.each_ref().map(lower));
}
