//! The images do on a chain what their sources promise, on interpreter and native code alike:
//! equal receipts, gas included, and equal state.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panics")]

mod accounts;
mod exchange;
mod relations;
mod rest;
mod token;

use std::cell::RefCell;

use bessemer_chain::{Address, Chain, Receipt, Status, U256};
use bessemer_runtime::{Backend, Config, Engine, Limits};
use bessemer_types::revert::Revert;
use bessemer_types::{Decode, EncodeFields, decode};

/// A chain, its users, and what happened on it.
struct Stage {
    chain: RefCell<Chain>,
    receipts: RefCell<Vec<Receipt>>,
    alice: Address,
    bob: Address,
}

/// Plays on both back ends, which must agree in all receipts and in the state.
fn on_both(play: impl Fn(&Stage)) {
    let [interpreted, compiled] = [Backend::Interpreter, Backend::Jit].map(|backend| {
        let config = Config::new().backend(backend).limits(Limits::contract());
        let mut chain = Chain::in_memory(&Engine::new(config).unwrap()).unwrap();
        let [alice, bob] = ["alice", "bob"].map(|name| chain.user(name).unwrap());
        let stage = Stage { chain: RefCell::new(chain), receipts: RefCell::default(), alice, bob };
        play(&stage);
        assert!(!stage.receipts.borrow().is_empty(), "the play has no transaction");
        let digest = stage.chain.borrow().state_digest().unwrap();
        (format!("{:?}", stage.receipts.take()), digest)
    });
    assert_eq!(interpreted, compiled, "interpreter and native code differ");
}

impl Stage {
    /// Deploys an image, for alice.
    fn deploy(&self, name: &str, value: u64, arguments: impl EncodeFields) -> Address {
        let image = bessemer_contracts::image(name).expect(name);
        let mut chain = self.chain.borrow_mut();
        let deployment = chain.deploy(image).value(amount(value)).args(arguments);
        let receipt = deployment.from(self.alice).send().unwrap();
        let address = receipt.contract();
        let failures = format!("{name}: {}", bessemer_chain::sentence(&receipt));
        self.receipts.borrow_mut().push(receipt);
        address.expect(&failures)
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
        self.receipts.borrow_mut().push(receipt.clone());
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
        let receipt = self.send(from, to, signature, arguments);
        assert_eq!(receipt.status, Status::Return, "{}", bessemer_chain::sentence(&receipt));
        decode::<(T,)>(&receipt.output).unwrap().0
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

    fn balance(&self, address: Address) -> U256 {
        self.chain.borrow().balance(&address).unwrap()
    }
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
