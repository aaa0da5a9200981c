//! One table of a policy file while it is read: values by key, faults by path and line, and at the end every key that
//! nobody asked for.

use super::tree::{Item, Value};
use crate::domain::reason::{Fault, Reason};
use crate::domain::values::{Day, FEN_MAX, text};
use crate::policy::parameters::RATE_PPM_MAX;

/// A fault, and the line it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// Line, from 1.
    pub line: u32,
    /// The word, the key's path and a sentence.
    pub fault: Fault,
}

/// A table and where it stands.
pub(super) struct Section<'a, 'f> {
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
                let fault = Fault::new(Reason::MalformedMessage, path.clone(), format!("{path}: not a table"));
                faults.push(PolicyFault { line: item.line, fault });
                &[]
            }
        };
        Self { path, line: item.line, entries, asked: Vec::new(), faults }
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Notes a fault of one key.
    pub fn wrong(&mut self, reason: Reason, key: &str, what: &str) {
        let line = self.entries.iter().find(|(name, _)| name == key).map_or(self.line, |(_, item)| item.line);
        let path = self.key_path(key);
        let fault = Fault::new(reason, path.clone(), format!("line {line}: {path}: {what}"));
        self.faults.push(PolicyFault { line, fault });
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
            self.wrong(Reason::MissingValue, key, "a value is required");
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
                self.wrong(Reason::MalformedMessage, key, "not a list of tables");
                Vec::new()
            }
        }
    }

    /// A line of text.
    pub fn text(&mut self, key: &'static str) -> String {
        let Some(item) = self.required(key) else { return String::new() };
        let Value::Text(value) = &item.value else {
            self.wrong(Reason::MalformedMessage, key, "not a text");
            return String::new();
        };
        if value.trim().is_empty() {
            self.wrong(Reason::MissingValue, key, "a value is required");
        }
        text(key, value).unwrap_or_else(|fault| {
            self.wrong(fault.reason, key, &fault.message);
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
            self.wrong(Reason::MalformedDate, key, "a day is written \"2024-03-05\"");
        }
        day
    }

    fn integer(&mut self, key: &'static str, item: &Item, least: i64, most: i64) -> i64 {
        match item.value {
            Value::Integer(number) if (least..=most).contains(&number) => number,
            Value::Integer(number) => {
                self.wrong(Reason::OutOfRange, key, &format!("{number}; between {least} and {most}"));
                least
            }
            _ => {
                self.wrong(Reason::MalformedAmount, key, "not a whole number");
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
                self.wrong(Reason::MalformedMessage, key, "neither true nor false");
                false
            }
            None => false,
        }
    }

    /// A word of a closed list.
    pub fn word<W>(&mut self, key: &'static str, read: impl Fn(&str) -> Option<W>) -> Option<W> {
        let item = self.required(key)?;
        let word = match &item.value {
            Value::Text(text) => read(text),
            _ => None,
        };
        if word.is_none() {
            self.wrong(Reason::UnknownWord, key, &format!("{} is no such word", shown(item)));
        }
        word
    }

    /// A list of values, each read alone; a fault names the place.
    pub fn list<W>(&mut self, key: &'static str, reason: Reason, read: impl Fn(&Value) -> Option<W>) -> Vec<W> {
        let Some(item) = self.required(key) else { return Vec::new() };
        let Value::List(items) = &item.value else {
            self.wrong(Reason::MalformedMessage, key, "not a list");
            return Vec::new();
        };
        let mut values = Vec::new();
        for (at, item) in items.iter().enumerate() {
            match read(&item.value) {
                Some(value) => values.push(value),
                None => {
                    let path = format!("{}[{at}]", self.key_path(key));
                    let line = item.line;
                    let message = format!("line {line}: {path}: {} is not known", shown(item));
                    self.faults.push(PolicyFault { line, fault: Fault::new(reason, path, message) });
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
                let (path, line) = (self.key_path(key), item.line);
                let message = format!("line {line}: {path}: stands twice");
                self.faults.push(PolicyFault { line, fault: Fault::new(Reason::Conflict, path, message) });
            }
        }
    }

    /// Faults for keys that nobody asked for, and for those that stand twice.
    pub fn finish(mut self) {
        self.only_once();
        let known = self.asked.join(", ");
        for (key, item) in self.entries.iter().filter(|(key, _)| !self.asked.contains(&key.as_str())) {
            let (path, line) = (self.key_path(key), item.line);
            let message = format!("line {line}: {path}: no such key; the keys are {known}");
            self.faults.push(PolicyFault { line, fault: Fault::new(Reason::UnknownWord, path, message) });
        }
    }
}

fn shown(item: &Item) -> String {
    match &item.value {
        Value::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
        Value::Integer(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Other(text) => text.chars().take(40).collect(),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
