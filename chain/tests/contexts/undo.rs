//! A frame that fails undoes everything that it and its callees did, and nothing else.

use bessemer_abi::codes::{ABSENT, status};
use bessemer_chain::{CodeHash, Status};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, amount, on_both};

#[test]
fn what_a_callee_of_a_failed_frame_did_is_undone_with_it() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b, c] = [(); 3].map(|()| deploy_script(chain, alice));
        for contract in [a, b, c] {
            chain.call(contract, "").from(alice).value(amount(100)).send().unwrap();
        }
        let mut inner = Script::new();
        inner.set(b"key", b"inner").call(alice, 5, &[]).host("emit", &[0, 0, 0, 0]);
        inner.create(&CodeHash::of(&script_code()), 7, &[]);
        let key = inner.put(b"transient");
        inner.host("transient_set", &[key, 9, key, 1]);
        let mut middle = Script::new();
        middle.set(b"key", b"middle").call(c, 3, &inner.input()).trap();
        let mut look = Script::new();
        let (key, out) = (look.put(b"transient"), look.space(8));
        look.host("transient_get", &[key, 9, out, 8]);
        let mut script = Script::new();
        script.set(b"key", b"outer").call(b, 2, &middle.input()).set(b"after", b"outer");
        script.call_as("static_call", c, &look.input());
        let out = script.space(4);
        script.host("output_copy", &[16, out, 4]).show_memory();
        let alices = chain.balance(&alice).unwrap();
        let receipt = script.send(chain, alice, a);
        let told = script.told(&receipt.output);
        assert_eq!(told.results, [0, status::TRAP, 0, status::RETURN, 4]);
        assert_eq!(told.at(out, 4), ABSENT.to_le_bytes());
        assert_eq!((receipt.created, receipt.events), (vec![], vec![]));
        assert!([a, b, c].iter().all(|one| chain.balance(one).unwrap() == amount(100)));
        assert_eq!(chain.balance(&alice).unwrap(), alices);
        assert_eq!(chain.account(&c).unwrap().nonce, 1);
        assert_eq!(chain.storage(&a, b"key").unwrap().unwrap(), b"outer");
        assert_eq!(chain.storage(&a, b"after").unwrap().unwrap(), b"outer");
        assert!([b, c].iter().all(|one| chain.storage(one, b"key").unwrap().is_none()));
    });
}

#[test]
fn a_value_goes_back_to_what_it_was_when_the_frame_began() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut before = Script::new();
        before.set(b"1", b"old").set(b"2", b"old").tell(chain, alice, b);
        let mut earlier = Script::new();
        earlier.set(b"1", b"new");
        let mut failing = Script::new();
        failing.set(b"1", b"third").set(b"1", b"fourth").set(b"3", b"third");
        let key = failing.put(b"2");
        failing.host("storage_remove", &[key, 1]).host("revert", &[0, 0]);
        let mut script = Script::new();
        script.call(b, 0, &earlier.input()).call(b, 0, &failing.input());
        assert_eq!(script.tell(chain, alice, a).results, [status::RETURN, status::REVERT]);
        let stored = |key| chain.storage(&b, key).unwrap();
        assert_eq!(stored(b"1").unwrap(), b"new");
        assert_eq!(stored(b"2").unwrap(), b"old");
        assert_eq!(stored(b"3"), None);
    });
}

/// The price of an access depends on the transaction alone, not on what became of a frame.
#[test]
fn what_was_accessed_stays_accessed_when_the_access_is_undone() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let [a, b] = [(); 2].map(|()| deploy_script(chain, alice));
        let mut set = Script::new();
        set.set(b"key", b"value").host("revert", &[0, 0]);
        let mut get = Script::new();
        let (key, out) = (get.put(b"key"), get.space(8));
        get.host("storage_get", &[key, 3, out, 8]);
        let mut script = Script::new();
        script.call(b, 0, &set.input()).call(b, 0, &get.input());
        let out = script.space(20);
        let told = script.host("output_copy", &[0, out, 20]).show_memory().tell(chain, alice, a);
        let inner = get.told(told.at(out, 20));
        assert_eq!((inner.results[0], inner.costs[0]), (ABSENT, 300 + 3 + 8));
        assert!(told.costs[0] - told.costs[1] > PRICES.cold_account);
    });
}

#[test]
fn a_transaction_that_fails_leaves_its_senders_nonce_and_fee() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let a = deploy_script(chain, alice);
        let before = chain.account(&alice).unwrap();
        let mut script = Script::new();
        script.set(b"key", b"value").trap();
        let request = chain.call(a, "").input(script.input()).from(alice).value(amount(9));
        let receipt = request.gas_price(amount(3)).send().unwrap();
        assert_eq!(receipt.status, Status::Trap);
        let after = chain.account(&alice).unwrap();
        assert_eq!(after.nonce, before.nonce + 1);
        assert_eq!(before.balance - after.balance, amount(3 * receipt.gas_used));
        assert_eq!(chain.balance(&a).unwrap(), amount(0));
        assert_eq!(chain.storage(&a, b"key").unwrap(), None);
    });
}
