//! The large program: all workloads, of which the last makes the artifact one of 250 KiB.

#![no_std]
#![no_main]

bessemer_beside_guest::program!(
    sieve, sha256, keccak, quicksort, matmul, fib, bytecode, indirect, u256, token, memory, crc32,
    sort_strings, nbody_fixed, decimals
);
