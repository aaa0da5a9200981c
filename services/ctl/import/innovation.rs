//! Rows about technology transfers, platforms and instruments as they travel.

use crate::ctl::parse::{Wire as _, opt_day};
use crate::domain::instrument::InstrumentYear;
use crate::domain::platform::PlatformYear;
use crate::domain::rows::{InstrumentRow, IntermediaryRow, PlatformRow, TechnologyTransferRow};
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

/// A row of 服务平台.
pub(super) fn platform(PlatformRow { registered, day, completed }: &PlatformRow) -> v1::PlatformRow {
    v1::PlatformRow {
        platform_id: registered.platform.to_string(),
        display_name: registered.name.clone(),
        kind: registered.kind.wire(),
        operator_name: registered.operator_name.clone(),
        operator_code: registered.operator_code.to_string(),
        registered_date: day.to_string(),
        completed_date: opt_day(*completed),
    }
}

/// A row of 平台年报.
pub(super) fn platform_report(report: &PlatformYear) -> v1::PlatformReportRow {
    v1::PlatformReportRow {
        platform_id: report.platform.to_string(),
        year: i32::from(report.year),
        capacity_hours: report.capacity,
        open_capacity_hours: report.open_capacity,
        service_cost_fen: report.service_cost,
        input_fen: report.input,
    }
}

/// A row of 共享仪器.
pub(super) fn instrument(InstrumentRow { catalogued, day, removed }: &InstrumentRow) -> v1::InstrumentRow {
    v1::InstrumentRow {
        instrument_id: catalogued.instrument.to_string(),
        display_name: catalogued.name.clone(),
        firm_code: catalogued.owner.to_string(),
        price_fen: catalogued.price,
        catalogued_date: day.to_string(),
        removed_date: opt_day(*removed),
    }
}

/// A row of 仪器年报.
pub(super) fn instrument_report(report: &InstrumentYear) -> v1::InstrumentReportRow {
    v1::InstrumentReportRow {
        instrument_id: report.instrument.to_string(),
        year: i32::from(report.year),
        running_cost_fen: report.running_cost,
    }
}
