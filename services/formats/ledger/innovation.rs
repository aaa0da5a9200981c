//! The ledgers of technology transfers: cells to the typed row that they state.

use super::cells;
use super::row::Cells;
use crate::domain::rows::{IntermediaryRow, TechnologyTransferRow};
use crate::domain::transfer::{IntermediaryRegistered, TechnologyTransferred};
use crate::domain::values::positive_fen;
use crate::domain::words::Party;

/// A row of 技术转移中介.
pub(super) fn intermediary(cells: &mut Cells) -> Option<IntermediaryRow> {
    let intermediary = cells.required("intermediary_id", cells::intermediary);
    let name = cells.required("display_name", cells::text);
    let party = cells.required("party", cells::word(Party::from_chinese));
    let day = cells.required("registered_date", cells::day);
    let registered = IntermediaryRegistered { intermediary: intermediary?, name: name?, party: party? };
    Some(IntermediaryRow { registered, day: day? })
}

/// A row of 技术转移合同.
pub(super) fn technology_transfer(cells: &mut Cells) -> Option<TechnologyTransferRow> {
    let transfer = cells.required("contract_no", cells::transfer);
    let intermediary = cells.required("intermediary_id", cells::intermediary);
    let firm = cells.required("firm_code", cells::code);
    let began = cells.required("began_date", cells::day);
    let day = cells.required("completed_date", cells::day);
    let paid = cells.bounded("paid_fen", positive_fen);
    let transferred = TechnologyTransferred {
        transfer: transfer?,
        intermediary: intermediary?,
        firm: firm?,
        began: began?,
        paid: paid?,
    };
    Some(TechnologyTransferRow { transferred, day: day? })
}
