//! What removing values gives back.

use bessemer_chain::{Address, Chain};

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, entry_price, on_both};

/// Sends a script and gives what was given back: what the frame and the transaction cost, less what
/// the sender paid.
fn refund(chain: &mut Chain, from: Address, to: Address, script: &Script) -> (u64, u64) {
    let mut frames = crate::common::watch::Frames::default();
    let request = chain.call(to, "").input(script.input()).from(from).inspect(&mut frames);
    let receipt = request.send().unwrap();
    let input = script.input().len() as u64 * PRICES.input_byte;
    let entry = entry_price(&script_code());
    let full = PRICES.transaction + input + entry + frames.0[0].used();
    (full - receipt.gas_used, full)
}

/// A script that sets or removes the keys with these numbers.
fn with_keys(name: &str, keys: std::ops::Range<u8>) -> Script {
    let mut script = Script::new();
    for key in keys {
        let at = script.put([key]);
        script.host(name, &[at, 1, at, 1]);
    }
    script
}

#[test]
fn a_value_from_before_the_transaction_is_refunded_when_it_is_removed() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let set = with_keys("storage_set", 0..3);
        assert_eq!(refund(chain, alice, contract, &set).0, 0);
        let cleared = PRICES.cleared_value;
        let remove = with_keys("storage_remove", 0..2);
        assert_eq!(refund(chain, alice, contract, &remove).0, 2 * cleared);
        // what is not there any more gives nothing
        assert_eq!(refund(chain, alice, contract, &remove).0, 0);
        // set and removed in one transaction gives nothing, removed and set again neither
        let mut script = with_keys("storage_set", 5..6);
        let at = script.put([5, 2]);
        script.host("storage_remove", &[at, 1]);
        script.host("storage_remove", &[at + 1, 1]).host("storage_set", &[at + 1, 1, at, 1]);
        assert_eq!(refund(chain, alice, contract, &script).0, 0);
        // an empty value is a value
        let mut script = Script::new();
        let at = script.put([2]);
        script.host("storage_set", &[at, 1, at, 0]);
        assert_eq!(refund(chain, alice, contract, &script).0, 0);
    });
}

#[test]
fn refunds_are_a_fifth_of_the_gas_at_most() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        with_keys("storage_set", 0..20).tell(chain, alice, contract);
        let (refund, full) = refund(chain, alice, contract, &with_keys("storage_remove", 0..20));
        assert!(20 * PRICES.cleared_value > full / PRICES.refund_cap, "the cap matters");
        assert_eq!(refund, full / PRICES.refund_cap);
    });
}

#[test]
fn a_removal_that_is_undone_gives_nothing() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (deploy_script(chain, alice), deploy_script(chain, alice));
        with_keys("storage_set", 0..2).tell(chain, alice, inner);
        let mut undone = with_keys("storage_remove", 0..2);
        undone.host("revert", &[0, 0]);
        let mut script = Script::new();
        script.call(inner, 0, &undone.input());
        assert_eq!(refund(chain, alice, outer, &script).0, 0);
        script.call(inner, 0, &with_keys("storage_remove", 1..2).input());
        assert_eq!(refund(chain, alice, outer, &script).0, PRICES.cleared_value);
        assert_eq!(refund(chain, alice, inner, &undone).0, 0);
    });
}
