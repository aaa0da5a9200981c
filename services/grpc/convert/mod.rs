//! Wire values to domain values and back.

pub mod assessment;
pub mod contact;
pub mod event;
pub mod frame;
pub mod guidance_fund;
pub mod incubator_report;
pub mod innovation;
pub mod innovation_scene;
pub mod instrument;
pub mod money;
pub mod money_scene;
pub mod names;
pub mod order;
pub mod platform;
pub mod reader;
pub mod rows;
pub mod scene;

pub use frame::Framed;
pub use reader::Reader;
pub use scene::Scene;

use crate::domain::{Reason, Warning};
use crate::wire::v1;

/// A position as the API writes it.
pub fn position(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

/// The API's number of a word.
pub fn reason(reason: Reason) -> v1::Reason {
    v1::Reason::from_str_name(&format!("REASON_{}", reason.word())).unwrap_or(v1::Reason::Unspecified)
}

/// Warnings as the API writes them.
pub fn warnings(warnings: &[Warning]) -> Vec<v1::Warning> {
    let one = |warning: &Warning| v1::Warning {
        reason: reason(warning.reason).into(),
        field: warning.field.to_owned(),
        message: warning.message.clone(),
    };
    warnings.iter().map(one).collect()
}
