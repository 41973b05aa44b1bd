//! The demo: deployments, swaps, a receipt, an explained failure, and the interpreter's agreement.

mod common;

use common::{Local, code, json, stderr, stdout};

#[test]
fn the_demo_swaps_and_the_interpreter_agrees() {
    let local = Local::empty();
    let text = local.succeeds(&["demo", "--swaps", "600", "--keep", "."]);
    for part in [
        "600 times",
        "swaps and",
        "event Swapped { trader: ",
        "exchange.swapCoins reverted: Slippage { offered: ",
        "state unchanged",
        "agrees in state 0x",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // the chain is there, with names
    assert!(local.succeeds(&["events", "exchange", "--last", "3"]).contains("exchange.Swapped"));
    let output = local.run(&["demo", "--keep", "."]);
    assert_eq!((code(&output), stdout(&output)), (2, ""));
    assert!(stderr(&output).contains("has a chain already"));
}

#[test]
fn the_demo_is_the_same_every_time() {
    let digests = [(); 2].map(|()| {
        let output = Local::empty().run(&["demo", "--swaps", "501", "--json"]);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let document = json(&output);
        assert_eq!(document["agree"], true);
        (document["state_digest"].clone(), document["gas_used"].clone())
    });
    assert_eq!(digests[0], digests[1]);
}
