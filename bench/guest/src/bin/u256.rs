//! The program of the workload `u256`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(u256);
