//! Five hundred bits flipped in a log's folder, one at a time, in every kind of byte. Each is found or harmless: never
//! a shorter log, never another one, and a refused folder keeps every byte.

mod log_common;

use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{EventLog, LogError, SledLog, verify_chain};
use log_common::{Rng, copy_dir, fill, read_all, small};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const FLIPS: u64 = 500;
const SEED: u64 = 20_260_101;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The log that is damaged: commits of several sizes over several segments, two runs, so that there is a snapshot.
fn build(dir: &Path) -> Vec<Commit> {
    runtime().block_on(async {
        let log = SledLog::open(dir, small()).unwrap();
        let head = fill(&log, Head::EMPTY, 60, 2, 300).await;
        let head = fill(&log, head, 5, 4, 20_000).await;
        log.close().await.unwrap();
        let log = SledLog::open(dir, small()).unwrap();
        let head = fill(&log, head, 40, 3, 600).await;
        fill(&log, head, 3, 3, 12_000).await;
        let all = read_all(&log).await.unwrap();
        log.close().await.unwrap();
        all
    })
}

/// Opens and reads everything.
fn look(dir: &Path) -> Result<Vec<Commit>, LogError> {
    runtime().block_on(async {
        let log = SledLog::open(dir, small())?;
        verify_chain(&log, Head::EMPTY).await?;
        let all = read_all(&log).await;
        log.close().await?;
        all
    })
}

/// Which file and byte a flip hits: by kind, so that small files and headers get their share.
fn target(rng: &mut Rng, files: &BTreeMap<PathBuf, Vec<u8>>, nth: u64) -> (PathBuf, usize, &'static str) {
    let db = Path::new("sled/db");
    let length = files[db].len() as u64;
    let segment = small().segment_bytes as u64;
    let other = |name: &str| files.keys().find(|path| path.to_string_lossy().contains(name)).unwrap().clone();
    let in_file = |rng: &mut Rng, path: PathBuf, kind| {
        let at = rng.below(files[&path].len() as u64) as usize;
        (path, at, kind)
    };
    match nth % 10 {
        0 => {
            (db.to_owned(), (rng.below(length.div_ceil(segment)) * segment + rng.below(20)) as usize, "segment header")
        }
        1 => in_file(rng, other("sled/snap."), "snapshot"),
        2 => (other("witness"), (rng.below(2) * 4096 + rng.below(96)) as usize, "witness"),
        3 => in_file(rng, other("clean"), "marker"),
        4 if nth.is_multiple_of(20) => in_file(rng, other("FORMAT"), "format"),
        4 => in_file(rng, other("sled/conf"), "conf"),
        5 => {
            let zeros: Vec<usize> =
                (0..200).map(|_| rng.below(length) as usize).filter(|at| files[db][*at] == 0).collect();
            (db.to_owned(), zeros.first().copied().unwrap_or(0), "padding")
        }
        6 => (db.to_owned(), (length - 1 - rng.below(4_096.min(length))) as usize, "tail"),
        _ => (db.to_owned(), rng.below(length) as usize, "record"),
    }
}

fn load(dir: &Path, base: &Path, out: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            load(&path, base, out);
        } else {
            out.insert(path.strip_prefix(base).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn five_hundred_flipped_bits_are_found_or_harmless() {
    let made = TempDir::new().unwrap();
    let content = build(made.path());
    let mut files = BTreeMap::new();
    load(made.path(), made.path(), &mut files);
    let seed = std::env::var("LOG_FLIPS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut rng = Rng(seed);
    let mut tally: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    let mut faults = Vec::new();
    for nth in 0..FLIPS {
        let (path, at, kind) = target(&mut rng, &files, nth);
        let bit = rng.below(8);
        let clean = kind == "marker" || rng.below(2) == 0;
        let dir = TempDir::new().unwrap();
        copy_dir(made.path(), dir.path());
        if !clean {
            fs::remove_file(dir.path().join("clean")).unwrap();
        }
        let mut bytes = files[&path].clone();
        bytes[at] ^= 1 << bit;
        fs::write(dir.path().join(&path), &bytes).unwrap();
        let mut found = BTreeMap::new();
        load(dir.path(), dir.path(), &mut found);
        let name = format!("{nth}: {kind}, {} byte {at} bit {bit}, clean {clean}", path.display());
        let outcome = look(dir.path());
        match &outcome {
            Ok(all) if *all == content => *tally.entry((kind, "harmless")).or_default() += 1,
            Ok(all) => faults.push(format!("{name}: reads {} commits of {}", all.len(), content.len())),
            Err(LogError::DataLoss { .. } | LogError::Unusable { .. }) => {
                *tally.entry((kind, "found")).or_default() += 1;
                let mut left = BTreeMap::new();
                load(dir.path(), dir.path(), &mut left);
                if left != found {
                    faults.push(format!("{name}: refused, but the folder was changed"));
                }
            }
            Err(other) => faults.push(format!("{name}: {other:?}")),
        }
        if std::env::var_os("LOG_FLIPS_SHOWN").is_some() {
            eprintln!("{name}: {:?}", outcome.map(|all| all.len()));
        }
    }
    // The damage was in the folders, not in this process: the folder without a flip still opens.
    assert!(look(made.path()).unwrap() == content);
    eprintln!("{tally:#?}");
    assert!(faults.is_empty(), "{} of {FLIPS}:\n{}", faults.len(), faults.join("\n"));
}
