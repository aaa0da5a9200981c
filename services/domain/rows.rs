//! Rows of ledgers (rules §3), as typed values: what a row states, and which pairs of values must go together. Files and
//! bulk messages both end here, so that a row means the same through either door.

use super::assessment::ProjectAssessed;
use super::command::{Command, Stated};
use super::event::{AnnualReport, Event, IncubatorRegistered, LoanDrawn, Operator, TaxReceipt};
use super::guidance_fund::{GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundEvent, GuidanceFundInvested};
use super::incubator::report::IncubatorReport;
use super::instrument::{InstrumentCatalogued, InstrumentEvent, InstrumentYear};
use super::platform::{PlatformEvent, PlatformRegistered, PlatformYear};
use super::reason::{Fault, Faults, Reason, Refusal};
use super::transfer::{IntermediaryRegistered, TechnologyTransferred, TransferEvent};
use super::values::{Area, AssessmentId, Day, IncubatorId, LoanId, ParkId, Uscc};
use super::words::{
    BuildMode, Criterion, FirmChange, InterestNature, InvestmentForm, Kind, LeaveKind, Level, TaxNature,
};

/// A row of one of the ledgers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// 载体台账.
    Incubator(IncubatorRow),
    /// 认定记录.
    Recognition(RecognitionRow),
    /// 企业台账.
    Firm(FirmRow),
    /// 在孵台账.
    Stay(StayRow),
    /// 落户园区.
    Relocation(RelocationRow),
    /// 企业变更.
    FirmChange(FirmChangeRow),
    /// 企业年报.
    AnnualReport(AnnualReport),
    /// 贷款台账.
    Loan(LoanRow),
    /// 利息支付.
    Interest(InterestRow),
    /// 种子基金.
    SeedFund(SeedFundRow),
    /// 投资担保.
    Investment(InvestmentRow),
    /// 税收入库明细.
    TaxReceipt(TaxReceiptRow),
    /// 载体年报.
    IncubatorReport(IncubatorReport),
    /// 技术转移中介.
    Intermediary(IntermediaryRow),
    /// 技术转移合同.
    TechnologyTransfer(TechnologyTransferRow),
    /// 服务平台.
    Platform(PlatformRow),
    /// 平台年报.
    PlatformYear(PlatformYear),
    /// 共享仪器.
    Instrument(InstrumentRow),
    /// 仪器年报.
    InstrumentYear(InstrumentYear),
    /// 引导基金.
    GuidanceFund(Dated<GuidanceFundEstablished>),
    /// 引导基金出资.
    GuidanceFundContribution(Dated<GuidanceFundContributed>),
    /// 引导基金投资.
    GuidanceFundInvestment(Dated<GuidanceFundInvested>),
    /// 准入评估.
    ProjectAssessment(Dated<ProjectAssessed>),
}

/// A row that is one fact and its day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated<T> {
    /// Everything but the day.
    pub fact: T,
    /// Its day.
    pub day: Day,
}

/// A row of 共享仪器.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstrumentRow {
    /// Everything but the days.
    pub catalogued: InstrumentCatalogued,
    /// 纳入目录日期.
    pub day: Day,
    /// 移出目录日期.
    pub removed: Option<Day>,
}

/// A row of 服务平台.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformRow {
    /// Everything but the days.
    pub registered: PlatformRegistered,
    /// 登记日期.
    pub day: Day,
    /// 建成日期.
    pub completed: Option<Day>,
}

/// A row of 技术转移中介.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntermediaryRow {
    /// Everything but the day.
    pub registered: IntermediaryRegistered,
    /// 备案日期.
    pub day: Day,
}

/// A row of 技术转移合同.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TechnologyTransferRow {
    /// Everything but the day.
    pub transferred: TechnologyTransferred,
    /// 完成日期.
    pub day: Day,
}

/// A row of 贷款台账.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanRow {
    /// Everything but the day.
    pub drawn: LoanDrawn,
    /// 放款日期.
    pub day: Day,
}

/// A row of 利息支付.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterestRow {
    /// 合同编号.
    pub loan: LoanId,
    /// 支付日期.
    pub day: Day,
    /// 金额, fen.
    pub amount: i64,
    /// 性质.
    pub nature: InterestNature,
}

/// A row of 种子基金.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedFundRow {
    /// 载体编号.
    pub incubator: IncubatorId,
    /// 设立日期.
    pub day: Day,
    /// 规模, fen.
    pub size: i64,
}

/// A row of 投资担保.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvestmentRow {
    /// 载体编号.
    pub incubator: IncubatorId,
    /// 统一社会信用代码.
    pub firm: Uscc,
    /// 日期.
    pub day: Day,
    /// 金额, fen.
    pub amount: i64,
    /// 方式.
    pub form: InvestmentForm,
}

/// A row of 税收入库明细.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxReceiptRow {
    /// Everything but the day.
    pub receipt: TaxReceipt,
    /// 入库日期.
    pub day: Day,
}

/// A row of 载体台账.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncubatorRow {
    /// 载体编号.
    pub incubator: IncubatorId,
    /// 载体名称.
    pub name: String,
    /// 类型.
    pub kind: Kind,
    /// 运营主体, its code, and 引进运营.
    pub operator: Operator,
    /// 建设模式.
    pub build_mode: BuildMode,
    /// 孵化场地面积, 公共服务面积.
    pub area: Area,
    /// 成立日期.
    pub established: Day,
    /// 上游载体编号.
    pub upstream: Option<IncubatorId>,
}

/// A row of 认定记录.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecognitionRow {
    /// 载体编号.
    pub incubator: IncubatorId,
    /// 认定级别.
    pub level: Level,
    /// 文号.
    pub document_no: String,
    /// 生效日期.
    pub effective: Day,
    /// 失效日期.
    pub end: Option<Day>,
}

/// A row of 企业台账.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmRow {
    /// 统一社会信用代码.
    pub firm: Uscc,
    /// 企业名称.
    pub name: String,
    /// 注册日期.
    pub registered: Day,
    /// 技术领域.
    pub field: String,
}

/// A row of 在孵台账.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StayRow {
    /// 载体编号.
    pub incubator: IncubatorId,
    /// 统一社会信用代码.
    pub firm: Uscc,
    /// 入孵日期.
    pub admitted: Day,
    /// 豁免文号.
    pub waiver: String,
    /// How it ended.
    pub leaving: Leaving,
}

/// 离孵日期, 离孵类型, 毕业依据, 毕业文号, as written: any may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// 离孵日期.
    pub left: Option<Day>,
    /// 离孵类型.
    pub kind: Option<LeaveKind>,
    /// 毕业依据.
    pub criterion: Option<Criterion>,
    /// 毕业文号.
    pub document_no: String,
}

/// A row of 落户园区.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelocationRow {
    /// 统一社会信用代码.
    pub firm: Uscc,
    /// 园区.
    pub park: ParkId,
    /// 签约日期.
    pub signed: Option<Day>,
    /// 落户日期.
    pub settled: Option<Day>,
    /// 投产日期.
    pub production: Option<Day>,
    /// 准入项目编号; goes with 落户日期.
    pub assessment: Option<AssessmentId>,
}

/// A row of 企业变更.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmChangeRow {
    /// 统一社会信用代码.
    pub firm: Uscc,
    /// 变更类型.
    pub kind: FirmChange,
    /// 变更日期.
    pub effective: Day,
}

impl Row {
    /// The command that the row is; refused when values that go together are not.
    pub fn command(&self) -> Result<Command, Refusal> {
        Command::row(self.facts()?)
    }

    /// The facts that the row states.
    pub fn facts(&self) -> Result<Vec<Stated>, Refusal> {
        match self {
            Self::Incubator(row) => Ok(vec![row.fact()]),
            Self::Recognition(row) => Ok(row.facts()),
            Self::Firm(row) => {
                let FirmRow { firm, name, registered, field } = row.clone();
                Ok(vec![Stated::new(registered, Event::FirmRegistered { firm, name, field })])
            }
            Self::Stay(row) => row.facts(),
            Self::Relocation(row) => row.facts(),
            Self::FirmChange(row) => match row.kind {
                FirmChange::Deregistered => {
                    Ok(vec![Stated::new(row.effective, Event::FirmDeregistered { firm: row.firm })])
                }
            },
            Self::AnnualReport(report) => {
                let day = report_day(report.year)?;
                Ok(vec![Stated::new(day, Event::AnnualReportFiled(report.clone()))])
            }
            Self::Loan(row) => Ok(vec![Stated::new(row.day, Event::LoanDrawn(row.drawn.clone()))]),
            Self::Interest(InterestRow { loan, day, amount, nature }) => {
                let (loan, amount, nature) = (loan.clone(), *amount, *nature);
                Ok(vec![Stated::new(*day, Event::InterestPaid { loan, amount, nature })])
            }
            Self::SeedFund(SeedFundRow { incubator, day, size }) => {
                let incubator = incubator.clone();
                Ok(vec![Stated::new(*day, Event::SeedFundEstablished { incubator, size: *size })])
            }
            Self::Investment(InvestmentRow { incubator, firm, day, amount, form }) => {
                let (incubator, firm, amount, form) = (incubator.clone(), *firm, *amount, *form);
                Ok(vec![Stated::new(*day, Event::InvestmentMade { firm, incubator, amount, form })])
            }
            Self::TaxReceipt(row) => row.facts(),
            Self::IncubatorReport(report) => {
                let day = report_day(report.year)?;
                Ok(vec![Stated::new(day, Event::IncubatorReportFiled(report.clone()))])
            }
            Self::Intermediary(row) => {
                let registered = row.registered.clone().checked()?;
                let event = TransferEvent::IntermediaryRegistered(registered);
                Ok(vec![Stated::new(row.day, Event::Transfer(event))])
            }
            Self::TechnologyTransfer(row) => {
                let event = TransferEvent::TechnologyTransferred(row.transferred.clone());
                Ok(vec![Stated::new(row.day, Event::Transfer(event))])
            }
            Self::Platform(row) => Ok(row.facts()),
            Self::PlatformYear(report) => {
                let (day, report) = (report_day(report.year)?, report.clone().checked()?);
                Ok(vec![Stated::new(day, Event::Platform(PlatformEvent::YearReported(report)))])
            }
            Self::Instrument(row) => Ok(row.facts()),
            Self::InstrumentYear(report) => {
                let (day, report) = (report_day(report.year)?, report.clone());
                Ok(vec![Stated::new(day, Event::Instrument(InstrumentEvent::YearReported(report)))])
            }
            Self::GuidanceFund(row) => Ok(row.fund(GuidanceFundEvent::Established)),
            Self::GuidanceFundContribution(row) => Ok(row.fund(GuidanceFundEvent::Contributed)),
            Self::ProjectAssessment(row) => Ok(vec![Stated::new(row.day, Event::ProjectAssessed(row.fact.clone()))]),
            Self::GuidanceFundInvestment(row) => Ok(row.fund(GuidanceFundEvent::Invested)),
        }
    }
}

impl<T: Clone> Dated<T> {
    /// The fact about a guidance fund that the row is.
    fn fund(&self, event: impl Fn(T) -> GuidanceFundEvent) -> Vec<Stated> {
        vec![Stated::new(self.day, Event::GuidanceFund(event(self.fact.clone())))]
    }
}

impl PlatformRow {
    /// The registration, and the completion where one is stated.
    fn facts(&self) -> Vec<Stated> {
        let Self { registered, day, completed } = self.clone();
        let platform = registered.platform.clone();
        let registered = Stated::new(day, Event::Platform(PlatformEvent::Registered(registered)));
        let completed = completed.map(|day| Stated::new(day, Event::Platform(PlatformEvent::Completed { platform })));
        [registered].into_iter().chain(completed).collect()
    }
}

impl InstrumentRow {
    /// The entry into the catalogue, and the removal where one is stated.
    fn facts(&self) -> Vec<Stated> {
        let Self { catalogued, day, removed } = self.clone();
        let instrument = catalogued.instrument.clone();
        let catalogued = Stated::new(day, Event::Instrument(InstrumentEvent::Catalogued(catalogued)));
        let removed = removed.map(|day| Stated::new(day, Event::Instrument(InstrumentEvent::Removed { instrument })));
        [catalogued].into_iter().chain(removed).collect()
    }
}

impl TaxReceiptRow {
    /// The receipt. A refund (退税) is negative (rules §1): one typed without its sign would raise what it lowers.
    fn facts(&self) -> Result<Vec<Stated>, Refusal> {
        let TaxReceipt { amount, nature, period, .. } = self.receipt;
        if let (Some(start), Some(end)) = period
            && end < start
        {
            let message = format!("the period ends on {end}, before its start {start}");
            return Err(Fault::new(Reason::DatesOutOfOrder, "period_end_date", message).into());
        }
        if nature == TaxNature::Refund && amount > 0 {
            let message = format!("a refund is negative; {amount} fen is not");
            return Err(Fault::new(Reason::OutOfRange, "amount_fen", message).into());
        }
        Ok(vec![Stated::new(self.day, Event::TaxReceiptRecorded(self.receipt.clone()))])
    }
}

/// The business date of the report of a year: its last day, so that a year that is not over is DATE_IN_FUTURE.
pub fn report_day(year: i16) -> Result<Day, Refusal> {
    let day = Day::from_ymd(year, 12, 31);
    day.ok_or_else(|| Fault::new(Reason::MalformedDate, "year", format!("{year} is no year")).into())
}

impl IncubatorRow {
    fn fact(&self) -> Stated {
        let Self { incubator, name, kind, operator, build_mode, area, established, upstream } = self.clone();
        let registered = IncubatorRegistered { incubator, name, kind, operator, build_mode, area, upstream };
        Stated::new(established, Event::IncubatorRegistered(registered))
    }
}

impl RecognitionRow {
    /// The grant, and the end where one is stated.
    pub fn facts(&self) -> Vec<Stated> {
        let Self { incubator, level, document_no, effective, end } = self.clone();
        let granted = Event::IncubatorRecognised { incubator: incubator.clone(), level, document_no };
        let mut facts = vec![Stated::new(effective, granted)];
        if let Some(end) = end {
            facts.push(Stated::new(end, Event::RecognitionEnded { incubator, level, recognition: effective }));
        }
        facts
    }
}

impl StayRow {
    /// The admission, and the leaving where one is stated.
    pub fn facts(&self) -> Result<Vec<Stated>, Refusal> {
        let Self { incubator, firm, admitted, waiver, leaving } = self.clone();
        let ended = leaving.event(firm, &incubator, admitted)?;
        let mut facts = vec![Stated::new(admitted, Event::FirmAdmitted { firm, incubator, waiver })];
        facts.extend(ended);
        Ok(facts)
    }
}

impl Leaving {
    /// The fact that these values state; none when all are empty. MISSING_VALUE when they don't go together.
    pub fn event(&self, firm: Uscc, incubator: &IncubatorId, admitted: Day) -> Result<Option<Stated>, Refusal> {
        let mut faults = Faults::default();
        let graduated = self.kind == Some(LeaveKind::Graduated);
        if self.left.is_some() && self.kind.is_none() {
            faults.push(Reason::MissingValue, "leave_kind", "a day of leaving goes with its kind");
        }
        if self.left.is_none() && self.kind.is_some() {
            faults.push(Reason::MissingValue, "left_date", "a kind of leaving goes with its day");
        }
        if graduated && self.criterion.is_none() {
            faults.push(Reason::MissingValue, "criterion", "a graduation goes with its criterion");
        }
        if !graduated && self.criterion.is_some() {
            faults.push(Reason::MissingValue, "leave_kind", "a criterion goes with a graduation");
        }
        if !graduated && !self.document_no.is_empty() {
            faults.push(Reason::MissingValue, "leave_kind", "a document of graduation goes with a graduation");
        }
        if let Some(refusal) = faults.refusal() {
            return Err(refusal);
        }
        let (Some(day), Some(kind)) = (self.left, self.kind) else { return Ok(None) };
        let incubator = incubator.clone();
        let event = match self.criterion {
            Some(criterion) => {
                Event::FirmGraduated { firm, incubator, admitted, criterion, document_no: self.document_no.clone() }
            }
            None => Event::FirmLeft { firm, incubator, admitted, kind },
        };
        Ok(Some(Stated::new(day, event)))
    }
}

impl RelocationRow {
    /// The steps that are stated, in their order.
    pub fn facts(&self) -> Result<Vec<Stated>, Refusal> {
        let Self { firm, park, signed, settled, production, assessment } = self.clone();
        if assessment.is_some() && settled.is_none() {
            let message = "an assessment goes with the day of settling";
            return Err(Fault::new(Reason::MissingValue, "settled_date", message).into());
        }
        let signed = signed.map(|day| Stated::new(day, Event::RelocationSigned { firm, park: park.clone() }));
        let settled = settled.map(|day| Stated::new(day, Event::FirmSettled { firm, park: park.clone(), assessment }));
        let production = production.map(|day| Stated::new(day, Event::ProductionStarted { firm, park }));
        let facts: Vec<Stated> = [signed, settled, production].into_iter().flatten().collect();
        if facts.is_empty() {
            let mut faults = Faults::default();
            faults.push(Reason::MissingValue, "signed_date", "a relocation states at least one of its days");
            return faults.refusal().map_or(Ok(facts), Err);
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Tax, VoucherNo};

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn receipt(nature: TaxNature, amount: i64, period: (Option<Day>, Option<Day>)) -> Result<Vec<Stated>, Refusal> {
        let taxpayer = Uscc::parse("91350100M000100Y43").unwrap();
        let (tax, voucher) = (Tax::Vat, VoucherNo::parse("V1").unwrap());
        let receipt = TaxReceipt { taxpayer, tax, period, amount, nature, voucher };
        Row::TaxReceipt(TaxReceiptRow { receipt, day: day("2024-02-15") }).facts()
    }

    #[test]
    fn a_refund_is_negative() {
        let row = |nature, amount| receipt(nature, amount, (None, None));
        assert!(row(TaxNature::Refund, -5).is_ok() && row(TaxNature::Normal, 5).is_ok());
        assert_eq!(row(TaxNature::Refund, 5).unwrap_err().reason, Reason::OutOfRange);
    }

    #[test]
    fn a_period_ends_no_earlier_than_it_starts() {
        let (first, last) = (Some(day("2024-01-01")), Some(day("2024-01-31")));
        for good in [(first, last), (first, first), (None, last), (last, None)] {
            assert!(receipt(TaxNature::Normal, 5, good).is_ok(), "{good:?}");
        }
        let refusal = receipt(TaxNature::Normal, 5, (last, first)).unwrap_err();
        assert_eq!((refusal.reason, refusal.faults[0].field.as_str()), (Reason::DatesOutOfOrder, "period_end_date"));
    }
}
