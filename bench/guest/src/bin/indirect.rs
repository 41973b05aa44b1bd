//! The program of the workload `indirect`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(indirect);
