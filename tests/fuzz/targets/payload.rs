//! Payloads of every event type: the first byte picks one, the rest is the message. What can be read is written and read
//! back as the same fact.
#![no_main]

use incubator_registry::journal::codec::{TYPES, decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [pick, payload @ ..] = data else { return };
    let (event_type, _, version) = TYPES[usize::from(*pick) % TYPES.len()];
    let Ok((event, documents)) = decode(event_type, version, payload) else { return };
    let again = encode(&event, &documents);
    assert_eq!((again.event_type, again.schema_version), (event_type, version));
    assert_eq!(decode(event_type, version, &again.payload), Ok((event, documents)));
});
