//! The large program: so many workloads that the artifact has 250 KiB.

#![no_std]
#![no_main]

bessemer_beside_guest::program!(
    sieve, keccak, quicksort, matmul, fib, bytecode, indirect, u256, token, memory, crc32,
    sort_strings, nbody_fixed, sorted
);
