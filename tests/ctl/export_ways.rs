//! The ways a log leaves and comes back: through the server, offline, by the command line; the same bytes each way, the
//! same log at the end, and a clear word about everything that is no export or no place for one.

use crate::common;
use crate::log_common;
use common::server::{DISTRICT, HeldClock, Server, firm_name, refused};
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::engine::{Engine, EngineConfig, ExportRange};
use incubator_registry::journal::export::{Encoder, HEADER_BYTES, TRAILER_BYTES};
use incubator_registry::log::{EventLog, MemoryLog, SledLog, SledOptions};
use incubator_registry::wire::v1::{self, IncubatorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tonic::Code;

/// A data folder, and what is done with it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// A server over the log of a data folder of this name.
    async fn serve(&self, data: &str) -> Server {
        Server::on(Arc::new(open(&self.path(data)))).await
    }

    /// Names of the entries of a folder.
    fn entries(&self, name: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(name)) else { return Vec::new() };
        let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn open(data: &Path) -> SledLog {
    SledLog::open(&data.join("440203").join("log"), SledOptions::default()).unwrap()
}

async fn ctl(args: &[&str]) -> (Exit, Vec<u8>, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let common = ["incubatorctl", "--lang", "en", "--output", "json", "--principal", "li"];
    let exit = ctl::run(common.iter().chain(args), &mut Io { out: &mut out, err: &mut err, watched: false }).await;
    (exit, out, String::from_utf8(err).unwrap())
}

async fn good(args: &[&str]) -> serde_json::Value {
    let (exit, out, err) = ctl(args).await;
    assert_eq!((exit, err.as_str()), (Exit::Clean, ""), "{args:?}");
    serde_json::from_slice(&out).unwrap()
}

#[track_caller]
fn told(run: (Exit, Vec<u8>, String), sentence: &str) {
    assert_eq!(run.0, Exit::Trouble, "{}", run.2);
    assert!(run.2.contains(sentence), "{:?} does not say {sentence:?}", run.2);
}

async fn settle(server: &Server) {
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    for number in 1..=5 {
        let name = server.firm(number, "2023-01-10").await;
        server.admit(&name, "WJ03", "2023-02-01").await;
    }
}

async fn chunks(server: &Server, to_position: i64) -> Vec<Vec<u8>> {
    let ask = v1::ExportLogRequest { parent: DISTRICT.into(), to_position };
    let mut stream = server.journal().export_log(ask).await.unwrap().into_inner();
    let mut out = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        out.push(message.chunk);
    }
    out
}

#[tokio::test]
async fn every_way_gives_the_same_bytes_and_the_same_log() {
    let place = Place::new();
    let server = place.serve("data").await;
    settle(&server).await;
    let head = server.engine.published().head;
    let called = chunks(&server, 0).await.concat();
    let at = server.address.clone();
    let said = good(&["--server", &at, "log", "export", &place.text("online")]).await;
    assert_eq!((&said["exported"], &said["position"]), (&true.into(), &head.position.into()));
    assert_eq!(
        (said["hash"].as_str(), said["bytes"].as_u64()),
        (Some(hex::encode(head.hash)).as_deref(), Some(called.len() as u64))
    );
    told(ctl(&["log", "export", &place.text("x"), "--data", &place.text("data")]).await, "in use by another process");
    server.ended().await.unwrap();
    good(&["log", "export", &place.text("offline"), "--data", &place.text("data")]).await;
    let (exit, piped, err) = ctl(&["log", "export", "-", "--data", &place.text("data")]).await;
    assert!(exit == Exit::Clean && err.contains("\"exported\": true"), "{err}");
    assert!(place.bytes("online") == called && place.bytes("offline") == called && piped == called);

    let said = good(&["log", "import", &place.text("offline"), "--data", &place.text("new")]).await;
    assert_eq!((&said["imported"], &said["position"]), (&true.into(), &head.position.into()));
    assert_eq!(place.entries("new/440203"), ["log"]);
    let server = place.serve("new").await;
    assert_eq!(server.engine.published().head, head);
    assert!(chunks(&server, 0).await.concat() == called);
    let firm = v1::GetFirmRequest { name: firm_name(5), ..Default::default() };
    let firm = server.firms().get_firm(firm).await.unwrap().into_inner().firm.unwrap();
    assert_eq!((firm.stays.len(), firm.stays[0].admitted_date.as_str()), (1, "2023-02-01"));
    // It goes on where the other ended, and is no place for an import any more.
    server.firm(6, "2024-01-01").await;
    assert_eq!(server.engine.published().head.position, head.position + 1);
    server.ended().await.unwrap();
    told(ctl(&["log", "import", &place.text("online"), "--data", &place.text("new")]).await, "is not empty");
    assert_eq!(place.entries(""), ["data", "new", "offline", "online"]);
}

#[tokio::test]
async fn an_export_is_of_the_head_when_it_was_asked_for_or_of_a_commit() {
    let server = Server::start().await;
    settle(&server).await;
    let head = server.engine.published().head.position;
    let before = chunks(&server, 0).await.concat();
    let mut export = server.engine.export(0).unwrap();
    server.firm(9, "2024-01-01").await;
    let mut bytes = Vec::new();
    while let Some(more) = export.next().await.unwrap() {
        bytes.extend(more);
    }
    assert!(bytes == before && chunks(&server, 0).await.concat() != before);
    assert!(chunks(&server, i64::try_from(head).unwrap()).await.concat() == before);
    // Commit 1 is LogCreated and the first limits.
    assert_eq!(server.engine.export(1).err(), Some(ExportRange::Inside { before: 0, end: 2 }));
    let ask = |to_position| v1::ExportLogRequest { parent: DISTRICT.into(), to_position };
    let inside = server.journal().export_log(ask(1)).await;
    let metadata = [("field", "to_position"), ("before", "0"), ("end", "2")];
    refused(inside.map(drop), Code::InvalidArgument, "OUT_OF_RANGE", &metadata, &[("to_position", "OUT_OF_RANGE")]);
    let ahead = server.journal().export_log(ask(99)).await;
    refused(ahead.map(drop), Code::OutOfRange, "POSITION_AHEAD", &[("position", "99"), ("head", "14")], &[]);
    let negative = server.journal().export_log(ask(-1)).await;
    let metadata = [("field", "to_position")];
    refused(negative.map(drop), Code::InvalidArgument, "OUT_OF_RANGE", &metadata, &[("to_position", "OUT_OF_RANGE")]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn chunks_are_small_and_a_slow_reader_holds_nobody_up() {
    let server = Server::start().await;
    server.carrier("WJ03", IncubatorKind::Incubator).await;
    let rows = |first: u32| {
        (first..first + 500).map(move |number| v1::ImportRow {
            line: i64::from(number),
            row: Some(v1::import_row::Row::Firm(v1::FirmRow {
                firm_code: common::world::firm(number).to_string(),
                display_name: "企".repeat(100),
                registered_date: "2023-01-10".into(),
                field: "电子信息".into(),
            })),
        })
    };
    let message =
        |first| v1::ImportRowsRequest { parent: DISTRICT.into(), rows: rows(first).collect(), validate_only: false };
    let messages: Vec<_> = (0..8).map(|n| message(n * 500)).collect();
    let mut answers = server.import().import_rows(tokio_stream::iter(messages)).await.unwrap().into_inner();
    while answers.message().await.unwrap().is_some() {}
    let ask = v1::ExportLogRequest { parent: DISTRICT.into(), to_position: 0 };
    let mut slow = server.journal().export_log(ask).await.unwrap().into_inner();
    let first = slow.message().await.unwrap().unwrap().chunk;
    // Meanwhile others write and export.
    server.firm(9001, "2024-01-01").await;
    let quick = chunks(&server, 4003).await;
    assert!(quick.len() > 4 && quick.iter().all(|chunk| (1..=262_144).contains(&chunk.len())));
    let mut bytes = first;
    while let Some(message) = slow.message().await.unwrap() {
        bytes.extend(message.chunk);
    }
    assert!(bytes == quick.concat());
    server.ended().await.unwrap();
}

#[tokio::test]
async fn what_is_no_export_is_refused_and_leaves_nothing() {
    let place = Place::new();
    let server = place.serve("data").await;
    settle(&server).await;
    server.ended().await.unwrap();
    good(&["log", "export", &place.text("whole"), "--data", &place.text("data")]).await;
    let whole = place.bytes("whole");
    let import = async |name: &str, bytes: &[u8]| {
        std::fs::write(place.path(name), bytes).unwrap();
        ctl(&["log", "import", &place.text(name), "--data", &place.text("new")]).await
    };
    let end = whole.len();
    told(
        import("half", &whole[..end / 2]).await,
        &format!("byte {}: the export ends in the middle, after position", end / 2),
    );
    told(import("empty", b"").await, "byte 0: the export ends in the middle, after position 0");
    let mut changed = whole.clone();
    changed[end - TRAILER_BYTES - 1] ^= 1;
    told(import("changed", &changed).await, "position 13: the commit's own description");
    changed = whole.clone();
    changed[end - 1] ^= 1;
    told(
        import("digest", &changed).await,
        "the trailer's SHA-256 is not that of the records, which end at position 13",
    );
    changed = whole.clone();
    changed[HEADER_BYTES - 1] ^= 1;
    told(import("id", &changed).await, "that of another log");
    told(import("longer", &[&whole[..], b"\n"].concat()).await, &format!("byte {end}: there is more behind the end"));
    told(import("other", b"just a file, and not a short one").await, "byte 0: this is no export of a log");
    let run = ctl(&["--district", "440204", "log", "import", &place.text("whole"), "--data", &place.text("new")]).await;
    told(run, "is the log of district 440203, not of 440204");
    told(ctl(&["log", "import", &place.text("none"), "--data", &place.text("new")]).await, "can't read");
    assert_eq!(place.entries("new/440203"), Vec::<String>::new());
    assert_eq!(place.entries("new/440204"), Vec::<String>::new());
    // What a crash left is recognised and made anew; an empty folder is a place for a log.
    std::fs::create_dir_all(place.path("new/440203/log.import/sled")).unwrap();
    std::fs::create_dir_all(place.path("new/440203/log")).unwrap();
    let (exit, _, err) = ctl(&["log", "import", &place.text("whole"), "--data", &place.text("new")]).await;
    assert!(exit == Exit::Clean && err.contains("was left by an import that was interrupted"), "{err}");
    assert_eq!(place.entries("new/440203"), ["log"]);
    // While another import is at work.
    let busy = SledLog::open(&place.path("busy/440203/log.import"), SledOptions::default()).unwrap();
    told(
        ctl(&["log", "import", &place.text("whole"), "--data", &place.text("busy")]).await,
        "another import is writing",
    );
    busy.close().await.unwrap();
}

#[tokio::test]
async fn a_file_is_not_overwritten_and_half_a_file_has_no_name() {
    let place = Place::new();
    let server = place.serve("data").await;
    settle(&server).await;
    server.ended().await.unwrap();
    let (file, data) = (place.text("log.export"), place.text("data"));
    let export = ["log", "export", &file, "--data", &data];
    std::fs::write(place.path("log.export.part"), b"left by a crash").unwrap();
    good(&export).await;
    let whole = place.bytes("log.export");
    told(ctl(&export).await, "is there already; --force overwrites it");
    std::fs::write(place.path("log.export"), b"older").unwrap();
    good(&[&export[..], &["--force"]].concat()).await;
    assert!(place.bytes("log.export") == whole);
    told(ctl(&["log", "export", "/dev/null", "--data", &data, "--force"]).await, "no regular file; - writes to stdout");
    let to = |position: &'static str| [&export[..], &["--force", "--to", position]].concat();
    told(ctl(&to("1")).await, "--to 1 is inside a commit: 0 and 2 end one");
    told(ctl(&to("99")).await, "--to 99 lies beyond the log's head, 13");
    told(ctl(&["log", "export", &file, "--data", &place.text("nothing"), "--force"]).await, "there is no log in");
    assert!(place.bytes("log.export") == whole);
    good(&to("2")).await;
    assert!(place.bytes("log.export").len() < whole.len());
    assert_eq!(place.entries(""), ["data", "log.export"]);
}

#[tokio::test]
async fn a_damaged_log_ends_its_export_without_a_trailer() {
    let log = Arc::new(MemoryLog::new());
    let limits = (common::world::day("1900-01-01"), common::world::limits());
    let config = EngineConfig { district: "440203".into(), limits, snapshots: None };
    let clock = Arc::new(HeldClock::at(common::world::TODAY));
    let engine = Engine::start(config, log.clone(), clock).await.unwrap();
    let mut export = engine.export(0).unwrap();
    assert!(export.next().await.unwrap().is_some_and(|bytes| bytes.starts_with(b"INCLOGEX")));
    assert!(export.next().await.unwrap().is_some_and(|bytes| bytes.len() == TRAILER_BYTES));
    assert_eq!(export.next().await.unwrap(), None);
    // A log that can't be read any more.
    let mut export = engine.export(0).unwrap();
    log.close().await.unwrap();
    assert!(export.next().await.is_err());
    assert_eq!(export.next().await.unwrap(), None);
}

/// A log as large as takes a while to import: made without a server, from commits behind its birth.
async fn write_large(place: &Place, commits: u64) -> u64 {
    let log = MemoryLog::new();
    let limits = (common::world::day("1900-01-01"), common::world::limits());
    let config = EngineConfig { district: "440203".into(), limits, snapshots: None };
    let log = Arc::new(log);
    Engine::start(config, log.clone(), Arc::new(HeldClock::at(common::world::TODAY))).await.unwrap();
    let (mut encoder, mut out) = (Encoder::new(), Vec::new());
    let birth = log.read(1, 1).await.unwrap().remove(0);
    encoder.commit(&birth, &mut out).unwrap();
    let mut head = birth.head();
    for salt in 0..commits {
        let next = log_common::commit(&head, 2, 2000, salt);
        encoder.commit(&next, &mut out).unwrap();
        head = next.head();
    }
    encoder.finish(&mut out).unwrap();
    std::fs::write(place.path("large"), out).unwrap();
    head.position
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_no_log_and_the_next_one_makes_it() {
    let place = Place::new();
    let last = write_large(&place, 3000).await;
    let import = ["--lang", "en", "log", "import", &place.text("large"), "--data", &place.text("new")];
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_incubatorctl")).args(import).spawn().unwrap();
    let made = || place.path("new/440203/log.import/FORMAT").exists();
    while !made() {
        assert!(child.try_wait().unwrap().is_none(), "it was done before it could be killed");
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.entries("new/440203"), ["log.import"]);
    let (exit, _, err) = ctl(&import[2..]).await;
    assert!(exit == Exit::Clean && err.contains("was left by an import that was interrupted"), "{err}");
    assert_eq!(place.entries("new/440203"), ["log"]);
    let said = good(&["log", "export", &place.text("again"), "--data", &place.text("new")]).await;
    assert_eq!(said["position"], last);
    assert!(place.bytes("again") == place.bytes("large"));
}
