//! The example of a finance system in Python, against a server with orders: it keeps each once, however often it is run.
//! `tests/clients/run` installs what it needs and runs this.

mod claims_rig;
mod common;
mod finance_rig;

use common::server::Server;
use finance_rig::{Bench, issue, take};
use std::path::Path;
use std::process::Command;

async fn client(server: &Server, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples/finance_client.py");
    let address = server.address.trim_start_matches("http://").to_owned();
    let mut python = Command::new("python3");
    python.arg(script).args([&address, "440203", "一体化"]).arg(folder);
    let done = tokio::task::spawn_blocking(move || python.output()).await.unwrap().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "tests/clients/run installs Python's libraries and runs it"]
async fn the_example_takes_keeps_answers_and_acknowledges() {
    let bench = Bench::new(3).await;
    let server = bench.server().await;
    issue(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    // One that it kept before it crashed is not kept again.
    std::fs::write(folder.path().join("2026-440203000-000001.json"), "{}").unwrap();
    let said = client(&server, folder.path()).await;
    assert!(said.contains("acknowledged"), "{said}");
    assert_eq!(files(), 3);
    assert_eq!(std::fs::read_to_string(folder.path().join("2026-440203000-000001.json")).unwrap(), "{}");
    assert!(take(&server, "一体化").await.0.is_empty());
    let published = server.engine.published();
    let states: Vec<_> = published.registry.finance().orders_from("").map(|(_, order)| order.state.key()).collect();
    assert_eq!(states, ["ACCEPTED"; 3]);
    assert_eq!(client(&server, folder.path()).await, "", "nothing waits");
}
