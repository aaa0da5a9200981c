//! Private files: made for their owner alone, replaced whole and synced, and locked while a process uses them.

use super::KeysError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A store of a million keys is half as large.
const STORE_BYTES_MAX: u64 = 512 * 1024 * 1024;

fn io(step: &str, path: &Path) -> impl FnOnce(std::io::Error) -> KeysError + use<> {
    let step = format!("{step} {}", path.display());
    move |source| KeysError::Io { step, source }
}

/// The folder of a file; `.` where it names none.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn is_private(path: &Path, file: &File) -> Result<(), KeysError> {
    let mode = file.metadata().map_err(io("looking at", path))?.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::Exposed { path: path.to_owned(), mode }) }
}

/// Takes the lock of a store; makes its folder, for its owner alone, where it is missing.
pub(super) fn lock(path: &Path) -> Result<File, KeysError> {
    let dir = folder(path);
    if !dir.exists() {
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(io("making", &dir))?;
        let above = folder(&dir);
        File::open(&above).and_then(|above| above.sync_all()).map_err(io("syncing", &above))?;
    }
    is_private(&dir, &File::open(&dir).map_err(io("opening", &dir))?)?;
    let beside = path.with_extension("lock");
    let mut options = OpenOptions::new();
    let file =
        options.write(true).create(true).truncate(false).mode(0o600).open(&beside).map_err(io("opening", &beside))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(KeysError::Busy { path: path.to_owned() }),
        Err(errno) => Err(io("locking", &beside)(errno.into())),
    }
}

/// The bytes of a store, which its owner alone may read; none where there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, KeysError> {
    read_private(path, STORE_BYTES_MAX)
}

/// The bytes of a file that its owner alone may read, and that is not larger than it may be.
pub(super) fn read_private(path: &Path, bytes_max: u64) -> Result<Option<Vec<u8>>, KeysError> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(io("opening", path))?,
    };
    is_private(path, &file)?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(io("reading", path))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > bytes_max) {
        let detail = format!("it has more than {bytes_max} bytes");
        return Err(KeysError::Damaged { path: path.to_owned(), detail });
    }
    Ok(Some(bytes))
}

/// Replaces a file whole: what was there stays until all of the new is on the disk, under the same name.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&draft);
    let mut file = opened.map_err(io("making", &draft))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("writing", &draft))?;
    std::fs::rename(&draft, path).map_err(io("replacing", path))?;
    let dir = folder(path);
    File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io("syncing", &dir))
}

/// Makes a file that must not be there yet.
pub(super) fn create_private(path: &Path, bytes: &[u8]) -> Result<(), KeysError> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(io("making", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io("writing", path))?;
    let dir = folder(path);
    File::open(&dir).and_then(|dir| dir.sync_all()).map_err(io("syncing", &dir))
}
