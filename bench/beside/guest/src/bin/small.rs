//! The small program.

#![no_std]
#![no_main]

bessemer_beside_guest::program!(sha256, crc32);
