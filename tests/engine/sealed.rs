//! The key store: what is sealed under its keys opens again, and not once a key is erased, whatever file is put back; every
//! wrong key, wrong log, open mode and flipped bit is told.

use crate::common::world::firm;
use incubator_registry::domain::sealed::{KeyId, Sealed};
use incubator_registry::domain::{Entity, PersonId};
use incubator_registry::keys::{KeyStore, KeysError, MasterKey, path_of};
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

const LOG: [u8; 16] = [7; 16];
const PHONE: &str = "13800138000";

fn master(byte: u8) -> MasterKey {
    MasterKey::new(Zeroizing::new([byte; 32]))
}

fn person(byte: u8) -> Entity {
    Entity::Person(PersonId([byte; 16]))
}

fn open(path: &Path) -> KeyStore {
    KeyStore::at(path, master(1), LOG).unwrap()
}

/// A folder, and where its store lies.
fn place() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = path_of(dir.path(), "440203");
    (dir, path)
}

fn seal(store: &KeyStore, owner: &Entity) -> Sealed {
    store.seal(101, "phone", owner, PHONE).unwrap()
}

fn read(store: &KeyStore, owner: &Entity, sealed: &Sealed) -> Result<String, KeysError> {
    store.open(101, "phone", owner, sealed).map(|opened| opened.text.to_string())
}

/// Why a store can't be opened.
fn fault(path: &Path, master: MasterKey, log: [u8; 16]) -> KeysError {
    KeyStore::at(path, master, log).err().expect("it must not open")
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000 + seconds).unwrap()
}

#[test]
fn what_is_sealed_opens_after_a_restart_and_each_owner_has_a_key_of_its_own() {
    let (_dir, path) = place();
    let payee = Entity::Firm(firm(1));
    let store = open(&path);
    let (one, two, account) = (seal(&store, &person(1)), seal(&store, &person(2)), seal(&store, &payee));
    assert!(one.key != two.key && one.ciphertext != two.ciphertext && one.commitment != two.commitment);
    drop(store);
    let store = open(&path);
    assert_eq!(read(&store, &person(1), &one).unwrap(), PHONE);
    assert_eq!(read(&store, &payee, &account).unwrap(), PHONE);
    assert_eq!(seal(&store, &person(1)), one, "the same again is the same bytes");
    let owners: Vec<Entity> = store.owners().into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(owners, [payee, person(1), person(2)]);
    assert!(matches!(read(&store, &person(2), &one), Err(KeysError::Missing { .. })), "one's bytes are not another's");
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(PHONE.len()).any(|window| window == PHONE.as_bytes()));
}

#[test]
fn folder_and_file_are_their_owners_alone_and_one_process_has_them_open() {
    let (_dir, path) = place();
    let store = open(&path);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    assert!(matches!(fault(&path, master(1), LOG), KeysError::Busy { .. }));
    drop(store);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(fault(&path, master(1), LOG), KeysError::Exposed { mode: 0o640, .. }));
}

#[test]
fn an_erased_key_stays_erased_and_its_owner_gets_no_other() {
    let (_dir, path) = place();
    let store = open(&path);
    let (one, two) = (seal(&store, &person(1)), seal(&store, &person(2)));
    assert_eq!(store.erase(&person(1)).unwrap(), Some(one.key));
    assert_eq!(store.erase(&person(1)).unwrap(), Some(one.key), "again, nothing changes");
    assert_eq!(store.erase(&person(9)).unwrap(), None, "who has no key has none to erase");
    let holds = |store: &KeyStore| {
        assert!(matches!(read(store, &person(1), &one), Err(KeysError::Erased(_))));
        assert!(matches!(store.seal(101, "phone", &person(1), PHONE), Err(KeysError::Erased(_))));
        assert_eq!(read(store, &person(2), &two).unwrap(), PHONE);
    };
    holds(&store);
    drop(store);
    holds(&open(&path));
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(&format!("key {}", one.key)) && text.contains(&format!("erased {}", one.key)));
}

#[test]
fn an_older_copy_of_the_file_is_set_right_by_what_the_log_records() {
    let (_dir, path) = place();
    let store = open(&path);
    let (one, two) = (seal(&store, &person(1)), seal(&store, &person(2)));
    let older = std::fs::read(&path).unwrap();
    store.erase(&person(1)).unwrap();
    drop(store);
    std::fs::write(&path, older).unwrap();
    let store = open(&path);
    assert_eq!(read(&store, &person(1), &one).unwrap(), PHONE, "the copy brought it back");
    let orphan = |owner: &Entity| *owner == person(2);
    assert_eq!(store.settle([(person(1), one.key)], orphan).unwrap(), (1, 1));
    assert!(matches!(read(&store, &person(1), &one), Err(KeysError::Erased(_))));
    assert!(matches!(read(&store, &person(2), &two), Err(KeysError::Missing { .. })));
    assert_eq!(store.settle([(person(1), one.key)], orphan).unwrap(), (0, 0));
}

#[test]
fn a_rotation_wraps_all_keys_anew_and_the_old_master_key_opens_nothing() {
    let (dir, path) = place();
    let store = open(&path);
    let (one, two) = (seal(&store, &person(1)), seal(&store, &person(2)));
    store.erase(&person(2)).unwrap();
    let backup = dir.path().join("before");
    store.back_up(&backup, at(0), 30).unwrap();
    assert_eq!(store.rotate(master(2)).unwrap(), 1);
    assert_eq!(read(&store, &person(1), &one).unwrap(), PHONE);
    drop(store);
    assert!(matches!(fault(&path, master(1), LOG), KeysError::OtherMaster { .. }));
    let store = KeyStore::at(&path, master(2), LOG).unwrap();
    assert_eq!(read(&store, &person(1), &one).unwrap(), PHONE);
    assert!(matches!(read(&store, &person(2), &two), Err(KeysError::Erased(_))));
    let refused = store.restore(&backup, at(1), []).unwrap_err();
    assert!(matches!(refused, KeysError::OtherMaster { .. }), "{refused}");
}

#[test]
fn every_flipped_byte_of_the_file_is_told() {
    let (_dir, path) = place();
    let store = open(&path);
    seal(&store, &person(1));
    store.erase(&person(1)).unwrap();
    seal(&store, &person(2));
    drop(store);
    let whole = std::fs::read(&path).unwrap();
    for at in 0..whole.len() {
        let mut bent = whole.clone();
        bent[at] ^= 1;
        std::fs::write(&path, bent).unwrap();
        let error = fault(&path, master(1), LOG);
        assert!(matches!(error, KeysError::Damaged { .. }), "byte {at}: {error}");
    }
    for cut in 0..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = fault(&path, master(1), LOG);
        assert!(matches!(error, KeysError::Damaged { .. }), "cut at {cut}: {error}");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(matches!(fault(&path, master(2), LOG), KeysError::OtherMaster { .. }));
    assert!(matches!(fault(&path, master(1), [8; 16]), KeysError::OtherLog { .. }));
    // Mended by someone who can compute a digest, and does not have the master key.
    let text = String::from_utf8(whole).unwrap();
    let body: String = text
        .lines()
        .filter(|line| line.starts_with("inc") || line.starts_with("log"))
        .map(|l| format!("{l}\n"))
        .collect();
    let body = format!("{body}master {}\n", master(1).id());
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&body));
    std::fs::write(&path, format!("{body}sha256 {digest}\nmac {}\n", "0".repeat(64))).unwrap();
    let error = fault(&path, master(1), LOG).to_string();
    assert!(error.contains("MAC"), "{error}");
}

#[test]
fn a_backup_brings_lost_keys_back_and_never_an_erased_one() {
    let (dir, path) = place();
    let store = open(&path);
    let (one, two, three) = (seal(&store, &person(1)), seal(&store, &person(2)), seal(&store, &person(3)));
    let backup = dir.path().join("backup");
    let expires = store.back_up(&backup, at(0), 30).unwrap();
    assert_eq!(expires, at(0) + SignedDuration::from_hours(720));
    let text = std::fs::read_to_string(&backup).unwrap();
    assert!(text.contains(&format!("\nexpires {expires}\n")) && !text.contains("persons/"), "{text}");
    store.erase(&person(1)).unwrap();
    let restored = store.restore(&backup, at(60), []).unwrap();
    assert_eq!((restored.keys, restored.known, restored.erased), (0, 2, 1));
    drop(store);
    // The disk is lost; of the second erasure only the log tells.
    std::fs::remove_file(&path).unwrap();
    let store = open(&path);
    assert!(matches!(read(&store, &person(3), &three), Err(KeysError::Missing { .. })));
    let log = [(person(1), one.key), (person(2), two.key)];
    let restored = store.restore(&backup, at(60), log).unwrap();
    assert_eq!((restored.keys, restored.known, restored.erased), (1, 0, 2));
    assert_eq!(read(&store, &person(3), &three).unwrap(), PHONE);
    for (owner, sealed) in [(person(1), one), (person(2), two)] {
        assert!(matches!(read(&store, &owner, &sealed), Err(KeysError::Erased(_))), "{owner}");
    }
}

#[test]
fn a_backup_is_refused_once_it_expired_and_says_nothing_else_about_when() {
    let (dir, path) = place();
    let store = open(&path);
    seal(&store, &person(1));
    let backup = dir.path().join("backup");
    let expires = store.back_up(&backup, at(0), 1).unwrap();
    assert!(store.restore(&backup, at(86_399), []).is_ok());
    assert!(matches!(store.restore(&backup, expires, []), Err(KeysError::Expired { .. })));
    assert!(matches!(store.back_up(&backup, at(0), 1), Err(KeysError::Io { .. })), "it overwrites nothing");
    for days in [0, 91] {
        assert!(matches!(store.back_up(&dir.path().join("other"), at(0), days), Err(KeysError::Term)));
    }
    // Another day of expiry opens nothing, and every other byte is held too.
    let whole = std::fs::read(&backup).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    std::fs::write(&backup, text.replace(&expires.to_string(), &at(8_640_000).to_string())).unwrap();
    assert!(matches!(store.restore(&backup, expires, []), Err(KeysError::Damaged { .. })));
    for at_byte in 0..whole.len() {
        let mut bent = whole.clone();
        bent[at_byte] ^= 1;
        std::fs::write(&backup, bent).unwrap();
        assert!(store.restore(&backup, at(1), []).is_err(), "byte {at_byte}");
    }
}

#[test]
fn a_master_key_is_read_from_a_private_file_in_hex_or_base64() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    let write = |text: &str, mode: u32| {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        MasterKey::from_file(&path)
    };
    let hex = "01".repeat(32);
    let base64 = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    for (text, mode) in [(hex.clone(), 0o600), (format!("{hex}\n"), 0o400), (format!("{base64}\n"), 0o600)] {
        assert_eq!(write(&text, mode).unwrap().id(), master(1).id());
    }
    for (text, mode, said) in [
        (hex.as_str(), 0o644, "others may read it (mode 644)"),
        (hex.as_str(), 0o660, "others may read it"),
        (&hex[2..], 0o600, "32 bytes"),
        ("", 0o600, "32 bytes"),
        (&"01".repeat(2000), 0o600, "more than"),
    ] {
        let error = write(text, mode).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("0101"), "{error}");
    }
    let missing = MasterKey::from_file(&dir.path().join("nowhere")).unwrap_err().to_string();
    assert!(missing.contains("no such file"), "{missing}");
    let made = MasterKey::make(&dir.path().join("new.key")).unwrap();
    assert_eq!(MasterKey::from_file(&dir.path().join("new.key")).unwrap().id(), made.id());
    assert!(MasterKey::make(&dir.path().join("new.key")).is_err(), "it overwrites nothing");
    assert!(!format!("{:?}", master(1)).contains("0101"));
}

#[test]
fn a_key_that_no_fact_needed_is_taken_away_and_a_kept_one_stays() {
    let (_dir, path) = place();
    let store = open(&path);
    let drawn = store.draw().unwrap();
    assert!(!store.holds(&person(1)), "drawn is not kept");
    assert_eq!(store.keep(&person(1), &drawn).unwrap(), drawn.id());
    let other = store.draw().unwrap();
    assert_eq!(store.keep(&person(1), &other).unwrap(), drawn.id(), "the first stays");
    store.forget(&person(1), other.id()).unwrap();
    assert!(store.holds(&person(1)));
    store.forget(&person(1), drawn.id()).unwrap();
    assert!(!store.holds(&person(1)) && !store.is_erased(&person(1)));
    assert_eq!(store.erased(), Vec::<(Entity, KeyId)>::new());
}
