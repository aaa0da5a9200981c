//! A criterion in one sentence, Chinese or English: what is asked, what is measured, the verdict, what is missing.

use super::measure::Missing;
use super::words::{Comparison, Unit};
use super::{CheckedTest, Criterion, Exact, Measure, NotApplicable, Test, Verdict};

/// A figure in its unit, exact up to four places, cut off there with a mark.
pub(super) fn figure(value: Exact, unit: Unit, zh: bool) -> String {
    let decimal = |value: Exact| {
        let (text, whole) = value.decimal(4);
        if whole { text } else { format!("{text}…") }
    };
    match (unit, zh) {
        (Unit::YesNo, true) => if value == Exact::ZERO { "否" } else { "是" }.to_owned(),
        (Unit::YesNo, false) => if value == Exact::ZERO { "no" } else { "yes" }.to_owned(),
        (Unit::Share, _) => format!("{}%", decimal(value.times(Exact::whole(100)))),
        (Unit::PerTenant, true) => format!("每{}家{}人", value.denominator(), value.numerator()),
        (Unit::PerTenant, false) => format!("{} per {} tenants", value.numerator(), value.denominator()),
        (Unit::Count | Unit::Density, _) => decimal(value),
        (Unit::SquareMetres, true) => format!("{}㎡", decimal(value)),
        (Unit::SquareMetres, false) => format!("{} m²", decimal(value)),
        (Unit::Money, true) => format!("{}元", decimal(value)),
        (Unit::Money, false) => format!("{} yuan", decimal(value)),
        (Unit::Months, true) => format!("{}个月", decimal(value)),
        (Unit::Months, false) => format!("{} months", decimal(value)),
        (Unit::Years, true) => format!("{}年", decimal(value)),
        (Unit::Years, false) => format!("{} years", decimal(value)),
    }
}

/// What a span is, in words; none where nothing is known.
fn span(test: &CheckedTest, unit: Unit, zh: bool) -> String {
    let say = |value| figure(value, unit, zh);
    match (test.measured.least, test.measured.most) {
        (Some(least), Some(most)) if least == most => say(least),
        (Some(least), Some(most)) if zh => format!("{}至{}", say(least), say(most)),
        (Some(least), Some(most)) => format!("between {} and {}", say(least), say(most)),
        (Some(least), None) if zh => format!("至少{}", say(least)),
        (Some(least), None) => format!("at least {}", say(least)),
        (None, Some(most)) if zh => format!("至多{}", say(most)),
        (None, Some(most)) => format!("at most {}", say(most)),
        (None, None) if zh => "未知".to_owned(),
        (None, None) => "unknown".to_owned(),
    }
}

/// The sentence in Chinese.
pub(super) fn chinese(criterion: &Criterion, tests: &[CheckedTest], verdict: Verdict) -> String {
    let said: Vec<String> =
        criterion.any_of.iter().zip(tests).map(|(of, test)| test_chinese(&criterion.title, of, test)).collect();
    let verdict = match verdict {
        Verdict::Met => "达标",
        Verdict::NotMet => "不达标",
        Verdict::Unknown => "无法判断",
    };
    let unconfirmed = if criterion.unconfirmed { "（标准待核实）" } else { "" };
    format!("{}{unconfirmed}：{}。{verdict}。", criterion.title, said.join("；或"))
}

fn test_chinese(title: &str, of: &Test, test: &CheckedTest) -> String {
    let unit = of.measure.unit();
    let name = match of.measure {
        Measure::Computed(computed) => computed.chinese(),
        Measure::Reported(figure) => figure.chinese(),
    };
    // A title that names the measure is not said twice.
    let name = if name == title { "" } else { name };
    let compared = match (of.comparison, unit) {
        (Comparison::AtLeast, Unit::YesNo) => "须为",
        (Comparison::AtLeast, _) => "不少于",
        (Comparison::Over, _) => "超过",
        (Comparison::AtMost, _) => "不超过",
        (Comparison::Under, _) => "低于",
    };
    let mut said = format!("{name}{compared}{}", figure(test.threshold, unit, true));
    if of.each_fen > 0 {
        said += &format!("（每家不少于{}）", figure(Exact::new(of.each_fen.into(), 100), Unit::Money, true));
    }
    said += &format!("，实为{}", span(test, unit, true));
    if let Some(short) = test.short_by.filter(|short| *short > Exact::ZERO && unit != Unit::YesNo) {
        said += &format!("，差{}", gap(short, unit, true));
    }
    for missing in &test.measured.missing {
        said += &format!("（{}）", missing.chinese());
    }
    said
}

/// The sentence in English.
pub(super) fn english(criterion: &Criterion, tests: &[CheckedTest], verdict: Verdict) -> String {
    let said: Vec<String> =
        criterion.any_of.iter().zip(tests).map(|(of, test)| test_english(&criterion.title_en, of, test)).collect();
    let verdict = match verdict {
        Verdict::Met => "Met",
        Verdict::NotMet => "Not met",
        Verdict::Unknown => "Unknown",
    };
    let unconfirmed = if criterion.unconfirmed { " (threshold to be confirmed)" } else { "" };
    format!("{}{unconfirmed}: {}. {verdict}.", criterion.title_en, said.join("; or "))
}

fn test_english(title: &str, of: &Test, test: &CheckedTest) -> String {
    let unit = of.measure.unit();
    let name = match of.measure {
        Measure::Computed(computed) => computed.english().to_owned(),
        Measure::Reported(figure) => figure.field().replace('_', " "),
    };
    let name = if name.eq_ignore_ascii_case(title) { String::new() } else { format!("{name} ") };
    let compared = match (of.comparison, unit) {
        (Comparison::AtLeast, Unit::YesNo) => "must be",
        (Comparison::AtLeast, _) => "at least",
        (Comparison::Over, _) => "over",
        (Comparison::AtMost, _) => "at most",
        (Comparison::Under, _) => "under",
    };
    let mut said = format!("{name}{compared} {}", figure(test.threshold, unit, false));
    if of.each_fen > 0 {
        said += &format!(" ({} each)", figure(Exact::new(of.each_fen.into(), 100), Unit::Money, false));
    }
    said += &format!(", is {}", span(test, unit, false));
    if let Some(short) = test.short_by.filter(|short| *short > Exact::ZERO && unit != Unit::YesNo) {
        said += &format!(", off by {}", gap(short, unit, false));
    }
    for missing in &test.measured.missing {
        said += &format!(" ({})", missing.english());
    }
    said
}

/// A difference of shares is in percentage points.
fn gap(short: Exact, unit: Unit, zh: bool) -> String {
    let said = figure(short, unit, zh);
    match (unit, zh) {
        (Unit::Share, true) => said.replace('%', "个百分点"),
        (Unit::Share, false) => said.replace('%', " percentage points"),
        _ => said,
    }
}

impl NotApplicable {
    /// In Chinese.
    pub fn chinese(&self) -> String {
        match self {
            Self::NotYet(from) => format!("自{from}起施行"),
            Self::NoLonger(until) => format!("自{until}起停止执行"),
            Self::Kind(kind) => format!("不适用于{}", kind.chinese()),
        }
    }

    /// In English.
    pub fn english(&self) -> String {
        match self {
            Self::NotYet(from) => format!("it holds from {from} on"),
            Self::NoLonger(until) => format!("it no longer holds since {until}"),
            Self::Kind(kind) => format!("it is not for carriers of kind {}", kind.key()),
        }
    }
}

impl Missing {
    /// In Chinese.
    pub fn chinese(&self) -> String {
        match self {
            Self::Figure(figure, year) => format!("缺{year}年度载体年报的“{}”", figure.chinese()),
            Self::IncubationArea => "缺孵化场地面积".to_owned(),
            Self::PublicArea => "缺公共服务面积".to_owned(),
            Self::Fund => "未登记种子基金".to_owned(),
            Self::AnnualReports(count) => format!("缺{count}家在孵企业的年报"),
            Self::OtherDistricts => "外区载体未登记".to_owned(),
            Self::Contradiction(figure, year) => format!("{year}年度载体年报的“{}”与登记不符", figure.chinese()),
            Self::NothingToDivideBy => "基数为零".to_owned(),
        }
    }

    /// In English.
    pub fn english(&self) -> String {
        match self {
            Self::Figure(figure, year) => format!("the carrier's report of {year} does not state {}", figure.field()),
            Self::IncubationArea => "the incubation area is not recorded".to_owned(),
            Self::PublicArea => "the public service area is not recorded".to_owned(),
            Self::Fund => "no seed fund is recorded".to_owned(),
            Self::AnnualReports(count) => format!("annual reports of {count} tenants are missing"),
            Self::OtherDistricts => "carriers of other districts are not seen".to_owned(),
            Self::Contradiction(figure, year) => {
                format!("{} in the carrier's report of {year} contradicts the registry", figure.field())
            }
            Self::NothingToDivideBy => "there is nothing to divide by".to_owned(),
        }
    }
}
