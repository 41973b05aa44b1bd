//! A transaction writes 4,096 times at most.

use bessemer_abi::limits::WRITES;
use bessemer_chain::Status;
use bessemer_isa::TrapKind;

use crate::common::script::{Script, deploy_script};
use crate::common::{on_both, trap};

/// A script of this many writes, of all kinds that count.
fn writes(count: u32) -> Script {
    let mut script = Script::new();
    let key = script.put(b"key");
    let each = count / 4;
    script.repeat(each, "storage_set", &[key, 3, key, 1]);
    script.repeat(each, "storage_remove", &[key, 3]);
    script.repeat(each, "transient_set", &[key, 3, key, 1]);
    script.repeat(count - 3 * each, "transient_remove", &[key, 3]);
    script
}

#[test]
fn one_write_above_the_cap_traps_whatever_kind_it_is() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        // each transaction begins to count anew
        for _ in 0..2 {
            assert_eq!(writes(WRITES).send(chain, alice, contract).status, Status::Return);
        }
        for name in ["storage_set", "storage_remove", "transient_set", "transient_remove"] {
            let mut script = writes(WRITES);
            let key = script.put(b"key");
            script.host(name, &[key, 3, key, 1]);
            let receipt = script.send(chain, alice, contract);
            assert_eq!(trap(&receipt), Some(TrapKind::HostLimit), "{name}");
        }
        // reading goes on
        let mut script = writes(WRITES);
        let key = script.put(b"key");
        script.host("storage_get", &[key, 3, key, 0]).host("transient_get", &[key, 3, key, 0]);
        assert_eq!(script.send(chain, alice, contract).status, Status::Return);
    });
}

#[test]
fn writes_that_were_undone_count_too() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (deploy_script(chain, alice), deploy_script(chain, alice));
        let mut undone = writes(WRITES - 1);
        undone.host("revert", &[0, 0]);
        let mut script = Script::new();
        script.call(inner, 0, &undone.input()).set(b"a", b"1");
        assert_eq!(script.tell(chain, alice, outer).results, [1, 0]);
        script.set(b"b", b"1");
        let receipt = script.send(chain, alice, outer);
        let last = receipt.diagnosis.failures.last().unwrap();
        assert_eq!(last.trap.map(|trap| trap.kind), Some(TrapKind::HostLimit));
    });
}

/// Step 3 comes before step 4.
#[test]
fn the_cap_comes_before_the_ranges() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        for (count, expected) in [(WRITES - 1, TrapKind::BadPointer), (WRITES, TrapKind::HostLimit)]
        {
            for name in ["storage_set", "storage_remove", "transient_set", "transient_remove"] {
                let mut script = writes(count);
                script.host(name, &[0xdead_0000, 1, 0, 0]);
                let receipt = script.send(chain, alice, contract);
                assert_eq!(trap(&receipt), Some(expected), "{name}");
            }
        }
    });
}
