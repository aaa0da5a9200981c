//! The ledgers of guidance funds: cells to the typed row that they state.

use super::cells;
use super::row::Cells;
use crate::domain::guidance_fund::{GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundInvested};
use crate::domain::rows::Dated;
use crate::domain::values::positive_fen;
use crate::domain::words::CapitalSource;

/// A row of 引导基金.
pub(super) fn established(cells: &mut Cells) -> Option<Dated<GuidanceFundEstablished>> {
    let fund = cells.required("guidance_fund_id", cells::guidance_fund);
    let name = cells.required("display_name", cells::text);
    let day = cells.required("established_date", cells::day);
    let size = cells.bounded("size_fen", positive_fen);
    Some(Dated { fact: GuidanceFundEstablished { fund: fund?, name: name?, size: size? }, day: day? })
}

/// A row of 引导基金出资.
pub(super) fn contributed(cells: &mut Cells) -> Option<Dated<GuidanceFundContributed>> {
    let fund = cells.required("guidance_fund_id", cells::guidance_fund);
    let day = cells.required("effective_date", cells::day);
    let amount = cells.bounded("amount_fen", positive_fen);
    let source = cells.required("source", cells::word(CapitalSource::from_chinese));
    Some(Dated { fact: GuidanceFundContributed { fund: fund?, amount: amount?, source: source? }, day: day? })
}

/// A row of 引导基金投资.
pub(super) fn invested(cells: &mut Cells) -> Option<Dated<GuidanceFundInvested>> {
    let fund = cells.required("guidance_fund_id", cells::guidance_fund);
    let firm = cells.required("firm_code", cells::code);
    let day = cells.required("effective_date", cells::day);
    let amount = cells.bounded("amount_fen", positive_fen);
    Some(Dated { fact: GuidanceFundInvested { fund: fund?, firm: firm?, amount: amount? }, day: day? })
}
