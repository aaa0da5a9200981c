//! The one table: which role may call which method. What is not in it is nobody's.
//!
//! Why it is as it is:
//! - *Operators* (`o`, always within their scope) state what happens in their carriers: admissions and leavings, their
//!   reports, funds and areas, and of their firms the changes, reports and certificates. What a carrier is (its registration,
//!   its operator, its place in the chain, its recognitions) is the bureau's to say. Of taxes and loans they learn nothing.
//! - *Bureau clerks* (`c`) keep every business fact but taxes, limits, policies, recognitions and treasuries: the last four
//!   decide about money, and want an approver.
//! - *Bureau approvers* (`a`) decide those, and on erasures and legal holds, and may take back whatever the bureau recorded; they record none of the rest,
//!   so that nobody approves what they stated.
//! - *Finance clerks* (`f`) keep tax receipts, issue orders and answer them, as the finance system does under that role;
//!   *finance approvers* (`g`) read the same, and close a fiscal year.
//! - Of money: the bureau's clerks open, review and publish claims, its approvers approve them and order money back; finance
//!   clerks keep budgets and record accounts, which finance approvers confirm. That claimant, reviewer and approver are
//!   different people is a rule of the claim, whatever roles one person has. Operators claim what they may know to be owed to
//!   their own carriers, withdraw that, and see how far it has come, as they do of other claims whose money goes to them once
//!   these are published; the explanation behind a claim is not theirs.
//! - *Auditors* (`r`) read everything and change nothing.
//! - The access log is for auditors and the bureau's approvers; of it administrators see who was turned away (the method
//!   itself leaves out the rest).
//! - *Administrators* (`k`) keep keys and settings: of the log they see that it is whole, and export it as a backup.
//! - Public to all who are known (`O` for an operator without a scope): policies and limits, sets of criteria, the log's head and its checkpoints. What a
//!   proof says of one record or entity tells that it is there, and is not an operator's.
//!
//! A row of an import, a replaced or voided fact is held against the row of the command that records such a fact, so that no
//! way leads around the table.

use super::{Caller, Role, Roles};
use crate::domain::guidance_fund::GuidanceFundEvent;
use crate::domain::instrument::InstrumentEvent;
use crate::domain::person::PersonEvent;
use crate::domain::platform::PlatformEvent;
use crate::domain::transfer::TransferEvent;
use crate::domain::{Event, Reason, Refusal};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Needs no credentials.
const OPEN: &str = "*";
/// Everyone who is known.
const ALL: &str = "Ocafgrk";

/// Package of the methods that are named by service and method only.
const PACKAGE: &str = "incubation.v1.";

#[rustfmt::skip] // A table.
const ROWS: &[(&str, &str)] = &[
    ("AccessService/ExportAccessLog", "ar"),
    ("AccessService/GetAccessStatus", "ark"),
    ("AccessService/ListAccessRecords", "ark"),
    ("AccountService/ConfirmAccount", "g"),
    ("AccountService/GetAccount", "fgr"),
    ("AccountService/ListAccounts", "fgr"),
    ("AccountService/RecordAccount", "f"),
    ("AccountService/RefuseAccount", "g"),
    ("AssessmentService/AssessProject", "c"),
    ("AssessmentService/GetProjectAssessment", "cafgr"),
    ("AssessmentService/ListProjectAssessments", "cafgr"),
    ("AuditService/GetAuditStatus", ALL),
    ("AuditService/GetConsistencyProof", ALL),
    ("AuditService/GetEntityProof", "cafgr"),
    ("AuditService/GetInclusionProof", "cafgr"),
    ("AuditService/IssueFigure", "cafgr"),
    ("AuditService/ListCheckpoints", ALL),
    ("BudgetService/AppropriateBudget", "f"),
    ("BudgetService/ApproveRound", "a"),
    ("BudgetService/GetBudget", "cafgr"),
    ("BudgetService/ListBudgets", "cafgr"),
    ("BudgetService/OpenRound", "c"),
    ("BureauService/GetChainStatus", "ocafgr"),
    ("BureauService/GetMetrics", "ocafgr"),
    ("BureauService/ListAnomalies", "ocafgr"),
    ("BureauService/ListOverdueFirms", "ocafgr"),
    ("CalendarService/ListCalendars", ALL),
    ("CalendarService/SetCalendar", "a"),
    ("ClaimService/AcceptClaim", "c"),
    ("ClaimService/ApproveClaim", "a"),
    ("ClaimService/GetClaim", "ocafgr"),
    ("ClaimService/ListClaims", "ocafgr"),
    ("ClaimService/OpenClaim", "oc"),
    ("ClaimService/OpenClaims", "c"),
    ("ClaimService/OrderRecovery", "a"),
    ("ClaimService/PublishClaim", "c"),
    ("ClaimService/RaiseObjection", "c"),
    ("ClaimService/ReadClaimExplanation", "cafgr"),
    ("ClaimService/ReceiveRecovery", "f"),
    ("ClaimService/RefreezeClaim", "c"),
    ("ClaimService/RejectClaim", "ca"),
    ("ClaimService/ReportPerformance", "c"),
    ("ClaimService/ResolveObjection", "c"),
    ("ClaimService/ReviewClaim", "c"),
    ("ClaimService/SpendEarmark", "c"),
    ("ClaimService/SupplementClaim", "c"),
    ("ClaimService/WithdrawClaim", "oc"),
    ("ContactService/ErasePerson", "a"),
    ("ContactService/GetPerson", "cafgr"),
    ("ContactService/LiftLegalHold", "a"),
    ("ContactService/ListContacts", "ocafgr"),
    ("ContactService/PlaceLegalHold", "a"),
    ("ContactService/RecordContact", "oc"),
    ("CriteriaService/CheckCriteria", "ocafgr"),
    ("CriteriaService/ListCriteriaSets", ALL),
    ("EntitlementService/ExplainEntitlement", "ocafgr"),
    ("EntitlementService/GetTotals", "cafgr"),
    ("EntitlementService/ListEntitlements", "ocafgr"),
    ("EntitlementService/SimulateBudget", "cafgr"),
    ("EntitlementService/WatchEntitlements", "ocafgr"),
    ("FinanceService/AcknowledgeOrders", "f"),
    ("FinanceService/CloseFiscalYear", "g"),
    ("FinanceService/GetPaymentOrder", "cafgr"),
    ("FinanceService/ImportPaymentAnswers", "f"),
    ("FinanceService/ImportTaxReceipts", "f"),
    ("FinanceService/IssueOrders", "f"),
    ("FinanceService/ListPaymentOrders", "cafgr"),
    ("FinanceService/ReconcilePayments", "fgr"),
    ("FinanceService/RecordPaymentAnswers", "f"),
    ("FinanceService/WatchPaymentOrders", "fr"),
    ("FinancingService/DrawLoan", "c"),
    ("FinancingService/EstablishSeedFund", "oc"),
    ("FinancingService/GetLoan", "cafgr"),
    ("FinancingService/ListInvestments", "ocafgr"),
    ("FinancingService/ListLoans", "cafgr"),
    ("FinancingService/ListSeedFunds", "ocafgr"),
    ("FinancingService/PayInterest", "c"),
    ("FinancingService/RecordInvestment", "oc"),
    ("FirmService/AdmitFirm", "oc"),
    ("FirmService/CertifyHighTech", "oc"),
    ("FirmService/DeregisterFirm", "oc"),
    ("FirmService/FileAnnualReport", "oc"),
    ("FirmService/GetFirm", "ocafgr"),
    ("FirmService/GetGraduationEvidence", "ocafgr"),
    ("FirmService/GraduateFirm", "oc"),
    ("FirmService/LeaveIncubator", "oc"),
    ("FirmService/ListFirms", "ocafgr"),
    ("FirmService/RecordStay", "oc"),
    ("FirmService/RegisterFirm", "oc"),
    ("FirmService/RenameFirm", "oc"),
    ("FirmService/TransferFirm", "oc"),
    ("GuidanceFundService/ContributeToGuidanceFund", "c"),
    ("GuidanceFundService/EstablishGuidanceFund", "c"),
    ("GuidanceFundService/GetGuidanceFund", "cafgr"),
    ("GuidanceFundService/InvestFromGuidanceFund", "c"),
    ("GuidanceFundService/ListGuidanceFunds", "cafgr"),
    ("ImportService/ImportRows", "ocaf"),
    ("IncubatorService/ChangeArea", "oc"),
    ("IncubatorService/ChangeOperator", "c"),
    ("IncubatorService/ChangeUpstream", "c"),
    ("IncubatorService/EndRecognition", "a"),
    ("IncubatorService/FileIncubatorReport", "oc"),
    ("IncubatorService/GetIncubator", "ocafgr"),
    ("IncubatorService/ListIncubators", "ocafgr"),
    ("IncubatorService/RecogniseIncubator", "a"),
    ("IncubatorService/RegisterIncubator", "c"),
    ("InstrumentService/CatalogueInstrument", "c"),
    ("InstrumentService/GetInstrument", "cafgr"),
    ("InstrumentService/ListInstruments", "cafgr"),
    ("InstrumentService/RemoveInstrument", "c"),
    ("InstrumentService/ReportInstrumentYear", "c"),
    ("JournalService/ExportLog", "rk"),
    ("JournalService/GetEvent", "ocafgr"),
    ("JournalService/GetHead", ALL),
    ("JournalService/ReadEvents", "ocafgr"),
    ("JournalService/SubscribeEvents", "ocafgr"),
    ("JournalService/VerifyLog", "ark"),
    ("JournalService/VoidFacts", "ocaf"),
    ("ParkService/GetPark", "ocafgr"),
    ("ParkService/ListParks", "ocafgr"),
    ("ParkService/RecordRelocation", "c"),
    ("ParkService/SetParkTreasury", "a"),
    ("ParkService/SettleInPark", "c"),
    ("ParkService/SignRelocation", "c"),
    ("ParkService/StartProduction", "c"),
    ("PlatformService/CompletePlatform", "c"),
    ("PlatformService/GetPlatform", "cafgr"),
    ("PlatformService/ListPlatforms", "cafgr"),
    ("PlatformService/RegisterPlatform", "c"),
    ("PlatformService/ReportPlatformYear", "c"),
    ("PolicyService/DiffPolicies", ALL),
    ("PolicyService/GetPolicy", ALL),
    ("PolicyService/LintPolicy", ALL),
    ("PolicyService/ListPolicies", ALL),
    ("PolicyService/PublishPolicy", "a"),
    ("PolicyService/SimulatePolicy", "cafgr"),
    ("ReadingService/GetReading", "cafgr"),
    ("ReadingService/ListReadings", "cafgr"),
    ("SettingsService/GetLimits", ALL),
    ("SettingsService/SetLimits", "a"),
    ("TaxService/GetTaxReceipt", "cafgr"),
    ("TaxService/ListTaxReceipts", "cafgr"),
    ("TaxService/RecordTaxReceipt", "f"),
    ("TransferService/GetIntermediary", "cafgr"),
    ("TransferService/GetTechnologyTransfer", "cafgr"),
    ("TransferService/ListIntermediaries", "cafgr"),
    ("TransferService/ListTechnologyTransfers", "cafgr"),
    ("TransferService/RecordTechnologyTransfer", "c"),
    ("TransferService/RegisterIntermediary", "c"),
    ("/grpc.health.v1.Health/Check", OPEN),
    ("/grpc.health.v1.Health/Watch", OPEN),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", ALL),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", ALL),
];

/// Who may call a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Needs no credentials.
    pub open: bool,
    /// Roles that may.
    pub roles: Roles,
    /// Operators may within their scope only.
    scoped: bool,
}

/// By `package.Service/Method`.
static TABLE: LazyLock<HashMap<String, Row>> = LazyLock::new(|| {
    let path = |name: &str| name.strip_prefix('/').map_or_else(|| format!("{PACKAGE}{name}"), str::to_owned);
    ROWS.iter().map(|(name, letters)| (path(name), Row::of(letters))).collect()
});

impl Row {
    fn of(letters: &str) -> Self {
        let role = |letter| match letter {
            'o' | 'O' => Some(Role::Operator),
            'c' => Some(Role::BureauClerk),
            'a' => Some(Role::BureauApprover),
            'f' => Some(Role::FinanceClerk),
            'g' => Some(Role::FinanceApprover),
            'r' => Some(Role::Auditor),
            'k' => Some(Role::Administrator),
            _ => None,
        };
        let roles = letters.chars().filter_map(role).collect();
        Self { open: letters == OPEN, roles, scoped: letters.contains('o') }
    }

    /// What a caller may do by it.
    pub fn reach(&self, caller: &Caller) -> Reach {
        let having = caller.roles.and(self.roles);
        let operator: Roles = [Role::Operator].into_iter().collect();
        match (having.is_empty(), having == operator && self.scoped) {
            (true, _) => Reach::Nothing,
            (false, true) => Reach::Own,
            (false, false) => Reach::Everything,
        }
    }
}

/// How far a role goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It may not.
    Nothing,
    /// Within the caller's own carriers and their firms.
    Own,
    /// The whole district.
    Everything,
}

/// The row of a method by its path, `/package.Service/Method`; none where there is no such method.
pub fn row(path: &str) -> Option<Row> {
    TABLE.get(path.strip_prefix('/')?).copied()
}

/// Every method that the table names, as `package.Service/Method`.
pub fn methods() -> impl Iterator<Item = &'static str> {
    TABLE.keys().map(String::as_str)
}

/// A call that was let in.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who makes it.
    pub caller: Arc<Caller>,
    /// Whether it sees the caller's own only.
    pub scoped: bool,
}

impl Call {
    /// A call of somebody without a name or a role, to a method that needs none.
    pub fn of_anyone() -> Self {
        Self { caller: Arc::new(Caller::of("", [])), scoped: false }
    }

    /// Lets a caller in to a method; PERMISSION_DENIED where none of its roles may call it.
    pub fn admit(path: &str, row: &Row, caller: Arc<Caller>) -> Result<Self, Refusal> {
        match row.reach(&caller) {
            Reach::Nothing => Err(denied(path.strip_prefix('/').unwrap_or(path), &caller)),
            reach => Ok(Self { caller, scoped: reach == Reach::Own }),
        }
    }
}

/// None of the caller's roles may do this.
pub fn denied(method: &str, caller: &Caller) -> Refusal {
    let roles = if caller.roles.is_empty() { "none".to_owned() } else { caller.roles.to_string() };
    let message = format!("none of the caller's roles ({roles}) may do {method}");
    Refusal::new(Reason::NotPermitted, message).with("method", method).with("roles", roles)
}

/// The method that records such a fact, as the table names it; none for facts that no command states.
pub fn records(event: &Event) -> Option<&'static str> {
    use Event::*;
    Some(match event {
        LogCreated { .. } | FactsVoided { .. } | HeadsRecorded { .. } => return None,
        // Steps of money are acts, not facts that are stated.
        Claim(_) | Budget(_) | Account(_) | Order(_) | CursorAdvanced(_) | CalendarSet(_) => return None,
        LimitsSet(_) => "SettingsService/SetLimits",
        IncubatorRegistered(_) => "IncubatorService/RegisterIncubator",
        IncubatorRecognised { .. } => "IncubatorService/RecogniseIncubator",
        RecognitionEnded { .. } => "IncubatorService/EndRecognition",
        OperatorChanged { .. } => "IncubatorService/ChangeOperator",
        AreaChanged { .. } => "IncubatorService/ChangeArea",
        UpstreamChanged { .. } => "IncubatorService/ChangeUpstream",
        FirmRegistered { .. } => "FirmService/RegisterFirm",
        FirmRenamed { .. } => "FirmService/RenameFirm",
        FirmDeregistered { .. } => "FirmService/DeregisterFirm",
        FirmAdmitted { .. } => "FirmService/AdmitFirm",
        FirmGraduated { .. } => "FirmService/GraduateFirm",
        FirmLeft { .. } => "FirmService/LeaveIncubator",
        ParkTreasurySet { .. } => "ParkService/SetParkTreasury",
        RelocationSigned { .. } => "ParkService/SignRelocation",
        FirmSettled { .. } => "ParkService/SettleInPark",
        ProductionStarted { .. } => "ParkService/StartProduction",
        AnnualReportFiled(_) => "FirmService/FileAnnualReport",
        HighTechCertified { .. } => "FirmService/CertifyHighTech",
        TaxReceiptRecorded(_) => "TaxService/RecordTaxReceipt",
        LoanDrawn(_) => "FinancingService/DrawLoan",
        InterestPaid { .. } => "FinancingService/PayInterest",
        SeedFundEstablished { .. } => "FinancingService/EstablishSeedFund",
        InvestmentMade { .. } => "FinancingService/RecordInvestment",
        PolicyPublished(_) => "PolicyService/PublishPolicy",
        IncubatorReportFiled(_) => "IncubatorService/FileIncubatorReport",
        Transfer(TransferEvent::IntermediaryRegistered(_)) => "TransferService/RegisterIntermediary",
        Transfer(_) => "TransferService/RecordTechnologyTransfer",
        Platform(PlatformEvent::Registered(_)) => "PlatformService/RegisterPlatform",
        Platform(PlatformEvent::YearReported(_)) => "PlatformService/ReportPlatformYear",
        Platform(_) => "PlatformService/CompletePlatform",
        Instrument(InstrumentEvent::Catalogued(_)) => "InstrumentService/CatalogueInstrument",
        Instrument(InstrumentEvent::YearReported(_)) => "InstrumentService/ReportInstrumentYear",
        Instrument(_) => "InstrumentService/RemoveInstrument",
        GuidanceFund(GuidanceFundEvent::Established(_)) => "GuidanceFundService/EstablishGuidanceFund",
        GuidanceFund(GuidanceFundEvent::Contributed(_)) => "GuidanceFundService/ContributeToGuidanceFund",
        GuidanceFund(GuidanceFundEvent::Invested(_)) => "GuidanceFundService/InvestFromGuidanceFund",
        ProjectAssessed(_) => "AssessmentService/AssessProject",
        Person(PersonEvent::ContactRecorded(_)) => "ContactService/RecordContact",
        Person(PersonEvent::Erased { .. }) => "ContactService/ErasePerson",
        Person(PersonEvent::HoldPlaced { .. }) => "ContactService/PlaceLegalHold",
        Person(PersonEvent::HoldLifted { .. }) => "ContactService/LiftLegalHold",
    })
}

/// How far a caller may state such a fact.
pub fn may_state(caller: &Caller, event: &Event) -> Reach {
    records(event)
        .and_then(|method| TABLE.get(&format!("{PACKAGE}{method}")))
        .map_or(Reach::Nothing, |r| r.reach(caller))
}

/// How far a caller may take such a fact back: whoever may state it, and the bureau's approver what its clerks may.
pub fn may_void(caller: &Caller, event: &Event) -> Reach {
    let row = records(event).and_then(|method| TABLE.get(&format!("{PACKAGE}{method}")));
    let approves = caller.roles.contains(Role::BureauApprover);
    match row {
        Some(row) if approves && row.roles.contains(Role::BureauClerk) => Reach::Everything,
        Some(row) => row.reach(caller),
        None => Reach::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(roles: &[Role]) -> Arc<Caller> {
        Arc::new(Caller::of("x", roles.iter().copied()))
    }

    #[test]
    fn what_is_not_named_is_nobodys() {
        let admit = "/incubation.v1.FirmService/AdmitFirm";
        assert!(row(admit).is_some());
        for path in ["", "/", "incubation.v1.FirmService/AdmitFirm", "//incubation.v1.FirmService/AdmitFirm"] {
            assert_eq!(row(path), None, "{path}");
        }
        assert_eq!(row("/incubation.v1.FirmService/AdmitFirm/"), None);
        assert_eq!(row("/incubation.v1.FirmService/admitfirm"), None);
        let refusal = Call::admit(admit, &row(admit).unwrap(), caller(&[Role::Auditor])).unwrap_err();
        assert_eq!(refusal.reason, Reason::NotPermitted);
        assert_eq!(
            refusal.metadata,
            [("method", "incubation.v1.FirmService/AdmitFirm".to_owned()), ("roles", "auditor".to_owned())]
        );
        assert!(Call::admit(admit, &row(admit).unwrap(), caller(&[])).is_err());
    }

    #[test]
    fn the_widest_role_counts() {
        let admit = row("/incubation.v1.FirmService/AdmitFirm").unwrap();
        assert_eq!(admit.reach(&caller(&[Role::Operator])), Reach::Own);
        // A role that may not call the method widens nothing.
        assert_eq!(admit.reach(&caller(&[Role::Operator, Role::Auditor])), Reach::Own);
        assert_eq!(admit.reach(&caller(&[Role::Operator, Role::BureauClerk])), Reach::Everything);
        let limits = row("/incubation.v1.SettingsService/GetLimits").unwrap();
        assert_eq!(limits.reach(&caller(&[Role::Operator])), Reach::Everything);
    }

    #[test]
    fn every_letter_is_a_role() {
        for (name, letters) in ROWS {
            assert!(*letters == OPEN || letters.chars().all(|letter| "oOcafgrk".contains(letter)), "{name}");
            let row = Row::of(letters);
            assert!(row.open || row.roles.iter().count() == letters.len(), "{name}");
        }
        assert_eq!(TABLE.len(), ROWS.len());
    }
}
