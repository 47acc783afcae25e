//! Runs `fuzz::packet::parse` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::packet::parse(data));
