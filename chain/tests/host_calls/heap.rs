//! Growing the heap: to its declared end and not a page further, each page paid before it is there.

use bessemer_abi::HostCall;
use bessemer_abi::codes::NO_MEMORY;
use bessemer_chain::Status;
use bessemer_image::{Layout, Limits, Program};
use bessemer_isa::TrapKind;

use crate::common::script::{Script, deploy_script, script_code};
use crate::common::{PRICES, deploy, on_both, outcome, trap};
use crate::probe::{Probe, Try};

/// First page of the heap of scripts, and the pages that it can have.
fn heap() -> (u32, u32) {
    let layout = Program::parse(&script_code(), &Limits::contract()).unwrap().layout().clone();
    (layout.heap_start, (layout.heap_limit - layout.heap_start) / Layout::PAGE)
}

#[test]
fn the_heap_grows_to_its_end_and_not_past_it() {
    let (start, pages) = heap();
    assert!(pages > 100, "contracts have a heap");
    let page = u64::from(PRICES.guest.grown_page);
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy_script(chain, alice);
        let mut script = Script::new();
        for count in [0, 1, 2, pages - 2, pages - 3, 0, 1, u32::MAX] {
            script.host("grow", &[count]);
        }
        let told = script.tell(chain, alice, contract);
        let end = start + pages * Layout::PAGE;
        let expected = [
            (start, 0),
            (start, 1),
            (start + Layout::PAGE, 2),
            (NO_MEMORY, 0),
            (start + 3 * Layout::PAGE, u64::from(pages) - 3),
            (end, 0),
            (NO_MEMORY, 0),
            (NO_MEMORY, 0),
        ];
        let base = u64::from(HostCall::Grow.row().base);
        let expected = expected.map(|(result, paid)| (result, base + paid * page));
        let found: Vec<(u32, u64)> = told.results.into_iter().zip(told.costs).collect();
        assert_eq!(found, expected);
    });
}

#[test]
fn pages_that_cannot_be_paid_are_not_mapped() {
    on_both(|chain| {
        let probe = Probe::new(chain);
        let price = u64::from(HostCall::Grow.row().base) + 3 * u64::from(PRICES.guest.grown_page);
        let tries = [price - 1, price].map(|gas| Try::of(HostCall::Grow, &[3]).with_gas(gas));
        let [short, exact] = probe.run(chain, &tries).try_into().unwrap();
        assert_eq!((short.status, short.at_call), (Status::OutOfGas, true));
        assert_eq!((exact.status, exact.at_call), (Status::OutOfGas, false));
    });
}

#[test]
fn new_pages_are_zero_and_the_page_behind_them_is_not_there() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let source = |offset: u32| {
            format!(
                "host grow(2)
                li t0, {offset}
                add t0, t0, a0
                lw s0, 0(t0)
                li t1, 7
                sw t1, 0(t0)
                return s0"
            )
        };
        // twice, because what a frame leaves in its heap must not be there in the next
        for _ in 0..2 {
            let contract = deploy(chain, alice, &source(2 * Layout::PAGE - 4));
            let receipt = chain.call(contract, "").from(alice).send().unwrap();
            assert_eq!(receipt.output, [0; 4], "{}", outcome(&receipt));
        }
        let contract = deploy(chain, alice, &source(2 * Layout::PAGE - 3));
        let receipt = chain.call(contract, "").from(alice).send().unwrap();
        assert_eq!(trap(&receipt), Some(TrapKind::BadLoad));
        receipt.gas_used
    });
}
