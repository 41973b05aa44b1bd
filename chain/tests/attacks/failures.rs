//! Failures in the middle of calls: attacks 8, 9 and 13.

use bessemer_abi::codes::status;
use bessemer_chain::{Address, Status};

use crate::common::on_both;
use crate::common::script::{Script, deploy_script};
use crate::scene::{attack_by, transaction};

/// Attack 8.
#[test]
fn a_panic_at_any_depth_is_a_revert_with_its_reason_and_callers_go_on() {
    let receipt = attack_by("host panic(text, 6)\n.data\ntext: .ascii \"no way\"", &[]);
    assert_eq!((receipt.status, receipt.message()), (Status::Revert, Some("no way")));
    on_both(|chain| {
        let mallory = chain.user("mallory").unwrap();
        let contracts = [(); 5].map(|()| deploy_script(chain, mallory));
        let mut script = Script::new();
        let reason = script.put(b"no way");
        script.host("panic", &[reason, 6]);
        for depth in (1..=4).rev() {
            let mut outer = Script::new();
            outer.call(contracts[depth], 0, &script.input()).set(b"depth", &[depth as u8]);
            script = outer;
        }
        let receipt = script.send(chain, mallory, contracts[0]);
        assert_eq!(script.told(&receipt.output).results, [status::RETURN, 0]);
        let failures = &receipt.diagnosis.failures;
        assert_eq!((failures.len(), failures[0].depth), (1, 5));
        assert_eq!(failures[0].status, Status::Revert);
        // all but the one that panicked go on
        let stored = contracts.map(|one| chain.storage(&one, b"depth").unwrap());
        assert_eq!(
            stored.clone().map(|value| value.map(|depth| depth[0])),
            [Some(1), Some(2), Some(3), Some(4), None]
        );
        stored
    });
}

/// Attack 9.
#[test]
fn a_call_of_a_missing_account_is_a_status_and_the_caller_goes_on() {
    on_both(|chain| {
        let mallory = chain.user("mallory").unwrap();
        let contract = deploy_script(chain, mallory);
        let nobody = Address::new([0x66; 20]);
        let mut script = Script::new();
        script.call(nobody, 0, b"hello").call_as("static_call", nobody, &[]);
        script.call_as("delegate_call", nobody, &[]).set(b"key", b"value");
        let results = script.tell(chain, mallory, contract).results;
        assert_eq!(results, [status::NO_CODE, status::NO_CODE, status::NO_CODE, 0]);
        assert!(chain.account(&nobody).unwrap().is_empty());
    });
    let receipt = crate::scene::attack(|scene| {
        transaction(scene.chain, scene.mallory, Address::new([0x66; 20]), b"hello".to_vec())
    });
    assert_eq!(receipt.status, Status::Revert);
    assert!(receipt.diagnosis.refused.is_some());
}

/// Attack 13.
#[test]
fn what_was_written_before_a_failure_is_undone() {
    let write = "host storage_set(DATA, 1, DATA, 32)
        host emit(0, 0, DATA, 4)
        host transient_set(DATA, 1, DATA, 32)\n";
    for (end, status) in [
        ("host revert(0, 0)", Status::Revert),
        ("host panic(0, 0)", Status::Revert),
        ("unimp", Status::Trap),
        ("ebreak", Status::Trap),
        ("1: j 1b", Status::OutOfGas),
    ] {
        let receipt = attack_by(&format!("{write}{end}"), &[]);
        assert_eq!((receipt.status, receipt.events), (status, vec![]), "{end}");
    }
}
