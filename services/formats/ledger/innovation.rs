//! The ledgers of technology transfers, platforms and instruments: cells to the typed row that they state.

use super::cells;
use super::money::{not_negative_fen, within};
use super::row::Cells;
use crate::domain::instrument::{InstrumentCatalogued, InstrumentYear};
use crate::domain::platform::{HOURS_MAX, PlatformRegistered, PlatformYear};
use crate::domain::reason::Fault;
use crate::domain::rows::{InstrumentRow, IntermediaryRow, PlatformRow, TechnologyTransferRow};
use crate::domain::transfer::{IntermediaryRegistered, TechnologyTransferred};
use crate::domain::values::positive_fen;
use crate::domain::words::{Party, PlatformKind};

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

/// A row of 服务平台.
pub(super) fn platform(cells: &mut Cells) -> Option<PlatformRow> {
    let platform = cells.required("platform_id", cells::platform);
    let name = cells.required("display_name", cells::text);
    let kind = cells.required("kind", cells::word(PlatformKind::from_chinese));
    let operator_name = cells.required("operator_name", cells::text);
    let operator_code = cells.required("operator_code", cells::code);
    let day = cells.required("registered_date", cells::day);
    let completed = cells.optional("completed_date", cells::day);
    let registered = PlatformRegistered {
        platform: platform?,
        name: name?,
        kind: kind?,
        operator_name: operator_name?,
        operator_code: operator_code?,
    };
    Some(PlatformRow { registered, day: day?, completed })
}

/// A row of 平台年报.
pub(super) fn platform_report(cells: &mut Cells) -> Option<PlatformYear> {
    let platform = cells.required("platform_id", cells::platform);
    let year = cells.required("year", cells::year);
    let capacity = cells.bounded("capacity_hours", hours);
    let open_capacity = cells.bounded("open_capacity_hours", hours);
    let service_cost = cells.bounded("service_cost_fen", not_negative_fen);
    let input = cells.bounded("input_fen", not_negative_fen);
    Some(PlatformYear {
        platform: platform?,
        year: year?,
        capacity: capacity?,
        open_capacity: open_capacity?,
        service_cost: service_cost?,
        input: input?,
    })
}

/// A row of 共享仪器.
pub(super) fn instrument(cells: &mut Cells) -> Option<InstrumentRow> {
    let instrument = cells.required("instrument_id", cells::instrument);
    let name = cells.required("display_name", cells::text);
    let owner = cells.required("firm_code", cells::code);
    let price = cells.bounded("price_fen", positive_fen);
    let day = cells.required("catalogued_date", cells::day);
    let removed = cells.optional("removed_date", cells::day);
    let catalogued = InstrumentCatalogued { instrument: instrument?, name: name?, owner: owner?, price: price? };
    Some(InstrumentRow { catalogued, day: day?, removed })
}

/// A row of 仪器年报.
pub(super) fn instrument_report(cells: &mut Cells) -> Option<InstrumentYear> {
    let instrument = cells.required("instrument_id", cells::instrument);
    let year = cells.required("year", cells::year);
    let running_cost = cells.bounded("running_cost_fen", not_negative_fen);
    Some(InstrumentYear { instrument: instrument?, year: year?, running_cost: running_cost? })
}

fn hours(field: &str, value: i64) -> Result<i64, Fault> {
    within(field, value, HOURS_MAX)
}
