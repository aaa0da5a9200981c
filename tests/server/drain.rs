//! The server's end and its refusals to begin, as whoever operates it sees them: a drain that whatever clients hold open
//! can't stop, exit statuses that tell typing from damage, and messages that say what to do.

use crate::common_server::ledgers::{import, import_whole, lines, talk, wire};
use crate::common_server::state::State;
use crate::common_server::{Client, DISTRICT, Incubatord, refused_start, registration, said};
use incubator_registry::wire::v1;
use std::fs;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

fn log(data: &TempDir) -> std::path::PathBuf {
    data.path().join("440203/log")
}

fn subscription() -> v1::SubscribeEventsRequest {
    v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() }
}

/// Nothing of a start that did not trust the stop before it.
#[track_caller]
fn no_copies(dir: &Path) {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let copies: Vec<String> = names.filter(|name| name.starts_with("before-") || name == "trial").collect();
    assert_eq!(copies, Vec::<String>::new());
}

/// Identity of the files that sled has: a copy would be other files.
fn inode(data: &TempDir) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&fs::metadata(log(data).join("sled/db")).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_ends_everything_that_is_open() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let mut subscribed = client.journal().subscribe_events(subscription()).await.unwrap().into_inner();
    let mut idle = talk(&client).await.unwrap();
    let mut health = HealthClient::new(client.channel.clone());
    let mut watched = health.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let idle_client = server.client().await;
    idle_client.head(DISTRICT).await;
    // Commands of several clients until they are refused: each is answered, the last one with why.
    let mut commands = Vec::new();
    for nth in 0..8 {
        commands.push(tokio::spawn(until_refused(server.client().await, nth * 1_000_000)));
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    let ended = tokio::task::spawn_blocking(move || server.stop());
    let status = loop {
        match subscribed.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a subscription ends with its reason"),
            Err(status) => break status,
        }
    };
    assert_eq!((said(&status).0, said(&status).1.as_str()), (Code::Unavailable, "DRAINING"));
    let status = idle.answers.message().await.unwrap_err();
    assert_eq!((said(&status).0, said(&status).1.as_str()), (Code::Unavailable, "DRAINING"));
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    assert!(watched.message().await.unwrap().is_none());
    let ended = ended.await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    // Nothing had to be waited for.
    assert!(ended.took < Duration::from_secs(4), "{:?}: {}", ended.took, ended.stderr);
    assert!(!ended.stderr.contains("cut off"), "{}", ended.stderr);
    assert!(!ended.stderr.contains('\u{1b}'), "colours in a file: {}", ended.stderr);
    let mut acknowledged = 0;
    for command in commands {
        let (answered, refused) = command.await.unwrap();
        acknowledged += answered;
        // Cancelled is the client's own word for a connection that is gone.
        let gone = [Code::Unavailable, Code::Unknown, Code::Cancelled];
        assert!(gone.contains(&refused.code()), "{refused:?}");
    }
    drop((idle_client, client));
    no_copies(&log(&data));
    // The next start trusts this stop, and has all that was answered.
    let before = inode(&data);
    let server = Incubatord::on(data.path());
    assert_eq!(inode(&data), before);
    no_copies(&log(&data));
    let client = server.client().await;
    assert_eq!(client.events(DISTRICT).await.len() as u64, 2 + acknowledged);
    server.stop_cleanly();
}

/// Sends registrations until one is refused; how many were answered, and why the last was not.
async fn until_refused(client: Client, from: u64) -> (u64, tonic::Status) {
    for number in 0.. {
        if let Err(status) = client.firms().register_firm(registration(DISTRICT, from + number)).await {
            return (number, status);
        }
    }
    unreachable!("numbers do not end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_waits_for_no_client_that_does_not_read() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    import_whole(&client, DISTRICT, &wire(&lines())).await;
    // More than the window of a stream holds, and nobody reads on.
    let read =
        v1::ReadEventsRequest { include_record: true, from_position: 1, parent: DISTRICT.into(), ..Default::default() };
    let slow = client.journal().read_events(read).await.unwrap().into_inner();
    let follow = v1::SubscribeEventsRequest { include_record: true, ..subscription() };
    let slower = client.journal().subscribe_events(follow).await.unwrap().into_inner();
    // A connection that never says a word.
    let silent = tokio::net::TcpStream::connect(&server.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let ended = tokio::task::spawn_blocking(move || server.stop()).await.unwrap();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    drop((slow, slower, silent));
    no_copies(&log(&data));
    Incubatord::on(data.path()).stop_cleanly();
    no_copies(&log(&data));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupt_drains_too() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    server.signal("INT");
    assert_eq!(server.ended().code, Some(0));
    assert!(log(&data).join("clean").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_a_folder_and_one_a_port() {
    let (data, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let second = refused_start(&["--data", data.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
    assert_eq!(second.code, Some(1), "{}", second.stderr);
    assert!(second.stderr.contains("440203/log") && second.stderr.contains("another process"), "{}", second.stderr);
    let third = refused_start(&["--data", other.path().to_str().unwrap(), "--listen", &server.address]);
    assert_eq!(third.code, Some(1), "{}", third.stderr);
    assert!(third.stderr.contains(&server.address) && third.stderr.contains("in use"), "{}", third.stderr);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0, "a log was made though there is no port");
    client.firms().register_firm(registration(DISTRICT, 1)).await.unwrap();
    assert_eq!(client.verified(DISTRICT).await, 3);
    server.stop_cleanly();
}

#[test]
fn wrong_options_are_told_all_at_once() {
    let ended = refused_start(&["--listen", "0.0.0.0:50440", "--district", "44", "--limits", "/nowhere/limits.toml"]);
    assert_eq!(ended.code, Some(64), "{}", ended.stderr);
    for told in ["--data", "--listen 0.0.0.0:50440", "loopback", "--district 44", "--limits /nowhere/limits.toml"] {
        assert!(ended.stderr.contains(told), "{told}: {}", ended.stderr);
    }
    for args in
        [&["--demo", "--port", "1"][..], &["--demo", "--listen"], &["--demo", "--listen", "127.0.0.1:0", "more"]]
    {
        assert_eq!(refused_start(args).code, Some(64), "{args:?}");
    }
}

#[test]
fn a_broken_file_of_limits_is_told_key_by_key() {
    let data = TempDir::new().unwrap();
    let file = data.path().join("limits.toml");
    let good = include_str!("../../deploy/demo/limits.toml");
    let folder = data.path().join("data");
    let start = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let (file, folder) = (file.to_str().unwrap(), folder.to_str().unwrap());
        let ended = refused_start(&["--data", folder, "--listen", "127.0.0.1:0", "--limits", file]);
        assert_eq!(ended.code, Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains("limits.toml"), "{}", ended.stderr);
        ended.stderr
    };
    let keys: Vec<&str> = good.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key.trim()).collect();
    assert!(keys.len() >= 6, "{keys:?}");
    let said = start(b"");
    for key in &keys {
        assert!(said.contains(key), "{key}: {said}");
    }
    let broken = good.replace(" = ", " = \"x\" # ");
    let said = start(broken.as_bytes());
    for key in &keys {
        assert!(said.contains(key), "{key}: {said}");
    }
    assert!(start(format!("{good}\nadmission_age_month = 24\n").as_bytes()).contains("admission_age_month"));
    start(b"\xff\xfe not text");
    assert!(!folder.exists(), "a log was made of limits that can't be used");
}

/// A folder with a log of some length, cleanly stopped.
async fn stopped(data: &TempDir) {
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let (results, broken) = import(&client, DISTRICT, &wire(&lines())[..120], 1, Duration::ZERO, |_| ()).await;
    assert!(broken.is_none() && results.len() == 120);
    server.stop_cleanly();
}

/// The files below a folder, with their bytes.
fn files(dir: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_log_is_not_served() {
    type Damage = fn(&Path);
    let flip: Damage = |db| {
        let mut bytes = fs::read(db).unwrap();
        // In the middle of what was written; the file itself is longer.
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[written / 2] ^= 0x10;
        fs::write(db, bytes).unwrap();
    };
    let cut: Damage = |db| {
        let bytes = fs::read(db).unwrap();
        let written = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        fs::write(db, &bytes[..written / 2]).unwrap();
    };
    let gone: Damage = |db| fs::remove_dir_all(db.parent().unwrap()).unwrap();
    for (what, damage) in [("flipped", flip), ("cut", cut), ("gone", gone)] {
        let data = TempDir::new().unwrap();
        stopped(&data).await;
        damage(&log(&data).join("sled/db"));
        let left = files(&log(&data));
        for start in 0..2 {
            let ended = refused_start(&["--data", data.path().to_str().unwrap(), "--listen", "127.0.0.1:0"]);
            assert_eq!(ended.code, Some(65), "{what}: {}", ended.stderr);
            let last = ended.stderr.lines().last().unwrap();
            assert!(last.contains("DATA_LOSS") && last.contains("440203"), "{what}: {last}");
            let (_, position) = last.split_once("position ").unwrap_or_else(|| panic!("{what}: no position: {last}"));
            let position: String = position.chars().take_while(char::is_ascii_digit).collect();
            assert!((1..=200).contains(&position.parse::<u64>().unwrap()), "{what}: {last}");
            assert_eq!(files(&log(&data)), left, "{what}: start {start} changed the folder");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_another_district_is_refused() {
    let data = TempDir::new().unwrap();
    stopped(&data).await;
    fs::rename(data.path().join("440203"), data.path().join("440204")).unwrap();
    let data_arg = data.path().to_str().unwrap();
    let ended = refused_start(&["--data", data_arg, "--listen", "127.0.0.1:0", "--district", "440204"]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("440203") && ended.stderr.contains("440204"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_is_only_a_cache() {
    let data = TempDir::new().unwrap();
    let snapshot = data.path().join("440203/snapshot/state.snapshot");
    stopped(&data).await;
    let early = fs::read(&snapshot).unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    import_whole(&client, DISTRICT, &wire(&lines())).await;
    let (head, state) = (client.head(DISTRICT).await, State::of(&client, DISTRICT).await);
    server.stop_cleanly();
    let good = fs::read(&snapshot).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 4;
        bytes
    };
    let cases = [early, flipped(3), flipped(good.len() / 2), flipped(good.len() - 1), good[..50].to_vec(), Vec::new()];
    for (case, bytes) in cases.into_iter().enumerate() {
        fs::write(&snapshot, bytes).unwrap();
        let server = Incubatord::on(data.path());
        let client = server.client().await;
        assert_eq!(client.head(DISTRICT).await, head, "{case}");
        state.same(&State::of(&client, DISTRICT).await, &format!("snapshot {case}"));
        server.stop_cleanly();
    }
    fs::remove_dir_all(snapshot.parent().unwrap()).unwrap();
    let server = Incubatord::on(data.path());
    state.same(&State::of(&server.client().await, DISTRICT).await, "without a snapshot");
    server.stop_cleanly();
}
