//! Counting, storing, hashing, logging.

use bessemer_chain::{Status, U256};
use bessemer_types::revert::Revert;
use bessemer_types::{Bytes, FixedBytes};

use crate::{amount, message, on_both};

#[test]
fn a_panic_says_why_and_where() {
    on_both(|stage| {
        let counter = stage.deploy("counter", 0, ());
        assert_eq!(stage.done::<u64>(stage.bob, counter, "add(uint64)", (u64::MAX,)), u64::MAX);
        let wrapped = stage.send(stage.bob, counter, "add(uint64)", (1u64,));
        assert_eq!(Revert::decode(&wrapped.output), Some(Revert::Panic(amount(0x11))));
        let text = &wrapped.diagnosis.log.last().unwrap().text;
        assert!(text.starts_with("attempt to add with overflow (counter/src/lib.rs:"), "{text}");
        assert_eq!(stage.send(stage.bob, counter, "reset()", ()).status, Status::Revert);
        assert_eq!(stage.send(stage.alice, counter, "reset()", ()).status, Status::Return);
        let divide = stage.deploy("multi_func", 0, ());
        let divided = stage.send(stage.bob, divide, "divide(uint64,uint64)", (1u64, 0u64));
        assert!(message(&divided).starts_with("attempt to divide by zero"));
    });
}

#[test]
fn storage_keeps_every_kind() {
    on_both(|stage| {
        let (tour, bob) = (stage.deploy("storage", 0, ()), stage.bob);
        for item in 10..14u64 {
            stage.send(bob, tour, "push(uint64)", (item,));
        }
        assert_eq!(stage.done::<u64>(bob, tour, "remove(uint32)", (1u32,)), 11);
        assert_eq!(stage.ask::<Vec<u64>>(tour, "list()", ()), [10, 13, 12]);
        let add = "add(string,uint256)";
        assert_eq!(stage.done::<U256>(bob, tour, add, ("slag", amount(2))), amount(2));
        assert_eq!(stage.done::<U256>(bob, tour, add, ("slag", amount(3))), amount(5));
        let visit = "visit(string,address)";
        assert_eq!(stage.done::<u32>(bob, tour, visit, ("Bob", stage.alice)), 1);
        assert_eq!(stage.done::<u32>(bob, tour, visit, ("Bob", stage.alice)), 2);
        let out = stage.send(bob, tour, "remove(uint32)", (3u32,));
        assert!(
            message(&out).starts_with("index out of bounds: the length is 3 but the index is 3")
        );
    });
}

#[test]
fn libraries_in_a_contract_agree_with_the_host() {
    on_both(|stage| {
        let hashes = stage.deploy("lib_import", 0, ());
        let data = Bytes(vec![7; 300]);
        let [library, host] = ["byLibrary(bytes)", "byHost(bytes)"]
            .map(|name| stage.ask::<FixedBytes<32>>(hashes, name, (&data,)));
        assert_eq!(library, host);
    });
}

#[test]
fn memory_is_used_again_and_ends_with_a_reason() {
    on_both(|stage| {
        let demo = stage.deploy("allocator_demo", 0, ());
        assert_eq!(stage.ask::<u64>(demo, "sum(uint32)", (1_000u32,)), 500_500);
        let churn = stage.send(stage.bob, demo, "churn(uint32,uint32)", (10_000u32, 500u32));
        assert_eq!(churn.status, Status::Return, "{}", bessemer_chain::sentence(&churn));
        let full = stage.send(stage.bob, demo, "exhaust()", ());
        assert!(message(&full).starts_with("the heap is full"));
    });
}
