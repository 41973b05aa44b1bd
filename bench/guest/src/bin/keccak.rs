//! The program of the workload `keccak`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(keccak);
