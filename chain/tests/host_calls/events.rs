//! Events: what they hold, and how many there can be.

use bessemer_abi::limits::{EVENT_BYTES, EVENTS, TOPICS};
use bessemer_isa::TrapKind;

use crate::common::script::{Script, deploy_script};
use crate::common::{on_both, trap};

#[test]
fn an_event_has_its_emitter_its_topics_and_its_data() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        let topics: Vec<[u8; 32]> = (1..=TOPICS as u8).map(|byte| [byte; 32]).collect();
        let (at, data) = (script.put(topics.concat()), script.put(b"data"));
        for count in 0..=TOPICS {
            script.host("emit", &[at, count, data, count]);
        }
        let receipt = script.send(chain, alice, contract);
        assert_eq!(receipt.events.len(), 5);
        for (count, event) in receipt.events.iter().enumerate() {
            assert_eq!(event.address, contract);
            assert_eq!(event.topics, topics[..count]);
            assert_eq!(event.data, b"data"[..count]);
        }
    });
}

#[test]
fn a_transaction_has_64_events_at_most() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        script.repeat(EVENTS, "emit", &[0, 0, 0, 0]);
        let receipt = script.send(chain, alice, contract);
        assert_eq!(receipt.events.len() as u32, EVENTS);
        script.host("emit", &[0, 0, 0, 0]);
        let receipt = script.send(chain, alice, contract);
        assert_eq!(trap(&receipt), Some(TrapKind::HostLimit));
        assert_eq!(receipt.events, []);
    });
}

#[test]
fn all_events_together_have_16_kib_at_most_topics_included() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let half = EVENT_BYTES / 2;
        for (last, fits) in [(half - 128, true), (half - 127, false)] {
            let mut script = Script::new();
            let at = script.space(half);
            script.host("emit", &[at, 0, at, half]).host("emit", &[at, TOPICS, at, last]);
            let receipt = script.send(chain, alice, contract);
            assert_eq!(trap(&receipt), (!fits).then_some(TrapKind::HostLimit));
        }
        // the whole cap in one event
        let mut script = Script::new();
        let at = script.space(EVENT_BYTES);
        script.host("emit", &[at, 0, at, EVENT_BYTES]);
        assert!(script.send(chain, alice, contract).succeeded());
    });
}

#[test]
fn events_that_were_undone_make_room() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let (outer, inner) = (deploy_script(chain, alice), deploy_script(chain, alice));
        let mut undone = Script::new();
        undone.repeat(EVENTS, "emit", &[0, 0, 0, 0]).trap();
        let mut script = Script::new();
        script.call(inner, 0, &undone.input()).repeat(EVENTS, "emit", &[0, 0, 0, 0]);
        let receipt = script.send(chain, alice, outer);
        assert!(receipt.succeeded());
        assert!(receipt.events.iter().all(|event| event.address == outer));
        assert_eq!(receipt.events.len() as u32, EVENTS);
    });
}

/// Step 3 comes before step 4.
#[test]
fn the_caps_come_before_the_ranges() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        for (count, expected) in [(EVENTS - 1, TrapKind::BadPointer), (EVENTS, TrapKind::HostLimit)]
        {
            let mut script = Script::new();
            script.repeat(count, "emit", &[0, 0, 0, 0]).host("emit", &[0xdead_0000, 1, 0, 0]);
            let receipt = script.send(chain, alice, contract);
            assert_eq!(trap(&receipt), Some(expected));
        }
        let mut script = Script::new();
        script.host("emit", &[0xdead_0000, 1, 0, EVENT_BYTES - 31]);
        assert_eq!(trap(&script.send(chain, alice, contract)), Some(TrapKind::HostLimit));
    });
}
