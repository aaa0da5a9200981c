//! The limits of a district as a TOML file (rules §2): its keys are exactly those of the values that they set, and every
//! fault is told at once, by its key.

use crate::domain::event::Limits;
use crate::domain::reason::{Fault, Faults, Reason};
use crate::domain::values::Day;
use toml::Value;

/// Limits, and the day from which they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedLimits {
    /// The first day.
    pub effective: Day,
    /// The limits.
    pub limits: Limits,
}

/// The keys of the file; all are required, no other is known.
const KEYS: [&str; 7] = [
    "effective_date",
    "admission_age_months",
    "incubation_months",
    "extended_incubation_months",
    "extended_fields",
    "venture_funding_over_fen",
    "revenue_over_fen",
];

/// Reads a file of limits.
pub fn parse(text: &str) -> Result<DatedLimits, Faults> {
    let mut faults = Faults::default();
    let table: toml::Table = match text.strip_prefix('\u{feff}').unwrap_or(text).parse() {
        Ok(table) => table,
        Err(error) => {
            faults.push(Reason::MalformedMessage, "", format!("not TOML: {}", error.to_string().trim_end()));
            return Err(faults);
        }
    };
    for key in table.keys().filter(|key| !KEYS.contains(&key.as_str())) {
        faults.push(Reason::UnknownWord, key, format!("{key}: no such key; the keys are {}", KEYS.join(", ")));
    }
    let mut keys = Keys { table: &table, faults };
    let effective = keys.day("effective_date");
    let limits = Limits {
        admission_age_months: keys.months("admission_age_months", |l, v| l.admission_age_months = v),
        incubation_months: keys.months("incubation_months", |l, v| l.incubation_months = v),
        extended_incubation_months: keys.months("extended_incubation_months", |l, v| l.extended_incubation_months = v),
        extended_fields: keys.texts("extended_fields"),
        venture_funding_over_fen: keys.fen("venture_funding_over_fen", |l, v| l.venture_funding_over_fen = v),
        revenue_over_fen: keys.fen("revenue_over_fen", |l, v| l.revenue_over_fen = v),
    };
    let mut faults = keys.faults;
    if !faults.0.is_empty() {
        return Err(faults);
    }
    // Each value was judged alone; this sorts the fields, and keeps whatever rule binds them together.
    let limits = faults.take(limits.checked());
    match (effective, limits) {
        (Some(effective), Some(limits)) => Ok(DatedLimits { effective, limits }),
        _ => Err(faults),
    }
}

/// The values of the file, by key, and the faults found so far.
struct Keys<'a> {
    table: &'a toml::Table,
    faults: Faults,
}

impl<'a> Keys<'a> {
    fn get(&mut self, key: &str) -> Option<&'a Value> {
        let value = self.table.get(key);
        if value.is_none() {
            self.faults.push(Reason::MissingValue, key, format!("{key} is required"));
        }
        value
    }

    fn wrong(&mut self, key: &str, reason: Reason, what: &str) {
        self.faults.push(reason, key, format!("{key}: {what}"));
    }

    /// Judges one value by the domain's own rules, beside others that keep them.
    fn judge(&mut self, key: &str, set: impl FnOnce(&mut Limits)) {
        let mut limits = Limits {
            admission_age_months: 1,
            incubation_months: 1,
            extended_incubation_months: 1,
            extended_fields: Vec::new(),
            venture_funding_over_fen: 0,
            revenue_over_fen: 0,
        };
        set(&mut limits);
        if let Err(Fault { reason, message, .. }) = limits.checked() {
            self.faults.push(reason, key, message);
        }
    }

    /// A day, as a text or as TOML's own kind of date.
    fn day(&mut self, key: &str) -> Option<Day> {
        let text = match self.get(key)? {
            Value::String(text) => text.clone(),
            Value::Datetime(day) => day.to_string(),
            _ => String::new(),
        };
        let day = Day::parse_iso(&text);
        day.map_err(|reason| self.wrong(key, reason, "a day is written \"2024-03-05\"")).ok()
    }

    fn integer(&mut self, key: &str) -> Option<i64> {
        let value = self.get(key)?.as_integer();
        if value.is_none() {
            self.wrong(key, Reason::MalformedAmount, "not a whole number");
        }
        value
    }

    fn months(&mut self, key: &str, set: fn(&mut Limits, u32)) -> u32 {
        let Some(value) = self.integer(key) else { return 0 };
        match u32::try_from(value) {
            Ok(value) => {
                self.judge(key, |limits| set(limits, value));
                value
            }
            Err(_) => {
                self.wrong(key, Reason::OutOfRange, &format!("{value} is no count of months"));
                0
            }
        }
    }

    fn fen(&mut self, key: &str, set: fn(&mut Limits, i64)) -> i64 {
        let Some(value) = self.integer(key) else { return 0 };
        self.judge(key, |limits| set(limits, value));
        value
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let items = value.as_array().map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect());
        let Some(Some(texts)) = items else {
            self.wrong(key, Reason::MalformedMessage, "not a list of texts");
            return Vec::new();
        };
        let texts: Vec<String> = texts;
        self.judge(key, |limits| limits.extended_fields = texts.clone());
        texts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        effective_date = "1900-01-01"
        admission_age_months = 24
        incubation_months = 48
        extended_incubation_months = 60
        extended_fields = ["生物医药", "集成电路设计", "现代农业"]
        venture_funding_over_fen = 500_000_000
        revenue_over_fen = 1_000_000_000
    "#;

    fn faults(text: &str) -> Vec<(Reason, String)> {
        parse(text).unwrap_err().0.into_iter().map(|fault| (fault.reason, fault.field)).collect()
    }

    #[test]
    fn a_file_of_limits() {
        let read = parse(GOOD).unwrap();
        assert_eq!(read.effective.to_string(), "1900-01-01");
        assert_eq!((read.limits.admission_age_months, read.limits.revenue_over_fen), (24, 1_000_000_000));
        assert_eq!(read.limits.incubation_months_of("生物医药"), 60);
        assert_eq!(parse(&GOOD.replace("\"1900-01-01\"", "1900-01-01")), Ok(read));
    }

    #[test]
    fn every_fault_is_told_at_once_by_its_key() {
        let found = faults(
            "effective_date = \"1900-1-1\"\nadmission_age_months = -1\nincubation_months = 0\n\
             extended_fields = [1]\nventure_funding_over_fen = -5\nrevenue_over_fen = 1.5\nincubation_month = 1\n",
        );
        let expected = [
            (Reason::UnknownWord, "incubation_month"),
            (Reason::MalformedDate, "effective_date"),
            (Reason::OutOfRange, "admission_age_months"),
            (Reason::OutOfRange, "incubation_months"),
            (Reason::MissingValue, "extended_incubation_months"),
            (Reason::MalformedMessage, "extended_fields"),
            (Reason::OutOfRange, "venture_funding_over_fen"),
            (Reason::MalformedAmount, "revenue_over_fen"),
        ];
        assert_eq!(found, expected.map(|(reason, key)| (reason, key.to_owned())));
    }

    #[test]
    fn what_is_not_toml_is_one_fault() {
        assert_eq!(faults("admission_age_months = "), [(Reason::MalformedMessage, String::new())]);
        assert_eq!(
            faults(&GOOD.replace("\"生物医药\"", "\" \"")),
            [(Reason::MissingValue, "extended_fields".to_owned())]
        );
    }
}
