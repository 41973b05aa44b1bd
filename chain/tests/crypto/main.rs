//! The cryptographic host functions: known answers, every edge between accepted and refused,
//! agreement with second implementations, and hostile input.
//!
//! Random cases follow from one number, which a failing test prints; `CRYPTO_SEED` sets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::print_stdout, reason = "the seed is shown when a test fails")]

mod bls;
mod bn254;
mod ecdsa;
mod ed25519;
mod hash;
mod hostile;
mod modexp;
mod random;
