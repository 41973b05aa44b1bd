//! A sequencer: transfers of a token come by HTTP, a block is made every 200 milliseconds in one durable step, and queries
//! are answered meanwhile from the newest block.
//!
//! `cargo run --release -p bessemer --example sequencer` shows itself for a second. With an address,
//! `cargo run --release -p bessemer --example sequencer -- 127.0.0.1:3000`, it serves until it is stopped:
//!
//! ```text
//! curl -X POST 'http://127.0.0.1:3000/transfer?from=alice&to=bob&amount=5'
//! curl 'http://127.0.0.1:3000/balance?of=bob'
//! ```

#![allow(clippy::print_stdout, reason = "an example prints")]
#![cfg_attr(test, allow(dead_code, reason = "`main` is not called by the test"))]

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use bessemer::chain::{Action, Address, Chain, Reader, Transaction, selector};
use bessemer::types::{U256, encode_behind};
use bessemer::{Config, Engine};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Time between two blocks.
const BLOCK_TIME: Duration = Duration::from_millis(200);
/// Transfers that may wait for the next block; later ones are told to try again.
const MOST_WAITING: usize = 10_000;
const USERS: [&str; 3] = ["alice", "bob", "carol"];
const SUPPLY: u64 = 1_000_000;

/// State that the handlers of requests share: a way to the one thread that writes, and a reader of its own for each
/// request.
#[derive(Clone)]
struct Sequencer {
    token: Address,
    reader: Reader,
    transfers: SyncSender<Waiting>,
}

/// A transfer, and who wants to know what became of it.
struct Waiting {
    from: Address,
    to: Address,
    amount: u64,
    outcome: oneshot::Sender<String>,
}

#[derive(Deserialize)]
struct Transfer {
    from: String,
    to: String,
    amount: u64,
}

#[derive(Deserialize)]
struct Balance {
    of: String,
}

fn main() -> Result<()> {
    run(std::env::args().nth(1).as_deref())
}

/// Serves at an address, or shows itself.
pub(crate) fn run(listen: Option<&str>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("bessemer-sequencer-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let outcome = runtime.block_on(serve(&folder.join("state.redb"), listen));
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn serve(database: &Path, listen: Option<&str>) -> Result<()> {
    let (sequencer, waiting, mut chain) = open(database)?;
    let token = sequencer.token;
    // the one thread that writes; it ends when all senders of transfers are gone
    let writer = thread::spawn(move || make_blocks(&mut chain, token, &waiting));
    let server = Router::new()
        .route("/transfer", post(transfer))
        .route("/balance", get(balance))
        .with_state(sequencer);
    let listener = TcpListener::bind(listen.unwrap_or("127.0.0.1:0")).await?;
    let address = listener.local_addr()?.to_string();
    println!("listening on http://{address}");
    if listen.is_some() {
        axum::serve(listener, server).await?;
    } else {
        let (stop, stopped) = oneshot::channel::<()>();
        let serve = axum::serve(listener, server).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let serve = tokio::spawn(serve.into_future());
        show(&address).await?;
        drop(stop);
        serve.await??;
    }
    let blocks = writer.join().expect("the writer does not panic")?;
    println!("{blocks} blocks");
    Ok(())
}

/// A chain in a file, with a token of which alice has everything.
fn open(database: &Path) -> Result<(Sequencer, Receiver<Waiting>, Chain)> {
    let engine = Engine::new(Config::new())?;
    let mut chain = Chain::open(&engine, database)?;
    let [alice, _, _] = USERS.map(|name| chain.user(name));
    let alice = alice?;
    let image: &[u8] = include_bytes!("../../contracts/images/elf/erc20.elf");
    let token = chain
        .deploy(image)
        .args(("Gold", "GLD", 0_u8, U256::from(SUPPLY)))
        .from(alice)
        .create()
        .context("the token")?;
    let (transfers, waiting) = sync_channel(MOST_WAITING);
    Ok((Sequencer { token, reader: chain.reader()?, transfers }, waiting, chain))
}

/// Makes a block of what waits, again and again.
fn make_blocks(chain: &mut Chain, token: Address, waiting: &Receiver<Waiting>) -> Result<u64> {
    let mut blocks = 0;
    let mut nonces = HashMap::new();
    for user in USERS.map(Chain::user_address) {
        nonces.insert(user, chain.account(&user)?.nonce);
    }
    let selector = selector("transfer(address,uint256)");
    while let Ok(first) = waiting.recv() {
        let end = Instant::now() + BLOCK_TIME;
        let mut block = chain.block();
        let mut outcomes = Vec::new();
        let mut next = Some(first);
        while let Some(transfer) = next {
            let Waiting { from, to, amount, outcome } = transfer;
            let nonce = nonces.get_mut(&from).context("requests name known users only")?;
            let transaction = Transaction {
                sender: from,
                nonce: *nonce,
                gas_limit: 10_000_000,
                gas_price: U256::ZERO,
                value: U256::ZERO,
                action: Action::Call {
                    to: token,
                    input: encode_behind(&selector, &(to, U256::from(amount))),
                },
                access: None,
            };
            // a transfer that fails has a receipt; an error is the host's, and ends the block
            let receipt = block.push(&transaction)?;
            *nonce += 1;
            outcomes.push((outcome, receipt.status));
            let left = end.saturating_duration_since(Instant::now());
            next = waiting.recv_timeout(left).ok();
        }
        let sealed = block.commit()?;
        blocks += 1;
        for (outcome, status) in outcomes {
            // the client may have gone
            let _ = outcome.send(format!("{status:?} in block {}", sealed.header.height));
        }
    }
    Ok(blocks)
}

async fn transfer(
    State(sequencer): State<Sequencer>,
    Query(wanted): Query<Transfer>,
) -> Result<String, (StatusCode, String)> {
    let (outcome, receipt) = oneshot::channel();
    let (from, to) = (user(&wanted.from)?, user(&wanted.to)?);
    let transfer = Waiting { from, to, amount: wanted.amount, outcome };
    match sequencer.transfers.try_send(transfer) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => return Err(unavailable("too many transfers wait")),
        Err(TrySendError::Disconnected(_)) => {
            return Err(unavailable("no blocks are made any more"));
        }
    }
    receipt.await.map_err(|_| unavailable("the block could not be made"))
}

async fn balance(
    State(mut sequencer): State<Sequencer>,
    Query(wanted): Query<Balance>,
) -> Result<String, (StatusCode, String)> {
    let of = user(&wanted.of)?;
    // the newest block, whatever the writer does at this moment
    sequencer.reader.refresh().map_err(|error| unavailable(&error.to_string()))?;
    let query = sequencer.reader.call(sequencer.token, "balanceOf(address)").args((of,));
    let balance: U256 = query.query().map_err(|error| unavailable(&error.to_string()))?;
    Ok(balance.to_string())
}

fn user(name: &str) -> Result<Address, (StatusCode, String)> {
    let known = USERS.contains(&name).then(|| Chain::user_address(name));
    known.ok_or_else(|| (StatusCode::NOT_FOUND, format!("there is no user {name}: {USERS:?}\n")))
}

fn unavailable(reason: &str) -> (StatusCode, String) {
    (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n"))
}

/// Sends transfers and queries, as clients would.
async fn show(address: &str) -> Result<()> {
    let transfers =
        (0..20).map(|_| request(address, "POST", "/transfer?from=alice&to=bob&amount=5"));
    let transfers: Vec<_> = transfers.map(tokio::spawn).collect();
    let mut queries = 0;
    let start = Instant::now();
    while start.elapsed() < BLOCK_TIME {
        request(address, "GET", "/balance?of=bob").await?;
        queries += 1;
    }
    for transfer in transfers {
        let answer = transfer.await??;
        if !answer.contains("Return in block") {
            bail!("a transfer failed: {answer}");
        }
    }
    let too_much = request(address, "POST", "/transfer?from=carol&to=bob&amount=1").await?;
    let balance = request(address, "GET", "/balance?of=bob").await?;
    println!(
        "{queries} queries while transfers waited; a transfer of what carol lacks: {too_much}"
    );
    if balance != "100" || !too_much.contains("Revert in block") {
        bail!("bob has {balance}, and carol's transfer gave {too_much}");
    }
    println!("bob has {balance}");
    Ok(())
}

/// The body of the answer to a request.
fn request(
    address: &str,
    method: &str,
    path: &str,
) -> impl Future<Output = Result<String>> + Send + 'static {
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let address = address.to_owned();
    async move {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(head.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (_, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        Ok(body.trim().to_owned())
    }
}
