//! What access lists say of code.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

mod common;

use std::sync::Arc;

use bessemer_chain::{AccessList, Action, CodeHash, StateKey, Transaction, U256};
use common::{contract, on_both};

#[test]
fn a_deployment_may_store_its_own_code_whatever_it_declares() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let request = chain.deploy(contract("host finish")).from(alice);
        let receipt = request.access(AccessList::default()).send().unwrap();
        assert!(receipt.succeeded(), "{receipt:?}");
        receipt
    });
}

#[test]
fn a_creation_reads_whether_its_code_exists() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let code = contract("host finish");
        let hash = CodeHash::of(&code);
        chain.deploy(code).from(alice).create().unwrap();
        let mut block = chain.block();
        let access = Some(Arc::new(AccessList::default()));
        let (input, salt) = (Vec::new(), None);
        let transaction = Transaction {
            sender: alice,
            nonce: 1,
            gas_limit: 1_000_000,
            gas_price: U256::ZERO,
            value: U256::ZERO,
            action: Action::Create { code: hash, input, salt },
            access,
        };
        let receipt = block.push(&transaction).unwrap().clone();
        assert!(receipt.succeeded(), "{receipt:?}");
        assert!(block.accessed().reads.contains(&StateKey::Code(hash)));
        receipt
    });
}
