//! Five hundred bits flipped in a log's folder, one at a time, in every kind of byte. Each is found or harmless: never
//! a shorter log, never another one, and a refused folder keeps every byte.
//!
//! Every thousandth bit of a folder, each with and without the marker of a clean stop, by
//! `BIT_FLIPS=sweep cargo test --release --test log_bitflips -- --nocapture`.

mod log_common;

use incubator_registry::journal::{Commit, Head};
use incubator_registry::log::{EventLog, LogError, SledLog, verify_chain};
use log_common::{Rng, copy_dir, fill, read_all, scratch, small};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// One bit to flip: where, what kind of byte that is, and whether the marker of a clean stop stands.
struct Flip {
    path: PathBuf,
    at: usize,
    bit: u64,
    kind: &'static str,
    clean: bool,
}

/// By chance, each kind of byte getting its share.
fn by_chance(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<Flip> {
    let seed = std::env::var("LOG_FLIPS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    let mut rng = Rng(seed);
    let flip = |nth| {
        let (path, at, kind) = target(&mut rng, files, nth);
        let bit = rng.below(8);
        Flip { path, at, bit, kind, clean: kind == "marker" || rng.below(2) == 0 }
    };
    (0..FLIPS).map(flip).collect()
}

/// Every thousandth bit of every file, shuffled, so that a run cut short has seen something of everything. A thousand is a
/// multiple of eight, so the bit within its byte moves on.
fn sweep(files: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<Flip> {
    let mut flips = Vec::new();
    for (path, bytes) in files {
        let kind = match path.to_str().unwrap() {
            "sled/db" => "db",
            "sled/conf" => "conf",
            "witness" => "witness",
            "clean" => "marker",
            "FORMAT" => "format",
            _ => "snapshot",
        };
        for nth in 0..(bytes.len() as u64).div_ceil(125) {
            let (path, at) = (path.clone(), 125 * nth as usize);
            for clean in [true, false].into_iter().filter(|clean| *clean || kind != "marker") {
                flips.push(Flip { path: path.clone(), at, bit: nth % 8, kind, clean });
            }
        }
    }
    let mut rng = Rng(SEED);
    for at in (1..flips.len()).rev() {
        flips.swap(at, rng.below(at as u64 + 1) as usize);
    }
    flips
}

/// What became of a flip: found or harmless; else what is wrong.
fn flipped(flip: &Flip, made: &Path, files: &BTreeMap<PathBuf, Vec<u8>>, content: &[Commit]) -> Result<bool, String> {
    let Flip { path, at, bit, kind, clean } = flip;
    let dir = scratch();
    copy_dir(made, dir.path());
    if !clean {
        fs::remove_file(dir.path().join("clean")).unwrap();
    }
    let mut bytes = files[path].clone();
    bytes[*at] ^= 1 << bit;
    fs::write(dir.path().join(path), &bytes).unwrap();
    let mut found = BTreeMap::new();
    load(dir.path(), dir.path(), &mut found);
    let name = format!("{kind}, {} byte {at} bit {bit}, clean {clean}", path.display());
    let outcome = look(dir.path());
    if std::env::var_os("LOG_FLIPS_SHOWN").is_some() {
        eprintln!("{name}: {:?}", outcome.as_ref().map(Vec::len));
    }
    match outcome {
        Ok(all) if all == content => Ok(false),
        Ok(all) => Err(format!("{name}: reads {} commits of {}", all.len(), content.len())),
        Err(LogError::DataLoss { .. } | LogError::Unusable { .. }) => {
            let mut left = BTreeMap::new();
            load(dir.path(), dir.path(), &mut left);
            if left == found { Ok(true) } else { Err(format!("{name}: refused, but the folder was changed")) }
        }
        Err(other) => Err(format!("{name}: {other:?}")),
    }
}

#[test]
fn flipped_bits_are_found_or_harmless() {
    let made = scratch();
    let content = build(made.path());
    let mut files = BTreeMap::new();
    load(made.path(), made.path(), &mut files);
    let flips = match std::env::var("BIT_FLIPS").as_deref() {
        Err(_) => by_chance(&files),
        Ok("sweep") => sweep(&files),
        Ok(other) => panic!("BIT_FLIPS={other}: only `sweep` is known"),
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut tally, mut faults) = (BTreeMap::new(), Vec::new());
        while let Some(flip) = flips.get(next.fetch_add(1, Ordering::Relaxed)) {
            match flipped(flip, made.path(), &files, &content) {
                Ok(found) => *tally.entry((flip.kind, found)).or_insert(0) += 1,
                Err(fault) => {
                    eprintln!("{fault}");
                    faults.push(fault);
                }
            }
            let done = next.load(Ordering::Relaxed);
            if done.is_multiple_of(1000) {
                eprintln!("{done} of {}", flips.len());
            }
        }
        (tally, faults)
    };
    let (mut tally, mut faults) = (BTreeMap::new(), Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (seen, wrong): (BTreeMap<_, u32>, Vec<String>) = worker.join().unwrap();
            seen.into_iter().for_each(|(kind, count)| *tally.entry(kind).or_insert(0) += count);
            faults.extend(wrong);
        }
    });
    // The damage was in the folders, not in this process: the folder without a flip still opens.
    assert!(look(made.path()).unwrap() == content);
    for ((kind, found), count) in &tally {
        eprintln!("{kind}: {count} {}", if *found { "found" } else { "harmless" });
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), flips.len(), faults.join("\n"));
}
