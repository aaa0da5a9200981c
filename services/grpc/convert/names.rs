//! Resource names: `districts/440203/firms/91440203MA…` and the like.

use crate::domain::{Entity, Fault, Reason};

/// A resource name in two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Code of the district.
    pub district: &'a str,
    /// What follows it; empty for the district itself.
    pub rest: &'a str,
}

impl<'a> Name<'a> {
    /// Splits a name; `shape` is what the message tells of what was expected.
    pub fn parse(field: &str, value: &'a str, shape: &str) -> Result<Self, Fault> {
        if value.is_empty() {
            return Err(Fault::new(Reason::MissingValue, field, format!("{field} is required: {shape}")));
        }
        let parts = value.strip_prefix("districts/").map(|rest| rest.split_once('/').unwrap_or((rest, "")));
        match parts.filter(|(code, _)| code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())) {
            Some((district, rest)) => Ok(Self { district, rest }),
            None => Err(malformed(field, value, shape)),
        }
    }
}

/// What names of each kind look like.
pub const DISTRICT: &str = "districts/{code}";
/// A firm's.
pub const FIRM: &str = "districts/{code}/firms/{uscc}";
/// A carrier's.
pub const INCUBATOR: &str = "districts/{code}/incubators/{id}";
/// A park's.
pub const PARK: &str = "districts/{code}/parks/{id}";
/// A loan's.
pub const LOAN: &str = "districts/{code}/loans/{contract}";
/// A receipt's.
pub const TAX_RECEIPT: &str = "districts/{code}/taxReceipts/{voucher}:{TAX}";
/// A policy's.
pub const POLICY: &str = "districts/{code}/policies/{id}";
/// An intermediary's.
pub const INTERMEDIARY: &str = "districts/{code}/intermediaries/{id}";
/// A technology transfer's.
pub const TRANSFER: &str = "districts/{code}/technologyTransfers/{contract}";
/// A platform's.
pub const PLATFORM: &str = "districts/{code}/platforms/{id}";
/// An instrument's.
pub const INSTRUMENT: &str = "districts/{code}/instruments/{id}";
/// A guidance fund's.
pub const GUIDANCE_FUND: &str = "districts/{code}/guidanceFunds/{id}";
/// An assessment's.
pub const ASSESSMENT: &str = "districts/{code}/projectAssessments/{id}";
/// An order's.
pub const PAYMENT_ORDER: &str = "districts/{code}/paymentOrders/{number}";
/// A cursor's.
pub const CURSOR: &str = "districts/{code}/cursors/{name}";
/// A person's.
pub const PERSON: &str = "districts/{code}/persons/{uuid}";
/// Any entity's.
pub const ENTITY: &str = "districts/{code}/firms/{uscc}, …/incubators/{id}, …/parks/{id}, …/loans/{contract}, …/taxpayers/{uscc}, …/policies/{id}, …/intermediaries/{id}, …/technologyTransfers/{contract}, …/platforms/{id}, …/instruments/{id}, …/guidanceFunds/{id}, …/projectAssessments/{id}, …/persons/{uuid} or …/settings";

/// A name that does not have its shape.
pub fn malformed(field: &str, value: &str, shape: &str) -> Fault {
    Fault::new(Reason::MalformedName, field, format!("{value:?} is not of the form {shape}"))
}

/// The entity that a name within a district is of.
pub fn entity(field: &str, value: &str, rest: &str) -> Result<Entity, Fault> {
    let at_fault = || Fault::new(Reason::MalformedName, field, format!("{value:?} does not name {ENTITY}"));
    Entity::parse(rest).ok_or_else(at_fault)
}
