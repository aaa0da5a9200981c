//! Event payloads: domain events to and from `incubation.journal.v1`.
//!
//! A type's code and its messages live as long as the log: fields are added, never changed; a change of meaning is a new type.
//! Old schema versions are read into today's events here (none yet), never rewritten. A type or version that is not known
//! stops the reader: skipping it would falsify every figure behind it.

mod assessment;
mod claim;
mod finance;
mod guidance_fund;
mod instrument;
mod person;
mod platform;
mod read;
mod transfer;
mod write;

use crate::domain::{Day, Document, Event};

/// What may be wrong with a payload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// An event type this program does not know.
    #[error("event type {0} is not known to this program")]
    Type(u16),
    /// A schema version of a known type that this program does not know.
    #[error("schema version {version} of {name} is not known to this program")]
    Version {
        /// Name of the type.
        name: &'static str,
        /// The version.
        version: u16,
    },
    /// The payload is not the message it should be.
    #[error("the payload of {name} can't be read: {detail}")]
    Payload {
        /// Name of the type.
        name: &'static str,
        /// What is wrong.
        detail: String,
    },
}

/// Type and payload of an event, as the envelope holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Event type code.
    pub event_type: u16,
    /// Schema version of the payload.
    pub schema_version: u16,
    /// The message.
    pub payload: Vec<u8>,
}

/// Code of the record of all entities' heads.
pub const HEADS_RECORDED: u16 = 4;

/// Every event type: its code, its name, and the schema version that is written.
pub const TYPES: &[(u16, &str, u16)] = &[
    (1, "LogCreated", 1),
    (2, "FactsVoided", 1),
    (3, "LimitsSet", 1),
    (HEADS_RECORDED, "HeadsRecorded", 1),
    (10, "IncubatorRegistered", 1),
    (11, "IncubatorRecognised", 1),
    (12, "RecognitionEnded", 1),
    (13, "OperatorChanged", 1),
    (14, "AreaChanged", 1),
    (15, "UpstreamChanged", 1),
    (20, "FirmRegistered", 1),
    (21, "FirmRenamed", 1),
    (22, "FirmDeregistered", 1),
    (23, "FirmAdmitted", 1),
    (24, "FirmGraduated", 1),
    (25, "FirmLeft", 1),
    (26, "AnnualReportFiled", 1),
    (27, "HighTechCertified", 1),
    (30, "ParkTreasurySet", 1),
    (31, "RelocationSigned", 1),
    (32, "FirmSettled", 1),
    (33, "ProductionStarted", 1),
    (40, "TaxReceiptRecorded", 1),
    (50, "LoanDrawn", 1),
    (51, "InterestPaid", 1),
    (60, "SeedFundEstablished", 1),
    (61, "InvestmentMade", 1),
    (70, "PolicyPublished", 1),
    (80, "IntermediaryRegistered", 1),
    (81, "TechnologyTransferred", 1),
    (82, "PlatformRegistered", 1),
    (83, "PlatformYearReported", 1),
    (84, "PlatformCompleted", 1),
    (85, "InstrumentCatalogued", 1),
    (86, "InstrumentRemoved", 1),
    (87, "InstrumentYearReported", 1),
    (90, "GuidanceFundEstablished", 1),
    (91, "GuidanceFundContributed", 1),
    (92, "GuidanceFundInvested", 1),
    (93, "ProjectAssessed", 1),
    (100, "IncubatorReportFiled", 1),
    (101, "ContactRecorded", 1),
    (102, "PersonErased", 1),
    (103, "LegalHoldPlaced", 1),
    (104, "LegalHoldLifted", 1),
    (110, "Claimed", 1),
    (111, "ClaimExplained", 1),
    (112, "ClaimAccepted", 1),
    (113, "ClaimReviewed", 1),
    (114, "ClaimPublished", 1),
    (115, "ObjectionRaised", 1),
    (116, "ObjectionResolved", 1),
    (117, "ClaimApproved", 1),
    (118, "ClaimWithdrawn", 1),
    (119, "ClaimRejected", 1),
    (120, "ClaimReopened", 1),
    (121, "ClaimRefrozen", 1),
    (122, "ClaimSupplemented", 1),
    (123, "RecoveryOrdered", 1),
    (124, "RecoveryReceived", 1),
    (125, "PerformanceReported", 1),
    (126, "EarmarkSpent", 1),
    (130, "BudgetAppropriated", 1),
    (131, "RoundOpened", 1),
    (132, "RoundApproved", 1),
    (140, "AccountRecorded", 1),
    (141, "AccountConfirmed", 1),
    (142, "AccountRefused", 1),
    (150, "CalendarSet", 1),
    (160, "OrderIssued", 1),
    (161, "OrderAccepted", 1),
    (162, "OrderPaid", 1),
    (163, "OrderReturned", 1),
    (164, "OrderRejected", 1),
    (165, "OrderClosed", 1),
    (166, "CursorAdvanced", 1),
];

/// Name of an event type, which is also that of its message in `incubation.journal.v1`.
pub fn type_name(event_type: u16) -> Option<&'static str> {
    TYPES.iter().find(|(code, _, _)| *code == event_type).map(|(_, name, _)| *name)
}

/// Type code of an event.
pub fn type_code(event: &Event) -> u16 {
    match event {
        Event::LogCreated { .. } => 1,
        Event::FactsVoided { .. } => 2,
        Event::LimitsSet(_) => 3,
        Event::HeadsRecorded { .. } => HEADS_RECORDED,
        Event::IncubatorRegistered(_) => 10,
        Event::IncubatorRecognised { .. } => 11,
        Event::RecognitionEnded { .. } => 12,
        Event::OperatorChanged { .. } => 13,
        Event::AreaChanged { .. } => 14,
        Event::UpstreamChanged { .. } => 15,
        Event::FirmRegistered { .. } => 20,
        Event::FirmRenamed { .. } => 21,
        Event::FirmDeregistered { .. } => 22,
        Event::FirmAdmitted { .. } => 23,
        Event::FirmGraduated { .. } => 24,
        Event::FirmLeft { .. } => 25,
        Event::AnnualReportFiled(_) => 26,
        Event::HighTechCertified { .. } => 27,
        Event::ParkTreasurySet { .. } => 30,
        Event::RelocationSigned { .. } => 31,
        Event::FirmSettled { .. } => 32,
        Event::ProductionStarted { .. } => 33,
        Event::TaxReceiptRecorded(_) => 40,
        Event::LoanDrawn(_) => 50,
        Event::InterestPaid { .. } => 51,
        Event::SeedFundEstablished { .. } => 60,
        Event::InvestmentMade { .. } => 61,
        Event::PolicyPublished(_) => 70,
        Event::Transfer(event) => u16::from(event.code()),
        Event::Platform(event) => u16::from(event.code()),
        Event::Instrument(event) => u16::from(event.code()),
        Event::GuidanceFund(event) => u16::from(event.code()),
        Event::ProjectAssessed(_) => 93,
        Event::Claim(event) => u16::from(event.code()),
        Event::Budget(event) => u16::from(event.code()),
        Event::Account(event) => u16::from(event.code()),
        Event::CalendarSet(_) => 150,
        Event::Order(event) => u16::from(event.code()),
        Event::CursorAdvanced(_) => 166,
        Event::IncubatorReportFiled(_) => 100,
        Event::Person(event) => u16::from(event.code()),
    }
}

/// The stored form of an event.
pub fn encode(event: &Event, documents: &[Document]) -> Encoded {
    let event_type = type_code(event);
    let schema_version = TYPES.iter().find(|(code, _, _)| *code == event_type).map_or(1, |(_, _, version)| *version);
    Encoded { event_type, schema_version, payload: write::payload(event, documents) }
}

/// Reads a stored event back.
pub fn decode(event_type: u16, schema_version: u16, payload: &[u8]) -> Result<(Event, Vec<Document>), CodecError> {
    let known = TYPES.iter().find(|(code, _, _)| *code == event_type);
    let (_, name, version) = *known.ok_or(CodecError::Type(event_type))?;
    if schema_version != version {
        return Err(CodecError::Version { name, version: schema_version });
    }
    read::event(event_type, payload).map_err(|detail| CodecError::Payload { name, detail })
}

fn day(days: i32) -> Result<Day, String> {
    Day::from_days(days).ok_or_else(|| format!("day {days} is out of range"))
}
