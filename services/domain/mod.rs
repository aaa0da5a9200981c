//! The pure core: what can happen in a district, what is refused, and what holds on a day.
//!
//! Facts of one entity stand on its `Line`, in the order of their recording. `decide` judges a command on the business-time
//! line that would result; `Registry::evolve` takes in what was recorded and cannot fail; everything read is a filter over
//! the same facts (`AsOf`: a business day and a log position), never a replay. No clock, no randomness, no I/O: the day of
//! the decision is an argument.

pub mod account;
pub mod act;
pub mod assessment;
pub mod budget;
pub mod calendar;
pub mod check;
pub mod claim;
pub mod command;
pub mod decide;
pub mod entities;
mod entity;
pub mod event;
pub mod finance;
pub mod firm;
pub mod guidance_fund;
pub mod incubator;
pub mod innovation;
pub mod instrument;
pub mod line;
pub mod loan;
pub mod order;
pub mod park;
pub mod person;
pub mod platform;
pub mod policies;
pub mod reason;
pub mod registry;
pub mod restore;
mod revision;
pub mod rows;
pub mod sealed;
pub mod settings;
pub mod tax_receipt;
pub mod transfer;
pub mod values;
pub mod words;

pub use command::{Command, Origin, Stated, VoidOrder};
pub use decide::{Decision, NewEvent, decide, decide_and_draft};
pub use event::{Document, Entity, Event, Limits};
pub use line::{AsOf, Entry, Line};
pub use person::{PersonEvent, PersonId};
pub use reason::{Fault, Faults, Reason, Refusal, Warning};
pub use registry::{Recorded, Registry};
pub use values::{
    AssessmentId, ClaimId, CursorName, Day, GuidanceFundId, HoldId, IncubatorId, InstrumentId, IntermediaryId, LoanId,
    OrderNo, ParkId, PlatformId, PolicyId, SchemeKey, TransferId, TreasuryCode, Uscc, VoucherNo,
};
pub use words::{
    BuildMode, CapitalSource, CarrierFigure, ContactRole, Criterion, FirmChange, Handing, Indicator, InterestNature,
    InvestmentForm, Kind, LeaveKind, Level, Party, PlatformKind, Purpose, ReductionKind, Tax, TaxNature,
};
