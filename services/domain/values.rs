//! Values that are right by construction: codes, days, ids, texts and areas.

use super::reason::{Fault, Reason};
use std::fmt;
use std::sync::Arc;

/// Bytes that a registered name or any other line of text may have.
pub const TEXT_BYTES_MAX: usize = 512;
/// Bytes that an id of a carrier or a park may have.
pub const ID_BYTES_MAX: usize = 64;
/// Bytes that the name of a claim may have: a scheme's key, a contract or a firm and a carrier.
const CLAIM_BYTES_MAX: usize = 160;
/// An amount past this is a slip: a hundred thousand million yuan, ten times what a province collects in a year. It keeps sums
/// of a million such amounts within an i128, and of nine hundred within an i64.
pub const FEN_MAX: i64 = 10_000_000_000_000_000;
/// Days from 0000-03-01 to 1970-01-01.
const MARCH_0: i32 = 719_468;
/// Days after which the calendar repeats.
const DAYS_OF_400_YEARS: i32 = 146_097;
/// The letters of a unified social credit code, in the order of their values (GB 32100-2015, table 1).
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A unified social credit code (统一社会信用代码, GB 32100-2015): 18 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]);

impl Uscc {
    /// Reads a code as written; neither blanks nor lower case are mended here.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let bytes: [u8; 18] = text.as_bytes().try_into().map_err(|_| Reason::MalformedCode)?;
        if bytes.iter().all(|b| ALPHABET.contains(b)) { Ok(Self(bytes)) } else { Err(Reason::MalformedCode) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII by construction.
    }

    /// Whether the last character is the one that GB 32100-2015 computes (weights 3^i mod 31). Real codes exist that fail
    /// it, so it only warns.
    pub fn checksum_holds(&self) -> bool {
        let value = |b: &u8| ALPHABET.iter().position(|a| a == b).unwrap_or_default();
        let mut weight = 1;
        let mut sum = 0;
        for b in &self.0[..17] {
            sum += value(b) * weight;
            weight = weight * 3 % 31;
        }
        value(&self.0[17]) == (31 - sum % 31) % 31
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A civil date in Asia/Shanghai: days since 1970-01-01. Years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The first day that can be written.
    pub const MIN: Self = Self(-719_162);
    /// The last day that can be written.
    pub const MAX: Self = Self(2_932_896);

    /// A day by its count since 1970-01-01; none outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&days).then_some(Self(days))
    }

    /// The count of days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.0
    }

    /// A day by the calendar; none where there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        Self::from_days(Self::first_of(i32::from(date.year()), i32::from(date.month())) + i32::from(date.day()) - 1)
    }

    /// Reads `2024-03-05` and nothing else.
    pub fn parse_iso(text: &str) -> Result<Self, Reason> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return Err(Reason::MalformedDate);
        }
        let number = |range: std::ops::Range<usize>| -> Option<i16> {
            bytes[range.clone()].iter().all(u8::is_ascii_digit).then(|| text[range].parse().ok())?
        };
        let ymd =
            || Self::from_ymd(number(0..4)?, i8::try_from(number(5..7)?).ok()?, i8::try_from(number(8..10)?).ok()?);
        ymd().ok_or(Reason::MalformedDate)
    }

    /// Year, month and day of the month. Figures ask for it a million times a second, so it is arithmetic (Hinnant,
    /// `civil_from_days`): years begin in March, so that the day that comes and goes is a year's last.
    fn civil(self) -> (i32, i32, i32) {
        let days = self.0 + MARCH_0;
        let (era, of_era) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + year_of_era + i32::from(month <= 2);
        (year, month, of_year - (153 * from_march + 2) / 5 + 1)
    }

    /// The count of days since 1970-01-01 of the first day of a month.
    fn first_of(year: i32, month: i32) -> i32 {
        let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let days = of_era * 365 + of_era / 4 - of_era / 100 + (153 * from_march + 2) / 5;
        era * DAYS_OF_400_YEARS + days - MARCH_0
    }

    /// The same day of the month `n` months on, clamped to the month's last day (2024-02-29 + 12 = 2025-02-28).
    #[must_use]
    pub fn add_months(self, n: u32) -> Self {
        let (year, month, day) = self.civil();
        let months = year * 12 + month - 1 + i32::try_from(n.min(120_000)).unwrap_or(120_000);
        let first = |months: i32| Self::first_of(months.div_euclid(12), months.rem_euclid(12) + 1);
        Self((first(months) + day - 1).min(first(months + 1) - 1).min(Self::MAX.0))
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Self {
        Self((self.0 + 1).min(Self::MAX.0))
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self((self.0 - 1).max(Self::MIN.0))
    }

    /// Whether it is a Saturday or a Sunday.
    pub fn is_weekend(self) -> bool {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7) >= 5
    }

    /// Its calendar year.
    pub fn year(self) -> i16 {
        i16::try_from(self.civil().0).unwrap_or(i16::MAX)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Characters that are not seen, or that turn the direction of what is: two texts that look alike would be two.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Checks an id that becomes the last segment of a resource name: 1 to 64 bytes, no slash, no character that is not seen,
/// no blank at either end, not `.` or `..`.
fn checked_id(text: &str, bytes_max: usize) -> Result<Arc<str>, Reason> {
    let good = !text.is_empty()
        && text.len() <= bytes_max
        && text.trim() == text
        && text != "."
        && text != ".."
        && !text.chars().any(|c| c == '/' || is_hidden(c));
    if good { Ok(Arc::from(text)) } else { Err(Reason::MalformedName) }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        id!($(#[$doc])* $name, ID_BYTES_MAX);
    };
    ($(#[$doc:meta])* $name:ident, $bytes_max:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an id exactly as registered; case matters.
            pub fn parse(text: &str) -> Result<Self, Reason> {
                checked_id(text, $bytes_max).map(Self)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Ids are ordered, equal and hashed as their texts are, so that a map is asked by either.
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Id of a carrier (载体编号), as registered.
    IncubatorId
);
id!(
    /// Id of a park: its name as the district writes it.
    ParkId
);

id!(
    /// Contract number of a loan (合同编号), as registered.
    LoanId
);
id!(
    /// Id of a policy (政策编号), as its file states it.
    PolicyId
);
id!(
    /// Id of an intermediary of technology transfers (中介编号): a USCC, or an individual's number of registration.
    IntermediaryId
);
id!(
    /// Number of a technology contract (技术合同编号), as registered.
    TransferId
);
id!(
    /// Id of a platform (平台编号), as registered.
    PlatformId
);
id!(
    /// Id of an instrument in the shared catalogue (仪器编号), as registered.
    InstrumentId
);
id!(
    /// Id of a guidance fund (基金编号), as registered.
    GuidanceFundId
);
id!(
    /// Number of an assessed project (项目编号), as registered.
    AssessmentId
);
id!(
    /// Number of the case (案号) of a legal hold, as its authority gave it.
    HoldId
);
id!(
    /// Number of a voucher (凭证号), as registered.
    VoucherNo
);

id!(
    /// Name of a claim: the promise it is for, `{scheme}:{…}`, so that a promise has one claim for ever.
    ClaimId,
    CLAIM_BYTES_MAX
);
id!(
    /// Number of a payment order (支付令), `{fiscal year}-{payer}-{sequence}`.
    OrderNo
);
id!(
    /// Name of a cursor by which a finance system takes payment orders.
    CursorName
);
id!(
    /// Key of a scheme, as policies write it.
    SchemeKey
);

impl VoucherNo {
    /// A run of digits, which is a number that needs no check.
    pub(super) fn of_digits(digits: &str) -> Self {
        Self(Arc::from(digits))
    }
}

/// An amount in fen that lies within `FEN_MAX` of 0.
pub fn fen(field: &str, value: i64) -> Result<i64, Fault> {
    if value.unsigned_abs() <= FEN_MAX.unsigned_abs() {
        return Ok(value);
    }
    Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value} fen; at most {FEN_MAX} either way")))
}

/// An amount in fen over 0. A 0 is OUT_OF_RANGE, not MISSING_VALUE: a cell or an argument that says 0 says something. In a
/// message of the API a value left out is 0 as well (proto3), and is told the same way.
pub fn positive_fen(field: &str, value: i64) -> Result<i64, Fault> {
    match fen(field, value)? {
        1.. => Ok(value),
        _ => Err(Fault::new(Reason::OutOfRange, field, format!("{field} is {value} fen; it is over 0"))),
    }
}

/// An amount in fen that may be negative, and is not 0: a fact of 0 fen says nothing.
pub fn nonzero_fen(field: &str, value: i64) -> Result<i64, Fault> {
    match fen(field, value)? {
        0 => Err(Fault::new(Reason::OutOfRange, field, format!("{field} is 0"))),
        _ => Ok(value),
    }
}

/// A treasury's code (财政区划): nine digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreasuryCode([u8; 9]);

impl TreasuryCode {
    /// Reads nine digits and nothing else.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let bytes: [u8; 9] = text.as_bytes().try_into().map_err(|_| Reason::MalformedName)?;
        if bytes.iter().all(u8::is_ascii_digit) { Ok(Self(bytes)) } else { Err(Reason::MalformedName) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default() // ASCII by construction.
    }
}

impl fmt::Display for TreasuryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TreasuryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A line of text that may be empty: at most `TEXT_BYTES_MAX` bytes, no character that is not seen, no blank at either end.
/// Figures compare texts (a field, a name) letter by letter, and the log keeps them for ever.
pub fn text(field: &str, value: &str) -> Result<String, Fault> {
    if value.len() > TEXT_BYTES_MAX {
        let message = format!("{field} has {} bytes; at most {TEXT_BYTES_MAX} are kept", value.len());
        return Err(Fault::new(Reason::MalformedName, field, message));
    }
    if let Some(c) = value.chars().find(|c| is_hidden(*c)) {
        let message = format!("{field} has a character that is not seen, U+{:04X}", u32::from(c));
        return Err(Fault::new(Reason::MalformedName, field, message));
    }
    if value.trim() != value {
        return Err(Fault::new(Reason::MalformedName, field, format!("{field} begins or ends with a blank")));
    }
    Ok(value.to_owned())
}

/// A line of text that must not be empty or blank.
pub fn required_text(field: &str, value: &str) -> Result<String, Fault> {
    if value.trim().is_empty() {
        return Err(Fault::new(Reason::MissingValue, field, format!("{field} is required")));
    }
    text(field, value)
}

/// The floor space of a carrier, in hundredths of a square metre; 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Incubation area (孵化场地面积).
    pub incubation: i64,
    /// Public service area (公共服务面积).
    pub public: i64,
}

impl Area {
    /// Ten square kilometres: past that it is a slip of the unit.
    pub const HUNDREDTHS_MAX: i64 = 1_000_000_000;

    /// Areas from 0 to `HUNDREDTHS_MAX` each.
    pub fn new(incubation: i64, public: i64) -> Result<Self, Fault> {
        for (field, value) in [("incubation_area_hundredths_m2", incubation), ("public_area_hundredths_m2", public)] {
            if !(0..=Self::HUNDREDTHS_MAX).contains(&value) {
                let message = format!("{field} is {value}; it lies between 0 and {}", Self::HUNDREDTHS_MAX);
                return Err(Fault::new(Reason::OutOfRange, field, message));
            }
        }
        Ok(Self { incubation, public })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    #[test]
    fn months_clamp_to_the_last_day() {
        assert_eq!(day("2024-02-29").add_months(12), day("2025-02-28"));
        assert_eq!(day("2024-01-31").add_months(1), day("2024-02-29"));
        assert_eq!(day("2020-03-15").add_months(48), day("2024-03-15"));
        assert_eq!(day("9999-12-31").add_months(1), Day::MAX);
    }

    #[test]
    fn the_calendar_is_that_of_a_library() {
        let epoch = jiff::civil::Date::constant(1970, 1, 1);
        for days in (Day::MIN.0..=Day::MAX.0).step_by(13) {
            let (date, day) = (epoch.saturating_add(jiff::Span::new().days(days)), Day(days));
            assert_eq!((day.to_string(), day.year()), (date.to_string(), date.year()));
            assert_eq!(Day::from_ymd(date.year(), date.month(), date.day()), Some(day));
            let months = days.unsigned_abs() % 97;
            let later = date.saturating_add(jiff::Span::new().months(i64::from(months)));
            assert_eq!(day.add_months(months).to_string(), later.to_string(), "{day} + {months}");
        }
    }

    #[test]
    fn days_round_trip_at_both_ends() {
        for text in ["0001-01-01", "1900-01-01", "1970-01-01", "2024-02-29", "9999-12-31"] {
            assert_eq!(day(text).to_string(), text);
        }
        assert_eq!(day("0001-01-01"), Day::MIN);
        assert_eq!(day("9999-12-31"), Day::MAX);
        for bad in [
            "2023-02-29",
            "2024-13-01",
            "2024-1-1",
            "24-01-01",
            "",
            "2024-00-10",
            "+024-01-01",
            "2024-01-1a",
            "二〇-01",
        ] {
            assert_eq!(Day::parse_iso(bad), Err(Reason::MalformedDate), "{bad}");
        }
    }

    #[test]
    fn codes_follow_gb_32100() {
        for good in ["91350100M000100Y43", "91512081MA62K0260E"] {
            assert!(Uscc::parse(good).unwrap().checksum_holds(), "{good}");
        }
        // Registered codes that fail the computation: read, not refused.
        for odd in ["91350211M0000XUF46", "91350100M0001TGQXM"] {
            assert!(!Uscc::parse(odd).unwrap().checksum_holds(), "{odd}");
        }
        for bad in [
            "",
            "91350100M000100Y4",
            "91350100M000100Y433",
            "91350100M000100YI3",
            "91350100m000100y43",
            "９1350100M000100",
        ] {
            assert_eq!(Uscc::parse(bad), Err(Reason::MalformedCode), "{bad}");
        }
    }

    #[test]
    fn texts_that_look_alike_are_alike() {
        assert!(text("field", "生物医药").is_ok() && text("field", "").is_ok());
        for bad in ["生物医药 ", " 甲", "\u{3000}甲", "\u{200b}", "a\u{202e}b", "a\tb", "\u{feff}甲"] {
            assert_eq!(text("field", bad).unwrap_err().reason, Reason::MalformedName, "{bad:?}");
        }
    }

    #[test]
    fn ids_are_segments_of_a_name() {
        assert_eq!(IncubatorId::parse("WJ03").unwrap().as_str(), "WJ03");
        assert!(ParkId::parse("武江甘棠园区").is_ok());
        for bad in ["", " WJ03", "K1\u{200b}", "a/b", "a\nb", ".", "..", &"x".repeat(65)] {
            assert!(IncubatorId::parse(bad).is_err(), "{bad}");
        }
    }
}
