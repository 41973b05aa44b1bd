#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bessemer_fuzz::run("codec", data));
