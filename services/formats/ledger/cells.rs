//! The text of one cell to one value. Tolerant of how people write (full-width digits, separators, thousands), never of
//! what they mean: nothing is rounded, guessed or mended.

use super::headings::narrow;
use super::problem::{Problem, Wrong};
use crate::domain::reason::Reason;
use crate::domain::values::{
    self, AssessmentId, Day, GuidanceFundId, IncubatorId, InstrumentId, IntermediaryId, LoanId, ParkId, PlatformId,
    TransferId, Uscc, VoucherNo,
};
use crate::domain::words::Tax;

/// Begins a cell that could not be read as what it was in a workbook. Handed back as text, it must be typed anew before it is
/// read as anything.
pub(super) const UNREAD: &str = "#?";

/// A cell of which no more than this was kept: it says so, and can't be read as a value.
pub(in crate::formats) fn cut_short(kept: &str) -> String {
    format!("{UNREAD}{}…", kept.strip_prefix(UNREAD).unwrap_or(kept))
}

/// A number as a spreadsheet shows one that is too long for it: its last digits are gone, and numbers that differed are one.
fn lost_digits(cell: &str) -> Result<(), Wrong> {
    let parts = cell.split_once(['e', 'E']);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let scientific = parts.is_some_and(|(mantissa, exponent)| {
        mantissa.contains('.') && digits(&mantissa.replacen('.', "", 1)) && digits(exponent.trim_start_matches('+'))
    });
    match scientific {
        true => Err(Wrong::new(Reason::MalformedName, Problem::LostDigits, cell)),
        false => Ok(()),
    }
}

/// A number of a contract or a voucher, full-width digits taken for what they are.
fn numbered(cell: &str) -> Result<String, Wrong> {
    let text: String = cell.chars().map(narrow).collect();
    lost_digits(&text).map(|()| text)
}

/// A unified social credit code. Lower case is not mended: a code is what is printed on the licence.
pub(super) fn code(cell: &str) -> Result<Uscc, Wrong> {
    Uscc::parse(cell).map_err(|reason| Wrong::new(reason, Problem::NoCode, cell))
}

/// A carrier's id.
pub(super) fn incubator(cell: &str) -> Result<IncubatorId, Wrong> {
    IncubatorId::parse(cell).map_err(|reason| Wrong::new(reason, Problem::NoCarrierId, cell))
}

/// A park's name.
pub(super) fn park(cell: &str) -> Result<ParkId, Wrong> {
    ParkId::parse(cell).map_err(|reason| Wrong::new(reason, Problem::NoPark, cell))
}

/// Contract number of a loan.
pub(super) fn loan(cell: &str) -> Result<LoanId, Wrong> {
    LoanId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoContract, cell))
}

/// Id of an intermediary: a code, or a number of registration.
pub(super) fn intermediary(cell: &str) -> Result<IntermediaryId, Wrong> {
    IntermediaryId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoIntermediary, cell))
}

/// Number of a technology contract.
pub(super) fn transfer(cell: &str) -> Result<TransferId, Wrong> {
    TransferId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoContract, cell))
}

/// Id of a platform.
pub(super) fn platform(cell: &str) -> Result<PlatformId, Wrong> {
    PlatformId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoPlatform, cell))
}

/// Id of an instrument.
pub(super) fn instrument(cell: &str) -> Result<InstrumentId, Wrong> {
    InstrumentId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoInstrument, cell))
}

/// Id of a guidance fund.
pub(super) fn guidance_fund(cell: &str) -> Result<GuidanceFundId, Wrong> {
    GuidanceFundId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoGuidanceFund, cell))
}

/// Number of an assessed project.
pub(super) fn assessment(cell: &str) -> Result<AssessmentId, Wrong> {
    AssessmentId::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoProject, cell))
}

/// Number of a voucher.
pub(super) fn voucher(cell: &str) -> Result<VoucherNo, Wrong> {
    VoucherNo::parse(&numbered(cell)?).map_err(|reason| Wrong::new(reason, Problem::NoVoucher, cell))
}

/// A tax: a list with a word of its own for what is not in it.
pub(super) fn tax(cell: &str) -> Result<Tax, Wrong> {
    Tax::from_chinese(cell).ok_or_else(|| Wrong::new(Reason::UnknownTax, Problem::NoTax, cell))
}

/// A year: `2024`, `2024年` or `2024年度`, full-width too.
pub(super) fn year(cell: &str) -> Result<i16, Wrong> {
    let narrow: String = cell.chars().take(40).map(narrow).collect();
    let digits = narrow.strip_suffix("年度").or(narrow.strip_suffix('年')).unwrap_or(&narrow).trim();
    let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let year = digits.parse().ok().filter(|year| four && *year > 0);
    year.ok_or_else(|| Wrong::new(Reason::MalformedDate, Problem::NoYear, cell))
}

/// A line of text.
pub(super) fn text(cell: &str) -> Result<String, Wrong> {
    values::text("the text", cell).map_err(|fault| Wrong::judged(fault, Problem::BadText, cell))
}

/// A word of a closed list.
pub(super) fn word<T>(from_chinese: fn(&str) -> Option<T>) -> impl Fn(&str) -> Result<T, Wrong> {
    move |cell| from_chinese(cell).ok_or_else(|| Wrong::new(Reason::UnknownWord, Problem::NoWord, cell))
}

/// 是 or 否.
pub(super) fn yes_or_no(cell: &str) -> Result<bool, Wrong> {
    match cell {
        "是" => Ok(true),
        "否" => Ok(false),
        _ => Err(Wrong::new(Reason::UnknownWord, Problem::NotYesNo, cell)),
    }
}

/// A day: `2024-03-05`, `2024/3/5`, `2024.3.5`, `2024年3月5日` or `20240305`, full-width too.
pub(in crate::formats) fn day(cell: &str) -> Result<Day, Wrong> {
    let wrong = || Wrong::new(Reason::MalformedDate, Problem::NoDay, cell);
    // Longer than any day that could be meant.
    if cell.chars().count() > 40 {
        return Err(wrong());
    }
    let narrow: String = cell.chars().map(narrow).collect();
    let (year, month, day) = parts(&narrow).ok_or_else(wrong)?;
    Day::from_ymd(year, month, day).ok_or_else(wrong)
}

fn parts(text: &str) -> Option<(i16, i8, i8)> {
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return numbers(&text[..4], &text[4..6], &text[6..]);
    }
    if let Some((year, rest)) = text.split_once('年') {
        let (month, day) = rest.strip_suffix('日')?.split_once('月')?;
        return numbers(year, month, day);
    }
    let separator = ['-', '/', '.'].into_iter().find(|c| text.contains(*c))?;
    let (year, rest) = text.split_once(separator)?;
    let (month, day) = rest.split_once(separator)?;
    numbers(year, month, day)
}

/// Four digits, and twice one or two; blanks around them are passed over.
fn numbers(year: &str, month: &str, day: &str) -> Option<(i16, i8, i8)> {
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let (year, month, day) = (year.trim(), month.trim(), day.trim());
    if !digits(year, 4..=4) || !digits(month, 1..=2) || !digits(day, 1..=2) {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// A quantity, as a whole number of the stored unit, of which the column's unit has `scale`: `1,234.5` ㎡ at 100 is 123450.
/// Finer than the stored unit is MALFORMED_AMOUNT, never rounded.
pub(in crate::formats) fn quantity(cell: &str, scale: i64) -> Result<i64, Wrong> {
    let wrong = |problem| Wrong::new(Reason::MalformedAmount, problem, cell);
    let narrow: String = cell.chars().map(narrow).collect();
    let (negative, digits) = match narrow.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, narrow.as_str()),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(wrong(Problem::NoNumber)),
        Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
        None => (digits, ""),
    };
    let whole = ungrouped(whole).ok_or_else(|| wrong(Problem::NoNumber))?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong(Problem::NoNumber));
    }
    let too_large = || Wrong::new(Reason::OutOfRange, Problem::TooLarge, cell);
    // The longest fraction that can still be exact: each stored unit has at most 18 places.
    let divisor = u32::try_from(fraction.len()).ok().and_then(|places| 10_i128.checked_pow(places));
    let Some(divisor) = divisor.filter(|_| fraction.len() <= 18) else { return Err(wrong(Problem::TooPrecise)) };
    let trimmed = whole.trim_start_matches('0');
    if trimmed.len() > 18 {
        return Err(too_large());
    }
    let number: i128 = format!("0{trimmed}{fraction}").parse().map_err(|_| too_large())?;
    let scaled = number.checked_mul(i128::from(scale)).ok_or_else(too_large)?;
    if scaled % divisor != 0 {
        return Err(wrong(Problem::TooPrecise));
    }
    let value = if negative { -scaled / divisor } else { scaled / divisor };
    i64::try_from(value).map_err(|_| too_large())
}

/// Digits without their thousands separators; none where the groups are not of three.
fn ungrouped(text: &str) -> Option<String> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let mut groups = text.split(',');
    let first = groups.next().filter(|first| digits(first))?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || (first.len() <= 3 && rest.iter().all(|part| part.len() == 3 && digits(part)));
    grouped.then(|| first.to_owned() + &rest.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_lost_its_digits_is_none() {
        for bad in ["4.40203E+17", "4.40203e17", "４.４E+17"] {
            assert_eq!(voucher(bad).unwrap_err().reason, Reason::MalformedName, "{bad}");
            assert_eq!(loan(bad).unwrap_err().reason, Reason::MalformedName, "{bad}");
        }
        assert_eq!(voucher("４４０２").unwrap(), voucher("4402").unwrap());
        assert!(loan("JK2E5").is_ok() && voucher("44020302024X000001").is_ok() && voucher("1E5").is_ok());
    }

    #[test]
    fn days_as_people_write_them() {
        let expected = Day::from_ymd(2024, 3, 5).unwrap();
        for good in [
            "2024-03-05",
            "2024-3-5",
            "2024/3/5",
            "2024/03/05",
            "2024.3.5",
            "2024年3月5日",
            "2024年03月05日",
            "2024 年 3 月 5 日",
            "20240305",
            "２０２４年３月５日",
            "２０２４／３／５",
            "2024－03－05",
        ] {
            assert_eq!(day(good), Ok(expected), "{good}");
        }
        for bad in [
            "2024-02-30",
            "2023/2/29",
            "2024-3/5",
            "24-3-5",
            "2024年3月5",
            "2024年3月",
            "2024-03-05 00:00",
            "202403",
            "2024305",
            "45356",
            "今天",
            "2024-+3-05",
            "2024--3-5",
            "3/5/2024",
            "2024-13-01",
        ] {
            assert_eq!(day(bad).unwrap_err().reason, Reason::MalformedDate, "{bad}");
        }
        assert!(day(&"1".repeat(60_000)).is_err());
    }

    #[test]
    fn quantities_are_exact() {
        for (text, scale, value) in [
            ("3600", 100, 360_000),
            ("1,234.56", 100, 123_456),
            ("1，234", 100, 123_400),
            ("１２．５", 100, 1_250),
            ("0.10", 100, 10),
            ("1.000", 100, 100),
            ("-5", 100, -500),
            ("3.1415", 1_000_000, 3_141_500),
            ("0", 100, 0),
            ("0000000000000000000000007", 1, 7),
        ] {
            assert_eq!(quantity(text, scale), Ok(value), "{text}");
        }
        for bad in
            ["1.234", "12,34", "1,2345", ",123", "abc", "1e5", "", ".", "1.", ".5", "--1", "1.2.3", "１,２", "+1"]
        {
            assert_eq!(quantity(bad, 100).unwrap_err().reason, Reason::MalformedAmount, "{bad}");
        }
        assert_eq!(quantity("99999999999999999999", 100).unwrap_err().reason, Reason::OutOfRange);
        assert_eq!(quantity("999999999999999999", 1_000_000).unwrap_err().reason, Reason::OutOfRange);
        assert_eq!(quantity(&format!("1.{}1", "0".repeat(9_000)), 100).unwrap_err().reason, Reason::MalformedAmount);
    }

    #[test]
    fn years_as_people_write_them() {
        for good in ["2024", "2024年", "2024年度", "２０２４"] {
            assert_eq!(year(good), Ok(2024), "{good}");
        }
        for bad in ["24", "0000", "02024", "2024.0", "去年", "+202", "年", ""] {
            assert_eq!(year(bad).unwrap_err().reason, Reason::MalformedDate, "{bad}");
        }
    }

    #[test]
    fn a_rate_is_exact_to_the_millionth() {
        assert_eq!(quantity("4.785", 10_000), Ok(47_850));
        assert_eq!(quantity("4.7855", 10_000), Ok(47_855));
        assert_eq!(quantity("4.78555", 10_000).unwrap_err().reason, Reason::MalformedAmount);
    }

    #[test]
    fn codes_and_words_are_strict() {
        assert!(code("91440203MAUHUXQE04").is_ok());
        assert_eq!(code("91440203mauhuxqe04").unwrap_err().reason, Reason::MalformedCode);
        assert_eq!(yes_or_no("是"), Ok(true));
        assert_eq!(yes_or_no("Y").unwrap_err().reason, Reason::UnknownWord);
        assert_eq!(text("a\nb").unwrap_err().reason, Reason::MalformedName);
    }
}
