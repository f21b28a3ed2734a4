//! Any text as a policy file: no panic, and what is read reads back.
#![no_main]

use countersign::policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(policy) = Policy::parse(text) {
        assert!(Policy::parse(&policy.to_toml()).is_ok());
    }
});
