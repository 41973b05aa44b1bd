//! Gas is bought before a transaction runs, the rest comes back, and fees are paid with the block.

use std::sync::Arc;

use bessemer_chain::store::MemoryStore;
use bessemer_chain::{Action, Address, Chain, ChainConfig, Refusal, Transaction, U256};

use crate::common::script::{Script, deploy_script};
use crate::common::{BACKENDS, amount, engine, on_both};

#[test]
fn a_contract_sees_its_senders_balance_without_the_gas_that_was_bought() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let before = chain.balance(&alice).unwrap();
        let mut script = Script::new();
        let (at, out) = (script.put(alice.as_bytes()), script.space(32));
        script.host("balance", &[at, out]).show_memory();
        let request = chain.call(a, "").input(script.input()).from(alice).value(amount(5));
        let receipt = request.gas(1 << 24).gas_price(amount(2)).send().unwrap();
        let told = script.told(&receipt.output);
        let seen = before - amount(5 + (2 << 24));
        assert_eq!(told.at(out, 32), seen.to_le_bytes::<32>());
        let paid = amount(5 + 2 * receipt.gas_used);
        assert_eq!(chain.balance(&alice).unwrap(), before - paid);
    });
}

#[test]
fn fees_reach_their_recipient_at_the_end_of_the_block_and_not_before() {
    let run = |backend| {
        let miner = Address::new([0xfe; 20]);
        let config = ChainConfig { fee_recipient: Some(miner), ..ChainConfig::default() };
        let store = Arc::new(MemoryStore::new());
        let mut chain = Chain::on(&engine(backend), store, config).unwrap();
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(&mut chain, alice);
        assert_eq!(chain.balance(&miner).unwrap(), U256::ZERO);
        let mut script = Script::new();
        let (at, out) = (script.put(miner.as_bytes()), script.space(32));
        script.host("balance", &[at, out]).show_memory();
        let first = chain.account(&alice).unwrap().nonce;
        let mut block = chain.block();
        let mut fees = 0;
        for nonce in first..first + 3 {
            let receipt = block.push(&Transaction {
                sender: alice,
                nonce,
                gas_limit: 1 << 24,
                gas_price: amount(7),
                value: U256::ZERO,
                action: Action::Call { to: a, input: script.input() },
                access: None,
            });
            let receipt = receipt.unwrap();
            assert_eq!(script.told(&receipt.output).at(out, 32), [0; 32]);
            fees += 7 * receipt.gas_used;
        }
        block.commit().unwrap();
        assert_eq!(chain.balance(&miner).unwrap(), amount(fees));
        chain.state_digest().unwrap()
    };
    let [one, other] = BACKENDS.map(run);
    assert_eq!(one, other);
}

#[test]
fn a_transaction_that_cannot_be_paid_is_refused_and_changes_nothing() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let balance = chain.balance(&alice).unwrap();
        let good = Transaction {
            sender: alice,
            nonce: chain.account(&alice).unwrap().nonce,
            gas_limit: 1 << 24,
            gas_price: amount(1),
            value: balance - amount(1 << 24),
            action: Action::Call { to: a, input: Vec::new() },
            access: None,
        };
        let digest = chain.state_digest().unwrap();
        let most = chain.config().block_gas;
        let mut block = chain.block();
        let mut refusal = |transaction: Transaction| {
            let error = block.push(&transaction).unwrap_err();
            let bessemer_chain::ChainError::Refused(refusal) = error else {
                panic!("{error}");
            };
            refusal
        };
        let short = Transaction { value: good.value + amount(1), ..good.clone() };
        assert!(matches!(refusal(short), Refusal::Balance { .. }));
        let wide = Transaction { gas_price: U256::MAX, ..good.clone() };
        assert!(matches!(refusal(wide), Refusal::Cost));
        let low = Transaction { gas_limit: 149_999, ..good.clone() };
        assert!(matches!(refusal(low), Refusal::GasTooLow { needed: 150_000, .. }));
        let high = Transaction { gas_limit: most + 1, ..good.clone() };
        assert!(matches!(refusal(high), Refusal::GasTooHigh { .. }));
        let contract = Transaction { sender: a, nonce: 1, value: U256::ZERO, ..good.clone() };
        assert!(matches!(refusal(contract), Refusal::SenderIsContract { .. }));
        drop(block);
        assert_eq!(chain.state_digest().unwrap(), digest);
        // what is exactly enough is enough
        let mut block = chain.block();
        assert!(block.push(&good).unwrap().succeeded());
        block.commit().unwrap();
    });
}
