//! Rows of a bulk import, and what became of them.

use super::{Reader, position, reader, reason, warnings};
use crate::domain::event::Operator;
use crate::domain::rows::{FirmChangeRow, FirmRow, IncubatorRow, Leaving, RecognitionRow, RelocationRow, Row, StayRow};
use crate::domain::values::Area;
use crate::domain::{BuildMode, Command, Criterion, FirmChange, Kind, LeaveKind, Level, Reason, Refusal};
use crate::engine::RowOutcome;
use crate::grpc::{Districts, status};
use crate::wire::v1::{self, import_row};

/// The command that a row is, or why it can't be one.
pub fn command(districts: &Districts, wire: &v1::ImportRow) -> Result<Command, Refusal> {
    let mut reader = Reader::new(districts);
    let row = reader.row(wire);
    match (row, reader::refusal(reader.faults)) {
        (Some(row), None) => row.command(),
        (_, Some(refusal)) => Err(refusal),
        (None, None) => Err(Refusal::new(Reason::Internal, "a row was not read and no fault noted")),
    }
}

impl Reader<'_> {
    fn row(&mut self, wire: &v1::ImportRow) -> Option<Row> {
        match &wire.row {
            Some(import_row::Row::Incubator(row)) => self.incubator_row(row).map(Row::Incubator),
            Some(import_row::Row::Recognition(row)) => self.recognition_row(row).map(Row::Recognition),
            Some(import_row::Row::Firm(row)) => self.firm_row(row).map(Row::Firm),
            Some(import_row::Row::Stay(row)) => self.stay_row(row).map(Row::Stay),
            Some(import_row::Row::Relocation(row)) => self.relocation_row(row).map(Row::Relocation),
            Some(import_row::Row::FirmChange(row)) => self.firm_change_row(row).map(Row::FirmChange),
            Some(import_row::Row::AnnualReport(row)) => self.annual_report_row(row).map(Row::AnnualReport),
            Some(import_row::Row::Loan(row)) => self.loan_row(row).map(Row::Loan),
            Some(import_row::Row::Interest(row)) => self.interest_row(row).map(Row::Interest),
            Some(import_row::Row::SeedFund(row)) => self.seed_fund_row(row).map(Row::SeedFund),
            Some(import_row::Row::Investment(row)) => self.investment_row(row).map(Row::Investment),
            Some(import_row::Row::TaxReceipt(row)) => self.tax_receipt_row(row).map(Row::TaxReceipt),
            Some(import_row::Row::IncubatorReport(row)) => self.incubator_report_row(row).map(Row::IncubatorReport),
            Some(import_row::Row::Intermediary(row)) => {
                self.intermediary_row(row, "registered_date").map(Row::Intermediary)
            }
            Some(import_row::Row::TechnologyTransfer(row)) => {
                self.technology_transfer_row(row).map(Row::TechnologyTransfer)
            }
            Some(import_row::Row::Platform(row)) => self.platform_row(row, "registered_date").map(Row::Platform),
            Some(import_row::Row::PlatformReport(row)) => self.platform_report_row(row).map(Row::PlatformYear),
            Some(import_row::Row::Instrument(row)) => self.instrument_row(row).map(Row::Instrument),
            Some(import_row::Row::InstrumentReport(row)) => self.instrument_report_row(row).map(Row::InstrumentYear),
            Some(import_row::Row::ProjectAssessment(row)) => {
                let firm = self.code("firm_code", &row.firm_code);
                let park = self.park_id("park_id", &row.park_id);
                self.project_assessment(firm, park, row, "assessed_date").map(Row::ProjectAssessment)
            }
            Some(import_row::Row::GuidanceFund(row)) => {
                self.guidance_fund_row(row, "established_date").map(Row::GuidanceFund)
            }
            Some(import_row::Row::GuidanceFundContribution(row)) => {
                let fund = self.guidance_fund_id("guidance_fund_id", &row.guidance_fund_id);
                self.contribution(fund, row).map(Row::GuidanceFundContribution)
            }
            Some(import_row::Row::GuidanceFundInvestment(row)) => {
                let fund = self.guidance_fund_id("guidance_fund_id", &row.guidance_fund_id);
                let firm = self.code("firm_code", &row.firm_code);
                self.fund_investment(fund, firm, row).map(Row::GuidanceFundInvestment)
            }
            None => {
                self.faults.push(Reason::MissingValue, "row", "the row states nothing");
                None
            }
        }
    }

    fn incubator_row(&mut self, row: &v1::IncubatorRow) -> Option<IncubatorRow> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        let name = self.text("display_name", &row.display_name);
        let kind = self.word("kind", row.kind, Kind::from_code);
        let operator = self.operator(&row.operator_name, &row.operator_code, row.introduced);
        let build_mode = self.word("build_mode", row.build_mode, BuildMode::from_code);
        let area = self.area(row.incubation_area_hundredths_m2, row.public_area_hundredths_m2);
        let established = self.day("established_date", &row.established_date);
        let upstream = match row.upstream_id.as_str() {
            "" => Some(None),
            id => self.incubator_id("upstream_id", id).map(Some),
        };
        Some(IncubatorRow {
            incubator: incubator?,
            name: name?,
            kind: kind?,
            operator: operator?,
            build_mode: build_mode?,
            area: area?,
            established: established?,
            upstream: upstream?,
        })
    }

    fn recognition_row(&mut self, row: &v1::RecognitionRow) -> Option<RecognitionRow> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        let level = self.word("level", row.level, Level::from_code);
        let document_no = self.text("document_no", &row.document_no);
        let effective = self.day("effective_date", &row.effective_date);
        let end = self.optional_day("end_date", &row.end_date);
        Some(RecognitionRow {
            incubator: incubator?,
            level: level?,
            document_no: document_no?,
            effective: effective?,
            end: end?,
        })
    }

    fn firm_row(&mut self, row: &v1::FirmRow) -> Option<FirmRow> {
        let firm = self.code("firm_code", &row.firm_code);
        let name = self.text("display_name", &row.display_name);
        let registered = self.day("registered_date", &row.registered_date);
        let field = self.text("field", &row.field);
        Some(FirmRow { firm: firm?, name: name?, registered: registered?, field: field? })
    }

    fn stay_row(&mut self, row: &v1::StayRow) -> Option<StayRow> {
        let incubator = self.incubator_id("incubator_id", &row.incubator_id);
        let firm = self.code("firm_code", &row.firm_code);
        let admitted = self.day("admitted_date", &row.admitted_date);
        let waiver = self.optional_text("waiver_document_no", &row.waiver_document_no);
        let leaving = self.leaving(&row.left_date, row.leave_kind, row.criterion, &row.graduation_document_no);
        Some(StayRow { incubator: incubator?, firm: firm?, admitted: admitted?, waiver: waiver?, leaving: leaving? })
    }

    fn relocation_row(&mut self, row: &v1::RelocationRow) -> Option<RelocationRow> {
        let firm = self.code("firm_code", &row.firm_code);
        let park = self.park_id("park_id", &row.park_id);
        let signed = self.optional_day("signed_date", &row.signed_date);
        let settled = self.optional_day("settled_date", &row.settled_date);
        let production = self.optional_day("production_date", &row.production_date);
        let assessment = match row.assessment_id.as_str() {
            "" => Some(None),
            id => self.assessment_id("assessment_id", id).map(Some),
        };
        Some(RelocationRow {
            firm: firm?,
            park: park?,
            signed: signed?,
            settled: settled?,
            production: production?,
            assessment: assessment?,
        })
    }

    fn firm_change_row(&mut self, row: &v1::FirmChangeRow) -> Option<FirmChangeRow> {
        let firm = self.code("firm_code", &row.firm_code);
        let kind = self.word("kind", row.kind, FirmChange::from_code);
        let effective = self.day("effective_date", &row.effective_date);
        Some(FirmChangeRow { firm: firm?, kind: kind?, effective: effective? })
    }

    /// How a stay ended, as rows and `RecordStay` state it.
    pub fn leaving(&mut self, left: &str, kind: i32, criterion: i32, document_no: &str) -> Option<Leaving> {
        let left = self.optional_day("left_date", left);
        let kind = self.optional_word("leave_kind", kind, LeaveKind::from_code);
        let criterion = self.optional_word("criterion", criterion, Criterion::from_code);
        let document_no = self.optional_text("graduation_document_no", document_no);
        Some(Leaving { left: left?, kind: kind?, criterion: criterion?, document_no: document_no? })
    }

    /// Who runs a carrier.
    pub fn operator(&mut self, name: &str, code: &str, introduced: bool) -> Option<Operator> {
        let name = self.text("operator_name", name);
        let code = self.code("operator_code", code);
        Some(Operator { name: name?, code: code?, introduced })
    }

    /// How large a carrier is.
    pub fn area(&mut self, incubation: i64, public: i64) -> Option<Area> {
        self.faults.take(Area::new(incubation, public))
    }
}

/// What became of a row, under the number that its sender gave it.
pub fn result(line: i64, outcome: RowOutcome) -> v1::RowResult {
    let blank = v1::RowResult { line, ..Default::default() };
    match outcome {
        RowOutcome::Accepted { position: at, warnings: seen } => v1::RowResult {
            outcome: v1::RowOutcome::Accepted.into(),
            position: position(at),
            warnings: warnings(&seen),
            ..blank
        },
        RowOutcome::Skipped { reason: why, position: at } => v1::RowResult {
            outcome: v1::RowOutcome::Duplicate.into(),
            reason: reason(why).into(),
            position: position(at),
            ..blank
        },
        RowOutcome::Rejected(refusal) => v1::RowResult {
            outcome: v1::RowOutcome::Rejected.into(),
            reason: reason(refusal.reason).into(),
            metadata: status::metadata_of(&refusal),
            message: refusal.message,
            position: position(refusal.position.unwrap_or_default()),
            ..blank
        },
    }
}
