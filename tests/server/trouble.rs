//! Trouble with the data folder, as whoever operates the server meets it: each ends in a message that says what is wrong, and
//! leaves the log as it was. Real file systems are mounted for it, in memory.
//!
//! What other tests show: a log full by plan (`grpc_server`, `engine`), a refused write (`log_failing_disk`), a folder or a
//! port in use (`server_drain`, `log_folder`), a clock set back (`engine`, `simulation`), half an export
//! (`log_export`, `log_export_ways`), a flipped or cut file (`server_drain`, `log_bitflips`, `log_folder`).

use crate::common_server::{Client, DISTRICT, Incubatord, refused_start, registration, says};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use tonic::Code;

/// Every file below a folder with its bytes.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.append(&mut files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

async fn register(client: &Client, numbers: std::ops::Range<u64>) {
    for number in numbers {
        client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
    }
}

/// A server's folder with firms `numbers` more, cleanly stopped.
async fn served(data: &Path, numbers: std::ops::Range<u64>) {
    let server = Incubatord::on(data);
    register(&server.client().await, numbers).await;
    server.stop_cleanly();
}

/// The start must be refused, twice alike, with this status and these words, and change nothing.
#[track_caller]
fn refused(data: &Path, code: i32, words: &[&str]) {
    let log = data.join("440203/log");
    let before = files(&log);
    for _ in 0..2 {
        let ended = refused_start(&["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
        assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        let last = ended.stderr.lines().last().unwrap_or_default();
        for word in words {
            assert!(last.contains(word), "{word}: {}", ended.stderr);
        }
        assert!(files(&log) == before, "a refused start changed the log");
    }
}

/// A file system in memory, taken down when dropped.
struct Mount(TempDir);

impl Mount {
    /// Needs the right to mount: root has it, and anyone in a user namespace of their own (`unshare --map-root-user --mount`,
    /// which is how tests/run calls the tests of somebody else).
    fn new(size: &str) -> Self {
        let dir = TempDir::new().unwrap();
        let options = format!("size={size},mode=0700");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(dir.path()).status();
        assert!(
            mounted.unwrap().success(),
            "no file system can be mounted: run this under unshare --map-root-user --mount"
        );
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, how: &str) {
        let status = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()).status().unwrap();
        assert!(status.success(), "remount {how}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_harms_nothing_and_passes() {
    // The server keeps 64 MiB free, so that it can always stop in order.
    let disk = Mount::new("120m");
    let (data, filler) = (disk.path().join("data"), disk.path().join("filler"));
    let server = Incubatord::on(&data);
    let client = server.client().await;
    register(&client, 0..20).await;
    let before = client.head(DISTRICT).await;
    for round in 0..3 {
        let free = rustix::fs::statvfs(disk.path()).unwrap();
        let free = free.f_bavail * free.f_frsize;
        assert!(free > 64 << 20, "round {round}: {free} bytes free at first");
        fs::write(&filler, vec![1; usize::try_from(free - (64 << 20)).unwrap() + 4096]).unwrap();
        let request = registration(DISTRICT, 1000 + round);
        for _ in 0..3 {
            let status = client.firms().register_firm(request.clone()).await.unwrap_err();
            says(&status, Code::ResourceExhausted, "LOG_FULL", &[], &[]);
        }
        assert_eq!(client.head(DISTRICT).await.position, before.position + round as i64, "nothing half done");
        // What is recorded can be read, and a command that writes nothing is answered.
        assert_eq!(client.verified(DISTRICT).await, before.position + round as i64);
        assert!(client.firms().register_firm(registration(DISTRICT, 3)).await.unwrap().into_inner().duplicate);
        fs::remove_file(&filler).unwrap();
        let answer = client.firms().register_firm(request).await.unwrap().into_inner();
        assert_eq!((answer.position, answer.duplicate), (before.position + 1 + round as i64, false));
    }
    // Full to the last byte when it stops, and when it starts: the log is whole.
    let head = client.head(DISTRICT).await;
    let free = rustix::fs::statvfs(disk.path()).unwrap();
    fs::write(&filler, vec![1; usize::try_from(free.f_bavail * free.f_frsize).unwrap()]).unwrap();
    server.stop();
    fs::remove_file(&filler).unwrap();
    let server = Incubatord::on(&data);
    let client = server.client().await;
    assert_eq!((client.head(DISTRICT).await, client.verified(DISTRICT).await), (head.clone(), head.position));
    register(&client, 2000..2001).await;
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_folder_is_named_and_left_alone() {
    let disk = Mount::new("160m");
    let data = disk.path().join("data");
    // There is nothing yet: no log can be made.
    disk.remount("ro");
    let ended = refused_start(&["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("Read-only") && ended.stderr.contains(data.to_str().unwrap()), "{}", ended.stderr);
    disk.remount("rw");
    served(&data, 0..5).await;
    disk.remount("ro");
    refused(&data, 1, &["440203", "Read-only"]);
    disk.remount("rw");
    let server = Incubatord::on(&data);
    assert_eq!(server.client().await.verified(DISTRICT).await, 7);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_read_only_after_a_crash_loses_nothing() {
    let disk = Mount::new("160m");
    let data = disk.path().join("data");
    let server = Incubatord::on(&data);
    let client = server.client().await;
    register(&client, 0..5).await;
    server.kill();
    disk.remount("ro");
    refused(&data, 1, &["440203", "Read-only"]);
    disk.remount("rw");
    let server = Incubatord::on(&data);
    assert_eq!(server.client().await.verified(DISTRICT).await, 7);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_of_a_newer_program_is_refused_in_words() {
    let data = TempDir::new().unwrap();
    served(data.path(), 0..5).await;
    let path = data.path().join("440203/log/FORMAT");
    let format = fs::read_to_string(&path).unwrap();
    fs::write(&path, format.replace("format 1", "format 2")).unwrap();
    refused(data.path(), 1, &["440203", "format 2", "knows 1"]);
    fs::write(&path, format).unwrap();
    served(data.path(), 5..6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_log_under_a_newer_witness_is_a_loss() {
    let (data, old) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    served(data.path(), 0..10).await;
    let sled = data.path().join("440203/log/sled");
    copy(&sled, old.path());
    served(data.path(), 10..30).await;
    let newer = TempDir::new().unwrap();
    copy(&sled, newer.path());
    fs::remove_dir_all(&sled).unwrap();
    copy(old.path(), &sled);
    refused(data.path(), 65, &["DATA_LOSS", "440203", "position 13"]);
    // With a snapshot or without: it is the log that counts.
    fs::remove_dir_all(data.path().join("440203/snapshot")).unwrap();
    refused(data.path(), 65, &["DATA_LOSS", "440203", "position 13"]);
    // The right folder put back, all is as it was.
    fs::remove_dir_all(&sled).unwrap();
    copy(newer.path(), &sled);
    let server = Incubatord::on(data.path());
    assert_eq!(server.client().await.verified(DISTRICT).await, 32);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_snap_file_of_the_store_costs_nothing() {
    for stop in [true, false] {
        let data = TempDir::new().unwrap();
        served(data.path(), 0..30).await;
        if !stop {
            let server = Incubatord::on(data.path());
            register(&server.client().await, 30..40).await;
            server.kill();
        }
        let sled = data.path().join("440203/log/sled");
        let names = fs::read_dir(&sled).unwrap().map(|entry| entry.unwrap().path());
        let snaps: Vec<PathBuf> =
            names.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("snap.")).collect();
        assert!(!snaps.is_empty(), "the store keeps a snap file");
        for snap in snaps {
            let mut bytes = fs::read(&snap).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x20;
            fs::write(&snap, bytes).unwrap();
        }
        let server = Incubatord::on(data.path());
        let client = server.client().await;
        assert_eq!(client.verified(DISTRICT).await, if stop { 32 } else { 42 });
        register(&client, 100..101).await;
        server.stop_cleanly();
    }
}
