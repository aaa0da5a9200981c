//! The stored form, byte for byte: a record of every event type, the canonical form of commands, and the first commit of a
//! log. What one release writes, every later one reads; a byte that changes here is a log that can't be read, or a retry that
//! is taken for another command. A line is never changed; a new schema version adds one.

use crate::common::world::{day, limits};
use crate::journal_cases::{access as accesses, commands, documents, events, record};
use incubator_registry::domain::Command;
use incubator_registry::engine::{Clock, Engine, EngineConfig};
use incubator_registry::journal::{Record, access, canonical, codec, record_hash};
use incubator_registry::log::{EventLog as _, MemoryLog};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The lines of a golden file: the words before the last one, and the bytes that it spells in hex.
fn golden(file: &str) -> BTreeMap<String, Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journal").join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let (name, bytes) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{file}: {line}"));
        (name.to_owned(), hex::decode(bytes).unwrap_or_else(|error| panic!("{file}, {name}: {error}")))
    };
    let read: Vec<_> = lines.map(read).collect();
    let map: BTreeMap<_, _> = read.iter().cloned().collect();
    assert_eq!(map.len(), read.len(), "{file} names something twice");
    map
}

/// Compares what is made today with the file, and says which lines the file lacks.
fn compare(file: &str, today: &[(String, Vec<u8>)]) {
    let golden = golden(file);
    let missing: Vec<_> = today.iter().filter(|(name, _)| !golden.contains_key(name)).collect();
    let lines: Vec<_> = missing.iter().map(|(name, bytes)| format!("{name} {}", hex::encode(bytes))).collect();
    assert!(lines.is_empty(), "tests/golden/journal/{file} lacks:\n{}", lines.join("\n"));
    for (name, bytes) in today {
        assert_eq!(hex::encode(&golden[name]), hex::encode(bytes), "{file}: {name}");
    }
}

/// `code name schema-version`, as the file names a record.
fn line(record: &Record) -> String {
    let name = codec::type_name(record.event_type).unwrap();
    format!("{} {name} {}", record.event_type, record.schema_version)
}

#[test]
fn a_record_of_every_event_type_is_written_as_ever() {
    let records = events().iter().map(record).map(|record| (line(&record), record.encode())).collect::<Vec<_>>();
    compare("records.txt", &records);
}

#[test]
fn every_event_type_has_a_golden_record() {
    let golden = golden("records.txt");
    for (code, name, version) in codec::TYPES {
        assert!(golden.contains_key(&format!("{code} {name} {version}")), "{name} has no line in records.txt");
        assert!(events().iter().any(|event| codec::type_code(event) == *code), "{name} has no value");
    }
}

#[test]
fn every_golden_record_is_read_as_the_value_it_was_made_of() {
    for (name, bytes) in golden("records.txt") {
        let stored = Record::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(line(&stored), name);
        assert_eq!(stored.encode(), bytes, "{name}");
        let event = events().into_iter().find(|event| codec::type_code(event) == stored.event_type).unwrap();
        assert_eq!(stored, record(&event), "{name}");
        let (read, read_documents) = codec::decode(stored.event_type, stored.schema_version, &stored.payload).unwrap();
        assert_eq!(read, event, "{name}");
        // The log's birth and the heads have no documents.
        assert_eq!(read_documents, if matches!(stored.event_type, 1 | 4) { Vec::new() } else { documents() }, "{name}");
    }
}

/// The byte that picks the type, then the payload of the golden record.
#[test]
fn every_event_type_is_a_seed_of_the_fuzzing() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/payload");
    let golden = golden("records.txt");
    for (pick, (code, name, version)) in codec::TYPES.iter().enumerate() {
        let seed = std::fs::read(seeds.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stored = Record::decode(&golden[&format!("{code} {name} {version}")]).unwrap();
        assert_eq!(seed, [&[u8::try_from(pick).unwrap()], &*stored.payload].concat(), "{name}");
    }
}

#[test]
fn a_record_of_every_event_type_of_an_access_log_is_written_and_read_as_ever() {
    let named = |record: &Record| {
        let name = access::type_name(record.event_type).unwrap();
        format!("{} {name} {}", record.event_type, record.schema_version)
    };
    let records: Vec<_> = accesses::events().iter().map(accesses::record).collect();
    compare("access.txt", &records.iter().map(|record| (named(record), record.encode())).collect::<Vec<_>>());
    let golden = golden("access.txt");
    for (code, name, version) in access::TYPES {
        assert!(golden.contains_key(&format!("{code} {name} {version}")), "{name} has no line in access.txt");
        assert!(codec::type_name(*code).is_none(), "{name}: a district's log has its code");
    }
    for (name, bytes) in &golden {
        let stored = Record::decode(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((&named(&stored), &stored.encode()), (name, bytes));
        let event = accesses::events().into_iter().find(|event| access::type_code(event) == stored.event_type).unwrap();
        assert_eq!(access::decode(&stored).unwrap(), event, "{name}");
        assert_eq!(stored, accesses::record(&event), "{name}");
    }
}

#[test]
fn every_event_type_of_an_access_log_is_a_seed_of_the_fuzzing() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds/access");
    let golden = golden("access.txt");
    for (pick, (code, name, version)) in access::TYPES.iter().enumerate() {
        let seed = std::fs::read(seeds.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let stored = Record::decode(&golden[&format!("{code} {name} {version}")]).unwrap();
        assert_eq!(seed, [&[u8::try_from(pick).unwrap()], &*stored.payload].concat(), "{name}");
    }
}

#[test]
fn what_an_access_log_does_not_know_stops_its_reader() {
    for event in accesses::events() {
        let record = accesses::record(&event);
        let later = Record { schema_version: 2, ..record.clone() };
        assert!(matches!(access::decode(&later), Err(codec::CodecError::Version { version: 2, .. })), "{later:?}");
        let cut = Record { payload: record.payload[..record.payload.len() - 1].to_vec(), ..record };
        assert!(matches!(access::decode(&cut), Err(codec::CodecError::Payload { .. })), "{cut:?}");
    }
    for event in events().iter().map(record) {
        let code = event.event_type;
        assert_eq!(access::decode(&event), Err(codec::CodecError::Type(code)), "a district's record");
    }
}

#[test]
fn types_are_told_apart_and_the_unknown_stops_the_reader() {
    let codes: Vec<_> = codec::TYPES.iter().map(|(code, ..)| *code).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    for code in 0..=1000 {
        assert_eq!(
            codec::decode(code, 1, &[]).is_err_and(|e| e == codec::CodecError::Type(code)),
            !codes.contains(&code)
        );
    }
    for (code, name, version) in codec::TYPES {
        let error = codec::decode(*code, version + 1, &[]).unwrap_err();
        assert_eq!(error, codec::CodecError::Version { name, version: version + 1 });
    }
}

#[test]
fn the_canonical_form_of_a_command_is_as_ever() {
    let today: Vec<_> =
        commands().iter().map(|(name, command)| (name.to_string(), canonical::bytes(command))).collect();
    compare("commands.txt", &today);
    for (name, bytes) in golden("commands.txt") {
        let (_, command) = commands().into_iter().find(|(known, _)| *known == name).unwrap();
        assert_eq!(canonical::request_hash(&command)[..], Sha256::digest(&bytes)[..], "{name}");
    }
}

#[test]
fn commands_that_differ_have_different_forms_and_what_frames_one_is_not_in_it() {
    let mut seen = BTreeMap::new();
    for (name, command) in commands() {
        if let Some(other) = seen.insert(canonical::bytes(&command), name) {
            panic!("{name} and {other} have one form");
        }
        let framed = Command { target: None, ..command.clone() };
        assert_eq!(canonical::bytes(&framed), canonical::bytes(&command), "{name}: the target follows from the facts");
    }
    // For an open stay, the day of admission is not said, so it is not part of what was asked.
    let open = |admitted| {
        let (_, mut command) = commands().into_iter().find(|(name, _)| *name == "graduation-open").unwrap();
        if let incubator_registry::domain::Event::FirmGraduated { admitted: day, .. } = &mut command.facts[0].event {
            *day = admitted;
        }
        canonical::bytes(&command)
    };
    assert_eq!(open(day("2022-02-28")), open(day("2021-01-01")));
}

struct Noon;

impl Clock for Noon {
    fn now_micros(&self) -> i64 {
        1_795_492_800_000_000
    }
}

#[tokio::test]
async fn the_first_commit_of_a_log_is_as_ever() {
    let log = Arc::new(MemoryLog::new());
    let config = EngineConfig { district: "440203".to_owned(), limits: (day("1900-01-01"), limits()), snapshots: None };
    let engine = Engine::start(config, log.clone(), Arc::new(Noon)).await.unwrap();
    let log_id = engine.published().log_id;
    let commits = log.read(1, usize::MAX).await.unwrap();
    let stored: Vec<_> = commits.iter().flat_map(|commit| commit.iter().collect::<Vec<_>>()).collect();
    assert_eq!((commits.len(), stored.len()), (1, 2));
    // The log's id is random, and the second record's chain hangs on it: both are taken out before the bytes are compared.
    let mut birth = stored[0].1.to_vec();
    let at = birth.windows(16).position(|window| *window == log_id).unwrap();
    birth[at..at + 16].fill(0);
    let mut limits = Record::decode(&stored[1].1).unwrap();
    assert_eq!(limits.previous, record_hash(&stored[0].1));
    limits.previous.fill(0);
    compare("first-commit.txt", &[("1".to_owned(), birth), ("2".to_owned(), limits.encode())]);
}
