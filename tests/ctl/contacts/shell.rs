//! The same from the shell: contacts through a server, keys on the folder of a stopped one.

use crate::common::ctl::{Run, told};
use crate::common_server::{Incubatord, code, registration};
use incubator_registry::ctl::Exit;
use serde_json::Value;
use std::net::SocketAddr;
use std::path::Path;

async fn run(at: SocketAddr, args: &[&str]) -> Value {
    told(at, "en", &[&["-o", "json"], args].concat()).await.json()
}

async fn offline(args: &[&str]) -> Run {
    told("127.0.0.1:1".parse().unwrap(), "en", &[&["-o", "json"], args].concat()).await
}

/// The UUID of a person from its resource name.
fn uuid(name: &Value) -> String {
    name.as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn server(data: &Path, key: &str) -> (Incubatord, SocketAddr) {
    let server = Incubatord::with(data, &["--master-key", key]);
    let address = server.address.parse().unwrap();
    (server, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_backed_up_restored_and_rotated_and_what_is_erased_stays_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, key, backup) = (path("data"), path("master.key"), path("backup"));
    let made = offline(&["keys", "new", &key]).await.json();
    assert!(
        made["master_key"].as_str().unwrap().len() == 16 && offline(&["keys", "new", &key]).await.exit == Exit::Trouble
    );
    let (running, at) = server(data.as_ref(), &key).await;
    running.client().await.firms().register_firm(registration("districts/440203", 1)).await.unwrap();
    let record = |name: &'static str| {
        let firm = code(1);
        async move {
            let args = [
                "contact",
                "record",
                "--firm",
                &firm,
                "--role",
                "财务负责人",
                "--name",
                name,
                "--phone",
                "13800138000",
            ];
            run(at, &[&args[..], &["--date", "2024-03-01"]].concat()).await["contact"].clone()
        }
    };
    let (one, two) = (uuid(&record("张三").await["person"]), uuid(&record("李四").await["person"]));
    let list = run(at, &["contact", "list", "--firm", &code(1), "--role", "FINANCE"]).await;
    assert_eq!(list.as_array().unwrap().len(), 2);
    let busy = offline(&["keys", "list", "--data", &data, "--master-key", &key]).await;
    assert_eq!(busy.exit, Exit::Trouble, "a server has the folder open");
    running.stop_cleanly();

    let place = ["--data", data.as_str(), "--master-key", key.as_str()];
    let done = offline(&[&["keys", "backup", &backup][..], &place, &["--days", "7"]].concat()).await.json();
    assert_eq!(done["keys"], 2);
    let too_long = offline(&[&["keys", "backup", &path("other")][..], &place, &["--days", "91"]].concat()).await;
    assert_eq!(too_long.exit, Exit::Usage);
    let (running, at) = server(data.as_ref(), &key).await;
    let hold = ["contact", "hold", &one, "--case", "2026-1", "--ground", "诉讼", "--date", "2024-04-01"];
    assert_eq!(run(at, &hold).await["person"]["holds"][0]["hold_id"], "2026-1");
    let erase = ["contact", "erase", &one, "--ground", "本人申请", "--date", "2024-05-01"];
    let refused = told(at, "zh", &erase).await;
    assert!(refused.exit == Exit::Trouble && refused.err.contains("该人员处于法定保全中"), "{}", refused.err);
    run(at, &["contact", "lift", &one, "--case", "2026-1", "--date", "2024-04-02"]).await;
    assert_eq!(run(at, &erase).await["person"]["contacts"][0]["erased"], true);
    let exported = run(at, &["log", "export", &path("district.log")]).await;
    let verified = run(at, &["log", "verify"]).await;
    assert_eq!((&exported["exported"], &verified["verified"]), (&true.into(), &true.into()), "every hash holds");
    running.stop_cleanly();

    // The key store is lost; the backup is older than the erasure, of which the log tells.
    std::fs::remove_file(dir.path().join("data/keys/440203.keys")).unwrap();
    let restored = offline(&[&["keys", "restore", &backup][..], &place].concat()).await.json();
    assert_eq!((&restored["restored"], &restored["erased"]), (&1.into(), &1.into()));
    let listed = offline(&[&["keys", "list"][..], &place].concat()).await.json();
    assert_eq!(listed["keys"][0]["owner"], format!("persons/{two}"));
    assert_eq!(listed["erased_keys"][0]["owner"], format!("persons/{one}"));

    let other = path("other.key");
    offline(&["keys", "new", &other]).await.json();
    let rotated = offline(&[&["keys", "rotate"][..], &place, &["--new-master-key", &other]].concat()).await.json();
    assert_eq!(rotated["keys"], 1);
    let old = offline(&[&["keys", "list"][..], &place].concat()).await;
    assert!(old.exit == Exit::Trouble && old.err.contains("is under master key"), "{}", old.err);
    let place = ["--data", data.as_str(), "--master-key", other.as_str()];
    let old = offline(&[&["keys", "restore", &backup][..], &place].concat()).await;
    assert!(old.exit == Exit::Trouble && old.err.contains("is under master key"), "{}", old.err);
    let (running, at) = server(data.as_ref(), &other).await;
    assert_eq!(run(at, &["contact", "show", &two]).await["contacts"][0]["display_name"], "李四");
    assert_eq!(run(at, &["contact", "show", &one]).await["contacts"][0]["erased"], true);
    running.stop_cleanly();
}
