//! Checkpoints on the disk: one append-only file of notes beside the log, an empty line behind each, and the public keys that
//! they are signed by. A note is synced before anyone is told of it; a torn last one is cut off, since nobody was.

use crate::journal::Hash;
use crate::journal::note::{Checkpoint, Note, NoteFault, PublicKey};
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Name of the file of notes.
pub const NOTES: &str = "notes";
/// Name of the file of public keys, one a line.
pub const KEYS: &str = "keys";
/// Bytes at the end of the notes that a copy is compared by before it is appended to.
const COMPARED_BYTES: u64 = 64 * 1024;

/// Where a note stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    size: u64,
    offset: u64,
}

/// The notes of one log.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    file: File,
    places: Vec<Place>,
    end: u64,
    keys: Vec<PublicKey>,
}

/// Why the notes can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// A file can't be read or written.
    #[error("{step}: {source}")]
    Io {
        /// What was being done.
        step: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A note is none, or of another log.
    #[error("{path}, byte {offset}: {source}")]
    Note {
        /// The file.
        path: String,
        /// Where the note begins.
        offset: u64,
        /// What is wrong with it.
        #[source]
        source: NoteFault,
    },
    /// A copy holds what this folder does not.
    #[error(
        "{path} holds checkpoints that this log lacks: it was put back from an older state, or the copy is another's"
    )]
    Ahead {
        /// The copy.
        path: String,
    },
}

fn io_fault(step: &str, path: &Path) -> impl FnOnce(io::Error) -> StoreFault {
    let step = format!("{step} {}", path.display());
    move |source| StoreFault::Io { step, source }
}

impl Store {
    /// Opens the notes of a log, or begins them; with what each says, in order.
    pub fn open(dir: &Path, origin: &str, key: PublicKey) -> Result<(Self, Vec<(u64, Hash)>), StoreFault> {
        std::fs::create_dir_all(dir).map_err(io_fault("making", dir))?;
        let path = dir.join(NOTES);
        let opened = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = opened.map_err(io_fault("opening", &path))?;
        let mut store = Self { dir: dir.to_owned(), file, places: Vec::new(), end: 0, keys: Vec::new() };
        let said = store.load(&path, origin)?;
        store.open_keys(key)?;
        sync_dir(dir).map_err(io_fault("syncing", dir))?;
        Ok((store, said))
    }

    fn load(&mut self, path: &Path, origin: &str) -> Result<Vec<(u64, Hash)>, StoreFault> {
        let mut said = Vec::new();
        let mut reader = BufReader::new(self.file.try_clone().map_err(io_fault("reading", path))?);
        while let Some(note) = next_note(&mut reader).map_err(io_fault("reading", path))? {
            let offset = self.end;
            let wrap = |source| StoreFault::Note { path: path.display().to_string(), offset, source };
            let checkpoint = Note::parse(&note).and_then(|note| Checkpoint::parse(note.text)).map_err(wrap)?;
            if checkpoint.origin != origin {
                return Err(wrap(NoteFault::OtherLog { found: checkpoint.origin, wanted: origin.to_owned() }));
            }
            if self.places.last().is_some_and(|last| last.size >= checkpoint.size) {
                return Err(wrap(NoteFault::NoCheckpoint("it covers no more than the one before it")));
            }
            self.places.push(Place { size: checkpoint.size, offset });
            said.push((checkpoint.size, checkpoint.root));
            self.end += note.len() as u64 + 1;
        }
        let length = self.file.metadata().map_err(io_fault("reading", path))?.len();
        if length > self.end {
            tracing::warn!(bytes = length - self.end, "a checkpoint was not written whole; it is cut off");
            self.file.set_len(self.end).map_err(io_fault("cutting", path))?;
            self.file.sync_all().map_err(io_fault("syncing", path))?;
        }
        Ok(said)
    }

    fn open_keys(&mut self, key: PublicKey) -> Result<(), StoreFault> {
        let path = self.dir.join(KEYS);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(io_fault("reading", &path)(error)),
        };
        // A torn last line is no key, and is written again.
        self.keys = text.lines().filter_map(|line| PublicKey::parse(line.trim()).ok()).collect();
        if !self.keys.contains(&key) {
            let mut line = if text.is_empty() || text.ends_with('\n') { String::new() } else { "\n".to_owned() };
            line.push_str(&format!("{key}\n"));
            let mut file = File::options().create(true).append(true).open(&path).map_err(io_fault("opening", &path))?;
            file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(io_fault("writing", &path))?;
            self.keys.push(key);
        }
        Ok(())
    }

    /// Appends a note and syncs it.
    pub fn append(&mut self, size: u64, note: &str) -> Result<(), StoreFault> {
        let path = self.dir.join(NOTES);
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(format!("{note}\n").as_bytes()))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What is there of it is overwritten by the next.
            let _ = self.file.set_len(self.end);
            return Err(io_fault("writing", &path)(error));
        }
        self.places.push(Place { size, offset: self.end });
        self.end += note.len() as u64 + 1;
        Ok(())
    }

    /// Every public key that a note here may be signed by, the oldest first.
    pub fn keys(&self) -> &[PublicKey] {
        &self.keys
    }

    /// Bytes of notes that are synced.
    pub fn synced(&self) -> u64 {
        self.end
    }

    /// Count of the notes.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// What the last one covers; none: there is none.
    pub fn last(&self) -> Option<u64> {
        self.places.last().map(|place| place.size)
    }

    /// The note that covers exactly so many records.
    pub fn note(&self, size: u64) -> Result<Option<String>, StoreFault> {
        match self.places.binary_search_by_key(&size, |place| place.size) {
            Ok(at) => self.read(at).map(Some),
            Err(_) => Ok(None),
        }
    }

    /// The size of the first note that covers a position; none: none does.
    pub fn covering(&self, position: u64) -> Option<u64> {
        let at = self.places.partition_point(|place| place.size < position);
        self.places.get(at).map(|place| place.size)
    }

    /// The next notes that cover more than `after`, with what each covers.
    pub fn behind(&self, after: u64, limit: usize) -> Result<Vec<(u64, String)>, StoreFault> {
        let from = self.places.partition_point(|place| place.size <= after);
        let until = from.saturating_add(limit).min(self.places.len());
        (from..until).map(|at| Ok((self.places[at].size, self.read(at)?))).collect()
    }

    fn read(&self, at: usize) -> Result<String, StoreFault> {
        let path = self.dir.join(NOTES);
        let start = self.places[at].offset;
        let end = self.places.get(at + 1).map_or(self.end, |next| next.offset);
        // Opened anew: the place in the file that `append` writes at is its own.
        let mut file = File::open(&path).map_err(io_fault("opening", &path))?;
        let mut text = String::new();
        file.seek(SeekFrom::Start(start))
            .and_then(|_| file.take(end - start - 1).read_to_string(&mut text))
            .map_err(io_fault("reading", &path))?;
        Ok(text)
    }
}

/// The next whole note, without the empty line behind it; none: no whole one is left.
fn next_note(reader: &mut impl io::BufRead) -> io::Result<Option<String>> {
    let (mut note, mut empty_lines) = (String::new(), 0);
    loop {
        let from = note.len();
        match reader.read_line(&mut note) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(None),
            Err(error) => return Err(error),
        }
        if !note[from..].ends_with('\n') {
            return Ok(None);
        }
        if &note[from..] == "\n" {
            empty_lines += 1;
        }
        if empty_lines == 2 {
            note.truncate(from);
            return Ok(Some(note));
        }
    }
}

/// Brings a copy of the notes, up to the byte to which they are synced, and of the keys up to the folder's own: appends what is
/// missing, and syncs it. A copy that is no beginning of what it is a copy of is left as it is.
pub fn push(from: &Path, to: &Path, synced: u64) -> Result<(), StoreFault> {
    std::fs::create_dir_all(to).map_err(io_fault("making", to))?;
    append_missing(&from.join(NOTES), &to.join(NOTES), synced)?;
    append_missing(&from.join(KEYS), &to.join(KEYS), u64::MAX)?;
    sync_dir(to).map_err(io_fault("syncing", to))
}

/// Refuses a folder whose copy is ahead of it; a copy that can't be looked at says nothing.
pub fn compare(from: &Path, to: &Path) -> Result<(), StoreFault> {
    let length = |dir: &Path| std::fs::metadata(dir.join(NOTES)).map_or(0, |found| found.len());
    match length(to) > length(from) {
        // What was cut off here as torn was never copied: it is copied only once it is synced.
        true => Err(StoreFault::Ahead { path: to.join(NOTES).display().to_string() }),
        false => Ok(()),
    }
}

fn append_missing(from: &Path, to: &Path, until: u64) -> Result<(), StoreFault> {
    let (read, write) = (|error| io_fault("reading", from)(error), |error| io_fault("writing", to)(error));
    let mut source = File::open(from).map_err(read)?;
    let length = source.metadata().map_err(read)?.len().min(until);
    let mut copy = File::options().create(true).truncate(false).read(true).write(true).open(to).map_err(write)?;
    let has = copy.metadata().map_err(write)?.len();
    let compared = has.min(COMPARED_BYTES);
    let ahead = || StoreFault::Ahead { path: to.display().to_string() };
    if has > length
        || tail(&mut source, has, compared).map_err(read)? != tail(&mut copy, has, compared).map_err(write)?
    {
        return Err(ahead());
    }
    io::copy(&mut source.take(length - has), &mut copy).and_then(|_| copy.sync_all()).map_err(write)
}

/// The bytes before an offset; the file stands at the offset then.
fn tail(file: &mut File, end: u64, bytes: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(end - bytes))?;
    let mut tail = vec![0; usize::try_from(bytes).unwrap_or_default()];
    file.read_exact(&mut tail)?;
    Ok(tail)
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
