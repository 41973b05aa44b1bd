//! The program of the workload `memory`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(memory);
