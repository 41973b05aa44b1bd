//! Who, where and when.

use bessemer_abi::HostCall;
use bessemer_abi::codes::ABSENT;
use bessemer_chain::Address;
use bessemer_image::CodeHash;

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, amount, on_both};

#[test]
fn a_contract_knows_who_called_it_with_what_and_when() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let calls =
            ["caller", "origin", "own_address", "value", "block_number", "timestamp", "chain_id"];
        let places = calls.map(|name| {
            let at = script.space(32);
            script.host(name, &[at]);
            at
        });
        script.show_memory();
        let request = chain.call(contract, "").input(script.input()).value(amount(1 << 40));
        let receipt = request.from(alice).send().unwrap();
        let told = script.told(&receipt.output);
        let field = |index: usize, bytes| told.at(places[index], bytes);
        assert_eq!(field(0, 20), alice.as_bytes());
        assert_eq!(field(1, 20), alice.as_bytes());
        assert_eq!(field(2, 20), contract.as_bytes());
        assert_eq!(field(3, 32), amount(1 << 40).to_le_bytes::<32>());
        assert_eq!(field(4, 8), chain.height().to_le_bytes());
        assert_eq!(field(5, 8), chain.head().timestamp.to_le_bytes());
        assert_eq!(field(6, 8), chain.config().chain_id.to_le_bytes());
        // nothing is written behind the field
        assert!((0..7).filter(|index| *index != 3).all(|index| field(index, 32)[20..] == [0; 12]));
        receipt.gas_used
    });
}

#[test]
fn a_contract_called_by_a_contract_has_another_caller_and_the_same_origin() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (deploy_script(chain, alice), deploy_script(chain, alice));
        let mut asked = Script::new();
        let (caller, origin) = (asked.space(20), asked.space(20));
        asked.host("caller", &[caller]).host("origin", &[origin]).show_memory();
        let mut script = Script::new();
        script.call(inner, 0, &asked.input()).host("output_size", &[]);
        let at = script.space(20);
        script.host("output_copy", &[0, at, 20]).show_memory();
        let told = script.tell(chain, alice, outer);
        assert_eq!(told.at(at, 20), outer.as_bytes());
        told.results
    });
}

#[test]
fn balance_and_code_hash_work_for_contracts_users_and_absent_accounts() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let nobody = Address::new([0x77; 20]);
        let mut script = Script::new();
        let mut places = Vec::new();
        for address in [contract, alice, nobody] {
            let (at, balance, hash) =
                (script.put(address.as_bytes()), script.space(32), script.space(32));
            script.host("balance", &[at, balance]).host("code_hash", &[at, hash]);
            places.push((balance, hash));
        }
        script.show_memory();
        let request = chain.call(contract, "").input(script.input()).value(amount(5));
        let receipt = request.from(alice).send().unwrap();
        let told = script.told(&receipt.output);
        assert_eq!(told.results, [0, 0, 0, ABSENT, 0, ABSENT]);
        // the value that came with the call is there already
        assert_eq!(told.at(places[0].0, 32), amount(5).to_le_bytes::<32>());
        assert_eq!(told.at(places[0].1, 32), CodeHash::of(&script_code()).as_bytes());
        let alices = chain.balance(&alice).unwrap().to_le_bytes::<32>();
        assert_eq!(told.at(places[1].0, 32), alices);
        assert_eq!(told.at(places[1].1, 32), [0; 32]);
        assert_eq!(told.at(places[2].0, 32), [0; 32]);
        told
    });
}

#[test]
fn only_the_first_access_to_an_account_costs_more() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let accounts = [alice, contract, Address::new([0x77; 20]), Address::new([0x78; 20])];
        let out = script.space(32);
        let at = accounts.map(|address| script.put(address.as_bytes()));
        script.host("balance", &[at[0], out]).host("code_hash", &[at[1], out]);
        script.host("balance", &[at[2], out]).host("code_hash", &[at[2], out]);
        script.host("code_hash", &[at[3], out]).host("balance", &[at[3], out]);
        let base = u64::from(HostCall::Balance.row().base);
        let cold = base + PRICES.cold_account;
        // who sends and who is called are warm from the begin
        let costs = script.tell(chain, alice, contract).costs;
        assert_eq!(costs, [base, base, cold, base, cold, base]);
    });
}
