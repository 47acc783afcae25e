//! Runs `fuzz::packet::actions` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::packet::actions(data));
