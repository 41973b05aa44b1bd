//! The program of the workload `matmul`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(matmul);
