//! The program of the workload `token`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(token);
