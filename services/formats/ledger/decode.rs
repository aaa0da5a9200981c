//! Bytes to text, strictly: what is valid UTF-8 is UTF-8; what is not, and is valid GB18030, is GB18030; anything else is
//! said to be neither, with the place. Nothing is ever replaced: a name with a `�` in it would be recorded for ever.

use super::error::{BadWorkbook, FileError, NotCsv, Place};
use super::source::Source;
use super::xlsx::XLSX_BYTES_MAX;
use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8};
use std::io::{self, Read};

/// Bytes read at a time.
const CHUNK_BYTES: usize = 64 * 1024;
const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a ledger's text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a mark.
    Utf8,
    /// GB18030, and so GBK and GB2312.
    Gb18030,
}

impl Encoding {
    fn decoder(self) -> Decoder {
        match self {
            Self::Utf8 => UTF_8.new_decoder_without_bom_handling(),
            Self::Gb18030 => GB18030.new_decoder_without_bom_handling(),
        }
    }
}

/// How a file is written, as far as its first bytes tell; they are all that is read of a workbook.
pub(super) fn is_workbook(source: &Source) -> io::Result<bool> {
    let head = head(source)?;
    Ok([b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|mark| head.starts_with(*mark)))
}

fn head(source: &Source) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    source.open()?.take(8).read_to_end(&mut head)?;
    Ok(head)
}

/// Finds out how the text is written, reading it through in chunks.
pub(super) fn detect(source: &Source) -> Result<Encoding, FileError> {
    let head = head(source)?;
    if head.is_empty() {
        return Err(FileError::Empty);
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(FileError::Utf16);
    }
    if head.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(old_workbook(source)?);
    }
    let Some(utf8) = first_bad(source, Encoding::Utf8)? else { return Ok(Encoding::Utf8) };
    if head.starts_with(UTF8_MARK) {
        return Err(FileError::Encoding { utf8, gb18030: None });
    }
    match first_bad(source, Encoding::Gb18030)? {
        None => Ok(Encoding::Gb18030),
        gb18030 => Err(FileError::Encoding { utf8, gb18030 }),
    }
}

/// A workbook of an older Excel, or one of a newer Excel behind a password: both are of the same old container, and the
/// latter names a stream `EncryptedPackage`.
fn old_workbook(source: &Source) -> io::Result<FileError> {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut bytes = source.open()?.take(XLSX_BYTES_MAX);
    let (mut chunk, mut kept) = (vec![0; CHUNK_BYTES], 0);
    loop {
        let n = bytes.read(&mut chunk[kept..])?;
        if n == 0 {
            return Ok(FileError::NotCsv(NotCsv::Xls));
        }
        let end = kept + n;
        if chunk[..end].windows(name.len()).any(|window| window == name) {
            return Ok(FileError::Workbook { part: String::new(), what: BadWorkbook::Encrypted });
        }
        kept = end.min(name.len() - 1);
        chunk.copy_within(end - kept..end, 0);
    }
}

/// The first place that is not of the encoding.
pub(super) fn first_bad(source: &Source, encoding: Encoding) -> io::Result<Option<Place>> {
    let mut text = Text::new(source.open()?, encoding);
    loop {
        match text.fill() {
            Ok([]) => return Ok(None),
            Ok(chunk) => {
                let n = chunk.len();
                text.consume(n);
            }
            Err(TextError::Io(error)) => return Err(error),
            Err(TextError::Malformed(byte)) => return Ok(Some(Place { byte, line: line_of(source, byte)? })),
        }
    }
}

/// The line of a byte. In both encodings no part of a longer character looks like the end of a line.
fn line_of(source: &Source, byte: u64) -> io::Result<u64> {
    let mut bytes = source.open()?.take(byte);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut lines = LineCount::default();
    loop {
        match bytes.read(&mut chunk)? {
            0 => return Ok(lines.line()),
            n => lines.pass(&chunk[..n]),
        }
    }
}

/// Counts the lines that pass: LF, CR and CRLF each end one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LineCount {
    ended: u64,
    after_cr: bool,
}

impl LineCount {
    /// Counts what passes.
    pub(super) fn pass(&mut self, bytes: &[u8]) {
        for b in bytes {
            if *b == b'\r' || (*b == b'\n' && !self.after_cr) {
                self.ended += 1;
            }
            self.after_cr = *b == b'\r';
        }
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(self) -> u64 {
        self.ended + 1
    }
}

/// Why no more text comes.
#[derive(Debug)]
pub(super) enum TextError {
    /// The system can't read on.
    Io(io::Error),
    /// Bytes that are not of the encoding, from this offset on.
    Malformed(u64),
}

/// Text in chunks, as UTF-8, without the byte-order mark. A chunk holds whole characters only.
pub(super) struct Text<R> {
    inner: R,
    decoder: Decoder,
    raw: Box<[u8]>,
    raw_at: usize,
    raw_end: usize,
    /// Offset in the file of `raw[raw_at]`.
    offset: u64,
    out: Box<[u8]>,
    out_at: usize,
    out_end: usize,
    begun: bool,
    no_more_bytes: bool,
    malformed: Option<u64>,
    ended: bool,
}

impl<R: Read> Text<R> {
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.decoder(),
            raw: vec![0; CHUNK_BYTES].into(),
            raw_at: 0,
            raw_end: 0,
            offset: 0,
            out: vec![0; 2 * CHUNK_BYTES].into(),
            out_at: 0,
            out_end: 0,
            begun: false,
            no_more_bytes: false,
            malformed: None,
            ended: false,
        }
    }

    /// What was decoded and not yet consumed; empty at the end of the file only.
    pub(super) fn fill(&mut self) -> Result<&[u8], TextError> {
        while self.out_at == self.out_end && !self.ended {
            if let Some(byte) = self.malformed {
                return Err(TextError::Malformed(byte));
            }
            if self.raw_at == self.raw_end && !self.no_more_bytes {
                self.read()?;
            }
            self.decode();
        }
        Ok(&self.out[self.out_at..self.out_end])
    }

    /// Takes the first bytes of what `fill` gave.
    pub(super) fn consume(&mut self, n: usize) {
        self.out_at = (self.out_at + n).min(self.out_end);
    }

    fn read(&mut self) -> Result<(), TextError> {
        let n = loop {
            match self.inner.read(&mut self.raw) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(TextError::Io)?,
            }
        };
        (self.raw_at, self.raw_end) = (0, n);
        self.no_more_bytes = n == 0;
        Ok(())
    }

    fn decode(&mut self) {
        let raw = &self.raw[self.raw_at..self.raw_end];
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(raw, &mut self.out, self.no_more_bytes);
        self.raw_at += read;
        self.offset += read as u64;
        (self.out_at, self.out_end) = (0, written);
        if written > 0 && !self.begun {
            self.begun = true;
            if self.out[..written].starts_with(UTF8_MARK) {
                self.out_at = UTF8_MARK.len();
            }
        }
        match result {
            DecoderResult::InputEmpty => self.ended = self.no_more_bytes,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(bad, after) => {
                // What was good before it comes first.
                let back = u64::from(bad) + u64::from(after);
                self.malformed = Some(self.offset.saturating_sub(back));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(bytes: &[u8]) -> Source {
        Source::Bytes(bytes.into())
    }

    fn text(source: &Source) -> String {
        let mut text = Text::new(source.open().unwrap(), detect(source).unwrap());
        let mut all = Vec::new();
        loop {
            let chunk = text.fill().unwrap();
            if chunk.is_empty() {
                return String::from_utf8(all).unwrap();
            }
            let n = chunk.len().min(3);
            all.extend_from_slice(&chunk[..n]);
            text.consume(n);
        }
    }

    #[test]
    fn both_encodings_with_and_without_their_marks() {
        let (gb, _, _) = GB18030.encode("载体编号,韶武科〔2021〕7号,㎡,𠮷");
        assert_eq!(detect(&bytes(&gb)).unwrap(), Encoding::Gb18030);
        assert_eq!(text(&bytes(&gb)), "载体编号,韶武科〔2021〕7号,㎡,𠮷");
        let marked = [b"\x84\x31\x95\x33", &gb[..]].concat();
        assert_eq!(text(&bytes(&marked)), "载体编号,韶武科〔2021〕7号,㎡,𠮷");
        assert_eq!(text(&bytes("载体".as_bytes())), "载体");
        assert_eq!(text(&bytes("\u{feff}载体".as_bytes())), "载体");
        assert_eq!(detect(&bytes(b"abc")).unwrap(), Encoding::Utf8);
    }

    #[test]
    fn long_text_passes_the_edges_of_chunks() {
        let long = "武江区🏭a".repeat(40_000);
        assert_eq!(text(&bytes(long.as_bytes())), long);
        let (gb, _, _) = GB18030.encode(&long);
        assert_eq!(text(&bytes(&gb)), long);
    }

    #[test]
    fn what_is_neither_is_named_with_its_place() {
        let bad = bytes(b"a,b\r\nc\xff,d\n");
        let error = detect(&bad).unwrap_err();
        let place = Place { byte: 6, line: 2 };
        assert!(
            matches!(error, FileError::Encoding { utf8, gb18030: Some(gb) } if utf8 == place && gb == place),
            "{error:?}"
        );
        let marked = bytes(b"\xef\xbb\xbfa\n\xd6\xd0");
        let error = detect(&marked).unwrap_err();
        assert!(matches!(error, FileError::Encoding { utf8: Place { byte: 5, line: 2 }, gb18030: None }), "{error:?}");
        // Cut in the middle of a character.
        assert!(detect(&bytes(b"a,b\n\xd6\xd0,\xd6")).is_err());
    }

    #[test]
    fn other_kinds_of_file_are_named() {
        assert!(matches!(detect(&bytes(b"")), Err(FileError::Empty)));
        assert!(matches!(detect(&bytes(b"\xff\xfea\0")), Err(FileError::Utf16)));
        assert!(matches!(detect(&bytes(b"\xfe\xff\0a")), Err(FileError::Utf16)));
        assert!(is_workbook(&bytes(b"PK\x03\x04aaaa")).unwrap());
        assert!(matches!(detect(&bytes(b"\xd0\xcf\x11\xe0aaaa")), Err(FileError::NotCsv(NotCsv::Xls))));
    }
}
