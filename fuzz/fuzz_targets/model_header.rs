//! Drives the target of this name with libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| synaptoroute_fuzz::model_header(data));
