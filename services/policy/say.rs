//! How figures, days and clauses are written in a sentence for a clerk.

use super::exact::Exact;
use super::parameters::{Dated, Series, Version};
use super::trace::{Figure, Source, Trace, Unit};
use crate::domain::Day;

/// Fen as yuan, with every place that is needed, at most ten: `12,345.67元`.
pub(super) fn yuan(fen: Exact) -> String {
    let (text, whole) = fen.times(Exact::new(1, 100)).decimal(10);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (integer, places) = text.split_once('.').unwrap_or((text, ""));
    let mut grouped = String::new();
    for (i, digit) in integer.chars().enumerate() {
        if i > 0 && (integer.len() - i) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let more = if whole { "" } else { "…" };
    format!("{sign}{grouped}.{places:0<2}{more}元")
}

/// Parts per million as per cent: `3.85%`.
pub(super) fn percent(ppm: i64) -> String {
    format!("{}%", Exact::new(i128::from(ppm), 10_000).decimal(4).0)
}

/// A day: `2024年3月5日`.
pub(super) fn day(day: Day) -> String {
    let iso = day.to_string();
    let mut parts = iso.split('-').map(|part| part.trim_start_matches('0'));
    let mut next = || parts.next().unwrap_or_default();
    format!("{}年{}月{}日", next(), next(), next())
}

/// The source that a version is.
pub(super) fn clause<T>(series: &Series<Version<T>>, version: &Dated<Version<T>>) -> Source {
    let at = series.all().iter().position(|other| other.index == version.index);
    Source::Clause {
        document_no: version.value.document_no.clone(),
        clause: version.value.clause.clone(),
        from: version.from,
        until: at.and_then(|at| series.end_of(at)),
    }
}

/// A source that is a parameter of a version.
pub(super) fn parameter<T>(version: &Dated<Version<T>>, key: &str) -> Source {
    Source::Parameter { key: format!("scheme[{}].{key}", version.index), from: version.from }
}

/// A rate of a version, as a figure: `补助比例50%`.
pub(super) fn rate<T: Trace, V>(version: &Dated<Version<V>>, key: &str, ppm: i64, name: &str) -> Figure<T> {
    Figure::given(Exact::ppm(ppm), Unit::Ratio, || (parameter(version, key), format!("{name}{}", percent(ppm))))
}

/// A cap of a version, as a figure; none: no cap.
pub(super) fn cap<T: Trace, V>(
    version: &Dated<Version<V>>,
    key: &str,
    fen: Option<i64>,
    name: &str,
) -> Option<Figure<T>> {
    let value = Exact::whole(fen?);
    let sentence = || (parameter(version, key), format!("{name}{}", yuan(value)));
    Some(Figure::given(value, Unit::Fen, sentence))
}

/// The sentence for a version: `适用《…》第四条（自2024年1月1日起施行）`.
pub(super) fn clause_sentence<T>(series: &Series<Version<T>>, version: &Dated<Version<T>>) -> String {
    let at = series.all().iter().position(|other| other.index == version.index);
    let until = at.and_then(|at| series.end_of(at)).map_or(String::new(), |end| format!("，至{}前有效", day(end)));
    let review = match version.value.review {
        Some(passed) => format!("，{}通过公平竞争审查", day(passed)),
        None => "，未附公平竞争审查".to_owned(),
    };
    let (document_no, clause) = (&version.value.document_no, &version.value.clause);
    format!("适用{document_no}{clause}（自{}起施行{until}{review}）", day(version.from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_rates_and_days() {
        assert_eq!(yuan(Exact::whole(123_456_789)), "1,234,567.89元");
        assert_eq!(yuan(Exact::whole(-5)), "-0.05元");
        assert_eq!(yuan(Exact::new(1, 3)), "0.0033333333…元");
        assert_eq!(yuan(Exact::new(617_283_945, 10)), "617,283.945元");
        assert_eq!(yuan(Exact::whole(100_000)), "1,000.00元");
        assert_eq!(percent(38_500), "3.85%");
        assert_eq!(percent(1_000_000), "100%");
        assert_eq!(day(Day::from_ymd(2024, 3, 5).unwrap()), "2024年3月5日");
    }
}
