//! The XML of a part, event by event. No event is longer, and no nesting deeper, than a workbook needs; a document type,
//! where entities would be declared, is refused.

use super::super::error::{FileError, Limit};
use super::broken;
use super::zip::{Part, of_io};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one tag or one stretch of text. The longest cell of Excel has 32 767 characters.
const EVENT_BYTES_MAX: usize = 1 << 20;
/// Elements within one another.
const DEPTH_MAX: usize = 32;
/// Bytes unpacked at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// A part that is read.
pub(super) struct Xml {
    reader: Reader<Bounded>,
    buffer: Vec<u8>,
    depth: usize,
    part: String,
}

impl Xml {
    pub(super) fn new(part: Part, name: &str) -> Self {
        let mut reader = Reader::from_reader(Bounded { inner: BufReader::with_capacity(CHUNK_BYTES, part), left: 0 });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, part: name.to_owned() }
    }

    /// The next event; an element that is empty comes as its start and its end.
    pub(super) fn next(&mut self) -> Result<Event<'_>, FileError> {
        let Self { reader, buffer, depth, part } = self;
        buffer.clear();
        reader.get_mut().left = EVENT_BYTES_MAX;
        let event = reader.read_event_into(buffer).map_err(|error| fault(part, error))?;
        match &event {
            Event::Start(_) if *depth == DEPTH_MAX => return Err(broken(part, "nests elements too deep")),
            Event::Start(_) => *depth += 1,
            Event::End(_) => *depth = depth.saturating_sub(1),
            Event::DocType(_) => return Err(broken(part, "has a document type, which no workbook needs")),
            Event::Eof if *depth > 0 => return Err(broken(part, "ends amid its elements")),
            _ => {}
        }
        Ok(event)
    }

    /// A fault of this part.
    pub(super) fn fault(&self, what: impl Into<String>) -> FileError {
        broken(&self.part, what)
    }
}

fn fault(part: &str, error: quick_xml::Error) -> FileError {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => FileError::TooLarge(Limit::Text),
        quick_xml::Error::Io(error) => of_io(part, io::Error::new(error.kind(), error.to_string())),
        other => broken(part, other.to_string()),
    }
}

/// Appends the text that an event is, if it is any, as far as `max` bytes; false where there was more.
pub(super) fn append(event: &Event, text: &mut String, max: usize) -> Result<bool, &'static str> {
    match event {
        Event::Text(more) => Ok(push(text, &more.xml10_content(), max)),
        Event::CData(more) => Ok(push(text, &more.xml10_content(), max)),
        Event::GeneralRef(reference) => {
            let c = match reference.resolve_char_ref() {
                Ok(Some(c)) => c,
                Ok(None) => match &*reference.xml10_content() {
                    "amp" => '&',
                    "lt" => '<',
                    "gt" => '>',
                    "quot" => '"',
                    "apos" => '\'',
                    _ => return Err("names an entity that is not declared"),
                },
                Err(_) => return Err("has a reference to no character"),
            };
            Ok(push(text, c.encode_utf8(&mut [0; 4]), max))
        }
        _ => Ok(true),
    }
}

fn push(text: &mut String, more: &str, max: usize) -> bool {
    let kept = cut(more, max.saturating_sub(text.len()));
    text.push_str(kept);
    kept.len() == more.len()
}

/// The beginning of a text: whole characters, as many as fit.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or_default()]
}

/// The value of an attribute, by its name without prefix.
pub(super) fn attribute(start: &BytesStart, name: &str) -> Option<String> {
    // Not checked for attributes that stand twice: that costs the square of their count.
    let mut attributes = start.attributes();
    let found = attributes.with_checks(false).flatten().find(|a| a.key.local_name().as_ref() == name)?;
    let value = quick_xml::escape::unescape(&found.value).ok()?;
    Some(value.into_owned())
}

/// A reader that gives no more than so many bytes until it is allowed more.
struct Bounded {
    inner: BufReader<Part>,
    left: usize,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Bounded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.left = self.left.saturating_sub(n);
        self.inner.consume(n);
    }
}
