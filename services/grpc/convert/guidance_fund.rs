//! Guidance funds: rows and commands as they state them, and the resource drawn.

use super::scene::{Scene, number};
use super::{Reader, names, position};
use crate::domain::guidance_fund::{GuidanceFundContributed, GuidanceFundEstablished, GuidanceFundInvested};
use crate::domain::rows::Dated;
use crate::domain::values::positive_fen;
use crate::domain::{CapitalSource, Entity, GuidanceFundId, Uscc};
use crate::wire::v1;

impl Reader<'_> {
    /// A guidance fund by its resource name.
    pub fn guidance_fund(&mut self, field: &str, value: &str) -> Option<GuidanceFundId> {
        let id = self.id(field, value, "guidanceFunds", names::GUIDANCE_FUND)?;
        self.guidance_fund_id(field, id)
    }

    /// A guidance fund's id by itself.
    pub fn guidance_fund_id(&mut self, field: &str, value: &str) -> Option<GuidanceFundId> {
        self.parsed(field, value, GuidanceFundId::parse, "the id of a guidance fund: 1 to 64 bytes, no slash")
    }

    /// A fund; `day_field` is what its day is called where it came from.
    pub fn guidance_fund_row(
        &mut self,
        row: &v1::GuidanceFundRow,
        day_field: &str,
    ) -> Option<Dated<GuidanceFundEstablished>> {
        let fund = self.guidance_fund_id("guidance_fund_id", &row.guidance_fund_id);
        let name = self.text("display_name", &row.display_name);
        let size = self.faults.take(positive_fen("size_fen", row.size_fen));
        let day = self.day(day_field, &row.established_date);
        Some(Dated { fact: GuidanceFundEstablished { fund: fund?, name: name?, size: size? }, day: day? })
    }

    /// Capital paid in to a fund, read already.
    pub fn contribution(
        &mut self,
        fund: Option<GuidanceFundId>,
        row: &v1::GuidanceFundContributionRow,
    ) -> Option<Dated<GuidanceFundContributed>> {
        let amount = self.faults.take(positive_fen("amount_fen", row.amount_fen));
        let source = self.word("source", row.source, CapitalSource::from_code);
        let day = self.day("effective_date", &row.effective_date);
        Some(Dated { fact: GuidanceFundContributed { fund: fund?, amount: amount?, source: source? }, day: day? })
    }

    /// An investment by a fund in a firm, both read already.
    pub fn fund_investment(
        &mut self,
        fund: Option<GuidanceFundId>,
        firm: Option<Uscc>,
        row: &v1::GuidanceFundInvestmentRow,
    ) -> Option<Dated<GuidanceFundInvested>> {
        let amount = self.faults.take(positive_fen("amount_fen", row.amount_fen));
        let day = self.day("effective_date", &row.effective_date);
        Some(Dated { fact: GuidanceFundInvested { fund: fund?, firm: firm?, amount: amount? }, day: day? })
    }
}

impl Scene<'_> {
    /// A guidance fund; none where it was not established by the day, as known.
    pub fn guidance_fund(&self, id: &GuidanceFundId) -> Option<v1::GuidanceFund> {
        let view = self.registry.innovation().guidance_fund(id, self.as_of)?;
        let established = view.established;
        if established.day > self.as_of.day {
            return None;
        }
        let entity = Entity::GuidanceFund(id.clone());
        let (revision, etag) = self.stamp(&entity);
        let contributions = view.contributions.iter().map(|paid| v1::GuidanceFundContribution {
            effective_date: paid.day.to_string(),
            amount_fen: paid.value.amount,
            source: number(paid.value.source.code()),
            position: position(paid.position),
        });
        let investments = view.investments.iter().map(|made| v1::GuidanceFundInvestment {
            effective_date: made.day.to_string(),
            firm: self.name(&Entity::Firm(made.value.firm)),
            amount_fen: made.value.amount,
            position: position(made.position),
        });
        Some(v1::GuidanceFund {
            name: self.name(&entity),
            display_name: established.value.name.clone(),
            size_fen: established.value.size,
            established_date: established.day.to_string(),
            contributions: contributions.collect(),
            investments: investments.collect(),
            position: position(established.position),
            revision,
            etag,
        })
    }
}
