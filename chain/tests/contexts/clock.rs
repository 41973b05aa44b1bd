//! No clock has a part in an outcome (rule G12): the time that contracts see is the block's.

use std::time::{Duration, Instant};

use crate::common::script::{Script, deploy_script};
use crate::common::{BACKENDS, chain};

#[test]
fn a_block_that_runs_later_and_slower_is_the_same_block() {
    let run = |backend, wait: Duration| {
        let mut chain = chain(backend);
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(&mut chain, alice);
        let mut receipts = Vec::new();
        for _ in 0..3 {
            let mut script = Script::new();
            let at = script.space(8);
            script.host("timestamp", &[at]).repeat(2000, "storage_set", &[at, 8, at, 8]);
            script.host("gas_left", &[at]).host("emit", &[0, 0, at, 8]);
            receipts.push(script.send(&mut chain, alice, contract));
            let now = Instant::now();
            while now.elapsed() < wait {
                std::hint::spin_loop();
            }
        }
        (receipts, chain.head().clone(), chain.state_digest().unwrap())
    };
    let [one, other] = BACKENDS.map(|backend| run(backend, Duration::ZERO));
    assert_eq!(one, other);
    assert_eq!(one, run(BACKENDS[1], Duration::from_millis(15)));
}

#[test]
fn time_in_a_block_is_what_its_maker_says_and_never_goes_back() {
    let mut chain = chain(BACKENDS[1]);
    let before = chain.head().timestamp;
    for (said, expected) in [(Some(1_000), 1_000), (None, 1_001), (Some(5), 1_001)] {
        let block = match said {
            Some(seconds) => chain.block_at(seconds),
            None => chain.block(),
        };
        assert_eq!(block.info().timestamp, expected);
        assert_eq!(block.commit().unwrap().header.timestamp, expected);
    }
    assert!(before < 1_000);
}
