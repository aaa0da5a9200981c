//! An auditor at the command line: a key, a served district, checkpoints kept, proofs asked for and checked, an export verified
//! and issued figures made again offline; and what is told when something does not hold.

use crate::common::ctl::{Run, demo, run, told};
use crate::common::world::{TODAY, day, limits};
use incubator_registry::access::{AccessLog, Signing};
use incubator_registry::ctl::Exit;
use incubator_registry::engine::{AuditConfig, Clock, Engine, EngineConfig};
use incubator_registry::grpc::{AccessLogs, Districts, ServerConfig, serve};
use incubator_registry::journal::note::{Note, SigningKey, origin};
use incubator_registry::log::MemoryLog;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;

struct Noon;

impl Clock for Noon {
    fn now_micros(&self) -> i64 {
        i64::from(day(TODAY).days()) * 86_400_000_000 + 4 * 3_600_000_000
    }
}

/// A served district, with or without a key, by which its access log is signed too.
async fn served(key: Option<&Path>, dir: &Path) -> (SocketAddr, Engine, AccessLog) {
    let config = EngineConfig { district: "440203".into(), limits: (day("1900-01-01"), limits()), snapshots: None };
    let engine = Engine::start(config, Arc::new(MemoryLog::new()), Arc::new(Noon)).await.unwrap();
    let mut signing = None;
    if let Some(key) = key {
        let key = Arc::new(SigningKey::from_pem(&std::fs::read(key).unwrap()).unwrap());
        let every = Duration::from_secs(3600);
        let config = AuditConfig { key: key.clone(), dir: dir.to_owned(), copy: None, every };
        engine.begin_audit(config).unwrap();
        signing = Some(Signing { key, dir: dir.join("access"), copy: None, every });
    }
    let access = AccessLog::start("440203", Arc::new(MemoryLog::new()), Arc::new(Noon), signing).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let logs = AccessLogs::new([("440203".to_owned(), access.clone())]);
    let districts = Districts::new([engine.clone()]).with_access(logs);
    tokio::spawn(serve(listener, districts, ServerConfig::default(), std::future::pending()));
    (address, engine, access)
}

struct Desk {
    dir: tempfile::TempDir,
    address: SocketAddr,
    engine: Engine,
    access: AccessLog,
}

impl Desk {
    /// A served sample district with its policy, and the key that it signs by.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let nobody = "127.0.0.1:1".parse().unwrap();
        let key = dir.path().join("key");
        let made = run(nobody, &["audit", "key", key.to_str().unwrap()]).await.json();
        assert_eq!(made["file"], key.to_str().unwrap());
        let (address, engine, access) = served(Some(&key), &dir.path().join("checkpoints")).await;
        let desk = Self { dir, address, engine, access };
        let imported = desk.run(&["import", &demo()]).await;
        assert_eq!(imported.exit, Exit::Rejected, "{}", imported.err);
        let policy = format!("{}/policy.toml", demo());
        desk.run(&["policy", "publish", &policy, "--date", "2024-01-01"]).await.json();
        desk
    }

    async fn run(&self, args: &[&str]) -> Run {
        run(self.address, args).await
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    async fn checkpoint(&self) -> u64 {
        let head = self.engine.published().head.position;
        self.engine.checkpoint_over(head).await.unwrap().checkpoint.size
    }
}

#[track_caller]
fn refuted(run: &Run, word: &str) {
    assert_eq!(run.exit, Exit::Refuted, "{} {}", run.out, run.err);
    assert!(run.err.contains(word), "{}", run.err);
}

#[tokio::test]
async fn a_log_is_audited_from_its_key_to_a_verdict() {
    let desk = Desk::new().await;
    let (key, public) = (desk.path("key"), desk.path("key.pub"));
    let again = desk.run(&["audit", "key", &key]).await;
    assert_eq!(again.exit, Exit::Trouble, "a key is never written over");
    let size = desk.checkpoint().await;

    let status = desk.run(&["audit", "status"]).await.json();
    assert_eq!((&status["latest"]["size"], &status["copied"]), (&size.into(), &false.into()));
    let note = desk.path("note");
    desk.run(&["audit", "checkpoint", &note]).await.json();
    assert_eq!(std::fs::read_to_string(&note).unwrap(), status["latest"]["note"].as_str().unwrap());

    // Proofs, checked by the client.
    let record = desk.run(&["audit", "record", "12", "--key", &public]).await.json();
    assert_eq!((&record["holds"], &record["position"]), (&true.into(), &12.into()));
    for (subject, some) in
        [("firms/91440203MA20WQ9M3C", true), ("incubators/WJ06", true), ("firms/91440203MA00000000", false)]
    {
        let told = desk.run(&["audit", "entity", subject, "--key", &public]).await.json();
        assert_eq!(told["records"].as_u64().unwrap() > 0, some, "{subject}: {told}");
        assert!(told["true_to_position"].as_u64().unwrap() < size);
    }

    // The log goes on, and from what was kept.
    let admitted = ["firm", "admit", "91440203MA20WQ9M3C", "--incubator", "WJ06", "--date", "2026-03-01"];
    desk.run(&admitted).await.json();
    let later = desk.checkpoint().await;
    let followed = desk.run(&["audit", "consistency", &note, "--key", &public]).await.json();
    assert_eq!((&followed["from_size"], &followed["to_size"]), (&size.into(), &later.into()));
    let listed = desk.run(&["audit", "checkpoints", "--after", &size.to_string()]).await.json();
    assert_eq!(listed[0]["size"], later, "{listed}");
    let second = desk.path("second");
    desk.run(&["audit", "checkpoint", &second, "--size", &later.to_string()]).await.json();

    // Offline.
    let export = desk.path("export");
    desk.run(&["log", "export", &export]).await.json();
    let verify = ["audit", "verify", &export, "--key", &public, "--checkpoint", &second, "--earlier", &note];
    let verdict = desk.run(&verify).await.json();
    assert_eq!((&verdict["holds"], &verdict["checkpoints_met"]), (&true.into(), &2.into()), "{verdict}");
    assert_eq!(verdict["unsigned_records"], 0);
    // The folder's own file of notes is taken whole.
    let all = desk.path("checkpoints/notes");
    let verdict = desk.run(&["audit", "verify", &export, "--key", &public, "--earlier", &all]).await.json();
    assert!(verdict["checkpoints_met"].as_u64().unwrap() >= 2);

    // What does not hold.
    let bent = desk.path("bent");
    let mut bytes = std::fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bent, &bytes).unwrap();
    refuted(&desk.run(&["audit", "verify", &bent, "--key", &public, "--checkpoint", &second]).await, "byte");
    let early = desk.path("early");
    desk.run(&["log", "export", &early, "--to", "2"]).await.json();
    refuted(&desk.run(&["audit", "verify", &early, "--key", &public, "--earlier", &note]).await, "put back");
    let zh = told(desk.address, "zh", &["audit", "verify", &early, "--key", &public, "--earlier", &note]).await;
    refuted(&zh, "退回");
    let forged = desk.path("forged");
    std::fs::write(&forged, std::fs::read_to_string(&note).unwrap().replacen(&size.to_string(), "7", 1)).unwrap();
    refuted(&desk.run(&["audit", "verify", &export, "--key", &public, "--earlier", &forged]).await, "signature");

    // What says nothing either way.
    let other = desk.path("other");
    desk.run(&["audit", "key", &other]).await.json();
    let strange = desk.run(&["audit", "verify", &export, "--key", &format!("{other}.pub"), "--earlier", &note]).await;
    assert_eq!(strange.exit, Exit::Trouble, "{}", strange.err);
    assert!(strange.err.contains("trusted"), "{}", strange.err);
    let nothing = desk.run(&["audit", "verify", &export, "--key", &public]).await;
    assert_eq!(nothing.exit, Exit::Usage, "something signed must be named");
}

#[tokio::test]
async fn an_access_log_is_audited_by_the_note_that_was_kept_of_it() {
    let desk = Desk::new().await;
    let (public, note, export) = (desk.path("key.pub"), desk.path("note"), desk.path("export"));
    desk.run(&["entitlements", "--as-of", "2025-10-31"]).await.json();
    desk.access.flush().await;
    let kept = desk.run(&["audit", "checkpoint", &note, "--access"]).await.json();
    let status = desk.access.status();
    assert_eq!(std::fs::read_to_string(&note).unwrap(), status.latest.unwrap());
    assert_eq!(kept["size"], status.head.position, "{kept}");
    assert!(status.head.position > 1, "that somebody read stands in it");

    // It goes on behind what was kept.
    desk.run(&["entitlements", "--as-of", "2024-10-31"]).await.json();
    desk.access.flush().await;
    desk.run(&["log", "export", &export, "--access"]).await.json();
    let verify =
        |export: &str| ["audit", "verify", export, "--key", &public, "--earlier", &note, "--access"].map(str::to_owned);
    let run = async |export: &str| {
        let args = verify(export);
        desk.run(&args.each_ref().map(String::as_str)).await
    };
    let verdict = run(&export).await.json();
    let figures = ["holds", "checkpoints_met", "signed_to_position"].map(|figure| verdict[figure].clone());
    assert_eq!(serde_json::json!(figures), serde_json::json!([true, 1, status.head.position]));
    assert!(verdict["unsigned_records"].as_u64().unwrap() > 0, "{verdict}");

    // Changed, and another log's.
    let bent = desk.path("bent");
    let mut bytes = std::fs::read(&export).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&bent, &bytes).unwrap();
    refuted(&run(&bent).await, "byte");
    let other = desk.path("other");
    desk.run(&["log", "export", &other]).await.json();
    let strange = run(&other).await;
    assert_eq!(strange.exit, Exit::Trouble, "{} {}", strange.out, strange.err);
}

#[tokio::test]
async fn issued_figures_are_made_again_byte_for_byte() {
    let desk = Desk::new().await;
    let public = desk.path("key.pub");
    let mut known = Vec::new();
    for figure in ["METRICS", "CHAIN", "ENTITLEMENTS"] {
        let file = desk.path(figure);
        let issued = desk.run(&["audit", "issue", figure, &file, "--as-of", "2025-10-31"]).await.json();
        assert!(issued["checkpoint_size"].as_u64() >= issued["known_at_position"].as_u64(), "{issued}");
        known.push(issued["known_at_position"].as_u64().unwrap());
    }
    // What is recorded and corrected later changes nothing of it.
    let admitted = ["firm", "admit", "91440203MA20WQ9M3C", "--incubator", "WJ06", "--date", "2025-03-01"];
    desk.run(&admitted).await.json();
    let export = desk.path("export");
    desk.run(&["log", "export", &export]).await.json();
    for figure in ["METRICS", "CHAIN", "ENTITLEMENTS"] {
        let again = desk.run(&["audit", "recompute", &desk.path(figure), &export, "--key", &public]).await.json();
        assert_eq!((&again["holds"], &again["figure"]), (&true.into(), &figure.into()));
    }
    // The figure itself is the one that the API tells.
    let text = std::fs::read_to_string(desk.path("METRICS")).unwrap();
    let document: serde_json::Value = serde_json::from_str(Note::parse(&text).unwrap().text).unwrap();
    let args = ["metrics", "--as-of", "2025-10-31", "--known-at", &known[0].to_string()];
    let told = desk.run(&args).await.json();
    assert_eq!(document["figure"], told);

    // Changed after it was signed; signed, and not what the log gives.
    let bent = text.replacen("\"in_incubator\": ", "\"in_incubator\": 1", 1);
    assert_ne!(bent, text);
    let file = desk.path("bent");
    std::fs::write(&file, &bent).unwrap();
    refuted(&desk.run(&["audit", "recompute", &file, &export, "--key", &public]).await, "signature");
    let key = SigningKey::from_pem(&std::fs::read(desk.path("key")).unwrap()).unwrap();
    let origin = origin("440203", &desk.engine.published().log_id);
    std::fs::write(&file, key.sign(&origin, Note::parse(&bent).unwrap().text)).unwrap();
    refuted(&desk.run(&["audit", "recompute", &file, &export, "--key", &public]).await, "differs from line");
    // An export that ends before the checkpoint can't bear it out.
    let early = desk.path("early");
    desk.run(&["log", "export", &early, "--to", "2"]).await.json();
    refuted(&desk.run(&["audit", "recompute", &desk.path("CHAIN"), &early, "--key", &public]).await, "put back");
    let beyond = ["audit", "issue", "CHAIN", &file, "--as-of", "2025-10-31", "--known-at-position", "99999"];
    assert!(desk.run(&beyond).await.err.contains("POSITION_AHEAD"));
}

#[tokio::test]
async fn a_server_without_a_key_says_so_and_faulty_questions_are_told_their_field() {
    let dir = tempfile::tempdir().unwrap();
    let (address, _engine, access) = served(None, dir.path()).await;
    let asked = run(address, &["audit", "status"]).await;
    assert_eq!(asked.exit, Exit::Trouble);
    assert!(asked.err.contains("NO_CHECKPOINTS"), "{}", asked.err);
    assert!(told(address, "zh", &["audit", "status"]).await.err.contains("没有检查点"));
    access.flush().await;
    let note = dir.path().join("note").to_str().unwrap().to_owned();
    let asked = run(address, &["audit", "checkpoint", &note, "--access"]).await;
    assert_eq!(asked.exit, Exit::Trouble);
    assert!(asked.err.contains("the access log has no checkpoint yet"), "{}", asked.err);
    assert!(!Path::new(&note).exists());

    let desk = Desk::new().await;
    desk.checkpoint().await;
    let public = desk.path("key.pub");
    for (args, word) in [
        (&["audit", "record", "0", "--key", &public][..], "OUT_OF_RANGE"),
        (&["audit", "record", "99999", "--key", &public], "NOT_COVERED"),
        (&["audit", "record", "1", "--size", "2", "--key", &public], "UNKNOWN_CHECKPOINT"),
        (&["audit", "entity", "firms/1", "--key", &public], "MALFORMED"),
    ] {
        let asked = desk.run(args).await;
        assert!(asked.exit == Exit::Trouble && asked.err.contains(word), "{args:?}: {}", asked.err);
    }
}
