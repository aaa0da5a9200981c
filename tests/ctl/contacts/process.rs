//! The server as a process: what was said of a person is in no file and no line that it leaves, and its keys are under the
//! right master key or it does not start.

use crate::common::ctl::told;
use crate::common_server::{DISTRICT, Incubatord, code, id, refused_start, registration};
use incubator_registry::keys::MasterKey;
use incubator_registry::wire::v1;
use std::path::{Path, PathBuf};

const NAME: &str = "欧阳测试娜";
const PHONE: &str = "13812345678";
const EMAIL: &str = "ouyang.ceshi@example.cn";

fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

async fn recorded(server: &Incubatord) -> String {
    let client = server.client().await;
    client.firms().register_firm(registration(DISTRICT, 1)).await.unwrap();
    let contact = v1::RecordContactRequest {
        parent: format!("{DISTRICT}/firms/{}", code(1)),
        role: v1::ContactRole::General.into(),
        display_name: NAME.into(),
        phone: PHONE.into(),
        email: EMAIL.into(),
        effective_date: "2024-03-01".into(),
        request_id: id(),
        ..Default::default()
    };
    let made = client.contacts().record_contact(contact).await.unwrap().into_inner().contact.unwrap();
    let ask = v1::GetPersonRequest { name: made.person.clone(), ..Default::default() };
    let read = client.contacts().get_person(ask).await.unwrap().into_inner().person.unwrap();
    assert_eq!(read.contacts, [made]);
    read.name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_plain_text_is_in_no_file_and_no_log_line() {
    let dir = tempfile::tempdir().unwrap();
    let (data, key) = (dir.path().join("data"), dir.path().join("master.key"));
    MasterKey::make(&key).unwrap();
    let more = ["--master-key", key.to_str().unwrap()];
    let server = Incubatord::with(&data, &more);
    let name = recorded(&server).await;
    let export = dir.path().join("district.log");
    let address = server.address.parse().unwrap();
    let done = told(address, "en", &["log", "export", export.to_str().unwrap()]).await;
    assert!(export.is_file(), "{}", done.err);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut found = Vec::new();
    files(dir.path(), &mut found);
    let named = |end: &str| found.iter().any(|path| path.to_str().unwrap().ends_with(end));
    assert!(named("440203.keys") && named("state.snapshot") && named("district.log"), "{found:?}");
    let mut texts: Vec<(String, Vec<u8>)> =
        found.iter().map(|path| (path.display().to_string(), std::fs::read(path).unwrap())).collect();
    texts.push(("stderr".into(), ended.stderr.into_bytes()));
    texts.push(("stdout".into(), ended.stdout.into_bytes()));
    for (place, bytes) in &texts {
        for secret in [NAME, PHONE, EMAIL, "欧阳", "12345678"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is in {place}");
        }
    }
    // From the snapshot, it is read again.
    let server = Incubatord::with(&data, &more);
    let ask = v1::GetPersonRequest { name, ..Default::default() };
    let read = server.client().await.contacts().get_person(ask).await.unwrap().into_inner().person.unwrap();
    assert_eq!(read.contacts[0].display_name, NAME);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_under_its_master_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let (data, key, other) = (dir.path().join("data"), dir.path().join("master.key"), dir.path().join("other.key"));
    MasterKey::make(&key).unwrap();
    MasterKey::make(&other).unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let server = Incubatord::with(&data, &["--master-key", &path(&key)]);
    recorded(&server).await;
    server.stop_cleanly();
    let start = |more: &[&str]| refused_start(&[&["--data", &path(&data), "--listen", "127.0.0.1:0"], more].concat());
    let says = |more: &[&str], status: i32, words: &str| {
        let ended = start(more);
        assert_eq!(ended.code, Some(status), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    };
    says(&["--master-key", &path(&other)], 64, "is under master key");
    says(&["--master-key", &path(&dir.path().join("nowhere"))], 64, "no such file");
    says(&[], 64, "--master-key FILE is required");
    let store = data.join("keys/440203.keys");
    let whole = std::fs::read(&store).unwrap();
    let mut bent = whole.clone();
    bent[whole.len() / 2] ^= 1;
    std::fs::write(&store, bent).unwrap();
    says(&["--master-key", &path(&key)], 65, "is damaged");
    std::fs::write(&store, whole).unwrap();
    Incubatord::with(&data, &["--master-key", &path(&key)]).stop_cleanly();
}
