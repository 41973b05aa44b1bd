//! A chain that is built without a family of cryptography knows the host calls of the others.
//!
//! `cargo xtask deep` runs this test without any family, `cargo test` with all of them.

#![allow(clippy::unwrap_used, reason = "tests fail by panics")]

mod common;

use bessemer_abi::HostCall;
use bessemer_isa::TrapKind;
use bessemer_runtime::Backend;

use common::{chain, deploy, trap};

/// Whether this build has the call.
fn is_built_in(call: HostCall) -> bool {
    match call {
        HostCall::Secp256k1Recover | HostCall::Secp256k1Verify => cfg!(feature = "secp256k1"),
        HostCall::P256Verify => cfg!(feature = "p256"),
        HostCall::Ed25519Verify => cfg!(feature = "ed25519"),
        HostCall::Bn254Add | HostCall::Bn254Mul | HostCall::Bn254Pairing => cfg!(feature = "bn254"),
        HostCall::BlsVerify | HostCall::BlsAggregate => cfg!(feature = "bls"),
        HostCall::Modexp => cfg!(feature = "modexp"),
        _ => true,
    }
}

#[test]
fn a_call_of_a_family_that_is_left_out_is_an_unknown_number() {
    let mut chain = chain(Backend::Interpreter);
    let alice = chain.user("alice").unwrap();
    // makes the call whose number is the input, with all arguments 0
    let probe = deploy(
        &mut chain,
        alice,
        "host input_copy(0, 0x80000, 4)\nla t0, DATA\nlw a7, 0(t0)\nli a0, 0\nli a1, 0\nli a2, 0\necall\nli a0, 0\nli a1, 0\nhost finish",
    );
    let mut left_out = 0;
    for &call in HostCall::ALL {
        let input = call.number().to_le_bytes().to_vec();
        let receipt = chain.call(probe, "").input(input).from(alice).send().unwrap();
        let is_unknown = trap(&receipt) == Some(TrapKind::UnknownHostCall);
        assert_eq!(is_unknown, !is_built_in(call), "{call:?}");
        left_out += usize::from(is_unknown);
    }
    let families = ["secp256k1", "p256", "ed25519", "bn254", "bls", "modexp"];
    println!("{left_out} host calls of {families:?} are left out");
}
