//! Payloads of every event type of an access log: the first byte picks one, the rest is the message. What can be read is
//! written and read back as the same event, and tells of something.
#![no_main]

use incubator_registry::journal::access::{AccessEvent, TYPES, decode, encode, subjects, type_code};
use incubator_registry::journal::{Record, ZERO_HASH};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [pick, payload @ ..] = data else { return };
    let (event_type, _, schema_version) = TYPES[usize::from(*pick) % TYPES.len()];
    let record = Record {
        commit: 1,
        position: 1,
        index: 0,
        count: 1,
        event_type,
        schema_version,
        effective_days: 0,
        recorded_at_micros: 0,
        principal: String::new(),
        on_behalf_of: String::new(),
        request: None,
        previous: ZERO_HASH,
        subjects: Vec::new(),
        payload: payload.to_vec(),
    };
    let Ok(event) = decode(&record) else { return };
    assert_eq!(type_code(&event), event_type);
    match &event {
        AccessEvent::Denied { count, .. } | AccessEvent::Read { count, .. } => assert!(*count > 0),
        AccessEvent::Unrecorded { denied, reads, .. } => assert!(*denied > 0 || *reads > 0),
        AccessEvent::Created { .. } => {}
    }
    assert!(subjects(&event, "clerk-7").is_sorted());
    let again = encode(&event);
    assert_eq!((again.event_type, again.schema_version), (event_type, schema_version));
    assert_eq!(decode(&Record { payload: again.payload, ..record }), Ok(event));
});
