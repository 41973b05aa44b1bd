//! Value moves with calls, and only the contract's own.

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Chain};

use crate::common::script::{Script, deploy_script};
use crate::common::{PRICES, amount, deploy, on_both};

/// A contract with this balance.
fn rich(chain: &mut Chain, from: Address, balance: u64) -> Address {
    let contract = deploy_script(chain, from);
    let sent = chain.call(contract, "").from(from).value(amount(balance)).send().unwrap();
    assert!(sent.succeeded());
    contract
}

#[test]
fn value_moves_to_contracts_and_to_accounts_without_code() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (rich(chain, alice, 100), deploy_script(chain, alice));
        let nobody = Address::new([0x77; 20]);
        let mut script = Script::new();
        script.call(inner, 30, &[]).call(nobody, 20, &[]).call(nobody, 0, &[]).call(outer, 0, &[]);
        let results = script.tell(chain, alice, outer).results;
        assert_eq!(results, [status::RETURN, status::RETURN, status::RETURN, status::REENTRY]);
        let balances = [outer, inner, nobody].map(|account| chain.balance(&account).unwrap());
        assert_eq!(balances, [50, 30, 20].map(amount));
    });
}

#[test]
fn the_callee_sees_the_value_and_both_balances_after_it_moved() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (rich(chain, alice, 100), deploy_script(chain, alice));
        let mut asked = Script::new();
        let out = asked.space(96);
        let (own, other) = (asked.put(inner.as_bytes()), asked.put(outer.as_bytes()));
        asked.host("value", &[out]).host("balance", &[own, out + 32]);
        asked.host("balance", &[other, out + 64]).show_memory();
        let mut script = Script::new();
        script.call(inner, 30, &asked.input());
        let at = script.space(96);
        script.host("output_copy", &[0, at, 96]).show_memory();
        let told = script.tell(chain, alice, outer);
        assert_eq!(told.results[0], status::RETURN);
        let seen = told.at(at, 96).chunks(32);
        let expected = [30, 30, 70].map(|number| amount(number).to_le_bytes::<32>());
        assert!(seen.eq(expected.iter().map(|bytes| &bytes[..])));
    });
}

#[test]
fn value_comes_back_when_the_callee_fails() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = rich(chain, alice, 100);
        let failing = ["host revert(0, 0)", "unimp", "1: j 1b"];
        let expected = [status::REVERT, status::TRAP, status::OUT_OF_GAS];
        let mut script = Script::new();
        let callees = failing.map(|source| deploy(chain, alice, source));
        for callee in callees {
            script.call(callee, 30, &[1]);
        }
        assert_eq!(script.tell(chain, alice, outer).results, expected);
        assert_eq!(chain.balance(&outer).unwrap(), amount(100));
        assert!(callees.iter().all(|callee| chain.balance(callee).unwrap().is_zero()));
    });
}

#[test]
fn more_than_the_balance_is_refused_and_exactly_the_balance_is_not() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (rich(chain, alice, 100), deploy_script(chain, alice));
        let mut script = Script::new();
        script.call(inner, 101, &[]).call(inner, 100, &[]).call(inner, 1, &[]);
        let results = script.tell(chain, alice, outer).results;
        assert_eq!(results, [status::BALANCE, status::RETURN, status::BALANCE]);
        assert_eq!(chain.balance(&inner).unwrap(), amount(100));
    });
}

#[test]
fn an_account_that_comes_into_being_costs_more() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let outer = rich(chain, alice, 100);
        let nobody = Address::new([0x77; 20]);
        let mut script = Script::new();
        script.call(nobody, 0, &[]).call(nobody, 1, &[]).call(nobody, 1, &[]);
        let prices = PRICES;
        let expected = [25_000 + prices.cold_account, 25_000 + prices.new_account, 25_000];
        assert_eq!(script.tell(chain, alice, outer).costs, expected);
    });
}
