//! The portable form of a log: its bytes as agreed, back and forth over two kinds of logs, every way of damaging it, and
//! that neither side ever holds more than a commit.

use crate::log_common::{commit, read_all, small};
use incubator_registry::domain::Event;
use incubator_registry::journal::export::{
    Decoder, EXPORT_VERSION, Encoder, ExportFault, FRAME_BYTES, HEADER_BYTES, Item, Origin, Summary, TRAILER_BYTES,
};
use incubator_registry::journal::{COMMIT_BYTES_MAX, ChainError, Commit, Head, Record, ZERO_HASH, codec};
use incubator_registry::log::{Append, EventLog, MemoryLog, SledLog};
use sha2::{Digest, Sha256};

fn origin() -> Origin {
    Origin { district: "440203".to_owned(), log_id: [7; 16] }
}

/// Commit 1 of a log: its birth.
fn birth() -> Commit {
    let Origin { district, log_id } = origin();
    let encoded = codec::encode(&Event::LogCreated { district, log_id, hash_algorithm: 1 }, &[]);
    let record = Record {
        commit: 1,
        position: 1,
        index: 0,
        count: 1,
        event_type: encoded.event_type,
        schema_version: encoded.schema_version,
        effective_days: 20_000,
        recorded_at_micros: 1_700_000_000_000_000,
        principal: "system".to_owned(),
        on_behalf_of: String::new(),
        request: None,
        previous: ZERO_HASH,
        subjects: Vec::new(),
        payload: encoded.payload,
    };
    Commit::from_stored(1, record.encode().into()).unwrap()
}

/// A log's commits: its birth, then as many of so many events.
fn chain(commits: u64, events: usize, payload: usize) -> Vec<Commit> {
    let mut out = vec![birth()];
    for salt in 1..=commits {
        let head = out[out.len() - 1].head();
        out.push(commit(&head, events, payload, salt));
    }
    out
}

fn export(commits: &[Commit]) -> (Vec<u8>, Summary) {
    let (mut encoder, mut out) = (Encoder::new(), Vec::new());
    for commit in commits {
        encoder.commit(commit, &mut out).unwrap();
    }
    let summary = encoder.finish(&mut out).unwrap();
    assert_eq!(summary.bytes, out.len() as u64);
    (out, summary)
}

/// Everything in an export that comes in pieces of this size.
fn read(bytes: &[u8], piece: usize) -> Result<(Vec<Commit>, Summary), ExportFault> {
    let mut decoder = Decoder::new();
    let mut commits = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        while let Some(item) = decoder.next()? {
            match item {
                Item::Origin(found) => assert_eq!((found, commits.len()), (origin(), 0)),
                Item::Commit(commit) => commits.push(commit),
                Item::End(_) => {}
            }
        }
    }
    Ok((commits, decoder.finish()?))
}

#[test]
fn the_bytes_are_as_agreed() {
    let commits = chain(1, 2, 5);
    let (bytes, summary) = export(&commits);
    assert_eq!(hex::encode(&bytes[..HEADER_BYTES]), "494e434c4f474558010134343032303307070707070707070707070707070707");
    // Every field spelled out once more, so that the layout holds and not merely the code.
    let mut expected = b"INCLOGEX\x01\x01440203".to_vec();
    expected.extend_from_slice(&[7; 16]);
    for commit in &commits {
        expected.extend_from_slice(b"CMIT");
        expected.extend_from_slice(&commit.number.to_be_bytes());
        expected.extend_from_slice(&commit.first.to_be_bytes());
        expected.extend_from_slice(&commit.last.to_be_bytes());
        expected.extend_from_slice(&commit.hash);
        expected.extend_from_slice(&(commit.records.len() as u32).to_be_bytes());
        expected.extend_from_slice(&commit.records);
    }
    expected.extend_from_slice(b"TAIL");
    expected.extend_from_slice(&2u64.to_be_bytes());
    expected.extend_from_slice(&3u64.to_be_bytes());
    expected.extend_from_slice(&3u64.to_be_bytes());
    expected.extend_from_slice(&commits[1].hash);
    let digest = Sha256::digest(&expected);
    expected.extend_from_slice(&digest);
    assert_eq!(bytes, expected);
    assert_eq!(bytes.len(), HEADER_BYTES + 2 * FRAME_BYTES + TRAILER_BYTES + records(&commits));
    assert_eq!(hex::encode(&bytes[bytes.len() - TRAILER_BYTES..]), GOLDEN_TRAILER);
    assert_eq!(summary, Summary { origin: origin(), head: commits[1].head(), bytes: bytes.len() as u64 });
}

/// What stands at the end of the export above: an upgrade must not change it.
const GOLDEN_TRAILER: &str = "5441494c000000000000000200000000000000030000000000000003\
    cee01ac63860270d2ac064ff17665b26e0c034de5683e61f6177f87714db1992\
    4aa98a2f7dc540d325992a549b7d4a0d1cff19c122b4af4822d93d5e783d138a";

fn records(commits: &[Commit]) -> usize {
    commits.iter().map(|commit| commit.records.len()).sum()
}

#[tokio::test]
async fn it_goes_round_over_every_kind_of_log() {
    let commits = chain(40, 3, 300);
    let (bytes, summary) = export(&commits);
    for piece in [1, 7, 64, 4096, bytes.len()] {
        assert_eq!(read(&bytes, piece).unwrap(), (commits.clone(), summary.clone()), "pieces of {piece}");
    }
    let dir = tempfile::tempdir().unwrap();
    let sled = SledLog::open(&dir.path().join("log"), small()).unwrap();
    let logs: [Box<dyn EventLog>; 2] = [Box::new(MemoryLog::new()), Box::new(sled)];
    for log in logs {
        let mut head = Head::EMPTY;
        for commit in read(&bytes, 1000).unwrap().0 {
            let next = commit.head();
            assert_eq!(log.append(head, commit).await, Append::Appended(next));
            head = next;
        }
        assert_eq!(export(&read_all(log.as_ref()).await.unwrap()).0, bytes);
        log.close().await.unwrap();
    }
}

#[test]
fn half_an_export_is_never_taken_for_one() {
    let commits = chain(3, 2, 20);
    let (bytes, _) = export(&commits);
    for end in 0..bytes.len() {
        let fault = read(&bytes[..end], 512).unwrap_err();
        let whole = |commit: &&Commit| {
            let before: usize =
                commits.iter().take(commit.number as usize).map(|c| FRAME_BYTES + c.records.len()).sum();
            HEADER_BYTES + before <= end
        };
        let position = commits.iter().take_while(whole).last().map_or(0, |commit| commit.last);
        assert_eq!(fault, ExportFault::Truncated { offset: end as u64, position }, "cut at {end}");
        assert!(fault.to_string().contains(&format!("byte {end}")), "{fault}");
    }
}

#[test]
fn a_changed_bit_is_found_wherever_it_is() {
    let commits = chain(3, 2, 20);
    let (bytes, _) = export(&commits);
    for at in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        let fault = match read_quietly(&damaged) {
            Err(fault) => fault,
            Ok(()) => panic!("bit {at}: nobody noticed"),
        };
        if let ExportFault::Chain { source, offset } = &fault {
            assert!(*offset as usize <= at / 8, "bit {at}: {fault}");
            assert!((1..=8).contains(&source.position()), "bit {at}: {fault}");
        }
    }
}

/// `read`, where the header may say anything.
fn read_quietly(bytes: &[u8]) -> Result<(), ExportFault> {
    let mut decoder = Decoder::new();
    decoder.push(bytes);
    while decoder.next()?.is_some() {}
    decoder.finish().map(drop)
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let commits = chain(2, 2, 20);
    let (bytes, _) = export(&commits);
    let end = bytes.len();
    let second = HEADER_BYTES + FRAME_BYTES + commits[0].records.len();
    let said = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut damaged = bytes.clone();
        change(&mut damaged);
        read_quietly(&damaged).unwrap_err().to_string()
    };
    assert_eq!(said(&|b| b[0] = b'X'), "byte 0: this is no export of a log: wrong magic");
    assert_eq!(said(&|b| b[8] = 2), "byte 8: version 2 is not known to this program");
    assert_eq!(said(&|b| b[9] = 2), "byte 9: hash algorithm 2 is not known to this program");
    assert_eq!(said(&|b| b[10] = b'x'), "the district is not a GB/T 2260 code of 6 digits");
    let other = "position 1: the record is that of another log than the one that the header names";
    assert_eq!(said(&|b| b[10] = b'5'), other);
    assert_eq!(said(&|b| b[20] = 1), other);
    assert_eq!(
        said(&|b| b[second] = b'X'),
        format!("byte {second}: neither a commit nor the trailer begins here, after position 1")
    );
    assert_eq!(
        said(&|b| b[second + 60] = 1),
        format!(
            "byte {second}: 16777{} bytes of records behind position 1; a commit has 1 to 4194304",
            216 + commits[1].records.len()
        )
    );
    assert_eq!(
        said(&|b| b[second + 11] = 9),
        format!("byte {second}: position 2: the commit number does not follow from the record before it")
    );
    let trailer = end - TRAILER_BYTES;
    assert_eq!(
        said(&|b| b[trailer + 11] = 9),
        format!("byte {trailer}: the trailer's count of commits is not that of the records, which end at position 5")
    );
    assert_eq!(
        said(&|b| b[end - 1] ^= 1),
        format!("byte {trailer}: the trailer's SHA-256 is not that of the records, which end at position 5")
    );
    assert_eq!(
        said(&|b| b.push(0)),
        format!("byte {end}: there is more behind the end of the export, which ends with position 5")
    );
    assert_eq!(said(&|b| b.truncate(40)), "byte 40: the export ends in the middle, after position 0: it is not whole");
    // A commit left out, and two in the wrong order.
    let third = second + FRAME_BYTES + commits[1].records.len();
    assert_eq!(
        said(&|b| drop(b.drain(second..third))),
        format!("byte {second}: position 2: the commit number does not follow from the record before it")
    );
    assert_eq!(said(&|b| drop(b.drain(HEADER_BYTES..trailer))), "the log is empty: there is nothing to export");
}

#[test]
fn a_broken_log_has_no_export() {
    let commits = chain(2, 2, 20);
    let mut out = Vec::new();
    assert_eq!(Encoder::new().finish(&mut out), Err(ExportFault::Empty));
    let mut encoder = Encoder::new();
    encoder.commit(&commits[0], &mut out).unwrap();
    let fault = encoder.commit(&commits[2], &mut out).unwrap_err();
    assert!(matches!(fault, ExportFault::Chain { source: ChainError::Break { position: 2, .. }, .. }), "{fault}");
    // A log that begins with something else.
    let fault = Encoder::new().commit(&commit(&Head::EMPTY, 1, 8, 1), &mut Vec::new()).unwrap_err();
    assert!(matches!(fault, ExportFault::Origin(_)), "{fault}");
    assert_eq!(EXPORT_VERSION, 1);
}

/// 100 MB pass from one side to the other, made as they go: neither holds more than a commit and a piece.
#[test]
fn a_large_log_passes_in_bounded_memory() {
    const PIECE: usize = 256 * 1024;
    let (mut encoder, mut decoder, mut out) = (Encoder::new(), Decoder::new(), Vec::new());
    let mut next = birth();
    let (mut passed, mut held_max) = (0, 0);
    for salt in 0..200 {
        encoder.commit(&next, &mut out).unwrap();
        assert!(out.len() <= HEADER_BYTES + FRAME_BYTES + COMMIT_BYTES_MAX);
        for piece in out.chunks(PIECE) {
            decoder.push(piece);
            held_max = held_max.max(decoder.held_bytes());
            while let Some(item) = decoder.next().unwrap() {
                if let Item::Commit(commit) = item {
                    passed += commit.records.len();
                    assert_eq!(commit, next);
                }
            }
        }
        out.clear();
        next = commit(&next.head(), 8, 65_000, salt);
    }
    encoder.finish(&mut out).unwrap();
    decoder.push(&out);
    while decoder.next().unwrap().is_some() {}
    assert!(decoder.finish().is_ok());
    assert!(passed > 100_000_000, "{passed}");
    assert!(held_max <= FRAME_BYTES + COMMIT_BYTES_MAX + PIECE, "{held_max}");
}
