//! Rows about guidance funds as they travel.

use crate::ctl::parse::Wire as _;
use crate::domain::guidance_fund::{GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundInvested};
use crate::domain::rows::Dated;
use crate::wire::v1;

/// A row of 引导基金.
pub(super) fn established(Dated { fact, day }: &Dated<GuidanceFundEstablished>) -> v1::GuidanceFundRow {
    v1::GuidanceFundRow {
        guidance_fund_id: fact.fund.to_string(),
        display_name: fact.name.clone(),
        established_date: day.to_string(),
        size_fen: fact.size,
    }
}

/// A row of 引导基金出资.
pub(super) fn contributed(Dated { fact, day }: &Dated<GuidanceFundContributed>) -> v1::GuidanceFundContributionRow {
    v1::GuidanceFundContributionRow {
        guidance_fund_id: fact.fund.to_string(),
        effective_date: day.to_string(),
        amount_fen: fact.amount,
        source: fact.source.wire(),
    }
}

/// A row of 引导基金投资.
pub(super) fn invested(Dated { fact, day }: &Dated<GuidanceFundInvested>) -> v1::GuidanceFundInvestmentRow {
    v1::GuidanceFundInvestmentRow {
        guidance_fund_id: fact.fund.to_string(),
        firm_code: fact.firm.to_string(),
        effective_date: day.to_string(),
        amount_fen: fact.amount,
    }
}
