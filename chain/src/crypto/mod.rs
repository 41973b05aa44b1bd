//! The cryptography behind the host calls `0x50` to `0x5e`, as pure functions.
//!
//! What a function accepts is part of the semantics version: every node must agree on it, for
//! hostile input as for good. Each module says which encodings it takes; whatever it does not name
//! is refused. Nothing here knows frames or gas meters: the table of host calls
//! ([`bessemer_abi::HostCall`]) holds the prices, and what depends on more than bytes and items is
//! priced by [`blake2f::price`] and [`modexp::Power::price`] before it runs.
//!
//! Prices are set for 0.4 ns a unit of gas, with about a quarter of head room. Measured on an
//! x86-64 VM that other work shared (`cargo bench -p bessemer-bench --bench crypto`), the slower of
//! accepted and refused input:
//!
//! | function | fixed | for each |
//! |---|---|---|
//! | `hash::keccak256` | 400 ns | byte 2.6 ns |
//! | `hash::sha256` | 90 ns | byte 0.56 ns, with the processor's instructions for it |
//! | `hash::ripemd160` | 300 ns | byte 3.5 ns |
//! | `hash::blake3` | 90 ns | byte 1.2 ns, 0.6 ns for long input |
//! | `blake2f::blake2f` | 20 ns | round 16 ns |
//! | `secp256k1::recover` | 74 us | |
//! | `secp256k1::verify` | 65 us | |
//! | `p256::verify` | 330 us | |
//! | `ed25519::verify` | 43 us | byte 1.9 ns |
//! | `bn254::add` | 3.6 us | |
//! | `bn254::mul` | 88 us | |
//! | `bn254::pairing` | 290 us | pair 440 us |
//! | `bls::verify` | 1.3 ms | key 70 us, byte 0.6 ns |
//! | `bls::aggregate` | | signature 90 us |
//! | `modexp::Power::compute`, 32 bytes each | 24 us | |
//! | `modexp::Power::compute`, 256 bytes each | 8.2 ms | |
//! | `modexp::Power::compute`, 1024 bytes each | 470 ms | |
//!
//! The price of a byte of `hash::sha256` is above its time, since not every processor has
//! instructions for it.

pub mod blake2f;
#[cfg(feature = "bls")]
pub mod bls;
#[cfg(feature = "bn254")]
pub mod bn254;
#[cfg(feature = "ed25519")]
pub mod ed25519;
pub mod hash;
#[cfg(feature = "modexp")]
pub mod modexp;
#[cfg(feature = "p256")]
pub mod p256;
#[cfg(feature = "secp256k1")]
pub mod secp256k1;
