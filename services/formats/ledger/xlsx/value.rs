//! A cell to the text that it would be in a .csv, by what its column holds. Numbers are binary in a workbook, and keep 15
//! digits: nobody can type more, and a program that computes leaves its noise behind the 15th. So a number is its 15 digits,
//! which gives back exactly what was typed; a number with more before its point has lost some, and is refused: a code, a
//! voucher or a contract number belongs in a cell of text.

use super::super::problem::Problem;
use super::super::table::Content;
use super::parts::Style;
use crate::domain::values::Day;

/// The first number that may have lost digits.
const DIGITS_LOST: f64 = 1e15;
/// Numbers that are days as people write them without signs, `20240305`; no serial number of a day is as large.
const WRITTEN_DAYS: std::ops::RangeInclusive<i64> = 10_000_101..=99_991_231;
/// Numbers in a column of days that are more likely a year; as serial numbers they lie before 1911.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2199;
/// The serial number that stands for 1900-02-29, a day that never was.
const NO_DAY: i64 = 60;

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number.
    Number,
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// An error such as `#N/A`.
    Error,
    /// A day in ISO 8601.
    Day,
    /// A formula that was never computed.
    NoValue,
}

/// A cell that has content.
pub(super) struct Cell {
    /// What it is.
    pub(super) kind: Kind,
    /// Its format.
    pub(super) style: Style,
    /// Its content as the file has it.
    pub(super) text: String,
}

impl Cell {
    /// The text that it would be in a .csv.
    pub(super) fn written(&self, content: Content, from_1904: bool) -> Result<String, Problem> {
        match self.kind {
            Kind::Text => Ok(self.text.clone()),
            Kind::Bool if content == Content::YesNo => Ok(if self.text == "1" { "是" } else { "否" }.to_owned()),
            Kind::Bool => Err(Problem::TrueOrFalse),
            Kind::Error => Err(Problem::FormulaError),
            Kind::NoValue => Err(Problem::FormulaWithoutValue),
            Kind::Day => match self.text.split_once('T') {
                Some((day, time)) if time.trim_end_matches('Z').chars().all(|c| "0:.".contains(c)) => {
                    Ok(day.to_owned())
                }
                Some(_) => Err(Problem::TimeOfDay),
                None => Ok(self.text.clone()),
            },
            Kind::Number => match self.text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => self.number(number, content, from_1904),
                _ => Err(Problem::NoNumber),
            },
        }
    }

    fn number(&self, number: f64, content: Content, from_1904: bool) -> Result<String, Problem> {
        if number.abs() >= DIGITS_LOST {
            return Err(Problem::LostDigits15);
        }
        match (content, self.style) {
            (Content::Day, _) => day(number, self.style, from_1904),
            (Content::Percent, Style::Percent) => decimal(number, 2),
            // `2024-1-1` typed as a contract number becomes a day, and `5%` as an amount 0.05: what was meant is lost.
            (_, Style::Day) => Err(Problem::FormatOfDay),
            (_, Style::Percent) => Err(Problem::FormatOfPercentage),
            _ => decimal(number, 0),
        }
    }
}

/// The day that a number in a column of days is.
fn day(number: f64, style: Style, from_1904: bool) -> Result<String, Problem> {
    if number.fract() != 0.0 {
        return Err(Problem::TimeOfDay);
    }
    // Below 10^15: exact.
    #[allow(clippy::cast_possible_truncation, reason = "whole, and below 10^15")]
    let serial = number as i64;
    if WRITTEN_DAYS.contains(&serial) {
        return Ok(serial.to_string());
    }
    if YEARS.contains(&serial) && style != Style::Day {
        return Err(Problem::YearOrDay);
    }
    let first = match (from_1904, serial) {
        (true, _) => Day::from_ymd(1904, 1, 1),
        (false, NO_DAY) => return Err(Problem::NeverWas),
        (false, ..NO_DAY) => Day::from_ymd(1899, 12, 31),
        (false, _) => Day::from_ymd(1899, 12, 30),
    };
    let least = i64::from(!from_1904);
    let days = first.map(|first| i64::from(first.days()) + serial).filter(|_| serial >= least);
    let day = days.and_then(|days| i32::try_from(days).ok()).and_then(Day::from_days);
    day.map(|day| day.to_string()).ok_or(Problem::NoDay)
}

/// A number by its 15 digits, without an exponent, times 10 to the `shift`.
fn decimal(number: f64, shift: i32) -> Result<String, Problem> {
    let scientific = format!("{number:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').ok_or(Problem::NoNumber)?;
    let exponent = exponent.parse::<i32>().map_err(|_| Problem::NoNumber)? + shift;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Ok("0".to_owned());
    }
    // So small that no unit makes it whole; a long row of zeros would say no more.
    if exponent < -30 {
        return Err(Problem::TooPrecise);
    }
    let before = exponent + 1;
    let Ok(before) = usize::try_from(before) else {
        return Ok(format!("{sign}0.{}{digits}", "0".repeat(before.unsigned_abs() as usize)));
    };
    Ok(match digits.split_at_checked(before) {
        Some(("", fraction)) => format!("{sign}0.{fraction}"),
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(before - digits.len())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_was_typed() {
        for (number, text) in [
            (12345.67, "12345.67"),
            (0.1 + 0.2, "0.3"),
            (1.0, "1"),
            (-0.5, "-0.5"),
            (0.0, "0"),
            (-0.0, "0"),
            (1e14, "100000000000000"),
            (0.004, "0.004"),
            (99_999_999_999_999.9, "99999999999999.9"),
            (1.0 / 3.0, "0.333333333333333"),
            (4.785, "4.785"),
            (1e-20, "0.00000000000000000001"),
        ] {
            assert_eq!(decimal(number, 0).unwrap(), text);
        }
        assert_eq!(decimal(0.04785, 2).unwrap(), "4.785");
        assert_eq!(decimal(0.0005, 2).unwrap(), "0.05");
        assert!(decimal(1e-300, 0).is_err());
        for fen in [1_u32, 7, 99, 100, 1_234_567, 999_999_999, u32::MAX] {
            let typed = format!("{}.{:02}", fen / 100, fen % 100);
            let read = decimal(typed.parse().unwrap(), 0).unwrap();
            assert_eq!(read.parse::<f64>(), typed.parse::<f64>());
            assert!(read.len() <= typed.len());
        }
    }

    #[test]
    fn serial_numbers_of_both_systems() {
        let of = |number, from_1904| day(number, Style::Day, from_1904);
        for (serial, from_1904, text) in [
            (45_356.0, false, "2024-03-05"),
            (43_894.0, true, "2024-03-05"),
            (1.0, false, "1900-01-01"),
            (59.0, false, "1900-02-28"),
            (61.0, false, "1900-03-01"),
            (0.0, true, "1904-01-01"),
            (2_958_465.0, false, "9999-12-31"),
            (2024.0, false, "1905-07-16"),
            (20_240_305.0, false, "20240305"),
        ] {
            assert_eq!(of(serial, from_1904), Ok(text.to_owned()), "{serial}");
        }
        for bad in [0.0, -1.0, 60.0, 45_356.5, 2_958_466.0] {
            assert!(of(bad, false).is_err(), "{bad}");
        }
        assert!(day(2024.0, Style::Plain, false).is_err());
        assert_eq!(day(45_356.0, Style::Plain, false).unwrap(), "2024-03-05");
    }
}
