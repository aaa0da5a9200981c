//! The server as a process with a checkpoint key: killed, its checkpoints stand beside the log and in the second place; its log
//! put back from a copy, witness and all, it does not start.

use crate::common_server::{DISTRICT, Incubatord, refused_start, registration};
use incubator_registry::journal::note::{Checkpoint, PublicKey, SigningKey};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Checkpoints of a file of notes, each checked by the keys beside it.
fn checkpoints(dir: &Path) -> Vec<Checkpoint> {
    let keys = PublicKey::parse_all(&std::fs::read_to_string(dir.join("keys")).unwrap()).unwrap();
    let text = std::fs::read_to_string(dir.join("notes")).unwrap();
    let parts: Vec<&str> = text.trim_end_matches('\n').split("\n\n").collect();
    let notes = parts.chunks_exact(2).map(|pair| format!("{}\n\n{}\n", pair[0], pair[1].trim_end()));
    let open = |note: String| {
        let origin = note.lines().next().unwrap().to_owned();
        Checkpoint::open(&note, &origin, &keys).unwrap()
    };
    notes.map(open).collect()
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

#[tokio::test]
async fn a_killed_server_leaves_checkpoints_that_hold_and_a_log_put_back_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("key"), SigningKey::generate().unwrap().1).unwrap();
    let (key, second) = (path("key"), path("second"));
    let options = [
        "--checkpoint-key",
        key.to_str().unwrap(),
        "--checkpoint-seconds",
        "1",
        "--checkpoint-copy",
        second.to_str().unwrap(),
    ];
    let data = path("data");
    let here = data.join("440203/checkpoints");
    let register = async |server: &Incubatord, from: u64| {
        let client = server.client().await;
        for number in from..from + 20 {
            client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
        }
        client.head(DISTRICT).await.position
    };

    let server = Incubatord::with(&data, &options);
    let head = u64::try_from(register(&server, 1).await).unwrap();
    for _ in 0..600 {
        if second.join("440203/notes").exists() && checkpoints(&second.join("440203")).iter().any(|c| c.size > head) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    let kept = checkpoints(&here);
    assert!(kept.last().unwrap().size > head, "{kept:?}");
    assert_eq!(checkpoints(&second.join("440203")), kept);

    // It goes on, and a drain covers everything.
    let server = Incubatord::with(&data, &options);
    register(&server, 100).await;
    server.stop_cleanly();
    let later = checkpoints(&here);
    assert_eq!(later[..kept.len()], kept);
    copy(&data.join("440203/log"), &path("older-log"));

    let server = Incubatord::with(&data, &options);
    register(&server, 200).await;
    server.stop_cleanly();
    assert!(checkpoints(&here).last().unwrap().size > later.last().unwrap().size + 19);
    std::fs::remove_dir_all(data.join("440203/log")).unwrap();
    copy(&path("older-log"), &data.join("440203/log"));
    // A snapshot that is ahead of the log is left aside anyway.
    let start = ["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let refused = refused_start(&[&start[..], &options].concat());
    assert_eq!(refused.code, Some(65), "{}", refused.stderr);
    assert!(refused.stderr.contains("checkpoint"), "{}", refused.stderr);

    // Its checkpoints put back too: the second place still knows.
    std::fs::write(here.join("notes"), "").unwrap();
    let refused = refused_start(&[&start[..], &options].concat());
    assert_eq!(refused.code, Some(65), "{}", refused.stderr);
    assert!(refused.stderr.contains("second"), "{}", refused.stderr);
}
