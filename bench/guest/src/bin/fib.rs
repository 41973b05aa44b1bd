//! The program of the workload `fib`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(fib);
