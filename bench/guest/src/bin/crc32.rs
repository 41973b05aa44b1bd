//! The program of the workload `crc32`.

#![no_std]
#![no_main]

bessemer_bench_guest::program!(crc32);
