//! Many calls: in one block, and in one transaction (attack 6).

use bessemer_chain::{Action, Diagnosis, Status, Transaction, U256};

use crate::common::script::{Script, deploy_script};
use crate::common::{amount, deploy, on_both};

#[test]
fn ten_thousand_transactions_of_a_block_all_have_receipts() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let counter = deploy(
            chain,
            alice,
            "li s0, DATA
            host storage_get(DATA, 1, DATA + 16, 4)
            lw t0, 16(s0)
            addi t0, t0, 1
            sw t0, 16(s0)
            host storage_set(DATA, 1, DATA + 16, 4)
            host finish(DATA + 16, 4)",
        );
        let first = chain.account(&alice).unwrap().nonce;
        let mut block = chain.block();
        for number in 0..10_000 {
            let transaction = Transaction {
                sender: alice,
                nonce: first + number,
                gas_limit: 1_000_000,
                gas_price: U256::ONE,
                value: amount(1),
                action: Action::Call { to: counter, input: Vec::new() },
                access: None,
            };
            let receipt = block.push(&transaction).unwrap();
            assert_eq!(receipt.output, (number as u32 + 1).to_le_bytes());
        }
        let sealed = block.commit().unwrap();
        assert_eq!(sealed.receipts.len(), 10_000);
        assert!(sealed.receipts.iter().all(|receipt| receipt.status == Status::Return));
        assert_eq!(chain.balance(&counter).unwrap(), amount(10_000));
        assert_eq!(chain.receipts(sealed.header.height).unwrap(), sealed.receipts);
        sealed.header
    });
}

#[test]
fn ten_thousand_calls_of_a_transaction_all_have_their_status() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = deploy_script(chain, alice);
        let traps = deploy(chain, alice, "unimp");
        let mut script = Script::new();
        let (to, value) = (script.put(traps.as_bytes()), script.space(32));
        script.repeat(10_000, "call", &[to, value, 0, 0, 1000, 0]);
        let request = chain.call(outer, "").input(script.input()).from(alice).gas(1 << 34);
        let receipt = request.send().unwrap();
        assert_eq!(script.told(&receipt.output).results, [2]);
        // what explains failures to people is bounded
        assert_eq!(receipt.diagnosis.failures.len(), Diagnosis::MOST_FAILURES);
        assert!(receipt.diagnosis.cut);
        receipt
    });
}
