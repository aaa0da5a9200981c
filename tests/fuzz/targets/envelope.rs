//! Records and commits as they stand in a log: whatever the bytes, reading ends in a record or a fault, and what was read
//! is written back as the same bytes.
#![no_main]

use bytes::Bytes;
use incubator_registry::journal::{Commit, Head, Header, Record};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(record) = Record::decode(data) {
        assert_eq!(record.encode(), data);
        assert!(record.command_start() >= 1);
    }
    let Ok(header) = Header::read(data) else { return };
    for first in [1, header.position, u64::MAX] {
        let Ok(commit) = Commit::from_stored(first, Bytes::copy_from_slice(data)) else { continue };
        assert!(commit.first <= commit.last);
        assert_eq!(commit.iter().map(|(_, record)| record.len()).sum::<usize>(), data.len());
        let _ = commit.verify_after(&Head::EMPTY);
        // Behind the very head that its first record names.
        let before = Record::decode(&data[..header.length]).map(|record| record.previous);
        let Ok(hash) = before else { continue };
        let before = Head { commit: commit.number.saturating_sub(1), position: first.saturating_sub(1), hash };
        if let Ok(records) = commit.verify_after(&before) {
            let written: Vec<u8> = records.iter().flat_map(|(record, _)| record.encode()).collect();
            assert_eq!(written, data);
        }
    }
});
