//! Cells to the typed row that they state, or to a refusal that names every column at fault.
//!
//! Chosen where rules §2 is silent: a row may be shorter than the headings (its last cells are empty, so MISSING_VALUE
//! where one was needed); a value beyond the headings, or under an empty one, is UNKNOWN_WORD, most often the comma of a
//! name that was not quoted; a cell over the limits has the word of what its column holds, a row over them is
//! MALFORMED_NAME, and what is handed back of either says that it was cut. An area left empty is 0, unknown. Amounts and
//! counts have the bounds that the same rows have by RPC.

use super::assessment;
use super::cells;
use super::guidance_fund;
use super::headings::{Columns, Known, shown};
use super::innovation;
use super::money;
use super::problem::{Problem, Wrong};
use super::report;
use super::split::{CELL_BYTES_MAX, CELLS_MAX, ROW_BYTES_MAX, RawFault, RawRow};
use super::table::{Content, Ledger};
use crate::domain::event::Operator;
use crate::domain::reason::{Fault, Faults, Reason, Refusal};
use crate::domain::rows::{FirmChangeRow, FirmRow, IncubatorRow, Leaving, RecognitionRow, RelocationRow, Row, StayRow};
use crate::domain::values::Area;
use crate::domain::words::{BuildMode, Criterion, FirmChange, Kind, LeaveKind, Level};

/// Reads a row. Values that must go together are looked at as well, so that what has the wrong form never travels.
pub(super) fn read(columns: &Columns, raw: &RawRow) -> Result<Row, Refusal> {
    if let Some(fault) = raw.fault {
        return Err(malformed(columns, fault).into());
    }
    let mut cells = Cells { columns, raw, faults: Faults::default() };
    cells.nothing_beyond();
    let row = match columns.ledger {
        Ledger::Incubators => incubator(&mut cells).map(Row::Incubator),
        Ledger::Recognitions => recognition(&mut cells).map(Row::Recognition),
        Ledger::Firms => firm(&mut cells).map(Row::Firm),
        Ledger::Stays => stay(&mut cells).map(Row::Stay),
        Ledger::Relocations => relocation(&mut cells).map(Row::Relocation),
        Ledger::FirmChanges => firm_change(&mut cells).map(Row::FirmChange),
        Ledger::AnnualReports => money::annual_report(&mut cells).map(Row::AnnualReport),
        Ledger::Loans => money::loan(&mut cells).map(Row::Loan),
        Ledger::Interest => money::interest(&mut cells).map(Row::Interest),
        Ledger::SeedFunds => money::seed_fund(&mut cells).map(Row::SeedFund),
        Ledger::Investments => money::investment(&mut cells).map(Row::Investment),
        Ledger::TaxReceipts => money::tax_receipt(&mut cells).map(Row::TaxReceipt),
        Ledger::IncubatorReports => report::read(&mut cells).map(Row::IncubatorReport),
        Ledger::Intermediaries => innovation::intermediary(&mut cells).map(Row::Intermediary),
        Ledger::TechnologyTransfers => innovation::technology_transfer(&mut cells).map(Row::TechnologyTransfer),
        Ledger::Platforms => innovation::platform(&mut cells).map(Row::Platform),
        Ledger::PlatformReports => innovation::platform_report(&mut cells).map(Row::PlatformYear),
        Ledger::Instruments => innovation::instrument(&mut cells).map(Row::Instrument),
        Ledger::ProjectAssessments => assessment::read(&mut cells).map(Row::ProjectAssessment),
        Ledger::GuidanceFunds => guidance_fund::established(&mut cells).map(Row::GuidanceFund),
        Ledger::GuidanceFundContributions => guidance_fund::contributed(&mut cells).map(Row::GuidanceFundContribution),
        Ledger::GuidanceFundInvestments => guidance_fund::invested(&mut cells).map(Row::GuidanceFundInvestment),
        Ledger::InstrumentReports => innovation::instrument_report(&mut cells).map(Row::InstrumentYear),
    };
    if let Some(refusal) = cells.faults.refusal() {
        return Err(refusal);
    }
    let row = row.ok_or_else(|| Refusal::new(Reason::Internal, "a row without a value and without a fault"))?;
    row.facts().map_err(|refusal| in_the_files_words(columns, refusal))?;
    Ok(row)
}

/// The domain names fields as the API does; whoever keeps the ledger knows its headings.
fn in_the_files_words(columns: &Columns, mut refusal: Refusal) -> Refusal {
    for fault in &mut refusal.faults {
        let heading = columns.heading(&fault.field);
        if !heading.is_empty() {
            fault.field = heading.to_owned();
        }
    }
    refusal
}

fn malformed(columns: &Columns, fault: RawFault) -> Fault {
    let (at, reason, problem, message) = match fault {
        RawFault::CellTooLong(at) => {
            let reason = columns.content(at).unwrap_or(Content::Text).malformed();
            let message = format!("column {} has more than {CELL_BYTES_MAX} bytes", at + 1);
            (Some(at), reason, Problem::CellTooLong, message)
        }
        RawFault::RowTooLong => {
            let message = format!("the row has more than {ROW_BYTES_MAX} bytes or {CELLS_MAX} cells");
            (None, Reason::MalformedName, Problem::RowTooLong, message)
        }
    };
    let heading = at.and_then(|at| columns.headings.get(at)).map_or("", |heading| heading.trim());
    Fault::new(reason, heading, message).of("", problem.word())
}

/// The cells as they are handed back for correction. What was cut says so, and is not read as a value when it comes again.
pub(super) fn handed_back(mut raw: RawRow) -> Vec<String> {
    match raw.fault {
        Some(RawFault::CellTooLong(at)) => {
            if let Some(cell) = raw.cells.get_mut(at) {
                *cell = cells::cut_short(cell);
            }
        }
        Some(RawFault::RowTooLong) => raw.cells.push(cells::cut_short("")),
        None => {}
    }
    raw.cells
}

/// The cells of one row, by their field's name in the API, and the faults found so far.
pub(super) struct Cells<'a> {
    columns: &'a Columns,
    raw: &'a RawRow,
    faults: Faults,
}

impl<'a> Cells<'a> {
    fn nothing_beyond(&mut self) {
        let known = |at: usize| !matches!(self.columns.known.get(at), None | Some(Known::Nothing));
        let beyond = self.raw.cells.iter().enumerate().find(|(at, cell)| !known(*at) && !cell.trim().is_empty());
        if let Some((at, cell)) = beyond {
            let cell = shown(cell);
            let message = format!("column {} has no heading and holds `{cell}`", at + 1);
            let fault = Fault::new(Reason::UnknownWord, "", message);
            self.faults.0.push(fault.of(cell, Problem::NoHeading.word()));
        }
    }

    /// The cell without the blanks around it, and its unit; none where it is empty.
    pub(super) fn cell(&self, field: &str) -> Option<(&'a str, i64)> {
        let (at, unit) = self.columns.find(field)?;
        let cell = self.raw.cells.get(at)?.trim();
        (!cell.is_empty()).then_some((cell, unit))
    }

    pub(super) fn wrong(&mut self, field: &str, wrong: Wrong) {
        let heading = self.columns.heading(field);
        let fault = Fault::new(wrong.reason, heading, format!("{heading} ({field}): {}", wrong.english()));
        self.faults.0.push(fault.of(wrong.value, wrong.problem.word()));
    }

    /// Notes what the kind of file knows to be wrong with the cell; whether there was anything.
    fn is_wrong(&mut self, field: &str) -> bool {
        let Some((at, _)) = self.columns.find(field) else { return false };
        let Some(fault) = self.raw.wrong.iter().find(|fault| fault.at == at) else { return false };
        let cell = self.raw.cells.get(at).and_then(|cell| cell.strip_prefix(cells::UNREAD)).unwrap_or_default();
        let reason = self.columns.content(at).unwrap_or(Content::Text).malformed();
        self.wrong(field, Wrong::new(reason, fault.problem, cell));
        true
    }

    pub(super) fn optional<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        if self.is_wrong(field) {
            return None;
        }
        let (cell, _) = self.cell(field)?;
        if cell.starts_with(cells::UNREAD) {
            self.wrong(field, Wrong::new(Reason::MalformedName, Problem::NotReadBefore, cell));
            return None;
        }
        parse(cell).map_err(|wrong| self.wrong(field, wrong)).ok()
    }

    pub(super) fn required<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<T> {
        if self.is_wrong(field) {
            return None;
        }
        if self.cell(field).is_none() {
            self.wrong(field, Wrong::new(Reason::MissingValue, Problem::Required, ""));
        }
        self.optional(field, parse)
    }

    /// A quantity in its stored unit, within bounds.
    pub(super) fn bounded(&mut self, field: &str, bound: fn(&str, i64) -> Result<i64, Fault>) -> Option<i64> {
        let unit = self.columns.find(field).map_or(1, |(_, unit)| unit);
        self.required(field, |cell| {
            let value = cells::quantity(cell, unit)?;
            bound(field, value).map_err(|fault| Wrong::judged(fault, Problem::OutOfRange, cell))
        })
    }

    /// An optional text; empty where it is empty.
    fn text(&mut self, field: &str) -> String {
        self.optional(field, cells::text).unwrap_or_default()
    }

    /// A quantity in its stored unit; 0 where it is empty.
    fn quantity(&mut self, field: &str) -> i64 {
        self.optional_quantity(field).unwrap_or_default()
    }

    /// A quantity in its stored unit; none where it is empty.
    pub(super) fn optional_quantity(&mut self, field: &str) -> Option<i64> {
        let unit = self.columns.find(field).map_or(1, |(_, unit)| unit);
        self.optional(field, |cell| cells::quantity(cell, unit))
    }
}

fn incubator(cells: &mut Cells) -> Option<IncubatorRow> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let name = cells.required("display_name", cells::text);
    let kind = cells.required("kind", cells::word(Kind::from_chinese));
    let operator_name = cells.required("operator_name", cells::text);
    let operator_code = cells.required("operator_code", cells::code);
    let build_mode = cells.required("build_mode", cells::word(BuildMode::from_chinese));
    let introduced = cells.required("introduced", cells::yes_or_no);
    let incubation = cells.quantity("incubation_area_hundredths_m2");
    let public = cells.quantity("public_area_hundredths_m2");
    let area = Area::new(incubation, public).map_err(|fault| {
        let field = fault.field.clone();
        let cell = cells.cell(&field).map_or("", |(cell, _)| cell);
        cells.wrong(&field, Wrong::judged(fault, Problem::OutOfRange, cell));
    });
    let established = cells.required("established_date", cells::day);
    let upstream = cells.optional("upstream_id", cells::incubator);
    Some(IncubatorRow {
        incubator: incubator?,
        name: name?,
        kind: kind?,
        operator: Operator { name: operator_name?, code: operator_code?, introduced: introduced? },
        build_mode: build_mode?,
        area: area.ok()?,
        established: established?,
        upstream,
    })
}

fn recognition(cells: &mut Cells) -> Option<RecognitionRow> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let level = cells.required("level", cells::word(Level::from_chinese));
    let document_no = cells.required("document_no", cells::text);
    let effective = cells.required("effective_date", cells::day);
    let end = cells.optional("end_date", cells::day);
    Some(RecognitionRow { incubator: incubator?, level: level?, document_no: document_no?, effective: effective?, end })
}

fn firm(cells: &mut Cells) -> Option<FirmRow> {
    let firm = cells.required("firm_code", cells::code);
    let name = cells.required("display_name", cells::text);
    let registered = cells.required("registered_date", cells::day);
    let field = cells.required("field", cells::text);
    Some(FirmRow { firm: firm?, name: name?, registered: registered?, field: field? })
}

fn stay(cells: &mut Cells) -> Option<StayRow> {
    let incubator = cells.required("incubator_id", cells::incubator);
    let firm = cells.required("firm_code", cells::code);
    let admitted = cells.required("admitted_date", cells::day);
    let leaving = Leaving {
        left: cells.optional("left_date", cells::day),
        kind: cells.optional("leave_kind", cells::word(LeaveKind::from_chinese)),
        criterion: cells.optional("criterion", cells::word(Criterion::from_chinese)),
        document_no: cells.text("graduation_document_no"),
    };
    let waiver = cells.text("waiver_document_no");
    Some(StayRow { incubator: incubator?, firm: firm?, admitted: admitted?, waiver, leaving })
}

fn relocation(cells: &mut Cells) -> Option<RelocationRow> {
    let firm = cells.required("firm_code", cells::code);
    let park = cells.required("park_id", cells::park);
    let signed = cells.optional("signed_date", cells::day);
    let settled = cells.optional("settled_date", cells::day);
    let production = cells.optional("production_date", cells::day);
    let assessment = cells.optional("assessment_id", cells::assessment);
    Some(RelocationRow { firm: firm?, park: park?, signed, settled, production, assessment })
}

fn firm_change(cells: &mut Cells) -> Option<FirmChangeRow> {
    let firm = cells.required("firm_code", cells::code);
    let kind = cells.required("kind", cells::word(FirmChange::from_chinese));
    let effective = cells.required("effective_date", cells::day);
    Some(FirmChangeRow { firm: firm?, kind: kind?, effective: effective? })
}

#[cfg(test)]
mod tests {
    use super::super::headings::recognise;
    use super::*;

    const STAYS: &str = "载体编号,统一社会信用代码,入孵日期,离孵日期,离孵类型,毕业依据,毕业文号,豁免文号";

    fn raw(text: &str) -> RawRow {
        RawRow { line: 2, cells: text.split(',').map(str::to_owned).collect(), ..RawRow::default() }
    }

    fn refused(headings: &str, text: &str) -> Refusal {
        read(&recognise(&raw(headings)).unwrap(), &raw(text)).unwrap_err()
    }

    #[test]
    fn every_fault_of_a_row_is_named_by_its_heading_and_the_first_word_stands() {
        let refusal = refused(STAYS, ",91440203mauhuxqe04,2024-02-30,,搬走,,,");
        assert_eq!(refusal.reason, Reason::MalformedCode);
        let found: Vec<_> = refusal.faults.iter().map(|f| (f.reason, f.field.as_str())).collect();
        assert_eq!(
            found,
            [
                (Reason::MissingValue, "载体编号"),
                (Reason::MalformedCode, "统一社会信用代码"),
                (Reason::MalformedDate, "入孵日期"),
                (Reason::UnknownWord, "离孵类型"),
            ]
        );
        assert!(refusal.message.contains("firm_code"), "{}", refusal.message);
    }

    #[test]
    fn values_that_go_together_are_looked_at_here() {
        for (text, field) in [
            ("WJ01,91440203MAUHUXQE04,2024-01-01,2024-02-01,,,,", "离孵类型"),
            ("WJ01,91440203MAUHUXQE04,2024-01-01,,退出,,,", "离孵日期"),
            ("WJ01,91440203MAUHUXQE04,2024-01-01,2024-02-01,毕业,,,", "毕业依据"),
            ("WJ01,91440203MAUHUXQE04,2024-01-01,2024-02-01,退出,并购或上市,,", "离孵类型"),
        ] {
            let refusal = refused(STAYS, text);
            assert_eq!((refusal.reason, refusal.faults[0].field.as_str()), (Reason::MissingValue, field), "{text}");
        }
        let refusal = refused("统一社会信用代码,园区,签约日期", "91440203MAUHUXQE04,甘棠,");
        assert_eq!((refusal.reason, refusal.faults[0].field.as_str()), (Reason::MissingValue, "签约日期"));
    }

    #[test]
    fn too_few_and_too_many_cells() {
        let columns = recognise(&raw(STAYS)).unwrap();
        assert!(read(&columns, &raw("WJ01,91440203MAUHUXQE04,2024-01-01")).is_ok());
        assert!(read(&columns, &raw("WJ01,91440203MAUHUXQE04,2024-01-01,,,,,,,,")).is_ok());
        assert_eq!(refused(STAYS, "WJ01,91440203MAUHUXQE04").reason, Reason::MissingValue);
        assert_eq!(refused(STAYS, "WJ01,91440203MAUHUXQE04,2024-01-01,,,,,,x").reason, Reason::UnknownWord);
    }

    #[test]
    fn an_area_is_read_in_hundredths() {
        let headings = "载体编号,载体名称,类型,运营主体,运营主体统一社会信用代码,建设模式,引进运营,孵化场地面积(㎡),\
                        公共服务面积(㎡),成立日期";
        let row = |area: &str| format!("W1,甲,孵化器,乙,91440203MAUHUXQE04,民营运作,是,{area},,2020-01-01");
        let columns = recognise(&raw(headings)).unwrap();
        let Ok(Row::Incubator(read)) = read(&columns, &raw(&row("1234.5"))) else { panic!("a row") };
        assert_eq!((read.area.incubation, read.area.public, read.operator.introduced), (123_450, 0, true));
        assert_eq!(refused(headings, &row("-1")).reason, Reason::OutOfRange);
        assert_eq!(refused(headings, &row("-1")).faults[0].field, "孵化场地面积(㎡)");
        assert_eq!(refused(headings, &row("1.234")).reason, Reason::MalformedAmount);
    }
}
