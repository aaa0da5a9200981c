//! What facts are about, by name.

use super::budget::BudgetId;
use super::person::PersonId;
use super::values::{
    AssessmentId, ClaimId, CursorName, GuidanceFundId, IncubatorId, InstrumentId, IntermediaryId, LoanId, OrderNo,
    ParkId, PlatformId, PolicyId, TransferId, Uscc,
};
use std::fmt;

/// An entity that facts are about. Its name is its resource name within the district.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A firm.
    Firm(Uscc),
    /// A carrier.
    Incubator(IncubatorId),
    /// A park.
    Park(ParkId),
    /// The district's settings.
    Settings,
    /// A loan.
    Loan(LoanId),
    /// Whoever pays taxes: a firm, or a carrier's operator. Apart from the firm, so that a month's receipts don't make every
    /// etag of a firm stale.
    Taxpayer(Uscc),
    /// A policy.
    Policy(PolicyId),
    /// An intermediary of technology transfers.
    Intermediary(IntermediaryId),
    /// A technology transfer.
    Transfer(TransferId),
    /// A platform of public service.
    Platform(PlatformId),
    /// An instrument in the shared catalogue.
    Instrument(InstrumentId),
    /// An angel guidance fund.
    GuidanceFund(GuidanceFundId),
    /// The assessment of a project.
    Assessment(AssessmentId),
    /// A person whose contact data is kept sealed.
    Person(PersonId),
    /// A claim.
    Claim(ClaimId),
    /// A budget.
    Budget(BudgetId),
    /// The account of a payee.
    Account(Uscc),
    /// A payment order.
    Order(OrderNo),
    /// A cursor over payment orders.
    Cursor(CursorName),
    /// The calendar of working days.
    Calendar,
}

impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Firm(code) => write!(f, "firms/{code}"),
            Self::Incubator(id) => write!(f, "incubators/{id}"),
            Self::Park(id) => write!(f, "parks/{id}"),
            Self::Settings => f.write_str("settings"),
            Self::Loan(id) => write!(f, "loans/{id}"),
            Self::Taxpayer(code) => write!(f, "taxpayers/{code}"),
            Self::Policy(id) => write!(f, "policies/{id}"),
            Self::Intermediary(id) => write!(f, "intermediaries/{id}"),
            Self::Transfer(id) => write!(f, "technologyTransfers/{id}"),
            Self::Platform(id) => write!(f, "platforms/{id}"),
            Self::Instrument(id) => write!(f, "instruments/{id}"),
            Self::GuidanceFund(id) => write!(f, "guidanceFunds/{id}"),
            Self::Assessment(id) => write!(f, "projectAssessments/{id}"),
            Self::Person(id) => write!(f, "persons/{id}"),
            Self::Claim(id) => write!(f, "claims/{id}"),
            Self::Budget(id) => write!(f, "budgets/{id}"),
            Self::Account(code) => write!(f, "accounts/{code}"),
            Self::Order(no) => write!(f, "paymentOrders/{no}"),
            Self::Cursor(name) => write!(f, "cursors/{name}"),
            Self::Calendar => f.write_str("calendar"),
        }
    }
}

/// What is left of a name to be written.
struct Rest<'a>(&'a str);

impl fmt::Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part).ok_or(fmt::Error)?;
        Ok(())
    }
}

impl Entity {
    /// Whether `Display` writes this name.
    pub fn is_named(&self, name: &str) -> bool {
        let mut rest = Rest(name);
        fmt::write(&mut rest, format_args!("{self}")).is_ok() && rest.0.is_empty()
    }

    /// Reads a name as `Display` writes it; none where it is no entity's.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "settings" {
            return Some(Self::Settings);
        }
        if name == "calendar" {
            return Some(Self::Calendar);
        }
        let (collection, id) = name.split_once('/')?;
        match collection {
            "firms" => Uscc::parse(id).ok().map(Self::Firm),
            "incubators" => IncubatorId::parse(id).ok().map(Self::Incubator),
            "parks" => ParkId::parse(id).ok().map(Self::Park),
            "loans" => LoanId::parse(id).ok().map(Self::Loan),
            "taxpayers" => Uscc::parse(id).ok().map(Self::Taxpayer),
            "policies" => PolicyId::parse(id).ok().map(Self::Policy),
            "intermediaries" => IntermediaryId::parse(id).ok().map(Self::Intermediary),
            "technologyTransfers" => TransferId::parse(id).ok().map(Self::Transfer),
            "platforms" => PlatformId::parse(id).ok().map(Self::Platform),
            "instruments" => InstrumentId::parse(id).ok().map(Self::Instrument),
            "projectAssessments" => AssessmentId::parse(id).ok().map(Self::Assessment),
            "claims" => ClaimId::parse(id).ok().map(Self::Claim),
            "budgets" => BudgetId::parse(id).ok().map(Self::Budget),
            "accounts" => Uscc::parse(id).ok().map(Self::Account),
            "paymentOrders" => OrderNo::parse(id).ok().map(Self::Order),
            "cursors" => CursorName::parse(id).ok().map(Self::Cursor),
            "guidanceFunds" => GuidanceFundId::parse(id).ok().map(Self::GuidanceFund),
            "persons" => PersonId::parse(id).ok().map(Self::Person),
            _ => None,
        }
    }
}
