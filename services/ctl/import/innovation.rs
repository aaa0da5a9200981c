//! Rows about intermediaries and technology transfers as they travel.

use crate::ctl::parse::Wire as _;
use crate::domain::rows::{IntermediaryRow, TechnologyTransferRow};
use crate::wire::v1;

/// A row of 技术转移中介.
pub(super) fn intermediary(IntermediaryRow { registered, day }: &IntermediaryRow) -> v1::IntermediaryRow {
    v1::IntermediaryRow {
        intermediary_id: registered.intermediary.to_string(),
        display_name: registered.name.clone(),
        party: registered.party.wire(),
        registered_date: day.to_string(),
    }
}

/// A row of 技术转移合同.
pub(super) fn technology_transfer(row: &TechnologyTransferRow) -> v1::TechnologyTransferRow {
    let TechnologyTransferRow { transferred, day } = row;
    v1::TechnologyTransferRow {
        contract_no: transferred.transfer.to_string(),
        intermediary_id: transferred.intermediary.to_string(),
        firm_code: transferred.firm.to_string(),
        began_date: transferred.began.to_string(),
        completed_date: day.to_string(),
        paid_fen: transferred.paid,
    }
}
