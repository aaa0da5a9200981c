//! Sets and verdicts as the API writes them.

use crate::grpc::convert::position;
use crate::grpc::convert::scene::number;
use crate::policy::Exact;
use crate::policy::criteria::{
    CheckedCriterion, CheckedTest, Comparison, CriteriaSet, Criterion, Input, Missing, Test, Unit, Verdict,
};
use crate::wire::v1;

/// A set, with the digest of its file.
pub fn set(set: &CriteriaSet, sha256: String) -> v1::CriteriaSet {
    v1::CriteriaSet {
        set_id: set.id.clone(),
        title: set.title.clone(),
        title_en: set.title_en.clone(),
        issuer: set.issuer.clone(),
        document_no: set.document_no.clone(),
        from_date: set.from.map(|day| day.to_string()).unwrap_or_default(),
        until_date: set.until.map(|day| day.to_string()).unwrap_or_default(),
        kinds: set.kinds.iter().map(|kind| number(kind.code())).collect(),
        remote_area: set.remote_area,
        remote_relief_ppm: set.remote_relief_ppm,
        unconfirmed: set.unconfirmed.clone(),
        sha256,
    }
}

/// A verdict.
pub fn status(verdict: Verdict) -> v1::CriterionStatus {
    match verdict {
        Verdict::Met => v1::CriterionStatus::Met,
        Verdict::NotMet => v1::CriterionStatus::NotMet,
        Verdict::Unknown => v1::CriterionStatus::Unknown,
    }
}

/// A criterion, checked.
pub fn criterion(of: &Criterion, checked: &CheckedCriterion) -> v1::CheckedCriterion {
    v1::CheckedCriterion {
        criterion_id: of.id.clone(),
        title: of.title.clone(),
        title_en: of.title_en.clone(),
        unconfirmed: of.unconfirmed,
        status: status(checked.verdict).into(),
        tests: of.any_of.iter().zip(&checked.tests).map(|(of, checked)| test(of, checked)).collect(),
        sentence_zh: checked.sentences.0.clone(),
        sentence_en: checked.sentences.1.clone(),
    }
}

fn test(of: &Test, checked: &CheckedTest) -> v1::CriterionTest {
    let measured = &checked.measured;
    v1::CriterionTest {
        measure: of.measure.key().to_owned(),
        unit: unit(of.measure.unit()).into(),
        comparison: comparison(of.comparison).into(),
        threshold: Some(quotient(checked.threshold)),
        at_least: measured.least.map(quotient),
        at_most: measured.most.map(quotient),
        status: status(checked.verdict).into(),
        short_by: checked.short_by.map(quotient),
        inputs: measured.inputs.iter().map(input).collect(),
        missing_zh: measured.missing.iter().map(Missing::chinese).collect(),
        missing_en: measured.missing.iter().map(Missing::english).collect(),
    }
}

fn input(input: &Input) -> v1::CriterionInput {
    v1::CriterionInput {
        name: input.name.clone(),
        value: Some(quotient(input.value)),
        unit: unit(input.unit).into(),
        report_year: input.year.map(i32::from).unwrap_or_default(),
        positions: input.positions.iter().map(|at| position(*at)).collect(),
    }
}

/// Figures, thresholds and areas are bounded far below what an int64 holds, and so are their quotients in lowest terms.
fn quotient(value: Exact) -> v1::Quotient {
    let bounded = |part: i128| i64::try_from(part).unwrap_or(i64::MAX);
    v1::Quotient { numerator: bounded(value.numerator()), denominator: bounded(value.denominator()) }
}

fn unit(unit: Unit) -> v1::CriterionUnit {
    match unit {
        Unit::Count => v1::CriterionUnit::Count,
        Unit::SquareMetres => v1::CriterionUnit::SquareMetres,
        Unit::Money => v1::CriterionUnit::Yuan,
        Unit::Share => v1::CriterionUnit::Share,
        Unit::PerTenant => v1::CriterionUnit::PerTenant,
        Unit::Density => v1::CriterionUnit::Density,
        Unit::Months => v1::CriterionUnit::Months,
        Unit::Years => v1::CriterionUnit::Years,
        Unit::YesNo => v1::CriterionUnit::YesNo,
    }
}

fn comparison(comparison: Comparison) -> v1::CriterionComparison {
    match comparison {
        Comparison::AtLeast => v1::CriterionComparison::AtLeast,
        Comparison::Over => v1::CriterionComparison::Over,
        Comparison::AtMost => v1::CriterionComparison::AtMost,
        Comparison::Under => v1::CriterionComparison::Under,
    }
}
