//! What a policy entitles to: dated parameters over the facts of a registry (rules §5).
//!
//! Pure functions over `&Registry`, `AsOf` and `&Policy`; nobody types an amount. `Policy` holds the parameters and nothing
//! of the code is one: every rate, cap, share and series is dated data. `Evaluation` answers for one beneficiary at a time
//! (`s1_of`, `s2_of`, `s4_of`) or for the whole district (`all`); `touched` says which answers an event can change. Each
//! answer comes with its explanation or without by the same code: `Trace` is either `NoTrace`, which costs nothing, or
//! `TreeTrace`, whose tree a person can redo by hand.
//!
//! Two things look at lines together: `stacking` says what awards of one beneficiary, group and year take from each other, and
//! `budget` what claims get of the money there is. Neither changes an amount.
//!
//! Money is exact from the first receipt to the end of an award, where it is rounded half up to the fen, once.

mod award;
mod both;
mod budget;
pub mod criteria;
mod evaluation;
pub mod exact;
pub mod flat;
mod instrument_sharing;
pub mod lint;
pub mod parameters;
mod platform_support;
pub mod reading;
mod rebate;
mod relocation;
mod retained;
mod say;
mod stacking;
mod subsidy;
mod technology_transfer;
mod touched;
pub mod trace;
pub mod words;

pub use award::split;
pub use both::Both;
pub use budget::{Budget, Claim, Rounds, rounds};
pub use evaluation::{Beneficiary, Entitlement, Evaluation, Explained, Line, Payer, Period, Pinned};
pub use exact::Exact;
pub use instrument_sharing::InstrumentSharing;
pub use lint::{Finding, Severity, lint};
pub use parameters::Policy;
pub use platform_support::{OpenPlatform, PlatformConstruction, PlatformSupport};
pub use reading::{
    GuidanceFundTargets, IndustryStandard, Item, ParkAdmission, Reading, Rule, SeedFundDuty, Standards, Target,
    Threshold, figure_in,
};
pub use stacking::{Award, Reduction, Yield, stack};
pub use technology_transfer::TechnologyTransfer;
pub use touched::{Subject, subjects, touched};
pub use trace::{NoTrace, Node, Source, Step, Told, Trace, TreeTrace, Unit};
pub use words::{
    Attribution, Base, Bound, BudgetRule, Ground, Measure, OncePer, PayerRule, ReadingReason, Scheme, StackingRule,
    Standard, Status, ThresholdUnit, Verdict,
};
