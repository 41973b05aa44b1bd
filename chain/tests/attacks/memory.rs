//! Addresses that nothing is at: attacks 7, 22 and 25.

use bessemer_image::Layout;
use bessemer_isa::TrapKind::{BadJump, BadLoad, BadPointer, BadStore};

use crate::common::{DATA, TEXT, deploy, on_both, words};
use crate::scene::assert_traps;

/// Attack 7.
#[test]
fn loads_and_stores_where_nothing_is_mapped_trap() {
    for address in
        ["0", "4092", "0x7ffffffc", "0xdeadbeec", "0xfffffffc", "0xffff0000", "0xfffdfffc"]
    {
        for load in ["lb", "lhu", "lw", "lr.w"] {
            let operand = if load == "lr.w" { "(t0)" } else { "0(t0)" };
            assert_traps(&format!("li t0, {address}\n{load} a0, {operand}"), BadLoad);
        }
        for store in ["sb a0, 0(t0)", "sh a0, 0(t0)", "sw a0, 0(t0)", "amoadd.w a0, a0, (t0)"] {
            assert_traps(&format!("li t0, {address}\n{store}"), BadStore);
        }
    }
    assert_traps(&format!("li t0, {TEXT}\nsw a0, 0(t0)"), BadStore);
    assert_traps("li t0, DATA\njr t0", BadJump);
}

/// Attack 22: between stack and heap are pages that are never mapped.
#[test]
fn neither_stack_nor_heap_reaches_the_other() {
    // the stack of a contract has 64 KiB
    let receipt = assert_traps("1: addi sp, sp, -16\nsw a0, 0(sp)\nj 1b", BadStore);
    let bottom = Layout::STACK_TOP - (64 << 10);
    let trap = receipt.diagnosis.failures[0].trap.unwrap();
    assert_eq!(trap.addr, Some(bottom - 16));
    // the heap grows until it is refused, and its last page ends before the next
    let grow = "1: host grow(1)\nbgez a0, 1b\nhost grow(0)\n";
    assert_traps(&format!("{grow} lw a1, 0(a0)"), BadLoad);
    assert_traps(&format!("{grow} sw a1, -4(a0)\nsw a1, 0(a0)"), BadStore);
    assert_traps(&format!("{grow} mv s0, a0\nhost fill(s0, 1, 1)"), BadPointer);
    assert_traps("host grow(-1)\nsw a0, 0(a0)", BadStore);
}

/// Attack 25.
#[test]
fn a_misaligned_access_over_two_pages_has_the_right_bytes_and_one_over_the_end_traps() {
    on_both(|chain| {
        let alice = chain.user("alice").unwrap();
        let contract = deploy(
            chain,
            alice,
            "host grow(2)
            li t0, 4093
            add t0, t0, a0
            li t1, 0x04030201
            sw t1, 0(t0)
            lw s0, 0(t0)
            lhu s1, 2(t0)
            lbu s2, 3(t0)
            li t0, DATA
            sw s0, 0(t0)
            sw s1, 4(t0)
            sw s2, 8(t0)
            host finish(DATA, 12)",
        );
        let receipt = chain.call(contract, "").from(alice).send().unwrap();
        assert_eq!(words(&receipt), [0x0403_0201, 0x0403, 0x04]);
    });
    for (at, kind) in [(1, BadStore), (2, BadStore), (3, BadStore)] {
        assert_traps(&format!("li t0, {DATA} + 4096 - {at}\nsw sp, 0(t0)"), kind);
        assert_traps(&format!("li t0, 0xffff0000 - {at}\nsw sp, 0(t0)"), kind);
        assert_traps(&format!("li t0, 0xffffffff\nlw a0, {at}(t0)"), BadLoad);
    }
}
