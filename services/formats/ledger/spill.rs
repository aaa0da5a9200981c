//! Sorted runs of raw rows in one nameless temporary file, and their reading: each run through a small buffer of its own.

use super::file::Order;
use super::problem::Problem;
use super::sort::Key;
use super::split::{CellFault, RawFault, RawRow};
use crate::domain::values::Day;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Bytes read at a time from a run: no more than this, no fewer than the other, whatever the count of runs.
const READ_BYTES_MAX: usize = 64 * 1024;
const READ_BYTES_MIN: usize = 4 * 1024;
/// What a row costs beyond its text.
const ROW_BYTES: usize = 128;
const CELL_BYTES: usize = 32;

/// A row that waits for its turn.
pub(super) struct Kept {
    /// Its place in the order.
    pub(super) key: Key,
    /// The row.
    pub(super) raw: RawRow,
}

impl Kept {
    /// About what it costs in memory.
    pub(super) fn bytes(&self) -> usize {
        let cells: usize = self.raw.cells.iter().map(|cell| cell.capacity() + CELL_BYTES).sum();
        ROW_BYTES + cells + self.raw.wrong.len() * size_of::<CellFault>()
    }
}

/// The temporary file, made when the first run is written.
pub(super) struct Spill {
    folder: Option<std::path::PathBuf>,
    file: Option<File>,
    /// Where each run begins; the last is where the next would.
    begins: Vec<u64>,
}

impl Spill {
    pub(super) fn new(order: &Order) -> Self {
        Self { folder: order.temporary_folder.clone(), file: None, begins: vec![0] }
    }

    /// Writes one sorted run behind those before.
    pub(super) fn write_run(&mut self, rows: &[Kept]) -> io::Result<()> {
        let file = match self.file.take() {
            Some(file) => file,
            None => match &self.folder {
                Some(folder) => tempfile::tempfile_in(folder)?,
                None => tempfile::tempfile()?,
            },
        };
        let mut out = Counting { inner: BufWriter::new(&file), bytes: 0 };
        for kept in rows {
            write(&mut out, kept)?;
        }
        out.inner.flush()?;
        let end = self.begins.last().copied().unwrap_or_default() + out.bytes;
        drop(out);
        self.begins.push(end);
        self.file = Some(file);
        Ok(())
    }

    /// The runs, to be read side by side with about `bytes_max` of buffers between them.
    pub(super) fn into_runs(self, bytes_max: usize) -> io::Result<Vec<Run>> {
        let Some(file) = self.file else { return Ok(Vec::new()) };
        let file = Arc::new(file);
        let each = (bytes_max / self.begins.len()).clamp(READ_BYTES_MIN, READ_BYTES_MAX);
        let run = |ends: &[u64]| {
            let part = Part { file: file.clone(), at: ends[0], end: ends[1] };
            Run { bytes: BufReader::with_capacity(each, part) }
        };
        Ok(self.begins.windows(2).map(run).collect())
    }
}

/// Counts what is written.
struct Counting<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(buffer)?;
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A part of the file, read without moving anyone else's place in it.
struct Part {
    file: Arc<File>,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let n = self.file.read_at(&mut buffer[..left], self.at)?;
        if n == 0 && left > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += n as u64;
        Ok(n)
    }
}

/// A sorted run.
pub(super) struct Run {
    bytes: BufReader<Part>,
}

impl Run {
    /// Its next row.
    pub(super) fn next(&mut self) -> io::Result<Option<Kept>> {
        let left = self.bytes.get_ref().end - self.bytes.get_ref().at;
        if left == 0 && self.bytes.buffer().is_empty() {
            return Ok(None);
        }
        read(&mut self.bytes).map(Some)
    }
}

// A row: day or 0, file, line, fault, cells, wrong cells; numbers as LEB128, texts with their length.

fn write(out: &mut impl Write, Kept { key: (day, file, _), raw }: &Kept) -> io::Result<()> {
    // Days since the first that can be written, from 1; 0: none.
    number(out, day.map_or(0, |day| i64::from(day.days()) - i64::from(Day::MIN.days()) + 1).unsigned_abs())?;
    number(out, (*file).into())?;
    number(out, raw.line)?;
    let (fault, of) = match raw.fault {
        None => (0, 0),
        Some(RawFault::CellTooLong(at)) => (1, at as u64),
        Some(RawFault::RowTooLong) => (2, 0),
    };
    number(out, fault)?;
    number(out, of)?;
    number(out, raw.cells.len() as u64)?;
    for cell in &raw.cells {
        text(out, cell)?;
    }
    number(out, raw.wrong.len() as u64)?;
    for CellFault { at, problem } in &raw.wrong {
        number(out, *at as u64)?;
        text(out, problem.word())?;
    }
    Ok(())
}

fn read(from: &mut impl Read) -> io::Result<Kept> {
    let day = match take(from)? {
        0 => None,
        n => i32::try_from(n).ok().and_then(|n| Day::from_days(n - 1 + Day::MIN.days())),
    };
    let file = u32::try_from(take(from)?).map_err(|_| io::ErrorKind::InvalidData)?;
    let line = take(from)?;
    let (fault, of) = (take(from)?, take(from)?);
    let fault = match fault {
        1 => Some(RawFault::CellTooLong(index(of)?)),
        2 => Some(RawFault::RowTooLong),
        _ => None,
    };
    let cells = (0..take(from)?).map(|_| take_text(from)).collect::<io::Result<Vec<_>>>()?;
    let mut wrong = Vec::new();
    for _ in 0..take(from)? {
        let at = index(take(from)?)?;
        let problem = Problem::from_word(&take_text(from)?).ok_or(io::ErrorKind::InvalidData)?;
        wrong.push(CellFault { at, problem });
    }
    Ok(Kept { key: (day, file, line), raw: RawRow { line, cells, fault, wrong } })
}

fn number(out: &mut impl Write, mut value: u64) -> io::Result<()> {
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.write_all(&[low]);
        }
        out.write_all(&[low | 0x80])?;
    }
}

fn take(from: &mut impl Read) -> io::Result<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let mut byte = [0];
        from.read_exact(&mut byte)?;
        value |= u64::from(byte[0] & 0x7f) << shift;
        if byte[0] & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn text(out: &mut impl Write, text: &str) -> io::Result<()> {
    number(out, text.len() as u64)?;
    out.write_all(text.as_bytes())
}

fn take_text(from: &mut impl Read) -> io::Result<String> {
    let mut bytes = vec![0; index(take(from)?)?];
    from.read_exact(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn index(value: u64) -> io::Result<usize> {
    usize::try_from(value).map_err(|_| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let wrong = vec![CellFault { at: 300, problem: Problem::TimeOfDay }];
        let raw = RawRow { line: 70_000, cells: vec!["韶关".into(), String::new()], fault: None, wrong };
        let faults = [RawFault::CellTooLong(200), RawFault::RowTooLong, RawFault::RowTooLong];
        let days = [None, Some(Day::MIN), Some(Day::MAX)];
        for (day, fault) in days.into_iter().zip(faults) {
            for fault in [None, Some(fault)] {
                let kept = Kept { key: (day, 3, raw.line), raw: RawRow { fault, ..raw.clone() } };
                let mut bytes = Vec::new();
                write(&mut bytes, &kept).unwrap();
                let back = read(&mut bytes.as_slice()).unwrap();
                assert_eq!((back.key, back.raw), (kept.key, kept.raw));
            }
        }
    }
}
