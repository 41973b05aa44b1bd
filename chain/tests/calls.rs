//! Contracts call contracts, and failures undo themselves only.

#![allow(clippy::unwrap_used, reason = "this crate holds only tests")]

mod common;

use bessemer_chain::{ChainError, Status, U256};
use common::{contract, deploy, on_both};

/// Stores its caller's argument under key "n" (one byte), or adds to it.
const COUNTER: &str = "
    li   s0, DATA
    sb   zero, 0(s0)
    li   a0, DATA
    li   a1, 1
    addi a2, s0, 16
    li   a3, 8
    host storage_get
    lw   t0, 16(s0)
    addi t0, t0, 1
    sw   t0, 16(s0)
    mv   a0, s0
    li   a1, 1
    addi a2, s0, 16
    li   a3, 4
    host storage_set
    addi a0, s0, 16
    li   a1, 4
    host finish
";

#[test]
fn an_account_without_code_answers_no_query() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        for (signature, input) in [("", &[][..]), ("f()", &[]), ("", &[1, 2, 3, 4])] {
            let mut call = chain.call(alice, signature);
            if !input.is_empty() {
                call = call.input(input);
            }
            match call.query_bytes() {
                Err(ChainError::NoCode { contract }) => assert_eq!(contract, alice),
                other => panic!("{other:?}"),
            }
        }
        let asked = chain.call(alice, "f()").query::<U256>();
        assert!(matches!(asked, Err(ChainError::NoCode { .. })), "{asked:?}");
        chain.receipts(chain.height()).unwrap()
    });
}

#[test]
fn a_wrong_signature_costs_nothing() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let counter = chain.deploy(contract(COUNTER)).from(alice).create().unwrap();
        let before = chain.account(&alice).unwrap();
        for signature in ["add", "add(u64)", "add(uint64", "add(uint64 by)"] {
            let sent = chain.call(counter, signature).from(alice).send();
            match sent {
                Err(ChainError::Signature { signature: said, .. }) => assert_eq!(said, signature),
                other => panic!("{signature}: {other:?}"),
            }
        }
        assert_eq!(chain.account(&alice).unwrap(), before);
        chain.receipts(chain.height()).unwrap()
    });
}

#[test]
fn state_goes_on_from_transaction_to_transaction() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let counter = deploy(chain, alice, "host finish");
        assert!(chain.storage(&counter, b"x").unwrap().is_none());
        let counter = chain.deploy(contract(COUNTER)).from(alice).create().unwrap();
        // the constructor counted too
        for expected in 2_u32..5 {
            let receipt = chain.call(counter, "").input([1]).from(alice).send().unwrap();
            assert_eq!(receipt.status, Status::Return, "{receipt:?}");
            assert_eq!(receipt.output, expected.to_le_bytes());
        }
        assert_eq!(chain.storage(&counter, &[0]).unwrap().unwrap(), 4_u32.to_le_bytes());
        chain.receipts(chain.height()).unwrap()
    });
}
