//! Words, lines and remarks.

use bessemer_chain::Status;
use bessemer_types::{Bytes, FixedBytes, decode};

use crate::{event, message, on_both};

#[test]
fn lines_are_logged_and_remarks_are_events() {
    on_both(|stage| {
        let (logging, bob) = (stage.deploy("logging", 0, ()), stage.bob);
        let line = stage.went(bob, logging, "debug(uint64)", (7u64,));
        assert!(line.events.is_empty());
        let [logged] = line.diagnosis.log.as_slice() else { panic!("{:?}", line.diagnosis.log) };
        assert_eq!(logged.text, format!("the number is 7, from {bob}"));
        let remark = stage.went(bob, logging, "remark(string,string)", ("ore", "rich"));
        let hash = alloy_sol_types::private::keccak256("ore").to_vec();
        let said = event(logging, "Remark(string,string)", [hash], ("rich",));
        assert_eq!(remark.events, [said]);
        // the longest words, and text that is none
        let long = "häß".repeat(500);
        let remark = stage.went(bob, logging, "remark(string,string)", (&*long, &*long));
        assert_eq!(decode::<(&str,)>(&remark.events[0].data), Ok((&*long,)));
        let bytes = Bytes(vec![b'a', 0xff]);
        let broken = stage.send(bob, logging, "remark(string,string)", (bytes.clone(), bytes));
        assert_eq!(message(&broken), "a string is not UTF-8");
    });
}

#[test]
fn words_are_counted_in_an_ordered_map() {
    on_both(|stage| {
        let (demo, bob) = (stage.deploy("allocator_demo", 0, ()), stage.bob);
        let counted = stage.went(bob, demo, "words(string)", ("slag ore  slag coal",));
        let words = decode::<(Vec<(String, u32)>,)>(&counted.output).unwrap().0;
        let expected = [("coal", 1), ("ore", 1), ("slag", 2)];
        assert_eq!(words, expected.map(|(word, count)| (word.to_owned(), count)));
        assert_eq!(stage.done::<Vec<(String, u32)>>(bob, demo, "words(string)", ("",)), []);
        assert_eq!(stage.done::<u32>(bob, demo, "churn(uint32,uint32)", (8u32, 3u32)), 24);
    });
}

#[test]
fn a_hash_in_the_contract_is_the_hash_of_the_host() {
    on_both(|stage| {
        let (hashes, bob) = (stage.deploy("lib_import", 0, ()), stage.bob);
        for length in [0, 1, 63, 64, 200] {
            let data = Bytes(vec![7; length]);
            let [library, host] = ["byLibrary(bytes)", "byHost(bytes)"]
                .map(|name| stage.done::<FixedBytes<32>>(bob, hashes, name, (&data,)));
            assert_eq!(library, host, "{length}");
        }
    });
}

#[test]
fn plain_functions_return_what_they_say() {
    on_both(|stage| {
        let (simple, bob) = (stage.deploy("simple", 0, ()), stage.bob);
        assert_eq!(stage.done::<u32>(bob, simple, "max(uint32,uint32)", (3u32, 9u32)), 9);
        let who = stage.went(bob, simple, "who()", ());
        assert_eq!(decode(&who.output), Ok((bob, simple)));
        let paid = stage.pay(bob, simple, 1, "who()", ());
        assert_eq!(message(&paid), "value was sent to a function that is not payable");
        let many = stage.deploy("multi_func", 0, ());
        let two = (6u64, 7u64);
        assert_eq!(stage.done::<u64>(bob, many, "add(uint64,uint64)", two), 13);
        assert_eq!(stage.done::<u64>(bob, many, "multiply(uint64,uint64)", two), 42);
        assert_eq!(stage.ask::<u64>(many, "last()", ()), 42);
        let divided = stage.went(bob, many, "divide(uint64,uint64)", (45u64, 7u64));
        assert_eq!(decode(&divided.output), Ok((6u64, 3u64)));
        let wrapped = stage.send(bob, many, "multiply(uint64,uint64)", (u64::MAX, 2u64));
        assert!(message(&wrapped).starts_with("attempt to multiply with overflow"));
        assert_eq!(stage.ask::<u64>(many, "last()", ()), 42);
        let mut chain = stage.chain.borrow_mut();
        let poor = chain.call(many, "add(uint64,uint64)").args(two).gas(151_000).from(bob);
        let poor = poor.send().unwrap();
        assert_eq!((poor.status, poor.gas_used), (Status::OutOfGas, 151_000));
        drop(chain);
        stage.note("multi_func add(uint64,uint64) with too little gas", &poor);
        let nothing = stage.send(bob, many, "add(uint64,uint64)", ());
        assert_eq!(message(&nothing), "the encoded values end too early");
    });
}
