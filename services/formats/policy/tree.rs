//! A TOML or JSON text as one kind of tree, in which every value knows its line.

use toml::de::{DeTable, DeValue};

/// A value and the line it stands in, from 1.
#[derive(Clone, Debug)]
pub(in crate::formats) struct Item {
    pub line: u32,
    pub value: Value,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(in crate::formats) enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    /// Neither of the others: a float, null, a day with a time, a number too large.
    Other(String),
    List(Vec<Item>),
    Table(Vec<(String, Item)>),
}

/// What is no TOML or JSON: the line, and what the reader says.
pub(in crate::formats) type NotReadable = (u32, String);

/// A file nested deeper is no policy; it keeps recursion bounded.
const DEPTH_MAX: usize = 16;

/// Reads a text; JSON where it begins with a brace, which no TOML does.
pub(in crate::formats) fn read(text: &str) -> Result<Item, NotReadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { json(text) } else { toml(text) }
}

fn line_at(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    u32::try_from(before.iter().filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}

fn toml(text: &str) -> Result<Item, NotReadable> {
    let table = DeTable::parse(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(text, span.start));
        (line, format!("not TOML: {}", error.message()))
    })?;
    let lines = Lines::of(text);
    Ok(Item { line: 1, value: toml_table(&lines, table.get_ref()) })
}

/// Where each line begins.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(
            std::iter::once(0)
                .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i + 1))
                .collect(),
        )
    }

    fn at(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|begin| *begin <= offset)).unwrap_or(u32::MAX)
    }
}

fn toml_table(lines: &Lines, table: &DeTable<'_>) -> Value {
    let mut entries: Vec<(usize, String, Item)> = Vec::new();
    for (key, value) in table {
        // The header of a table is its line; of a value, its key's.
        let item = Item { line: lines.at(key.span().start), value: toml_value(lines, value.get_ref()) };
        entries.push((key.span().start, key.get_ref().to_string(), item));
    }
    entries.sort_by_key(|(at, ..)| *at);
    Value::Table(entries.into_iter().map(|(_, key, item)| (key, item)).collect())
}

fn toml_value(lines: &Lines, value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Integer(number),
            Err(_) => Value::Other(number.as_str().to_owned()),
        },
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Float(number) => Value::Other(number.as_str().to_owned()),
        // A day is a day, quoted or not; what carries a time is none, and fails where it is read.
        DeValue::Datetime(day) => Value::Text(day.to_string()),
        DeValue::Array(items) => {
            let item = |item: &toml::Spanned<DeValue<'_>>| Item {
                line: lines.at(item.span().start),
                value: toml_value(lines, item.get_ref()),
            };
            Value::List(items.iter().map(item).collect())
        }
        DeValue::Table(table) => toml_table(lines, table),
    }
}

fn json(text: &str) -> Result<Item, NotReadable> {
    let line = |line: usize| u32::try_from(line.max(1)).unwrap_or(u32::MAX);
    // Judged by the library first: the walk below only has to find lines in what is well-formed.
    let _: serde::de::IgnoredAny =
        serde_json::from_str(text).map_err(|error| (line(error.line()), format!("not JSON: {error}")))?;
    let mut walk = Walk { text, at: 0, lines: Lines::of(text) };
    let read = walk.value(0);
    read.ok_or_else(|| (walk.lines.at(walk.at), format!("not JSON that can be read; at most {DEPTH_MAX} levels")))
}

/// A walk over well-formed JSON.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    lines: Lines,
}

impl<'a> Walk<'a> {
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Steps over a separator, if it is next.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Option<Item> {
        let first = self.peek()?;
        let line = self.lines.at(self.at);
        let value = match first {
            _ if depth > DEPTH_MAX => return None,
            b'{' => self.table(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Value::Text(self.string()?),
            _ => self.scalar(),
        };
        Some(Item { line, value })
    }

    fn table(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut entries = Vec::new();
        while !self.skip(b'}') {
            self.skip(b',');
            self.peek()?;
            let line = self.lines.at(self.at);
            let key = self.string()?;
            self.skip(b':');
            let value = self.value(depth + 1)?.value;
            entries.push((key, Item { line, value }));
        }
        Some(Value::Table(entries))
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.skip(b']') {
            self.skip(b',');
            items.push(self.value(depth + 1)?);
        }
        Some(Value::List(items))
    }

    fn string(&mut self) -> Option<String> {
        let rest = self.text.get(self.at..)?;
        let mut escaped = false;
        let end = rest.bytes().skip(1).position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        })? + 2;
        self.at += end;
        serde_json::from_str(rest.get(..end)?).ok()
    }

    fn scalar(&mut self) -> Value {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let end = rest.find(|c: char| matches!(c, ',' | '}' | ']') || c.is_whitespace()).unwrap_or(rest.len());
        self.at += end;
        match &rest[..end] {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            word => word.parse().map_or_else(|_| Value::Other(word.to_owned()), Value::Integer),
        }
    }
}
