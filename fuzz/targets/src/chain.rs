//! Transactions on a chain.

use std::sync::{Arc, LazyLock};

use bessemer_chain::{AccessList, Action, Address, Chain, ChainError, StateKey, Transaction, U256};
use bessemer_runtime::{Backend, Engine};
use bessemer_types::encode;

use crate::bytes::Bytes;
use crate::files::image;
use crate::host_calls::engine;

static ENGINES: LazyLock<[Engine; 2]> =
    LazyLock::new(|| [Backend::Interpreter, Backend::Jit].map(engine));

/// Any transactions leave the same receipts and the same state on both engines. Each is refused, or
/// has a receipt and pays at most its limit.
pub(crate) fn run(data: &[u8]) -> bool {
    let [interpreted, native] = ENGINES.each_ref().map(|engine| play(engine, data));
    assert_eq!(interpreted, native);
    native.0.iter().any(|receipt| receipt.contains("succeeded: true"))
}

/// The receipts in words, and the digest of the state.
fn play(engine: &Engine, data: &[u8]) -> (Vec<String>, [u8; 32]) {
    let mut chain = Chain::in_memory(engine).expect("the engine runs contracts");
    let users = ["alice", "bob"].map(|name| chain.user(name).expect("a new chain has room"));
    let arguments = ("Gold", "GLD", 0_u8, U256::from(1_000));
    let token = chain.deploy(image("erc20")).args(arguments).from(users[0]);
    let token = token.create().expect("it is a contract");
    let counter = chain.deploy(image("counter")).from(users[0]).create().expect("it is one too");
    let mut bytes = Bytes::new(data);
    let mut receipts = Vec::new();
    for _ in 0..24 {
        if bytes.is_empty() {
            break;
        }
        let nonces = users.map(|user| chain.account(&user).expect("it can be read").nonce);
        let transaction = transaction(&mut bytes, users, nonces, [token, counter]);
        let mut block = chain.block();
        match block.push(&transaction) {
            Ok(receipt) => {
                assert!(receipt.gas_used <= transaction.gas_limit, "{receipt:?}");
                receipts.push(format!("succeeded: {} {receipt:?}", receipt.succeeded()));
                block.commit().expect("memory takes every block");
            }
            Err(ChainError::Refused(refusal)) => receipts.push(format!("refused: {refusal}")),
            Err(error) => panic!("a transaction must not be a failure of the host: {error}"),
        }
    }
    (receipts, chain.state_digest().expect("the state can be read"))
}

fn transaction(
    bytes: &mut Bytes<'_>,
    users: [Address; 2],
    nonces: [u64; 2],
    contracts: [Address; 2],
) -> Transaction {
    let who = usize::from(bytes.byte() & 1);
    let anybody = [users[0], users[1], contracts[0], contracts[1], Address::ZERO];
    let amount = |bytes: &mut Bytes<'_>| match bytes.byte() {
        0xff => U256::from_le_bytes::<32>(bytes.array()),
        small => U256::from(small),
    };
    let input = |bytes: &mut Bytes<'_>| {
        let selector = bytes.choose(&[
            "transfer(address,uint256)",
            "balanceOf(address)",
            "approve(address,uint256)",
            "transferFrom(address,address,uint256)",
            "add(uint64)",
            "get()",
            "",
        ]);
        let head: &[u8] = match selector {
            "" => &[],
            selector => &bessemer_chain::selector(selector),
        };
        let arguments = match bytes.byte() % 4 {
            0 => encode(&(bytes.choose(&anybody), amount(bytes))),
            1 => encode(&(bytes.choose(&anybody), bytes.choose(&anybody), amount(bytes))),
            2 => encode(&(amount(bytes),)),
            _ => {
                let len = usize::from(bytes.byte());
                bytes.slice(len).to_vec()
            }
        };
        [head, &arguments].concat()
    };
    let action = match bytes.byte() % 8 {
        0 => Action::Deploy {
            code: image("simple").into(),
            input: input(bytes),
            salt: (bytes.byte() & 1 == 1).then(|| bytes.array()),
        },
        1 => {
            // a file that is nearly a contract
            let mut file = image("simple");
            let at = bytes.word() as usize % file.len();
            file[at] ^= bytes.byte();
            Action::Deploy { code: file.into(), input: input(bytes), salt: None }
        }
        _ => Action::Call { to: bytes.choose(&anybody), input: input(bytes) },
    };
    let access = bytes.byte().is_multiple_of(8).then(|| {
        let mut list = AccessList::default();
        for _ in 0..bytes.byte() % 4 {
            list.writes.insert(StateKey::Account(bytes.choose(&anybody)));
        }
        Arc::new(list)
    });
    Transaction {
        sender: if bytes.byte() == 0xff { contracts[0] } else { users[who] },
        nonce: if bytes.byte() == 0xff { u64::from(bytes.word()) } else { nonces[who] },
        gas_limit: if bytes.byte() < 0x40 { u64::from(bytes.word() >> 8) } else { 50_000_000 },
        gas_price: amount(bytes),
        value: amount(bytes),
        action,
        access,
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // no access list, the user sends, the right nonce, enough gas, price and value 0
    let rest = [1, 0, 0, 0xf0, 0, 0];
    // from alice: a call of the token, `transfer(bob, 3)`
    let transfer = [&[0, 7, 2, 0, 0, 1, 3][..], &rest].concat();
    // from alice: a call of the counter, `add(3)`
    let add = [&[0, 7, 3, 4, 2, 3][..], &rest].concat();
    vec![[&transfer[..], &add, &transfer].concat(), transfer, add, vec![0; 40]]
}
