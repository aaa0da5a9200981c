//! Files and folders made durable: what the rest of this room assumes of a file system, in one place.

use crate::log::LogError;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Names the step and the path of a failed system call.
pub(super) fn io_error(step: &str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
    let step = format!("{step} {}", path.display());
    move |source| LogError::Io { step, source }
}

/// Makes the names in a folder durable: files made, renamed or removed in it.
pub(super) fn sync_dir(dir: &Path) -> Result<(), LogError> {
    File::open(dir).and_then(|d| d.sync_all()).map_err(io_error("syncing the folder", dir))
}

/// Makes a folder and its own name durable, the parents' too where they are new.
pub(super) fn make_dir(dir: &Path) -> Result<(), LogError> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_dir(parent)?;
    }
    match fs::create_dir(dir) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(io_error("making the folder", dir)(e)),
        _ => sync_dir(dir)?,
    }
    match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => sync_dir(Path::new(".")),
    }
}

/// Makes the names of a folder and of all that it lies in durable: whoever made them may not have cared. Ends at the first
/// folder that this process may not open or that has nothing to sync, which was there before anything of ours.
pub(super) fn sync_parents(dir: &Path) -> Result<(), LogError> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    let whole = fs::canonicalize(dir).map_err(io_error("looking at", dir))?;
    for parent in whole.ancestors().skip(1) {
        match File::open(parent).and_then(|parent| parent.sync_all()) {
            Ok(()) => {}
            Err(e) if matches!(e.kind(), InvalidInput | PermissionDenied | ReadOnlyFilesystem | Unsupported) => break,
            Err(e) => return Err(io_error("syncing the folder", parent)(e)),
        }
    }
    Ok(())
}

/// Writes a whole file so that after a crash it is there with all its bytes or not at all.
pub(super) fn write_whole(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), LogError> {
    let partial = dir.join(format!("{name}.partial"));
    let path = dir.join(name);
    let write = || {
        let mut file = File::create(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(io_error("writing", &partial))?;
    fs::rename(&partial, &path).map_err(io_error("renaming to", &path))?;
    sync_dir(dir)
}

/// The whole file; none when there is no such file.
pub(super) fn read_whole(path: &Path) -> Result<Option<Vec<u8>>, LogError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(io_error("reading", path)(e)),
    }
}

/// Removes a file, durably; it need not be there.
pub(super) fn remove_file(dir: &Path, name: &str) -> Result<(), LogError> {
    let path = dir.join(name);
    match fs::remove_file(&path) {
        Ok(()) => sync_dir(dir),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io_error("removing", &path)(e)),
    }
}

/// Removes a folder with all in it, durably; it need not be there.
pub(super) fn remove_tree(parent: &Path, name: &Path) -> Result<(), LogError> {
    match fs::remove_dir_all(name) {
        Ok(()) => sync_dir(parent),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(io_error("removing the folder", name)(e)),
    }
}

/// One file of a folder: its path within it, and its length.
pub(super) struct Entry {
    /// Path relative to the folder, with `/`.
    pub name: String,
    /// Bytes.
    pub length: u64,
}

/// Every file under a folder, sorted by name.
pub(super) fn files(root: &Path) -> Result<Vec<Entry>, LogError> {
    let mut out = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(relative) = open.pop() {
        let dir = root.join(&relative);
        for entry in fs::read_dir(&dir).map_err(io_error("listing", &dir))? {
            let entry = entry.map_err(io_error("listing", &dir))?;
            let meta = entry.metadata().map_err(io_error("looking at", &entry.path()))?;
            let name = relative.join(entry.file_name());
            if meta.is_dir() {
                open.push(name);
            } else {
                out.push(Entry { name: name.to_string_lossy().into_owned(), length: meta.len() });
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(out)
}

/// Copies a folder and makes the copy durable. `fs::copy` shares the blocks where the file system can.
pub(super) fn copy_tree(from: &Path, to: &Path) -> Result<(), LogError> {
    make_dir(to)?;
    make_dir(&to.join("blobs"))?;
    for entry in files(from)? {
        let target = to.join(&entry.name);
        if let Some(parent) = target.parent() {
            make_dir(parent)?;
        }
        fs::copy(from.join(&entry.name), &target).map_err(io_error("copying to", &target))?;
    }
    sync_tree(to)
}

/// Makes every file and folder under `root` durable.
pub(super) fn sync_tree(root: &Path) -> Result<(), LogError> {
    for entry in files(root)? {
        let path = root.join(&entry.name);
        File::open(&path).and_then(|f| f.sync_all()).map_err(io_error("syncing", &path))?;
    }
    let blobs = root.join("blobs");
    if blobs.is_dir() {
        sync_dir(&blobs)?;
    }
    sync_dir(root)
}

/// SHA-256 of a file, read in pieces.
pub(super) fn file_hash(path: &Path) -> Result<[u8; 32], LogError> {
    let mut file = File::open(path).map_err(io_error("opening", path))?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let n = file.read(&mut piece).map_err(io_error("reading", path))?;
        if n == 0 {
            return Ok(hasher.finalize().into());
        }
        hasher.update(&piece[..n]);
    }
}

/// Bytes that an unprivileged process may still write where `path` lies.
pub(super) fn free_bytes(path: &Path) -> Result<u64, LogError> {
    let stat = rustix::fs::statvfs(path).map_err(|e| io_error("asking for free space at", path)(e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
