//! The program of the workload `sieve`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(sieve);
