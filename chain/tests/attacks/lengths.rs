//! Lengths and counts that no memory has: attacks 5, 11 and 23.

use bessemer_isa::TrapKind::{BadPointer, HostLimit};

use crate::scene::assert_traps;

/// Attack 5: the cap comes before any room is made.
#[test]
fn a_huge_length_traps_before_anything_is_allocated() {
    for call in [
        "input_copy(0, DATA, {})",
        "output_copy(0, DATA, {})",
        "finish(DATA, {})",
        "revert(DATA, {})",
        "panic(DATA, {})",
        "log(DATA, {})",
        "storage_get(DATA, {}, DATA, 0)",
        "storage_get(DATA, 0, DATA, {})",
        "storage_set(DATA, 0, DATA, {})",
        "transient_set(DATA, 0, DATA, {})",
        "emit(DATA, {}, DATA, 0)",
        "call(DATA, DATA, DATA, {}, -1, -1)",
        "upload(DATA, {}, DATA)",
        "copy(DATA, {}, DATA)",
        "fill(DATA, {}, 1)",
        "compare(DATA, {}, DATA)",
        "keccak256(DATA, {}, DATA)",
        "bn254_pairing(DATA, {})",
        "bls_verify(DATA, {}, DATA, 0, DATA)",
    ] {
        for length in ["0x01000001", "0x7fffffff", "0x80000000", "0xffffffff"] {
            assert_traps(&format!("host {}", call.replace("{}", length)), HostLimit);
        }
    }
}

/// Attack 5, below the cap: as much as the cap allows and memory has not.
#[test]
fn a_length_that_memory_has_not_is_a_bad_pointer() {
    for call in ["copy(DATA, 0x01000000, DATA)", "keccak256(0xfffefff0, 4096, DATA)"] {
        assert_traps(&format!("host {call}"), BadPointer);
    }
}

/// Attack 11.
#[test]
fn an_event_of_2_gib_is_over_its_cap_and_one_at_a_wild_address_is_a_bad_pointer() {
    assert_traps("host emit(0, 0, DATA, 0x7fffffff)", HostLimit);
    assert_traps("host emit(0, 0, 0xdead0000, 0x7fffffff)", HostLimit);
    assert_traps("host emit(0, 0, 0xdead0000, 100)", BadPointer);
    assert_traps("host emit(0xdead0000, 5, DATA, 0)", HostLimit);
}

/// Attack 23.
#[test]
fn a_key_of_65_bytes_and_a_value_of_one_byte_over_16_kib_are_over_their_caps() {
    for name in ["storage", "transient"] {
        assert_traps(&format!("host {name}_set(DATA, 65, DATA, 1)"), HostLimit);
        assert_traps(&format!("host {name}_get(DATA, 65, DATA, 1)"), HostLimit);
        assert_traps(&format!("host {name}_remove(DATA, 65)"), HostLimit);
        assert_traps(&format!("host {name}_set(DATA, 64, DATA, 16385)"), HostLimit);
        assert_traps(&format!("host {name}_get(DATA, 64, DATA, 16385)"), HostLimit);
    }
}
