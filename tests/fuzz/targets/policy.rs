//! Files in TOML that people write: policies, sets of criteria, limits, principals, tokens, denylists. Whatever they say,
//! each is read or every fault of it is told in words.
#![no_main]

use incubator_registry::auth::CallerLimits;
use incubator_registry::auth::denylist::Denylist;
use incubator_registry::auth::principals::Principals;
use incubator_registry::auth::static_tokens::StaticTokens;
use incubator_registry::domain::Day;
use incubator_registry::formats::{criteria, limits, policy};
use libfuzzer_sys::fuzz_target;

fn told(faults: &[String]) {
    assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.is_empty()), "{faults:?}");
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match policy::parse(text) {
        Ok(file) => drop(file.lint(Day::MAX)),
        Err(faults) => assert!(!faults.is_empty()),
    }
    if let Err(faults) = criteria::parse(text) {
        assert!(!faults.is_empty());
    }
    if let Err(faults) = limits::parse(text) {
        assert!(!faults.0.is_empty());
    }
    Principals::parse(text).map_or_else(|faults| told(&faults), drop);
    StaticTokens::parse(text).map_or_else(|faults| told(&faults), drop);
    Denylist::parse(text).map_or_else(|faults| told(&faults), drop);
    CallerLimits::parse(text).map_or_else(|faults| told(&faults), drop);
});
