//! The program of the workload `nbody_fixed`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(nbody_fixed);
