//! Files that are read again when they change: a broken new one keeps what was read before, is told once, and is tried again
//! until it reads.
//!
//! To replace a file, write another beside it and rename it into place: a reader then never meets half of one.

use arc_swap::ArcSwap;
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Bytes that such a file may have.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// How often files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Within so many nanoseconds of its last change a file may change again unseen, since clocks of file systems tick coarsely.
const TICK_NANOS: i128 = 2_000_000_000;

/// A file, and the option that named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The option, as typed.
    pub option: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// Whether nobody but its owner may be able to read it.
    pub secret: bool,
}

impl Source {
    /// A file that others may read.
    pub fn new(option: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { option, path: path.into(), secret: false }
    }

    /// A file that holds a secret.
    pub fn secret(option: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { secret: true, ..Self::new(option, path) }
    }

    /// A fault of this file, in a sentence that names it.
    pub fn fault(&self, what: impl std::fmt::Display) -> String {
        format!("{} {}: {what}", self.option, self.path.display())
    }

    /// The bits of a mode that let others in. Where systemd hands credentials over, it lets the service read by an access
    /// list, whose mask stands where the group's bits are.
    fn others(&self) -> u32 {
        let handed = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
        if handed.is_some_and(|folder| self.path.starts_with(folder)) { 0o007 } else { 0o077 }
    }

    /// What a look at it sees, without reading it.
    fn stamp(&self) -> Option<Stamp> {
        let meta = std::fs::metadata(&self.path).ok()?;
        let changed = i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec());
        let written = (meta.mtime(), meta.mtime_nsec());
        Some(Stamp { place: (meta.dev(), meta.ino()), bytes: meta.len(), written, changed, mode: meta.mode() })
    }

    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>, String> {
        let meta = std::fs::metadata(&self.path).map_err(|error| self.fault(error))?;
        if !meta.is_file() {
            return Err(self.fault("not a file"));
        }
        if meta.len() > FILE_BYTES_MAX {
            return Err(self.fault(format_args!("larger than {FILE_BYTES_MAX} bytes")));
        }
        if self.secret && meta.mode() & self.others() != 0 {
            let mode = meta.mode() & 0o777;
            return Err(self.fault(format_args!("others may read this secret (mode {mode:o}); chmod 600 it")));
        }
        std::fs::read(&self.path).map_err(|error| self.fault(error))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    place: (u64, u64),
    bytes: u64,
    written: (i64, i64),
    changed: i128,
    mode: u32,
}

impl Stamp {
    /// Whether a change would show from now on.
    fn settled(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        i128::try_from(now).is_ok_and(|now| now - self.changed > TICK_NANOS)
    }
}

type Read<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, Vec<String>> + Send + Sync>;

/// What was read from files, as they last made sense.
pub struct Watched<T> {
    sources: Vec<Source>,
    read: Read<T>,
    current: ArcSwap<T>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Of the files that `current` was read from; none: look at their bytes.
    stamps: Option<Vec<Stamp>>,
    /// Of their bytes.
    hash: [u8; 32],
    /// What was last told to be wrong; empty: nothing.
    told: String,
}

impl<T: Send + Sync> Watched<T> {
    /// Reads the files for the first time; `read` gets the bytes of each.
    pub fn open(
        sources: Vec<Source>,
        read: impl Fn(&[Vec<u8>]) -> Result<T, Vec<String>> + Send + Sync + 'static,
    ) -> Result<Self, Vec<String>> {
        let read: Read<T> = Box::new(read);
        let (stamps, files) = contents(&sources)?;
        let current = ArcSwap::from_pointee(read(&files)?);
        let seen = Mutex::new(Seen { stamps, hash: hash(&files), told: String::new() });
        Ok(Self { sources, read, current, seen })
    }

    /// What they say.
    pub fn get(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Looks whether they changed, and reads them if so.
    pub fn look(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps: Option<Vec<_>> = self.sources.iter().map(Source::stamp).collect();
        if stamps.is_some() && stamps == seen.stamps {
            return;
        }
        let read = contents(&self.sources).and_then(|(stamps, files)| {
            let hash = hash(&files);
            if hash != seen.hash {
                self.current.store(Arc::new((self.read)(&files)?));
                tracing::info!(files = %self.names(), "read anew");
            } else if !seen.told.is_empty() {
                tracing::info!(files = %self.names(), "as before");
            }
            Ok((stamps, hash))
        });
        // Only what was taken in counts as seen; anything else is tried again at the next look.
        match read {
            Ok((stamps, hash)) => *seen = Seen { stamps, hash, told: String::new() },
            Err(faults) => {
                seen.stamps = None;
                let faults = faults.join("; ");
                if faults != seen.told {
                    tracing::warn!(faults, "a changed file can't be used; what was read before holds");
                    seen.told = faults;
                }
            }
        }
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.sources.iter().map(|source| source.path.display().to_string()).collect();
        names.join(", ")
    }
}

/// Stamps and bytes of files.
type Contents = (Option<Vec<Stamp>>, Vec<Vec<u8>>);

/// The bytes of all, and their stamps where these will show the next change.
fn contents(sources: &[Source]) -> Result<Contents, Vec<String>> {
    let stamps: Option<Vec<_>> = sources.iter().map(Source::stamp).collect();
    let mut faults = Vec::new();
    let files: Vec<_> = sources.iter().filter_map(|s| s.read().map_err(|fault| faults.push(fault)).ok()).collect();
    if faults.is_empty() { Ok((stamps.filter(|stamps| stamps.iter().all(Stamp::settled)), files)) } else { Err(faults) }
}

fn hash(files: &[Vec<u8>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update((file.len() as u64).to_be_bytes());
        hasher.update(file);
    }
    hasher.finalize().into()
}

/// Calls `look` every second as long as somebody holds it, on a thread of its own: a file system that hangs holds up no call.
pub fn keep_looking<T: Send + Sync + 'static>(held: &Arc<T>, look: fn(&T)) -> std::io::Result<()> {
    let held: Weak<T> = Arc::downgrade(held);
    let looks = move || {
        while let Some(held) = held.upgrade() {
            look(&held);
            drop(held);
            std::thread::sleep(LOOK_EVERY);
        }
    };
    std::thread::Builder::new().name("reload".to_owned()).spawn(looks).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(files: &[Vec<u8>]) -> Result<u32, Vec<String>> {
        let text = String::from_utf8_lossy(&files[0]);
        text.trim().parse().map_err(|_| vec![format!("no number: {text:?}")])
    }

    #[test]
    fn a_broken_file_keeps_the_old_one_and_is_tried_until_it_reads() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("number");
        let write = |text: &str| {
            let part = dir.path().join("part");
            std::fs::write(&part, text).unwrap();
            std::fs::rename(part, &path).unwrap();
        };
        write("1");
        let watched = Watched::open(vec![Source::new("--number", &path)], number).unwrap();
        assert_eq!(*watched.get(), 1);
        for (text, expected) in [("2", 2), ("two", 2), ("two", 2), ("3", 3), ("", 3), ("4", 4)] {
            write(text);
            watched.look();
            assert_eq!(*watched.get(), expected, "{text:?}");
        }
        std::fs::remove_file(&path).unwrap();
        watched.look();
        assert_eq!(*watched.get(), 4);
        write("5");
        watched.look();
        assert_eq!(*watched.get(), 5);
    }

    #[test]
    fn a_file_that_can_not_be_read_yet_is_read_when_it_can() {
        // The very same file, once its mode is mended: nothing of its bytes or its time of writing changes.
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "1").unwrap();
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        mode(0o640);
        let open = || Watched::open(vec![Source::secret("--secret", &path)], number);
        let faults = open().err().unwrap();
        assert!(faults[0].contains("--secret") && faults[0].contains("mode 640"), "{faults:?}");
        mode(0o600);
        let watched = open().unwrap();
        std::fs::write(&path, "2").unwrap();
        mode(0o604);
        watched.look();
        assert_eq!(*watched.get(), 1);
        mode(0o600);
        watched.look();
        assert_eq!(*watched.get(), 2);
    }

    #[test]
    fn what_is_no_file_or_too_large_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &std::path::Path| Watched::open(vec![Source::new("--number", path)], number).err().unwrap();
        assert!(at(dir.path())[0].contains("not a file"));
        let large = dir.path().join("large");
        std::fs::File::create(&large).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(at(&large)[0].contains("larger than"));
        assert!(at(&dir.path().join("absent"))[0].starts_with("--number "));
    }
}
