//! One table of a policy file while it is read: values by key, faults by path and line, and at the end every key that
//! nobody asked for.

use super::tree::{Item, Value};
use crate::domain::reason::{Fault, Reason};
use crate::domain::values::{Day, FEN_MAX, text};
use crate::policy::Both;
use crate::policy::parameters::RATE_PPM_MAX;

/// A fault, and the line it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// Line, from 1.
    pub line: u32,
    /// The word, the key's path and a sentence in English.
    pub fault: Fault,
    /// The sentence in Chinese.
    pub zh: String,
}

impl PolicyFault {
    /// A fault of a key; both sentences begin with its line and path.
    pub fn of_key(line: u32, reason: Reason, key: impl Into<String>, what: impl Into<Both>) -> Self {
        let (key, Both { en, zh }) = (key.into(), what.into());
        let zh = format!("第{line}行：{key}：{zh}");
        let message = format!("line {line}: {key}: {en}");
        Self { line, fault: Fault::new(reason, key, message), zh }
    }

    /// A fault of the file as a whole.
    pub fn of_file(line: u32, reason: Reason, what: impl Into<Both>) -> Self {
        let Both { en, zh } = what.into();
        Self { line, fault: Fault::new(reason, "", en), zh }
    }
}

/// Said where a value is missing.
const REQUIRED: (&str, &str) = ("a value is required", "必填");
/// Characters of a value that a sentence shows.
const SHOWN_MAX: usize = 40;

/// A table and where it stands.
pub(in crate::formats) struct Section<'a, 'f> {
    path: String,
    line: u32,
    entries: &'a [(String, Item)],
    asked: Vec<&'static str>,
    pub faults: &'f mut Vec<PolicyFault>,
}

impl<'a, 'f> Section<'a, 'f> {
    /// A table; a fault where it is none.
    pub fn new(path: String, item: &'a Item, faults: &'f mut Vec<PolicyFault>) -> Self {
        let entries = match &item.value {
            Value::Table(entries) => entries.as_slice(),
            _ => {
                let what = ("not a table", "不是表");
                faults.push(PolicyFault::of_key(item.line, Reason::MalformedMessage, path.clone(), what));
                &[]
            }
        };
        Self { path, line: item.line, entries, asked: Vec::new(), faults }
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of one key.
    pub fn wrong(&mut self, reason: Reason, key: &str, what: impl Into<Both>) {
        let line = self.entries.iter().find(|(name, _)| name == key).map_or(self.line, |(_, item)| item.line);
        self.faults.push(PolicyFault::of_key(line, reason, self.key_path(key), what));
    }

    /// The value of a key, with its path.
    pub fn optional(&mut self, key: &'static str) -> Option<&'a Item> {
        self.asked.push(key);
        self.entries.iter().find(|(name, _)| name == key).map(|(_, item)| item)
    }

    /// The value of a key; a fault where there is none.
    pub fn required(&mut self, key: &'static str) -> Option<&'a Item> {
        let found = self.optional(key);
        if found.is_none() {
            self.wrong(Reason::MissingValue, key, REQUIRED);
        }
        found
    }

    /// The items of a list of tables, each with its path.
    pub fn tables(&mut self, key: &'static str) -> Vec<(String, &'a Item)> {
        match self.optional(key).map(|item| &item.value) {
            None => Vec::new(),
            Some(Value::List(items)) => {
                items.iter().enumerate().map(|(at, item)| (format!("{}[{at}]", self.key_path(key)), item)).collect()
            }
            Some(_) => {
                self.wrong(Reason::MalformedMessage, key, ("not a list of tables", "不是表的列表"));
                Vec::new()
            }
        }
    }

    /// A line of text.
    pub fn text(&mut self, key: &'static str) -> String {
        self.required(key).map_or_else(String::new, |item| self.line_of_text(key, item))
    }

    /// A line of text that may be left out.
    pub fn optional_text(&mut self, key: &'static str) -> Option<String> {
        let item = self.optional(key)?;
        Some(self.line_of_text(key, item))
    }

    fn line_of_text(&mut self, key: &'static str, item: &Item) -> String {
        let Value::Text(value) = &item.value else {
            self.wrong(Reason::MalformedMessage, key, ("not a text", "不是文字"));
            return String::new();
        };
        if value.trim().is_empty() {
            self.wrong(Reason::MissingValue, key, REQUIRED);
        }
        text(key, value).unwrap_or_else(|fault| {
            let zh = "文字过长、首尾有空格或含不可见字符";
            self.wrong(fault.reason, key, (fault.message, zh));
            String::new()
        })
    }

    /// A day that must be there.
    pub fn day(&mut self, key: &'static str) -> Day {
        if self.required(key).is_none() {
            return Day::MIN;
        }
        self.optional_day(key).unwrap_or(Day::MIN)
    }

    /// A day that may be left out.
    pub fn optional_day(&mut self, key: &'static str) -> Option<Day> {
        let item = self.optional(key)?;
        let day = match &item.value {
            Value::Text(text) => Day::parse_iso(text).ok(),
            _ => None,
        };
        if day.is_none() {
            self.wrong(Reason::MalformedDate, key, ("a day is written \"2024-03-05\"", "日期应写作\"2024-03-05\""));
        }
        day
    }

    fn integer(&mut self, key: &'static str, item: &Item, least: i64, most: i64) -> i64 {
        match item.value {
            Value::Integer(number) if (least..=most).contains(&number) => number,
            Value::Integer(number) => {
                let en = format!("{number}; between {least} and {most}");
                self.wrong(Reason::OutOfRange, key, (en, format!("{number}；应在{least}至{most}之间")));
                least
            }
            _ => {
                self.wrong(Reason::MalformedAmount, key, ("not a whole number", "不是整数"));
                least
            }
        }
    }

    /// A whole number that must be there.
    pub fn number(&mut self, key: &'static str, least: i64, most: i64) -> i64 {
        self.required(key).map_or(least, |item| self.integer(key, item, least, most))
    }

    /// A rate in ppm. That it is not over 100 % is no matter of form.
    pub fn ppm(&mut self, key: &'static str) -> i64 {
        self.number(key, 0, RATE_PPM_MAX)
    }

    /// A cap in fen: 0, or none, is no cap.
    pub fn cap(&mut self, key: &'static str) -> Option<i64> {
        let item = self.optional(key)?;
        Some(self.integer(key, item, 0, FEN_MAX)).filter(|fen| *fen > 0)
    }

    /// A number that is demanded at least, or nothing.
    pub fn least(&mut self, key: &'static str, most: i64) -> Option<i64> {
        let item = self.optional(key)?;
        Some(self.integer(key, item, 0, most))
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &'static str) -> bool {
        match self.required(key).map(|item| &item.value) {
            Some(Value::Bool(value)) => *value,
            Some(_) => {
                self.wrong(Reason::MalformedMessage, key, ("neither true nor false", "既不是true也不是false"));
                false
            }
            None => false,
        }
    }

    /// Yes or no; no where it is left out.
    pub fn optional_flag(&mut self, key: &'static str) -> bool {
        self.optional(key).is_some() && self.flag(key)
    }

    /// A whole number that may be left out.
    pub fn optional_number(&mut self, key: &'static str, least: i64, most: i64) -> Option<i64> {
        self.optional(key).map(|item| self.integer(key, item, least, most))
    }

    /// A word of a closed list.
    pub fn word<W>(&mut self, key: &'static str, read: impl Fn(&str) -> Option<W>) -> Option<W> {
        let item = self.required(key)?;
        let word = match &item.value {
            Value::Text(text) => read(text),
            _ => None,
        };
        if word.is_none() {
            let (en, zh) = shown(item);
            self.wrong(Reason::UnknownWord, key, (format!("{en} is no such word"), format!("{zh}不是可用的词")));
        }
        word
    }

    /// A list of values, each read alone; a fault names the place.
    pub fn list<W>(&mut self, key: &'static str, reason: Reason, read: impl Fn(&Value) -> Option<W>) -> Vec<W> {
        let Some(item) = self.required(key) else { return Vec::new() };
        let Value::List(items) = &item.value else {
            self.wrong(Reason::MalformedMessage, key, ("not a list", "不是列表"));
            return Vec::new();
        };
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match read(&item.value) {
                Some(value) => values.push(value),
                None => {
                    let path = format!("{}[{at}]", self.key_path(key));
                    let (en, zh) = shown(item);
                    let what = (format!("{en} is not known"), format!("{zh}无法识别"));
                    self.faults.push(PolicyFault::of_key(item.line, reason, path, what));
                }
            }
        }
        values
    }

    /// Keys of a table that holds one entry a word, each with its own table.
    pub fn entries(&self) -> &'a [(String, Item)] {
        self.entries
    }

    /// The path of a key of this table.
    pub fn path_of(&self, key: &str) -> String {
        self.key_path(key)
    }

    /// Faults for keys that stand twice, which JSON lets through.
    pub fn only_once(&mut self) {
        for (at, (key, item)) in self.entries.iter().enumerate() {
            if self.entries[..at].iter().any(|(other, _)| other == key) {
                let what = ("stands twice", "重复出现");
                self.faults.push(PolicyFault::of_key(item.line, Reason::Conflict, self.key_path(key), what));
            }
        }
    }

    /// Faults for keys that nobody asked for, and for those that stand twice.
    pub fn finish(mut self) {
        self.only_once();
        let known = self.asked.join(", ");
        for (key, item) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.as_str())) {
            let what = (format!("no such key; the keys are {known}"), format!("没有这个键；可用的键：{known}"));
            self.faults.push(PolicyFault::of_key(item.line, Reason::UnknownWord, self.key_path(key), what));
        }
    }
}

/// A value in a sentence, English and Chinese.
fn shown(item: &Item) -> (String, String) {
    let alike = |text: String| (text.clone(), text);
    match &item.value {
        Value::Text(text) => {
            let text: String = text.chars().take(SHOWN_MAX).collect();
            (format!("`{text}`"), format!("“{text}”"))
        }
        Value::Integer(number) => alike(number.to_string()),
        Value::Bool(value) => alike(value.to_string()),
        Value::Other(text) => alike(text.chars().take(SHOWN_MAX).collect()),
        Value::List(_) => ("a list".to_owned(), "列表".to_owned()),
        Value::Table(_) => ("a table".to_owned(), "表".to_owned()),
    }
}
