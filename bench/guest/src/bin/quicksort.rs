//! The program of the workload `quicksort`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(quicksort);
