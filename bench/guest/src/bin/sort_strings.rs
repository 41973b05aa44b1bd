//! The program of the workload `sort_strings`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(sort_strings);
