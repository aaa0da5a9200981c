//! The parts of a workbook, unpacked. Written here, on flate2, because every count and size that a zip states of itself must
//! be bounded before anything is made of it, and checked against what comes out.

use super::super::error::{BadWorkbook, FileError, Limit};
use super::super::source::{Counted, ReadSeek, Source};
use super::{XLSX_UNPACKED_BYTES_MAX, broken};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Parts that a workbook may have; those of offices have a few dozen.
const PARTS_MAX: usize = 4096;
/// Bytes of the directory of parts.
const DIRECTORY_BYTES_MAX: u64 = 1 << 20;
/// Bytes of the record that ends a zip, its longest comment included.
const END_BYTES_MAX: u64 = 22 + 0xffff;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// The name of the whole in messages.
const WHOLE: &str = "zip";

/// A zip whose directory was read.
pub(super) struct Archive {
    source: Source,
    entries: HashMap<String, Entry>,
}

/// What the directory says of a part.
#[derive(Clone, Copy)]
struct Entry {
    deflated: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

impl Archive {
    /// Reads the directory.
    pub(super) fn open(source: &Source) -> Result<Self, FileError> {
        let mut file = source.open_seek()?;
        let len = file.seek(SeekFrom::End(0))?;
        let (count, at, bytes) = end_record(&mut file, len)?;
        file.seek(SeekFrom::Start(at))?;
        let mut directory = Vec::new();
        file.take(bytes).read_to_end(&mut directory)?;
        let mut entries = HashMap::new();
        let (mut rest, mut packed, mut unpacked) = (directory.as_slice(), 0_u64, 0_u64);
        for _ in 0..count {
            let (name, entry, behind) = entry(rest).ok_or_else(|| broken(WHOLE, "its directory is damaged"))??;
            rest = behind;
            packed = packed.saturating_add(entry.packed);
            unpacked = unpacked.saturating_add(entry.unpacked);
            if entry.offset >= at || entries.insert(name.clone(), entry).is_some() {
                return Err(broken(&name, "is there twice, or lies behind the directory"));
            }
        }
        if unpacked > XLSX_UNPACKED_BYTES_MAX {
            return Err(FileError::TooLarge(Limit::Unpacked));
        }
        if packed > len {
            return Err(broken(WHOLE, "its parts are more than the file: they overlap"));
        }
        Ok(Self { source: source.clone(), entries })
    }

    /// Whether there is such a part; names are compared without case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&normal(name))
    }

    /// A part, unpacked.
    pub(super) fn part(&self, name: &str) -> Result<Part, FileError> {
        self.counted_part(name, &Arc::default())
    }

    /// A part, unpacked; its packed bytes are counted.
    pub(super) fn counted_part(&self, name: &str, read: &Arc<AtomicU64>) -> Result<Part, FileError> {
        let entry = *self.entries.get(&normal(name)).ok_or_else(|| broken(name, "is missing"))?;
        let mut file = self.source.open_seek()?;
        let mut local = [0; 30];
        file.seek(SeekFrom::Start(entry.offset))?;
        file.read_exact(&mut local).map_err(|error| of_io(name, error))?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(broken(name, "is not where the directory says"));
        }
        let skip = u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        file.seek(SeekFrom::Start(entry.offset + 30 + skip))?;
        let packed = Counted::new(file, read.clone()).take(entry.packed);
        let packed = BufReader::with_capacity(CHUNK_BYTES, packed);
        let inner = if entry.deflated { Inner::Deflated(DeflateDecoder::new(packed)) } else { Inner::Stored(packed) };
        Ok(Part { inner, left: entry.unpacked, crc: Crc::new(), expected: entry.crc })
    }
}

/// Parts are named without case, with slashes, from the root.
fn normal(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// Count of parts, and where the directory lies.
fn end_record(file: &mut Box<dyn ReadSeek>, len: u64) -> Result<(usize, u64, u64), FileError> {
    let tail_at = len.saturating_sub(END_BYTES_MAX);
    file.seek(SeekFrom::Start(tail_at))?;
    let mut tail = Vec::new();
    file.take(END_BYTES_MAX).read_to_end(&mut tail)?;
    let ends = |at: &usize| {
        let record = &tail[*at..];
        record.starts_with(b"PK\x05\x06") && 22 + usize::from(u16_at(record, 20)) == record.len()
    };
    let last = tail.len().checked_sub(22);
    let Some(at) = last.and_then(|last| (0..=last).rev().find(ends)) else {
        return Err(broken(WHOLE, "has no end: the file was cut off"));
    };
    let record = &tail[at..];
    let (count, bytes, offset) = (u16_at(record, 10), u32_at(record, 12), u32_at(record, 16));
    let here = tail_at + at as u64;
    if u16_at(record, 4) != 0 || u64::from(offset) + u64::from(bytes) > here {
        return Err(broken(WHOLE, "its directory is not where it says"));
    }
    if usize::from(count) > PARTS_MAX || u64::from(bytes) > DIRECTORY_BYTES_MAX {
        return Err(FileError::TooLarge(Limit::Parts));
    }
    Ok((count.into(), offset.into(), bytes.into()))
}

type Parsed<'a> = (String, Entry, &'a [u8]);

/// One entry of the directory, and what lies behind it; none where it is damaged.
fn entry(bytes: &[u8]) -> Option<Result<Parsed<'_>, FileError>> {
    let head = bytes.get(..46).filter(|head| head.starts_with(b"PK\x01\x02"))?;
    let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(head, at)));
    let behind = bytes.get(46 + name + extra + comment..)?;
    let extra = &bytes[46 + name..][..extra];
    let name = normal(&String::from_utf8_lossy(&bytes[46..][..name]));
    if u16_at(head, 8) & 1 != 0 {
        return Some(Err(FileError::Workbook { part: name, what: BadWorkbook::Encrypted }));
    }
    let deflated = match u16_at(head, 10) {
        0 => false,
        8 => true,
        other => return Some(Err(broken(&name, format!("is packed by method {other}")))),
    };
    let mut sizes = [24, 20, 42].map(|at| u64::from(u32_at(head, at)));
    widen(&mut sizes, extra)?;
    let [unpacked, packed, offset] = sizes;
    Some(Ok((name, Entry { deflated, crc: u32_at(head, 16), packed, unpacked, offset }, behind)))
}

/// Sizes that did not fit stand in the extra field 1, in this order. Small files have them too.
fn widen(sizes: &mut [u64; 3], mut extra: &[u8]) -> Option<()> {
    if sizes.iter().all(|size| *size != u64::from(u32::MAX)) {
        return Some(());
    }
    loop {
        let (head, rest) = extra.split_at_checked(4)?;
        let (mut field, behind) = rest.split_at_checked(u16_at(head, 2).into())?;
        if u16_at(head, 0) != 1 {
            extra = behind;
            continue;
        }
        for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
            let (value, rest) = field.split_first_chunk::<8>()?;
            *size = u64::from_le_bytes(*value);
            field = rest;
        }
        return Some(());
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

type Packed = BufReader<Take<Counted<Box<dyn ReadSeek>>>>;

enum Inner {
    Stored(Packed),
    Deflated(DeflateDecoder<Packed>),
}

/// A part, unpacked as it is read. It is as long as the directory says, to the byte, and has the checksum that it says.
pub(super) struct Part {
    inner: Inner,
    left: u64,
    crc: Crc,
    expected: u32,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than it may have, to see that it has no more.
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).saturating_add(1).min(buffer.len());
        let n = match &mut self.inner {
            Inner::Stored(packed) => packed.read(&mut buffer[..most])?,
            Inner::Deflated(packed) => packed.read(&mut buffer[..most])?,
        };
        let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
        self.left = self.left.checked_sub(n as u64).ok_or_else(|| bad("unpacks to more than the directory says"))?;
        self.crc.update(&buffer[..n]);
        if n == 0 && !buffer.is_empty() && self.left > 0 {
            return Err(bad("unpacks to less than the directory says"));
        }
        if n == 0 && !buffer.is_empty() && self.crc.sum() != self.expected {
            return Err(bad("is damaged: its checksum differs"));
        }
        Ok(n)
    }
}

/// What a failed reading of a part says of the file.
pub(super) fn of_io(part: &str, error: io::Error) -> FileError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
            broken(part, error.to_string())
        }
        _ => FileError::Io(error),
    }
}
