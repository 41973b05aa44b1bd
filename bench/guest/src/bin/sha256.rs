//! The program of the workload `sha256`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(sha256);
