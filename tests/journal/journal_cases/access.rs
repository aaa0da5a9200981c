//! One value of every event type of an access log, fixed for ever.

use incubator_registry::journal::access::{self, AccessEvent, Cause, DataKind};
use incubator_registry::journal::{Record, Subject, ZERO_HASH};

/// One of each, in the order of their codes.
pub fn events() -> Vec<AccessEvent> {
    vec![
        AccessEvent::Created {
            district: "440203".to_owned(),
            log_id: std::array::from_fn(|i| u8::try_from(i * 16).unwrap()),
            hash_algorithm: 1,
        },
        AccessEvent::Denied {
            method: "incubation.v1.TaxService/GetTaxReceipt".to_owned(),
            reason: "NOT_PERMITTED".to_owned(),
            peer: "203.0.113.7".to_owned(),
            count: 300,
            first_micros: 1_795_492_740_654_321,
        },
        AccessEvent::Read {
            kind: DataKind::Tax,
            method: "incubation.v1.TaxService/ListTaxReceipts".to_owned(),
            entity: "firms/91440203MA00000007".to_owned(),
            query: "filter = tax=\"增值税\"".to_owned(),
            count: 2,
            first_micros: 1_795_492_740_654_321,
        },
        AccessEvent::Unrecorded { denied: 99_700, reads: 7, cause: Cause::Limit, first_micros: 1_795_492_740_654_321 },
    ]
}

/// The record of an event, as `super::record` has those of a district.
pub fn record(event: &AccessEvent) -> Record {
    let encoded = access::encode(event);
    let principal = "user:张三";
    let subject = |(index, name)| Subject {
        name,
        revision: 0x0102_0304 + index,
        previous: if index == 0 { ZERO_HASH } else { [0xab; 32] },
    };
    Record {
        commit: 0x1122_3344,
        position: 0x55_6677_8899,
        index: 0,
        count: 1,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        effective_days: -2,
        recorded_at_micros: 1_795_492_800_123_456,
        principal: principal.to_owned(),
        on_behalf_of: "operator:WJ03".to_owned(),
        request: None,
        previous: std::array::from_fn(|i| u8::try_from(255 - i).unwrap()),
        subjects: (0u64..).zip(access::subjects(event, principal)).map(subject).collect(),
        payload: encoded.payload,
    }
}
