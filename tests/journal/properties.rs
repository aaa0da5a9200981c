//! The stored form under any bytes: what was written is read back, what was not never panics the reader, and no flipped bit
//! of a chain passes.

use crate::common;
use crate::journal_cases::{events, record};
use bytes::Bytes;
use incubator_registry::domain::{Document, Event};
use incubator_registry::journal::{
    ChainError, Commit, EnvelopeError, Head, Header, Record, RequestKey, Subject, codec, record_hash,
};
use proptest::prelude::*;
use proptest::sample::Index;

prop_compose! {
    fn requests()(id: [u8; 16], hash: [u8; 32]) -> RequestKey {
        RequestKey { id, hash }
    }
}

prop_compose! {
    fn subjects()(
        found in prop::collection::btree_map("\\PC{0,40}", (1..=u64::MAX, any::<[u8; 32]>()), 0..5),
    ) -> Vec<Subject> {
        found.into_iter().map(|(name, (revision, previous))| Subject { name, revision, previous }).collect()
    }
}

prop_compose! {
    fn records()(
        (commit, position) in (1..=u64::MAX, 65_536..=u64::MAX),
        (count, place) in (1..=u16::MAX, any::<Index>()),
        (event_type, schema_version, effective_days, recorded_at_micros) in any::<(u16, u16, i32, i64)>(),
        (principal, on_behalf_of) in ("\\PC{0,80}", "\\PC{0,80}"),
        request in prop::option::of(requests()),
        previous: [u8; 32],
        subjects in subjects(),
        payload in prop::collection::vec(any::<u8>(), 0..300),
    ) -> Record {
        let index = u16::try_from(place.index(usize::from(count))).unwrap();
        Record {
            commit, position, index, count, event_type, schema_version, effective_days, recorded_at_micros, principal,
            on_behalf_of, request, previous, subjects, payload,
        }
    }
}

/// Everything that reads stored bytes, on bytes that may be anything.
fn read_all(bytes: &[u8], first: u64) {
    if let Ok(record) = Record::decode(bytes) {
        let _ = codec::decode(record.event_type, record.schema_version, &record.payload);
        assert!(record.command_start() >= 1 && record.command_start() <= record.position);
    }
    let _ = Header::read(bytes);
    if let Ok(commit) = Commit::from_stored(first, Bytes::copy_from_slice(bytes)) {
        let before = Head { commit: commit.number.saturating_sub(1), position: first.saturating_sub(1), hash: [0; 32] };
        let _ = commit.verify_after(&before);
        let _ = commit.verify_after(&Head::EMPTY);
        assert_eq!(commit.iter().count() as u64, commit.last - commit.first + 1);
    }
}

/// A chain of commits, each of commands of one to three events.
fn chain(commits: usize, salt: u8) -> Vec<Commit> {
    let (mut head, mut out) = (Head::EMPTY, Vec::new());
    let mut samples = events().into_iter().cycle().skip(usize::from(salt));
    for number in 0..commits {
        let mut bytes = Vec::new();
        let (mut position, mut previous) = (head.position, head.hash);
        for command in 0..=(number + usize::from(salt)) % 3 {
            let count = u16::try_from(1 + (command + number) % 3).unwrap();
            for index in 0..count {
                position += 1;
                let made = record(&samples.next().unwrap());
                let made = Record { commit: head.commit + 1, position, index, count, previous, ..made };
                let stored = made.encode();
                previous = record_hash(&stored);
                bytes.extend_from_slice(&stored);
            }
        }
        let commit = Commit::from_stored(head.position + 1, bytes.into()).unwrap();
        head = commit.head();
        out.push(commit);
    }
    out
}

/// Reads stored commits as a start does: from their bytes, each behind the one before, up to the head that is known.
fn walk(stored: &[(u64, Bytes)], known: &Head) -> Result<(), ChainError> {
    let mut head = Head::EMPTY;
    for (first, bytes) in stored {
        let commit = Commit::from_stored(*first, bytes.clone())?;
        commit.verify_after(&head)?;
        head = commit.head();
    }
    match head == *known {
        true => Ok(()),
        false => Err(ChainError::Break { position: head.position, what: "the known head" }),
    }
}

proptest! {
    #[test]
    fn a_record_is_read_back(record in records()) {
        let bytes = record.encode();
        prop_assert_eq!(Record::decode(&bytes), Ok(record.clone()));
        let header = Header::read(&[&bytes[..], b"more"].concat()).unwrap();
        prop_assert_eq!((header.length, header.payload), (bytes.len(), record.payload.len()));
        prop_assert_eq!((header.commit, header.position), (record.commit, record.position));
    }

    #[test]
    fn a_record_that_is_cut_or_followed_is_none(record in records(), cut: Index, more in 1..9usize) {
        let bytes = record.encode();
        prop_assert!(Record::decode(&bytes[..cut.index(bytes.len())]).is_err());
        let followed = [&bytes[..], &vec![0; more][..]].concat();
        prop_assert_eq!(Record::decode(&followed), Err(EnvelopeError::Field { field: "length" }));
    }

    #[test]
    fn what_can_be_read_is_what_would_be_written(record in records(), at: Index, bit in 0..8u8) {
        let mut bytes = record.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(read) = Record::decode(&bytes) {
            prop_assert_eq!(read.encode(), bytes, "one value has one form");
        }
    }

    #[test]
    fn soup_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), first: u64) {
        read_all(&bytes, first);
        for (code, _, version) in codec::TYPES {
            let _ = codec::decode(*code, *version, &bytes);
        }
    }

    #[test]
    fn soup_behind_a_good_beginning_does_not_panic(
        record in records(),
        noise in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6),
        cut: Index,
    ) {
        let mut bytes = [record.encode(), record.encode()].concat();
        for (at, byte) in noise {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        read_all(&bytes, record.position);
        read_all(&bytes[..cut.index(bytes.len())], record.position);
        read_all(&bytes, u64::MAX);
    }

    #[test]
    fn noise_in_a_payload_does_not_panic(which: Index, at: Index, byte: u8, cut: Index) {
        let made = record(which.get(&events()));
        let mut payload = made.payload;
        let at = at.index(payload.len());
        payload[at] = byte;
        let _ = codec::decode(made.event_type, made.schema_version, &payload);
        let _ = codec::decode(made.event_type, made.schema_version, &payload[..cut.index(payload.len())]);
    }

    #[test]
    fn any_texts_and_numbers_are_read_back(
        positions in prop::collection::vec(any::<u64>(), 0..20),
        (one, two, three) in ("\\PC{0,60}", "\\PC{0,60}", "\\PC{0,60}"),
        sha256 in prop::option::of(any::<[u8; 32]>()),
    ) {
        let document = Document { title: one.clone(), document_no: two.clone(), sha256, location: three.clone() };
        let firm = common::world::firm(7);
        let made = [
            Event::FactsVoided { positions, reason: one.clone(), decided_by: two.clone() },
            Event::FirmRegistered { firm, name: three, field: one },
            Event::FirmRenamed { firm, name: two },
        ];
        for event in made {
            let encoded = codec::encode(&event, std::slice::from_ref(&document));
            let read = codec::decode(encoded.event_type, encoded.schema_version, &encoded.payload).unwrap();
            prop_assert_eq!(read, (event, vec![document.clone()]));
        }
    }

    #[test]
    fn a_flipped_bit_in_a_chain_is_found(salt in 0..30u8, which: Index, at: Index, bit in 0..8u8) {
        let commits = chain(4, salt);
        let known = commits.last().unwrap().head();
        let mut stored: Vec<_> = commits.iter().map(|commit| (commit.first, commit.records.clone())).collect();
        prop_assert_eq!(walk(&stored, &known), Ok(()));
        let which = which.index(stored.len());
        let mut bytes = stored[which].1.to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        stored[which].1 = bytes.into();
        let found = walk(&stored, &known).expect_err("a flipped bit passed").position();
        // In the commit itself, or where the next one should follow from it.
        prop_assert!((commits[which].first..=commits[which].last + 1).contains(&found));
    }

    #[test]
    fn a_chain_that_lacks_repeats_or_swaps_commits_is_found(salt in 0..30u8, one: Index, two: Index) {
        let commits = chain(5, salt);
        let known = commits.last().unwrap().head();
        let stored: Vec<_> = commits.iter().map(|commit| (commit.first, commit.records.clone())).collect();
        let (one, two) = (one.index(stored.len()), two.index(stored.len()));
        let mut lacking = stored.clone();
        lacking.remove(one);
        prop_assert!(walk(&lacking, &known).is_err());
        let mut repeated = stored.clone();
        repeated.insert(one, stored[one].clone());
        prop_assert!(walk(&repeated, &known).is_err());
        let mut swapped = stored;
        swapped.swap(one, two);
        prop_assert_eq!(walk(&swapped, &known).is_err(), one != two);
    }
}

#[test]
fn a_commit_that_cuts_a_command_is_refused() {
    for commit in chain(6, 1) {
        let before = Head { commit: commit.number - 1, position: commit.first - 1, hash: commit_previous(&commit) };
        commit.verify_after(&before).unwrap();
        let stored: Vec<_> = commit.iter().collect();
        for end in 1..stored.len() {
            let cut: Vec<u8> = stored[..end].iter().flat_map(|(_, bytes)| bytes.to_vec()).collect();
            let cut = Commit::from_stored(commit.first, cut.into()).unwrap();
            let whole = Record::decode(&stored[end].1).unwrap().index == 0;
            assert_eq!(cut.verify_after(&before).is_ok(), whole);
        }
    }
}

fn commit_previous(commit: &Commit) -> [u8; 32] {
    Record::decode(&commit.iter().next().unwrap().1).unwrap().previous
}

#[test]
fn an_index_before_the_logs_beginning_is_no_record() {
    let made = Record { position: 2, index: 2, count: 3, ..record(&events()[4]) };
    assert_eq!(Record::decode(&made.encode()), Err(EnvelopeError::Field { field: "index" }));
}
