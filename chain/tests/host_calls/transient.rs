//! Storage that ends with the transaction.

use bessemer_abi::HostCall;
use bessemer_abi::codes::ABSENT;

use crate::common::on_both;
use crate::common::script::{Script, deploy_script};

#[test]
fn transient_values_are_found_in_their_transaction_and_in_no_other() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let (key, value, into) = (script.put(b"key"), script.put([1, 2, 3, 4]), script.put([9; 8]));
        script.host("transient_get", &[key, 3, into, 8]);
        script.host("transient_remove", &[key, 3]);
        script.host("transient_set", &[key, 3, value, 4]);
        script.host("transient_get", &[key, 3, into, 2]);
        script.host("storage_get", &[key, 3, into, 8]);
        let told = script.clone().show_memory().tell(chain, alice, contract);
        assert_eq!(told.results, [ABSENT, 0, 0, 4, ABSENT]);
        assert_eq!(told.at(into, 4), [1, 2, 9, 9]);
        // once more: nothing is left of the first transaction
        assert_eq!(script.tell(chain, alice, contract).results, [ABSENT, 0, 0, 4, ABSENT]);
        script.host("transient_remove", &[key, 3]).host("transient_get", &[key, 3, into, 8]);
        let results = script.tell(chain, alice, contract).results;
        assert_eq!(results[5..], [1, ABSENT]);
        assert_eq!(chain.storage(&contract, b"key").unwrap(), None);
    });
}

#[test]
fn transient_storage_costs_its_row() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let at = script.put(b"key");
        script.host("transient_set", &[at, 3, at, 20]);
        script.host("transient_get", &[at, 3, at, 8]);
        script.host("transient_remove", &[at, 3]);
        let row = |call: HostCall, bytes: u32| {
            let row = call.row();
            u64::from(row.base + bytes * row.per_byte)
        };
        let expected = [
            row(HostCall::TransientSet, 23),
            row(HostCall::TransientGet, 11),
            row(HostCall::TransientRemove, 3),
        ];
        assert_eq!(script.tell(chain, alice, contract).costs, expected);
    });
}

#[test]
fn transient_storage_is_the_contracts_own_and_lives_on_between_its_frames() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [outer, one, two] = [(); 3].map(|()| deploy_script(chain, alice));
        let mut set = Script::new();
        let key = set.put(b"key");
        set.host("transient_set", &[key, 3, key, 2]);
        let mut get = Script::new();
        let key = get.put(b"key");
        let into = get.space(8);
        get.host("transient_get", &[key, 3, into, 8]);
        let mut script = Script::new();
        let out = script.space(24);
        script.call(one, 0, &set.input());
        script.call(one, 0, &get.input()).host("output_copy", &[16, out, 4]);
        script.call(two, 0, &get.input()).host("output_copy", &[16, out + 4, 4]);
        let told = script.show_memory().tell(chain, alice, outer);
        assert_eq!(told.at(out, 4), 2_u32.to_le_bytes());
        assert_eq!(told.at(out + 4, 4), ABSENT.to_le_bytes());
    });
}
