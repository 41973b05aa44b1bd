//! A node that is killed under load loses nothing that it acknowledged.
//!
//! The parent starts this program again as a child, which serves the chain in a folder. Several clients
//! send transactions and change state by hand; at a random point the child is killed. Then the chain is
//! opened again: each acknowledged transaction has its receipt, what was set is set, and the state has
//! the root of the newest block.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]
#![allow(clippy::print_stdout, reason = "how the child tells its address")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bessemer_toolchain::tests::cases;
use common::{Client, Served, node_in};
use fastrand::Rng;
use serde_json::{Value, json};

/// In the environment of a child: the folder.
const FOLDER: &str = "BESSEMER_TEST_FOLDER";

const SENDERS: [&str; 3] = [
    "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
];

fn main() {
    match std::env::var_os(FOLDER) {
        Some(folder) => child(folder.as_ref()),
        None => parent(),
    }
}

fn child(folder: &Path) {
    let server = common::serve(node_in(folder).unwrap());
    println!("http://{}", server.address());
    std::io::stdout().flush().unwrap();
    server.until_told().unwrap();
}

/// What the child acknowledged.
#[derive(Default)]
struct Acknowledged {
    hashes: Vec<(String, u64)>,
    /// The newest balance that was set, of each sender's own account.
    balances: [Option<u64>; SENDERS.len()],
}

fn parent() {
    let folder = tempfile::tempdir().unwrap();
    let told = Mutex::new(Acknowledged::default());
    let (begin, rounds) = (Instant::now(), cases(12, 200));
    let mut unacknowledged = 0;
    for round in 0..rounds {
        run_and_kill(folder.path(), round, &told);
        unacknowledged += check(folder.path(), round, &told);
    }
    let count = told.lock().unwrap().hashes.len();
    assert!(count as u64 > rounds, "the load was {count} transactions in {rounds} rounds");
    println!(
        "{count} transactions and {rounds} kills, {unacknowledged} transactions that were durable and \
         not acknowledged, {:.1?}",
        begin.elapsed()
    );
}

fn run_and_kill(folder: &Path, round: u64, told: &Mutex<Acknowledged>) {
    let mut random = Rng::with_seed(round);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let url = url.trim().to_owned();
    assert!(url.starts_with("http://"), "round {round}: the child did not start");
    std::thread::scope(|scope| {
        for (index, sender) in SENDERS.into_iter().enumerate() {
            let client = Client::of(url.clone());
            let mut random = random.fork();
            scope.spawn(move || load(&client, index, sender, &mut random, told));
        }
        std::thread::park_timeout(Duration::from_millis(random.u64(5..400)));
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

/// Sends until the node is gone.
fn load(client: &Client, index: usize, sender: &str, random: &mut Rng, told: &Mutex<Acknowledged>) {
    loop {
        if random.u8(..8) == 0 {
            let balance = random.u64(1..1 << 40);
            let params = json!([own_account(index), format!("{balance:#x}")]);
            // unknown while there is no answer
            told.lock().unwrap().balances[index] = None;
            let Some(answer) = client.try_answer("anvil_setBalance", &params) else { return };
            assert!(answer.get("error").is_none(), "{answer}");
            told.lock().unwrap().balances[index] = Some(balance);
            continue;
        }
        let value = random.u64(1..1000);
        let to = format!("0x{:040x}", random.u64(1000..1100));
        let request = json!([{ "from": sender, "to": to, "value": format!("{value:#x}") }]);
        let Some(answer) = client.try_answer("eth_sendTransaction", &request) else { return };
        assert!(answer.get("error").is_none(), "{answer}");
        let hash = answer["result"].as_str().unwrap().to_owned();
        told.lock().unwrap().hashes.push((hash, value));
    }
}

fn own_account(index: usize) -> String {
    format!("0x{:040x}", 0xaaaa_0000 + index)
}

/// Looks at the chain after a kill, and gives how many transactions nobody was told of.
fn check(folder: &Path, round: u64, told: &Mutex<Acknowledged>) -> u64 {
    // opening compares the root of the state with that of the newest block
    let client = Served::new(node_in(folder).unwrap());
    let told = told.lock().unwrap();
    for (hash, value) in &told.hashes {
        let receipt = client.result("eth_getTransactionReceipt", json!([hash]));
        assert_eq!(receipt["status"], "0x1", "round {round}: {hash}");
        let number = receipt["blockNumber"].clone();
        let found = client.result("eth_getTransactionByHash", json!([hash]));
        assert_eq!(found["blockNumber"], number, "round {round}");
        assert_eq!(found["value"], format!("{value:#x}"), "round {round}");
    }
    for (index, balance) in told.balances.iter().enumerate() {
        if let Some(balance) = balance {
            let found = client.result("eth_getBalance", json!([own_account(index), "latest"]));
            assert_eq!(found, format!("{balance:#x}"), "round {round}: account {index}");
        }
    }
    let count = |answer: &Value| u64::from_str_radix(&answer.as_str().unwrap()[2..], 16).unwrap();
    let sent: u64 = SENDERS
        .iter()
        .map(|sender| count(&client.result("eth_getTransactionCount", json!([sender]))))
        .sum();
    let height = count(&client.result("eth_blockNumber", json!([])));
    assert_eq!(sent, height, "round {round}: each transaction is in a block of its own");
    sent.checked_sub(told.hashes.len() as u64).expect("no more was acknowledged than is there")
}
