//! A row as it travels: the ledgers' typed rows in the API's messages, value by value.

use super::{assessment, guidance_fund, innovation};
use crate::ctl::parse::{Wire as _, opt_day};
use crate::domain::event::AnnualReport;
use crate::domain::incubator::report::IncubatorReport;
use crate::domain::rows::{
    FirmChangeRow, FirmRow, IncubatorRow, InterestRow, InvestmentRow, LoanRow, RecognitionRow, RelocationRow, Row,
    SeedFundRow, StayRow, TaxReceiptRow,
};
use crate::domain::{CarrierFigure, FirmChange, IncubatorId};
use crate::wire::v1;
use v1::import_row::Row as Stated;

/// The row of a line, as a message.
pub fn import_row(line: u64, row: &Row) -> v1::ImportRow {
    let stated = match row {
        Row::Incubator(row) => Stated::Incubator(incubator(row)),
        Row::Recognition(row) => Stated::Recognition(recognition(row)),
        Row::Firm(row) => Stated::Firm(firm(row)),
        Row::Stay(row) => Stated::Stay(stay(row)),
        Row::Relocation(row) => Stated::Relocation(relocation(row)),
        Row::FirmChange(row) => Stated::FirmChange(firm_change(row)),
        Row::AnnualReport(report) => Stated::AnnualReport(annual_report(report)),
        Row::Loan(row) => Stated::Loan(loan(row)),
        Row::Interest(row) => Stated::Interest(interest(row)),
        Row::SeedFund(row) => Stated::SeedFund(seed_fund(row)),
        Row::Investment(row) => Stated::Investment(investment(row)),
        Row::TaxReceipt(row) => Stated::TaxReceipt(tax_receipt(row)),
        Row::IncubatorReport(report) => Stated::IncubatorReport(incubator_report(report)),
        Row::Intermediary(row) => Stated::Intermediary(innovation::intermediary(row)),
        Row::TechnologyTransfer(row) => Stated::TechnologyTransfer(innovation::technology_transfer(row)),
        Row::Platform(row) => Stated::Platform(innovation::platform(row)),
        Row::PlatformYear(report) => Stated::PlatformReport(innovation::platform_report(report)),
        Row::Instrument(row) => Stated::Instrument(innovation::instrument(row)),
        Row::ProjectAssessment(row) => Stated::ProjectAssessment(assessment::sent(row)),
        Row::GuidanceFund(row) => Stated::GuidanceFund(guidance_fund::established(row)),
        Row::GuidanceFundContribution(row) => Stated::GuidanceFundContribution(guidance_fund::contributed(row)),
        Row::GuidanceFundInvestment(row) => Stated::GuidanceFundInvestment(guidance_fund::invested(row)),
        Row::InstrumentYear(report) => Stated::InstrumentReport(innovation::instrument_report(report)),
    };
    v1::ImportRow { line: i64::try_from(line).unwrap_or(i64::MAX), row: Some(stated) }
}

fn incubator(row: &IncubatorRow) -> v1::IncubatorRow {
    v1::IncubatorRow {
        incubator_id: row.incubator.to_string(),
        display_name: row.name.clone(),
        kind: row.kind.wire(),
        operator_name: row.operator.name.clone(),
        operator_code: row.operator.code.to_string(),
        build_mode: row.build_mode.wire(),
        introduced: row.operator.introduced,
        incubation_area_hundredths_m2: row.area.incubation,
        public_area_hundredths_m2: row.area.public,
        established_date: row.established.to_string(),
        upstream_id: row.upstream.as_ref().map(IncubatorId::to_string).unwrap_or_default(),
    }
}

fn recognition(row: &RecognitionRow) -> v1::RecognitionRow {
    v1::RecognitionRow {
        incubator_id: row.incubator.to_string(),
        level: row.level.wire(),
        document_no: row.document_no.clone(),
        effective_date: row.effective.to_string(),
        end_date: opt_day(row.end),
    }
}

fn firm(row: &FirmRow) -> v1::FirmRow {
    v1::FirmRow {
        firm_code: row.firm.to_string(),
        display_name: row.name.clone(),
        registered_date: row.registered.to_string(),
        field: row.field.clone(),
    }
}

fn stay(row: &StayRow) -> v1::StayRow {
    v1::StayRow {
        incubator_id: row.incubator.to_string(),
        firm_code: row.firm.to_string(),
        admitted_date: row.admitted.to_string(),
        left_date: opt_day(row.leaving.left),
        leave_kind: row.leaving.kind.map_or(0, |word| word.wire()),
        criterion: row.leaving.criterion.map_or(0, |word| word.wire()),
        graduation_document_no: row.leaving.document_no.clone(),
        waiver_document_no: row.waiver.clone(),
    }
}

fn relocation(row: &RelocationRow) -> v1::RelocationRow {
    v1::RelocationRow {
        firm_code: row.firm.to_string(),
        park_id: row.park.to_string(),
        signed_date: opt_day(row.signed),
        assessment_id: row.assessment.as_ref().map(ToString::to_string).unwrap_or_default(),
        settled_date: opt_day(row.settled),
        production_date: opt_day(row.production),
    }
}

fn firm_change(row: &FirmChangeRow) -> v1::FirmChangeRow {
    let kind = match row.kind {
        FirmChange::Deregistered => v1::FirmChangeKind::Deregistered,
    };
    v1::FirmChangeRow { firm_code: row.firm.to_string(), kind: kind.into(), effective_date: row.effective.to_string() }
}

fn annual_report(report: &AnnualReport) -> v1::AnnualReportRow {
    let count = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    v1::AnnualReportRow {
        firm_code: report.firm.to_string(),
        year: i32::from(report.year),
        revenue_fen: report.revenue,
        research_fen: report.research,
        employees: count(report.employees),
        ip_rights: count(report.ip_rights),
        high_tech: report.high_tech,
    }
}

fn incubator_report(report: &IncubatorReport) -> v1::IncubatorReportRow {
    let figures = report.figures.iter().map(|(figure, value)| figure_value(*figure, *value));
    v1::IncubatorReportRow {
        incubator_id: report.incubator.to_string(),
        year: i32::from(report.year),
        figures: figures.collect(),
    }
}

/// A figure as it travels.
pub(in crate::ctl) fn figure_value(figure: CarrierFigure, value: i64) -> v1::CarrierFigureValue {
    v1::CarrierFigureValue { figure: figure.wire(), value }
}

fn loan(row: &LoanRow) -> v1::LoanRow {
    v1::LoanRow {
        contract_no: row.drawn.loan.to_string(),
        firm_code: row.drawn.firm.to_string(),
        lender: row.drawn.lender.clone(),
        principal_fen: row.drawn.principal,
        rate_ppm: row.drawn.rate_ppm,
        drawdown_date: row.day.to_string(),
        maturity_date: row.drawn.maturity.to_string(),
    }
}

fn interest(row: &InterestRow) -> v1::InterestRow {
    v1::InterestRow {
        contract_no: row.loan.to_string(),
        effective_date: row.day.to_string(),
        amount_fen: row.amount,
        nature: row.nature.wire(),
    }
}

fn seed_fund(row: &SeedFundRow) -> v1::SeedFundRow {
    v1::SeedFundRow { incubator_id: row.incubator.to_string(), effective_date: row.day.to_string(), size_fen: row.size }
}

fn investment(row: &InvestmentRow) -> v1::InvestmentRow {
    v1::InvestmentRow {
        incubator_id: row.incubator.to_string(),
        firm_code: row.firm.to_string(),
        effective_date: row.day.to_string(),
        amount_fen: row.amount,
        form: row.form.wire(),
    }
}

fn tax_receipt(row: &TaxReceiptRow) -> v1::TaxReceiptRow {
    let TaxReceiptRow { receipt, day } = row;
    v1::TaxReceiptRow {
        taxpayer_code: receipt.taxpayer.to_string(),
        tax: receipt.tax.wire(),
        period_start_date: opt_day(receipt.period.0),
        period_end_date: opt_day(receipt.period.1),
        treasury_date: day.to_string(),
        amount_fen: receipt.amount,
        nature: receipt.nature.wire(),
        voucher_no: receipt.voucher.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rows::Leaving;
    use crate::domain::{Criterion, Day, LeaveKind, ParkId, Uscc};

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn code() -> Uscc {
        Uscc::parse("91350100M000100Y43").unwrap()
    }

    #[test]
    fn a_stay_keeps_every_value() {
        let leaving = Leaving {
            left: Some(day("2024-06-01")),
            kind: Some(LeaveKind::Graduated),
            criterion: Some(Criterion::Revenue),
            document_no: "韶〔2024〕1号".into(),
        };
        let incubator = IncubatorId::parse("WJ03").unwrap();
        let row = StayRow { incubator, firm: code(), admitted: day("2024-03-01"), waiver: "w".into(), leaving };
        let sent = import_row(7, &Row::Stay(row));
        let expected = v1::StayRow {
            incubator_id: "WJ03".into(),
            firm_code: "91350100M000100Y43".into(),
            admitted_date: "2024-03-01".into(),
            left_date: "2024-06-01".into(),
            leave_kind: v1::LeaveKind::Graduated.into(),
            criterion: v1::GraduationCriterion::Revenue.into(),
            graduation_document_no: "韶〔2024〕1号".into(),
            waiver_document_no: "w".into(),
        };
        assert_eq!(sent, v1::ImportRow { line: 7, row: Some(Stated::Stay(expected)) });
    }

    #[test]
    fn what_is_empty_says_nothing() {
        let park = ParkId::parse("甘棠").unwrap();
        let row = RelocationRow {
            firm: code(),
            park,
            signed: None,
            settled: Some(day("2024-01-01")),
            production: None,
            assessment: None,
        };
        let Some(Stated::Relocation(sent)) = import_row(2, &Row::Relocation(row)).row else { panic!("another row") };
        assert_eq!((sent.signed_date.as_str(), sent.settled_date.as_str()), ("", "2024-01-01"));
    }

    #[test]
    fn a_change_bears_its_word() {
        let row = FirmChangeRow { firm: code(), kind: FirmChange::Deregistered, effective: day("2024-01-01") };
        let Some(Stated::FirmChange(sent)) = import_row(2, &Row::FirmChange(row)).row else { panic!("another row") };
        assert_eq!(sent.kind(), v1::FirmChangeKind::Deregistered);
    }
}
