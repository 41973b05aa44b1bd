//! A declared access list: what it has can be used, what it has not traps, in every frame.

use bessemer_abi::codes::status;
use bessemer_chain::{AccessList, Address, Chain, CodeHash, DEFAULT_GAS, Receipt, StateKey};
use bessemer_isa::TrapKind;

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, amount, on_both, trap};

fn list_price(list: &AccessList) -> u64 {
    list.len() as u64 * PRICES.access_entry
}

fn send(
    chain: &mut Chain,
    from: Address,
    to: Address,
    script: &Script,
    list: AccessList,
) -> Receipt {
    // with the gas that is there without a list
    let gas = DEFAULT_GAS + list_price(&list);
    let request = chain.call(to, "").input(script.input()).from(from).access(list).gas(gas);
    request.value(amount(9)).send().unwrap()
}

#[test]
fn what_a_simulation_used_is_exactly_what_has_to_be_declared() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut inner = Script::new();
        let (key, out) = (inner.put(b"read"), inner.space(32));
        inner.host("storage_get", &[key, 4, out, 8]).set(b"written", b"value");
        inner.host("balance", &[key, out]);
        let mut script = Script::new();
        script.set(b"own", b"value").call(b, 4, &inner.input()).call(Address::new([7; 20]), 1, &[]);
        script.create(&CodeHash::of(&script_code()), 1, &[]);
        let request = chain.call(a, "").input(script.input()).from(alice).value(amount(9));
        let simulated = request.simulate().unwrap();
        let list = simulated.diagnosis.access.clone().unwrap();
        assert!(list.reads.len() >= 2 && list.writes.len() >= 7, "{list:?}");
        // without any one of the keys the transaction does not do what it did
        let implied = [StateKey::Account(alice), StateKey::Account(a)];
        for key in list.reads.iter().chain(&list.writes).filter(|key| !implied.contains(key)) {
            let mut less = list.clone();
            less.reads.remove(key);
            let was_written = less.writes.remove(key);
            let mut tries = vec![less.clone()];
            if was_written {
                less.reads.insert(*key);
                tries.push(less);
            }
            for less in tries {
                let request = chain.call(a, "").input(script.input()).from(alice);
                let receipt = request.value(amount(9)).access(less).simulate().unwrap();
                assert_eq!(trap(&receipt), Some(TrapKind::AccessViolation), "without {key:?}");
            }
        }
        let price = list_price(&list);
        let receipt = send(chain, alice, a, &script, list);
        assert_eq!(receipt.output, simulated.output);
        assert_eq!(receipt.gas_used, simulated.gas_used + price);
    });
}

#[test]
fn a_violation_is_a_trap_of_its_frame_and_the_caller_goes_on() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut inner = Script::new();
        inner.set(b"key", b"value");
        let mut script = Script::new();
        script.call(b, 0, &inner.input());
        let mut list = AccessList::default();
        list.reads.insert(StateKey::Account(b));
        let receipt = send(chain, alice, a, &script, list);
        assert_eq!(script.told(&receipt.output).results, [status::TRAP]);
        assert_eq!(trap(&receipt), Some(TrapKind::AccessViolation));
    });
}

/// Who sends and who is called are part of every transaction.
#[test]
fn an_empty_list_declares_the_sender_and_the_target_alone() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let mut script = Script::new();
        let out = script.space(32);
        for address in [alice, a] {
            let at = script.put(address.as_bytes());
            script.host("balance", &[at, out]);
        }
        script.call(alice, 3, &[]);
        let receipt = send(chain, alice, a, &script, AccessList::default());
        assert_eq!(script.told(&receipt.output).results, [0; 3]);
        script.set(b"key", b"value");
        let receipt = send(chain, alice, a, &script, AccessList::default());
        assert_eq!(trap(&receipt), Some(TrapKind::AccessViolation));
    });
}
