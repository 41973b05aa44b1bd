//! The images do on a chain what their sources promise, on interpreter and native code alike:
//! equal receipts, gas included, and equal state.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panics")]

mod accounts;
mod collection;
mod exchange;
mod frozen;
mod proofs;
mod relations;
mod rest;
mod signatures;
mod texts;
mod token;
mod tour;

use std::cell::RefCell;
use std::collections::BTreeMap;

use alloy_sol_types::private::keccak256;
use bessemer_chain::{Address, Chain, Event, Receipt, Status, U256};
use bessemer_runtime::{Backend, Config, Engine, Limits};
use bessemer_types::revert::Revert;
use bessemer_types::{Decode, EncodeFields, decode, encode, encode_behind};

/// A chain, its users, and what happened on it.
struct Stage {
    chain: RefCell<Chain>,
    receipts: RefCell<Vec<Receipt>>,
    /// What each receipt is of, and what contracts are called.
    steps: RefCell<Vec<String>>,
    names: RefCell<BTreeMap<Address, String>>,
    alice: Address,
    bob: Address,
}

/// Plays on both back ends, which must agree in all receipts and in the state. The gas of each step
/// is frozen.
fn on_both<F: Fn(&Stage)>(play: F) {
    let [interpreted, compiled] = [Backend::Interpreter, Backend::Jit].map(|backend| {
        let config = Config::new().backend(backend).limits(Limits::contract());
        let mut chain = Chain::in_memory(&Engine::new(config).unwrap()).unwrap();
        let [alice, bob] = ["alice", "bob"].map(|name| chain.user(name).unwrap());
        let stage = Stage {
            chain: RefCell::new(chain),
            receipts: RefCell::default(),
            steps: RefCell::default(),
            names: RefCell::default(),
            alice,
            bob,
        };
        play(&stage);
        assert!(!stage.receipts.borrow().is_empty(), "the play has no transaction");
        let digest = stage.chain.borrow().state_digest().unwrap();
        (format!("{:?}", stage.receipts.take()), digest, stage.steps.take())
    });
    assert_eq!(interpreted, compiled, "interpreter and native code differ");
    frozen::check(std::any::type_name::<F>(), &compiled.2);
}

impl Stage {
    /// Deploys an image, for alice.
    fn deploy(&self, name: &str, value: u64, arguments: impl EncodeFields) -> Address {
        let receipt = self.try_deploy(name, value, arguments);
        let address = receipt.contract();
        address.unwrap_or_else(|| panic!("{name}: {}", bessemer_chain::sentence(&receipt)))
    }

    fn try_deploy(&self, name: &str, value: u64, arguments: impl EncodeFields) -> Receipt {
        let image = bessemer_contracts::image(name).expect(name);
        let mut chain = self.chain.borrow_mut();
        let deployment = chain.deploy(image).value(amount(value)).args(arguments);
        let receipt = deployment.from(self.alice).send().unwrap();
        if let Some(address) = receipt.contract() {
            self.names.borrow_mut().insert(address, name.to_owned());
        }
        self.note(&format!("{name} constructor"), &receipt);
        receipt
    }

    /// Keeps a receipt, to be compared.
    fn note(&self, what: &str, receipt: &Receipt) {
        let status = format!("{:?}", receipt.status).to_lowercase();
        self.steps.borrow_mut().push(format!("{:>11} {status} {what}", receipt.gas_used));
        self.receipts.borrow_mut().push(receipt.clone());
    }

    /// Sends a transaction with value.
    fn pay(
        &self,
        from: Address,
        to: Address,
        value: u64,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> Receipt {
        let mut chain = self.chain.borrow_mut();
        let call = chain.call(to, signature).args(arguments);
        let receipt = call.value(amount(value)).from(from).send().unwrap();
        let names = self.names.borrow();
        let name = names.get(&to).map_or("(unnamed)", String::as_str);
        self.note(&format!("{name} {signature}"), &receipt);
        receipt
    }

    /// Sends a transaction.
    fn send(
        &self,
        from: Address,
        to: Address,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> Receipt {
        self.pay(from, to, 0, signature, arguments)
    }

    /// Sends a transaction that must succeed, and decodes what it returned.
    fn done<T: for<'a> Decode<'a>>(
        &self,
        from: Address,
        to: Address,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> T {
        let receipt = self.went(from, to, signature, arguments);
        decode::<(T,)>(&receipt.output).unwrap().0
    }

    /// Sends a transaction that must succeed.
    fn went(
        &self,
        from: Address,
        to: Address,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> Receipt {
        let receipt = self.send(from, to, signature, arguments);
        assert_eq!(receipt.status, Status::Return, "{}", bessemer_chain::sentence(&receipt));
        receipt
    }

    /// Asks without a transaction.
    fn ask<T: for<'a> Decode<'a>>(
        &self,
        to: Address,
        signature: &str,
        arguments: impl EncodeFields,
    ) -> T {
        self.chain.borrow_mut().call(to, signature).args(arguments).query().unwrap()
    }

    /// Asks for several results.
    fn ask_all(&self, to: Address, signature: &str, arguments: impl EncodeFields) -> Vec<u8> {
        self.chain.borrow_mut().call(to, signature).args(arguments).query_bytes().unwrap()
    }

    fn balance(&self, address: Address) -> U256 {
        self.chain.borrow().balance(&address).unwrap()
    }
}

/// Checks that a transaction reverted with this custom error.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "a list is written where it is used")]
fn refused(receipt: &Receipt, error: &str, arguments: impl EncodeFields) {
    assert_eq!(receipt.status, Status::Revert, "{}", bessemer_chain::sentence(receipt));
    let selector = keccak256(error);
    assert_eq!(receipt.output, encode_behind(&selector[..4], &arguments), "{error}");
    assert!(receipt.events.is_empty(), "{error}");
}

/// An event as a client sees it: what is indexed, and the rest.
#[allow(clippy::needless_pass_by_value, reason = "a list is written where it is used")]
fn event<const N: usize>(
    contract: Address,
    signature: &str,
    indexed: [Vec<u8>; N],
    data: impl EncodeFields,
) -> Event {
    let topic = |bytes: Vec<u8>| <[u8; 32]>::try_from(bytes).unwrap();
    let topics = std::iter::once(keccak256(signature).0).chain(indexed.map(topic));
    Event { address: contract, topics: topics.collect(), data: encode(&data) }
}

fn amount(number: u64) -> U256 {
    U256::from(number)
}

/// What `Error(string)` says.
fn message(receipt: &Receipt) -> &str {
    assert_eq!(receipt.status, Status::Revert, "{}", bessemer_chain::sentence(receipt));
    match Revert::decode(&receipt.output) {
        Some(Revert::Error(message)) => message,
        other => panic!("{other:?}"),
    }
}
