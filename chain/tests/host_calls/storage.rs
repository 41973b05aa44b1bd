//! Durable storage: what it holds and what it costs.

use bessemer_abi::HostCall;
use bessemer_abi::codes::ABSENT;

use crate::common::script::{Script, deploy_script};
use crate::common::{PRICES, on_both};

const COLD: u64 = PRICES.cold_storage;

fn base(call: HostCall) -> u64 {
    call.row().base.into()
}

#[test]
fn values_of_all_lengths_are_found_under_keys_of_all_lengths() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let keys: [&[u8]; 6] = [b"", b"\0", b"\0\0", b"k", &[0xff; 63], &[0xff; 64]];
        for (key, length) in keys.iter().zip([0, 1, 39, 40, 41, 16_384]) {
            let mut script = Script::new();
            script.set(key, &vec![7; length]);
            assert_eq!(script.tell(chain, alice, contract).results, [0]);
        }
        for (key, length) in keys.iter().zip([0, 1, 39, 40, 41, 16_384]) {
            assert_eq!(chain.storage(&contract, key).unwrap().unwrap(), vec![7; length]);
            let mut script = Script::new();
            let (at, into) = (script.put(key), script.space(64));
            script.host("storage_get", &[at, key.len() as u32, into, 64]).show_memory();
            let told = script.tell(chain, alice, contract);
            assert_eq!(told.results, [length as u32], "the whole length, whatever fits");
            let copied = length.min(64);
            assert!(told.at(into, 64)[..copied].iter().all(|byte| *byte == 7));
            assert!(told.at(into, 64)[copied..].iter().all(|byte| *byte == 0));
        }
    });
}

#[test]
fn an_absent_value_is_not_an_empty_one() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let (key, into) = (script.put(b"key"), script.put([9; 8]));
        script.host("storage_get", &[key, 3, into, 8]);
        script.host("storage_remove", &[key, 3]);
        script.host("storage_set", &[key, 3, into, 0]);
        script.host("storage_get", &[key, 3, into, 8]);
        script.host("storage_remove", &[key, 3]);
        script.host("storage_remove", &[key, 3]);
        script.host("storage_get", &[key, 3, into, 8]);
        let told = script.show_memory().tell(chain, alice, contract);
        assert_eq!(told.results, [ABSENT, 0, 0, 0, 1, 0, ABSENT]);
        assert_eq!(told.at(into, 8), [9; 8], "nothing is written for what is not there");
        assert_eq!(chain.storage(&contract, b"key").unwrap(), None);
    });
}

#[test]
fn a_value_is_copied_as_far_as_it_fits() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        script.set(b"key", &[1, 2, 3, 4, 5]);
        let (key, into) = (script.put(b"key"), script.put([9; 12]));
        script.host("storage_get", &[key, 3, into, 2]);
        script.host("storage_get", &[key, 3, into + 4, 5]);
        let told = script.show_memory().tell(chain, alice, contract);
        assert_eq!(told.results, [0, 5, 5]);
        assert_eq!(told.at(into, 12), [1, 2, 9, 9, 1, 2, 3, 4, 5, 9, 9, 9]);
    });
}

#[test]
fn contracts_have_storage_of_their_own() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (one, two) = (deploy_script(chain, alice), deploy_script(chain, alice));
        let mut script = Script::new();
        script.set(b"key", b"one").tell(chain, alice, one);
        let mut script = Script::new();
        let (key, into) = (script.put(b"key"), script.space(8));
        script.host("storage_get", &[key, 3, into, 8]);
        assert_eq!(script.tell(chain, alice, one).results, [3]);
        assert_eq!(script.tell(chain, alice, two).results, [ABSENT]);
    });
}

#[test]
fn the_first_access_to_a_key_costs_more_whatever_it_is() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let (keys, into) = (script.put(b"abc"), script.space(8));
        script.host("storage_get", &[keys, 1, into, 8]).host("storage_get", &[keys, 1, into, 8]);
        script.host("storage_remove", &[keys, 1]);
        script.host("storage_remove", &[keys + 1, 1]).host("storage_get", &[keys + 1, 1, into, 8]);
        script.host("storage_set", &[keys + 2, 1, into, 0]);
        script.host("storage_get", &[keys + 2, 1, into, 8]);
        let get = base(HostCall::StorageGet) + 9;
        let change = base(HostCall::StorageRemove) + 2;
        let new = change + PRICES.new_value + PRICES.state_byte;
        let expected = [get + COLD, get, change, change + COLD, get, new + COLD, get];
        assert_eq!(script.tell(chain, alice, contract).costs, expected);
    });
}

#[test]
fn what_the_state_grows_by_costs_and_what_it_shrinks_by_does_not() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let (key, value) = (script.put(b"key"), script.space(100));
        for length in [10, 10, 13, 4, 13, 100] {
            script.host("storage_set", &[key, 3, value, length]);
        }
        script.host("storage_remove", &[key, 3]);
        script.host("storage_set", &[key, 3, value, 1]);
        let byte = PRICES.state_byte;
        let write = |length: u64| base(HostCall::StorageSet) + 2 * (3 + length);
        let expected = [
            COLD + write(10) + PRICES.new_value + 13 * byte,
            write(10),
            write(13) + 3 * byte,
            write(4),
            write(13) + 9 * byte,
            write(100) + 87 * byte,
            write(0),
            write(1) + PRICES.new_value + 4 * byte,
        ];
        assert_eq!(script.tell(chain, alice, contract).costs, expected);
        // the next transaction finds the value, cold
        let mut again = Script::new();
        let (key, value) = (again.put(b"key"), again.space(8));
        again.host("storage_set", &[key, 3, value, 2]);
        assert_eq!(again.tell(chain, alice, contract).costs, [COLD + write(2) + byte]);
    });
}
