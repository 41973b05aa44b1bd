//! What transactions do is in proportion to their gas, and the same on every engine.
//!
//! Work is counted, not timed: a busy machine changes nothing.

#![allow(clippy::unwrap_used, reason = "this file holds only tests")]

use bessemer_bench::fairness::{Group, Input, InputWork, count, inputs};
use bessemer_chain::Prices;
use bessemer_runtime::Backend;

/// Gas that a transaction pays at least for a byte of receipt, but for the fixed bytes of each.
const RECEIPT_BYTE: u64 = 32;
/// Bytes that each receipt has.
const FIXED: u64 = 128;

fn work(input: &Input, backend: Backend) -> InputWork {
    count(input, backend, Prices::V2).unwrap_or_else(|error| panic!("{}: {error:?}", input.name))
}

#[test]
fn each_input_pays_for_the_receipts_that_it_leaves() {
    let mut groups = Vec::new();
    for input in inputs().unwrap() {
        let InputWork { gas, receipt_bytes, receipts, .. } = work(&input, Backend::Interpreter);
        let kept = receipt_bytes.saturating_sub(receipts * FIXED);
        assert!(gas >= kept * RECEIPT_BYTE, "{}: {gas} gas, {kept} bytes", input.name);
        assert_eq!(input.group == Group::Refused, receipts == 0, "{}", input.name);
        groups.push(input.group);
    }
    groups.dedup();
    assert!(groups.len() >= 8, "the corpus has all groups: {groups:?}");
}

/// Deployments are compiled at once natively, and are few here: the interpreter says what they do.
#[test]
fn each_input_does_and_pays_the_same_natively() {
    for input in inputs().unwrap() {
        if !matches!(input.group, Group::Deployments | Group::ColdLoads) {
            let [native, interpreted] =
                [Backend::Jit, Backend::Interpreter].map(|backend| work(&input, backend));
            assert_eq!(native, interpreted, "{}", input.name);
        }
    }
}

/// What costs a node most has its price: files that are loaded, lists, output.
#[test]
fn large_files_and_lists_cost_more_than_small_ones() {
    let all = inputs().unwrap();
    let gas = |name: &str| {
        let input = all.iter().find(|input| input.name == name).unwrap();
        let work = work(input, Backend::Interpreter);
        work.gas / work.receipts
    };
    let (small, large, text) =
        (gas("cold-small-files"), gas("cold-large-files"), gas("cold-much-text"));
    assert!(large > small + 600_000 * Prices::V2.load_file_byte, "{large} and {small}");
    assert!(text > small + 340_000 * Prices::V2.load_text_byte, "{text} and {small}");
    assert!(gas("access-lists") >= 4096 * Prices::V2.access_entry);
    assert!(gas("output") >= (64 << 10) * RECEIPT_BYTE);
}
