//! The program of the workload `bytecode`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(bytecode);
