//! Host calls of the embedder's own obey the rules of the table's, whatever the embedder forgets.
#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use bessemer_abi::limits::{EVENT_BYTES, EVENTS, TOPICS, VALUE_BYTES, WRITES};
use bessemer_chain::{
    AccessList, Address, Chain, ChainError, Effect, Extension, ExtensionRow, StateKey, Status,
    StorageKey,
};
use bessemer_isa::TrapKind;
use bessemer_runtime::{HostResult, HostStop};
use common::{BACKENDS, deploy, on_both, trap};

/// Defines host call 0x1000, of which the row says that it changes nothing.
fn define(
    chain: &mut Chain,
    call: impl Fn(&mut Extension<'_>) -> HostResult<u32> + Send + Sync + 'static,
) {
    let row = ExtensionRow { number: 0x1000, name: "own".into(), base: 10, effect: Effect::Frame };
    chain.host_call(row, call).unwrap();
}

const CALLS_IT: &str = "li a7, 0x1000\necall\nhost finish(0, 0)";

fn alice_and(chain: &mut Chain, source: &str) -> (Address, Address) {
    let alice = chain.user("alice").unwrap();
    (alice, deploy(chain, alice, source))
}

#[test]
fn in_a_read_only_frame_nothing_changes_whatever_the_row_says() {
    let calls: [fn(&mut Extension<'_>) -> HostResult<()>; 3] = [
        |call| call.set_storage(b"key", Some(b"value")),
        |call| call.set_storage(b"key", None),
        |call| call.emit(vec![[1; 32]], vec![2]),
    ];
    for call in calls {
        on_both(|chain| {
            define(chain, move |extension| call(extension).map(|()| 0));
            let (alice, contract) = alice_and(chain, CALLS_IT);
            let failed = chain.call(contract, "").from(alice).query_bytes().unwrap_err();
            let ChainError::Failed(receipt) = failed else { panic!("{failed}") };
            assert_eq!(trap(&receipt), Some(TrapKind::StaticViolation));
            // outside of one it may
            assert!(chain.call(contract, "").from(alice).send().unwrap().succeeded());
        });
    }
}

#[test]
fn the_caps_of_a_transaction_hold() {
    // what is done, so often, and whether it is allowed
    type Deed = fn(&mut Extension<'_>) -> HostResult<()>;
    let cases: [(Deed, u32, bool); 10] = [
        (|call| call.set_storage(b"key", Some(&[0; VALUE_BYTES as usize])), 1, true),
        (|call| call.set_storage(b"key", Some(&[0; VALUE_BYTES as usize + 1])), 1, false),
        (|call| call.set_storage(b"key", Some(b"value")), WRITES, true),
        (|call| call.set_storage(b"key", Some(b"value")), WRITES + 1, false),
        (|call| call.set_storage(&[0; 65], Some(b"value")), 1, false),
        (|call| call.emit(vec![[0; 32]; TOPICS as usize], Vec::new()), 1, true),
        (|call| call.emit(vec![[0; 32]; TOPICS as usize + 1], Vec::new()), 1, false),
        (|call| call.emit(Vec::new(), Vec::new()), EVENTS + 1, false),
        (|call| call.emit(Vec::new(), vec![0; EVENT_BYTES as usize]), 1, true),
        (|call| call.emit(Vec::new(), vec![0; EVENT_BYTES as usize / 2 + 1]), 2, false),
    ];
    for (number, (deed, times, allowed)) in cases.into_iter().enumerate() {
        on_both(|chain| {
            define(chain, move |call| (0..times).try_for_each(|_| deed(call)).map(|()| 0));
            let (alice, contract) = alice_and(chain, CALLS_IT);
            let receipt = chain.call(contract, "").from(alice).send().unwrap();
            assert_eq!(receipt.succeeded(), allowed, "case {number}");
            let expected = (!allowed).then_some(TrapKind::HostLimit);
            assert_eq!(trap(&receipt), expected, "case {number}");
            assert!(receipt.events.is_empty() || allowed, "case {number}");
        });
    }
}

#[test]
fn an_access_list_holds_for_it_too() {
    on_both(|chain| {
        define(chain, |call| call.set_storage(b"key", Some(b"value")).map(|()| 0));
        let (alice, contract) = alice_and(chain, CALLS_IT);
        let mut list = AccessList::default();
        let key = StateKey::Storage(contract, StorageKey::new(b"key").unwrap());
        list.reads.insert(key);
        let receipt = chain.call(contract, "").from(alice).access(list.clone()).send().unwrap();
        assert_eq!(trap(&receipt), Some(TrapKind::AccessViolation));
        list.writes.insert(key);
        let receipt = chain.call(contract, "").from(alice).access(list).send().unwrap();
        assert!(receipt.succeeded());
    });
}

/// How a frame ends is said by the calls of the table, which leave its output; and the executor
/// resumes what they paused.
#[test]
fn one_that_ends_or_pauses_the_frame_is_the_hosts_failure() {
    for backend in BACKENDS {
        for stop in [|| HostStop::Done(0), || HostStop::Done(7), || HostStop::Pause] {
            let mut chain = common::chain(backend);
            define(&mut chain, move |_| Err(stop()));
            let (alice, contract) = alice_and(&mut chain, CALLS_IT);
            let error = chain.call(contract, "").from(alice).send().unwrap_err();
            assert!(matches!(error, ChainError::Execute(_)), "{error}");
            let mut text = error.to_string();
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                text = format!("{text}: {error}");
                source = error.source();
            }
            assert!(text.contains("own may neither end nor pause"), "{text}");
        }
    }
}

#[test]
fn its_own_traps_and_its_own_gas_are_the_frames() {
    on_both(|chain| {
        define(chain, |call| {
            call.charge(u64::MAX)?;
            Ok(0)
        });
        let (alice, contract) = alice_and(chain, CALLS_IT);
        let receipt = chain.call(contract, "").from(alice).send().unwrap();
        assert_eq!(receipt.status, Status::OutOfGas);
    });
}
