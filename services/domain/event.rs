//! What can happen. Events are past tense, and true for ever once recorded; a wrong one is voided, never changed.

use super::account::AccountEvent;
use super::assessment::ProjectAssessed;
use super::budget::BudgetEvent;
use super::calendar::CalendarSet;
use super::claim::ClaimEvent;
pub use super::entity::Entity;
use super::guidance_fund::GuidanceFundEvent;
use super::incubator::report::IncubatorReport;
use super::instrument::InstrumentEvent;
use super::order::{CursorAdvanced, OrderEvent};
use super::person::PersonEvent;
use super::platform::PlatformEvent;
use super::reason::{Fault, Reason};
pub use super::settings::limits::Limits;
use super::transfer::TransferEvent;
use super::values::{Area, AssessmentId, Day, IncubatorId, LoanId, ParkId, PolicyId, Uscc, VoucherNo, text};
use super::words::{BuildMode, Criterion, InterestNature, InvestmentForm, Kind, LeaveKind, Level, Tax, TaxNature};
use std::sync::Arc;

/// Documents that one fact may carry.
pub const DOCUMENTS_MAX: usize = 20;

/// Bytes that a published policy may have: half of what a commit may hold.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// A document that bears a fact out: the reference and the digest, not the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Title as printed.
    pub title: String,
    /// Document number (文号); empty: none.
    pub document_no: String,
    /// SHA-256 of the file; none: no file.
    pub sha256: Option<[u8; 32]>,
    /// Where the file is kept; empty: unknown.
    pub location: String,
}

/// Who runs a carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Registered name.
    pub name: String,
    /// Its USCC.
    pub code: Uscc,
    /// Brought in by the district (引进运营).
    pub introduced: bool,
}

/// Everything that is recorded. The day it holds from (its business date) stands beside it, not in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Which log this is; position 1 of every log.
    LogCreated {
        /// GB/T 2260 code.
        district: String,
        /// Random id.
        log_id: [u8; 16],
        /// As in the envelope.
        hash_algorithm: u32,
    },
    /// Facts taken back (红冲).
    FactsVoided {
        /// Their positions, ascending.
        positions: Vec<u64>,
        /// Why.
        reason: String,
        /// Who decided.
        decided_by: String,
    },
    /// Where every entity stood at a position: no fact of business, but what proofs of completeness rest on.
    HeadsRecorded {
        /// Positions up to this one are taken in; it ends a commit.
        position: u64,
        /// Entities that a record up to there is about.
        count: u64,
        /// Root of the Merkle tree over their heads, in the order of their names.
        root: [u8; 32],
    },
    /// Limits from this day on.
    LimitsSet(Limits),
    /// A carrier, founded on this day.
    IncubatorRegistered(IncubatorRegistered),
    /// A recognition from this day on.
    IncubatorRecognised {
        /// The carrier.
        incubator: IncubatorId,
        /// Its level.
        level: Level,
        /// Document number.
        document_no: String,
    },
    /// A recognition holds no longer from this day on.
    RecognitionEnded {
        /// The carrier.
        incubator: IncubatorId,
        /// Level of the recognition.
        level: Level,
        /// First day of the recognition.
        recognition: Day,
    },
    /// Another operator from this day on.
    OperatorChanged {
        /// The carrier.
        incubator: IncubatorId,
        /// Who runs it.
        operator: Operator,
    },
    /// Other areas from this day on.
    AreaChanged {
        /// The carrier.
        incubator: IncubatorId,
        /// Its areas.
        area: Area,
    },
    /// Another carrier before it from this day on.
    UpstreamChanged {
        /// The carrier.
        incubator: IncubatorId,
        /// The carrier before it; none: none.
        upstream: Option<IncubatorId>,
    },
    /// A firm, registered on this day.
    FirmRegistered {
        /// Its code.
        firm: Uscc,
        /// Its name.
        name: String,
        /// Technical field.
        field: String,
    },
    /// Another name from this day on.
    FirmRenamed {
        /// The firm.
        firm: Uscc,
        /// The name.
        name: String,
    },
    /// Struck off on this day.
    FirmDeregistered {
        /// The firm.
        firm: Uscc,
    },
    /// Taken in on this day.
    FirmAdmitted {
        /// The firm.
        firm: Uscc,
        /// The carrier.
        incubator: IncubatorId,
        /// Document that waives the age limit; empty: none.
        waiver: String,
    },
    /// Graduated on this day.
    FirmGraduated {
        /// The firm.
        firm: Uscc,
        /// The carrier.
        incubator: IncubatorId,
        /// Day of admission of the stay that ends.
        admitted: Day,
        /// On what ground.
        criterion: Criterion,
        /// Document of the graduation; empty: none.
        document_no: String,
    },
    /// Left otherwise on this day.
    FirmLeft {
        /// The firm.
        firm: Uscc,
        /// The carrier.
        incubator: IncubatorId,
        /// Day of admission of the stay that ends.
        admitted: Day,
        /// Why; never GRADUATED.
        kind: LeaveKind,
    },
    /// The treasury of a park from this day on.
    ParkTreasurySet {
        /// The park.
        park: ParkId,
        /// 9-digit code.
        treasury_code: String,
        /// Its name.
        treasury_name: String,
    },
    /// Signed with a park on this day.
    RelocationSigned {
        /// The firm.
        firm: Uscc,
        /// The park.
        park: ParkId,
    },
    /// Settled in the park on this day.
    FirmSettled {
        /// The firm.
        firm: Uscc,
        /// The park.
        park: ParkId,
        /// The assessment by which its project was let in; none: none is named.
        assessment: Option<AssessmentId>,
    },
    /// In production from this day on.
    ProductionStarted {
        /// The firm.
        firm: Uscc,
        /// The park.
        park: ParkId,
    },
    /// What a firm reported of the year that this day is the last of.
    AnnualReportFiled(AnnualReport),
    /// Certified as a high-tech enterprise from this day on.
    HighTechCertified {
        /// The firm.
        firm: Uscc,
        /// Number of the certificate.
        certificate_no: String,
        /// First day on which it no longer holds; may lie ahead.
        expiry: Option<Day>,
    },
    /// An amount that reached the treasury on this day.
    TaxReceiptRecorded(TaxReceipt),
    /// A loan drawn on this day.
    LoanDrawn(LoanDrawn),
    /// Interest paid on this day.
    InterestPaid {
        /// The loan.
        loan: LoanId,
        /// Fen.
        amount: i64,
        /// What it is.
        nature: InterestNature,
    },
    /// A seed fund set up on this day.
    SeedFundEstablished {
        /// The carrier.
        incubator: IncubatorId,
        /// Fen.
        size: i64,
    },
    /// An investment in, or a guarantee for, a firm on this day.
    InvestmentMade {
        /// The firm.
        firm: Uscc,
        /// The carrier whose fund it came from.
        incubator: IncubatorId,
        /// Fen.
        amount: i64,
        /// In which form.
        form: InvestmentForm,
    },
    /// A policy made known on this day, whole: it takes the place of what was published under its id before.
    PolicyPublished(PolicyPublished),
    /// What a carrier filed about the year that this day is the last of.
    IncubatorReportFiled(IncubatorReport),
    /// Something about an intermediary or a technology transfer.
    Transfer(TransferEvent),
    /// Something about a platform of public service.
    Platform(PlatformEvent),
    /// Something about an instrument in the shared catalogue.
    Instrument(InstrumentEvent),
    /// Something about an angel guidance fund.
    GuidanceFund(GuidanceFundEvent),
    /// A project was assessed for a park on this day.
    ProjectAssessed(ProjectAssessed),
    /// Something about a person.
    Person(PersonEvent),
    /// A step of a claim.
    Claim(ClaimEvent),
    /// Something about a budget.
    Budget(BudgetEvent),
    /// Something about a payee's account.
    Account(AccountEvent),
    /// Something about a payment order.
    Order(OrderEvent),
    /// A cursor over payment orders moved on.
    CursorAdvanced(CursorAdvanced),
    /// The working days of a year.
    CalendarSet(CalendarSet),
}

/// A policy as it was published. What its text means is read at the door before it becomes a command, and by those who
/// compute with it; here it is a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyPublished {
    /// Its id, as the text states it.
    pub policy: PolicyId,
    /// Its title, as the text states it.
    pub title: String,
    /// The file, byte for byte.
    pub text: Arc<str>,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
}

/// A firm's report of a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnualReport {
    /// The firm.
    pub firm: Uscc,
    /// The year.
    pub year: i16,
    /// Revenue, fen.
    pub revenue: i64,
    /// Spending on research and development, fen.
    pub research: i64,
    /// People employed.
    pub employees: u32,
    /// Valid intellectual property rights.
    pub ip_rights: u32,
    /// A high-tech enterprise in that year, as it says.
    pub high_tech: bool,
}

/// One tax of one voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxReceipt {
    /// Who paid.
    pub taxpayer: Uscc,
    /// The tax.
    pub tax: Tax,
    /// First and last day of the period that it is for, as far as they are said.
    pub period: (Option<Day>, Option<Day>),
    /// Fen; negative for refunds.
    pub amount: i64,
    /// What it is.
    pub nature: TaxNature,
    /// Voucher number.
    pub voucher: VoucherNo,
}

/// A loan as it was drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanDrawn {
    /// Contract number.
    pub loan: LoanId,
    /// The firm.
    pub firm: Uscc,
    /// Lender.
    pub lender: String,
    /// Fen.
    pub principal: i64,
    /// Parts per million a year.
    pub rate_ppm: i64,
    /// Maturity; may lie ahead.
    pub maturity: Day,
}

/// A carrier as it enters the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncubatorRegistered {
    /// Its id.
    pub incubator: IncubatorId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Who runs it at first.
    pub operator: Operator,
    /// How it was built.
    pub build_mode: BuildMode,
    /// Its areas at first.
    pub area: Area,
    /// The carrier before it in the chain.
    pub upstream: Option<IncubatorId>,
}

/// What makes two facts of one entity the same fact (rules §2), their values apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    kind: u8,
    incubator: Option<&'a IncubatorId>,
    level: Option<Level>,
    day: Option<Day>,
}

impl Event {
    /// The entity on whose line the fact stands; none for facts about the log itself.
    pub fn owner(&self) -> Option<Entity> {
        use Event::*;
        Some(match self {
            LogCreated { .. } | FactsVoided { .. } | HeadsRecorded { .. } => return None,
            LimitsSet(_) => Entity::Settings,
            IncubatorRegistered(r) => Entity::Incubator(r.incubator.clone()),
            IncubatorRecognised { incubator, .. }
            | RecognitionEnded { incubator, .. }
            | OperatorChanged { incubator, .. }
            | AreaChanged { incubator, .. }
            | UpstreamChanged { incubator, .. } => Entity::Incubator(incubator.clone()),
            FirmRegistered { firm, .. }
            | FirmRenamed { firm, .. }
            | FirmDeregistered { firm }
            | FirmAdmitted { firm, .. }
            | FirmGraduated { firm, .. }
            | FirmLeft { firm, .. }
            | RelocationSigned { firm, .. }
            | FirmSettled { firm, .. }
            | ProductionStarted { firm, .. } => Entity::Firm(*firm),
            ParkTreasurySet { park, .. } => Entity::Park(park.clone()),
            AnnualReportFiled(report) => Entity::Firm(report.firm),
            HighTechCertified { firm, .. } | InvestmentMade { firm, .. } => Entity::Firm(*firm),
            TaxReceiptRecorded(receipt) => Entity::Taxpayer(receipt.taxpayer),
            LoanDrawn(drawn) => Entity::Loan(drawn.loan.clone()),
            InterestPaid { loan, .. } => Entity::Loan(loan.clone()),
            SeedFundEstablished { incubator, .. } => Entity::Incubator(incubator.clone()),
            PolicyPublished(published) => Entity::Policy(published.policy.clone()),
            IncubatorReportFiled(report) => Entity::Incubator(report.incubator.clone()),
            Transfer(event) => event.owner(),
            Platform(event) => event.owner(),
            Instrument(event) => event.owner(),
            GuidanceFund(event) => event.owner(),
            ProjectAssessed(assessed) => Entity::Assessment(assessed.assessment.clone()),
            Person(event) => event.owner(),
            Claim(event) => event.owner(),
            Budget(event) => Entity::Budget(event.budget().clone()),
            Account(event) => Entity::Account(*event.holder()),
            Order(event) => Entity::Order(event.order().clone()),
            CursorAdvanced(advanced) => Entity::Cursor(advanced.cursor.clone()),
            CalendarSet(_) => Entity::Calendar,
        })
    }

    /// The second entity that the fact is about: the carrier of a stay or investment, the park of a relocation, the firm of a
    /// loan, transfer, instrument or a guidance fund's investment, the carrier before a carrier in the chain.
    pub fn other(&self) -> Option<Entity> {
        use Event::*;
        match self {
            FirmAdmitted { incubator, .. } | FirmGraduated { incubator, .. } | FirmLeft { incubator, .. } => {
                Some(Entity::Incubator(incubator.clone()))
            }
            RelocationSigned { park, .. } | FirmSettled { park, .. } | ProductionStarted { park, .. } => {
                Some(Entity::Park(park.clone()))
            }
            InvestmentMade { incubator, .. } => Some(Entity::Incubator(incubator.clone())),
            LoanDrawn(drawn) => Some(Entity::Firm(drawn.firm)),
            IncubatorRegistered(registered) => registered.upstream.clone().map(Entity::Incubator),
            UpstreamChanged { upstream, .. } => upstream.clone().map(Entity::Incubator),
            Transfer(event) => event.other(),
            Instrument(event) => event.other(),
            GuidanceFund(event) => event.other(),
            ProjectAssessed(assessed) => Some(Entity::Firm(assessed.firm)),
            Person(event) => event.other(),
            Claim(event) => event.other(),
            Order(event) => Some(Entity::Claim(event.claim().clone())),
            _ => None,
        }
    }

    /// The third: the intermediary of a technology transfer, the assessment that a settling refers to, the budget of an order.
    pub fn further(&self) -> Option<Entity> {
        match self {
            Self::Transfer(event) => event.further(),
            Self::Order(event) => event.further(),
            Self::FirmSettled { assessment, .. } => assessment.clone().map(Entity::Assessment),
            _ => None,
        }
    }

    /// The carrier and the operator that the fact says runs it.
    pub fn operator(&self) -> Option<(&IncubatorId, &Operator)> {
        match self {
            Self::IncubatorRegistered(registered) => Some((&registered.incubator, &registered.operator)),
            Self::OperatorChanged { incubator, operator } => Some((incubator, operator)),
            _ => None,
        }
    }

    /// Every entity that the fact is about; for facts about the log itself, none. Fixed for ever for each type of event: the
    /// records name them, and a start refuses a log whose records name others.
    pub fn subjects(&self) -> impl Iterator<Item = Entity> {
        self.owner().into_iter().chain(self.other()).chain(self.further())
    }

    /// What makes it the same fact as another on its owner's line. `day` is its business date.
    pub fn key(&self, day: Day) -> Key<'_> {
        use Event::*;
        let plain = |kind| Key { kind, incubator: None, level: None, day: None };
        match self {
            LogCreated { .. } => plain(0),
            FactsVoided { .. } => plain(1),
            HeadsRecorded { .. } => plain(4),
            LimitsSet(_) => Key { day: Some(day), ..plain(2) },
            IncubatorRegistered(_) => plain(10),
            IncubatorRecognised { level, .. } => Key { level: Some(*level), day: Some(day), ..plain(11) },
            RecognitionEnded { level, recognition, .. } => {
                Key { level: Some(*level), day: Some(*recognition), ..plain(12) }
            }
            OperatorChanged { .. } => Key { day: Some(day), ..plain(13) },
            AreaChanged { .. } => Key { day: Some(day), ..plain(14) },
            UpstreamChanged { .. } => Key { day: Some(day), ..plain(15) },
            FirmRegistered { .. } => plain(20),
            FirmRenamed { .. } => Key { day: Some(day), ..plain(21) },
            FirmDeregistered { .. } => Key { day: Some(day), ..plain(22) },
            FirmAdmitted { incubator, .. } => Key { incubator: Some(incubator), day: Some(day), ..plain(23) },
            FirmGraduated { incubator, admitted, .. } | FirmLeft { incubator, admitted, .. } => {
                Key { incubator: Some(incubator), day: Some(*admitted), ..plain(24) }
            }
            ParkTreasurySet { .. } => Key { day: Some(day), ..plain(30) },
            RelocationSigned { .. } => plain(31),
            FirmSettled { .. } => plain(32),
            ProductionStarted { .. } => plain(33),
            AnnualReportFiled(_) => Key { day: Some(day), ..plain(26) },
            HighTechCertified { .. } => Key { day: Some(day), ..plain(27) },
            // Told apart by voucher and tax across the whole district: the registry keeps an index of them.
            TaxReceiptRecorded(_) => plain(40),
            LoanDrawn(_) => plain(50),
            // The same only when all values are; see `is_told_by_all_values`.
            InterestPaid { .. } => plain(51),
            SeedFundEstablished { .. } => Key { day: Some(day), ..plain(60) },
            InvestmentMade { .. } => plain(61),
            PolicyPublished(_) => plain(70),
            Transfer(event) => plain(event.code()),
            Platform(event @ PlatformEvent::YearReported(_)) => Key { day: Some(day), ..plain(event.code()) },
            Platform(event) => plain(event.code()),
            Instrument(event @ InstrumentEvent::YearReported(_)) => Key { day: Some(day), ..plain(event.code()) },
            Instrument(event) => plain(event.code()),
            GuidanceFund(event) => plain(event.code()),
            ProjectAssessed(_) => plain(93),
            Person(event) => plain(event.code()),
            // Steps, which an act decides, are never the same as another.
            Claim(event) => plain(event.code()),
            Budget(event) => plain(event.code()),
            Account(event) => plain(event.code()),
            Order(event) => plain(event.code()),
            CursorAdvanced(_) => plain(166),
            CalendarSet(_) => plain(150),
            IncubatorReportFiled(_) => Key { day: Some(day), ..plain(100) },
        }
    }

    /// Whether it is the same fact as another only when all its values are equal: several may stand on one line, and none
    /// contradicts another.
    pub fn is_told_by_all_values(&self) -> bool {
        matches!(
            self,
            Self::InterestPaid { .. }
                | Self::InvestmentMade { .. }
                | Self::PolicyPublished(_)
                | Self::GuidanceFund(GuidanceFundEvent::Contributed(_) | GuidanceFundEvent::Invested(_))
        )
    }

    /// Whether no rule of a line binds it: where its references stand and it is not recorded already, it is accepted.
    pub fn is_bound_by_no_line(&self) -> bool {
        use Event::*;
        matches!(
            self,
            TaxReceiptRecorded(_)
                | InvestmentMade { .. }
                | SeedFundEstablished { .. }
                | AnnualReportFiled(_)
                | IncubatorReportFiled(_)
        )
    }

    /// Whether it can be taken back: a step of money has its counter-act instead.
    pub fn is_voidable(&self) -> bool {
        use Event::*;
        !matches!(self, Claim(_) | Budget(_) | Account(_) | Order(_) | CursorAdvanced(_) | CalendarSet(_))
    }

    /// Whether it can't be taken back: an act that was done.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Person(event) if event.is_final())
    }

    /// Whether its business date may lie after the day it is recorded: only an expiry may (rules §2).
    pub fn may_lie_ahead(&self) -> bool {
        matches!(self, Self::RecognitionEnded { .. })
    }
}

/// Checks the documents that came with a fact.
pub fn checked_documents(documents: &[Document]) -> Result<(), Fault> {
    if documents.len() > DOCUMENTS_MAX {
        let message = format!("{} documents; at most {DOCUMENTS_MAX}", documents.len());
        return Err(Fault::new(Reason::OutOfRange, "documents", message));
    }
    for document in documents {
        super::values::required_text("documents.title", &document.title)?;
        text("documents.document_no", &document.document_no)?;
        text("documents.location", &document.location)?;
    }
    Ok(())
}
