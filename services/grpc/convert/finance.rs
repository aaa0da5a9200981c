//! Claims, budgets, accounts and calendars: names as they come in, resources as they are drawn.

use super::scene::Scene;
use super::{Reader, names, position};
use crate::domain::account::{Account, Known, steps::came_back_by};
use crate::domain::budget::{Budget, BudgetId};
use crate::domain::calendar::CalendarSet;
use crate::domain::claim::{Claim, Frozen, GrantState};
use crate::domain::{ClaimId, Day, Entity, Handing, IncubatorId, Purpose, Uscc};
use crate::grpc::entitlements::wire;
use crate::policy::Scheme;
use crate::projections::claims::Drift;
use crate::wire::v1;

impl Reader<'_> {
    /// A claim by its resource name.
    pub fn claim(&mut self, field: &str, value: &str) -> Option<ClaimId> {
        let id = self.id(field, value, "claims", names::CLAIM)?;
        self.parsed(field, id, ClaimId::parse, "the name of a claim")
    }

    /// A budget by its resource name.
    pub fn budget_name(&mut self, field: &str, value: &str) -> Option<BudgetId> {
        let id = self.id(field, value, "budgets", names::BUDGET)?;
        self.parsed(field, id, BudgetId::parse, "the name of a budget: {payer}-{scheme}-{year}")
    }

    /// An account by its resource name.
    pub fn account_name(&mut self, field: &str, value: &str) -> Option<Uscc> {
        let id = self.id(field, value, "accounts", names::ACCOUNT)?;
        self.code(field, id)
    }
}

fn written(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

fn number(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or(i32::MAX)
}

fn scheme(key: &str) -> i32 {
    Scheme::from_key(key).map(wire::scheme_of).unwrap_or_default().into()
}

impl Scene<'_> {
    /// A claim as seen; none where there is none.
    pub fn claim(&self, id: &ClaimId) -> Option<v1::Claim> {
        let claim = self.registry.finance().claim_seen(id, self.as_of)?;
        let entity = Entity::Claim(id.clone());
        let (revision, etag) = self.stamp(&entity);
        Some(v1::Claim { name: self.name(&entity), revision, etag, ..self.claim_of(&claim) })
    }

    fn claim_of(&self, claim: &Claim) -> v1::Claim {
        let stage = v1::ClaimStage::from_str_name(&format!("CLAIM_STAGE_{}", claim.stage.key()));
        let objection = |(index, of): (usize, &crate::domain::claim::Objection)| v1::ClaimObjection {
            number: number(index),
            grounds: of.grounds.clone(),
            standing: of.resolved.is_none(),
            upheld: of.resolved.as_ref().is_some_and(|(upheld, _)| *upheld),
            answer: of.resolved.as_ref().map(|(_, answer)| answer.clone()).unwrap_or_default(),
            position: position(of.position),
        };
        let recovery = |(index, of): (usize, &crate::domain::claim::Recovery)| v1::ClaimRecovery {
            number: number(index),
            ordered_fen: of.ordered,
            received_fen: of.received,
            reason: of.reason.clone(),
            position: position(of.position),
        };
        let spent = |(purpose, amount): (&Purpose, &i64)| v1::EarmarkSpending {
            purpose: i32::try_from(purpose.code()).unwrap_or_default(),
            amount_fen: *amount,
        };
        let order = |no: &crate::domain::OrderNo| self.name(&Entity::Order(no.clone()));
        v1::Claim {
            stage: stage.unwrap_or_default().into(),
            frozen: Some(self.frozen(&claim.frozen, claim.frozen_position)),
            claimant: claim.frozen.by.clone(),
            reviewer: claim.reviewer.clone(),
            published_date: written(claim.publication.map(|publication| publication.from)),
            published_until_date: written(claim.publication.map(|publication| publication.until)),
            objections: claim.objections.iter().enumerate().map(objection).collect(),
            due_fen: claim.due,
            grants: self.grants(claim),
            approved_fen: claim.approved(),
            ordered_fen: claim.ordered(),
            paid_fen: claim.paid(),
            recoveries: claim.recoveries.iter().enumerate().map(recovery).collect(),
            spent: claim.spent.iter().map(spent).collect(),
            orders: claim.orders.iter().map(order).collect(),
            closed_reason: claim.closed_reason.clone(),
            position: position(claim.position),
            ..Default::default()
        }
    }

    fn grants(&self, claim: &Claim) -> Vec<v1::ClaimGrant> {
        let grant = |of: &crate::domain::claim::Grant| v1::ClaimGrant {
            amount_fen: of.amount,
            budget: of.budget.as_ref().map(|id| self.name(&Entity::Budget(id.clone()))).unwrap_or_default(),
            reason: of.reason.clone(),
            approver: of.by.clone(),
            round: i32::try_from(of.round).unwrap_or(i32::MAX),
            ordered: of.state != GrantState::Open,
            paid: of.state == GrantState::Paid,
            order: of.order.as_ref().map(|no| self.name(&Entity::Order(no.clone()))).unwrap_or_default(),
            position: position(of.position),
        };
        claim.grants.iter().map(grant).collect()
    }

    fn frozen(&self, of: &Frozen, at: u64) -> v1::FrozenEntitlement {
        let reduction = |of: &crate::domain::claim::Reduction| v1::ClaimReduction {
            kind: i32::try_from(of.kind.code()).unwrap_or_default(),
            amount_fen: of.amount,
            yields_to: of.of.clone(),
        };
        v1::FrozenEntitlement {
            scheme: scheme(of.scheme.as_str()),
            beneficiary: self.name(&of.beneficiary),
            period: of.period.clone(),
            payee_code: of.payee.to_string(),
            payer: of.payer.to_string(),
            payer_name: of.payer_name.clone(),
            amount_fen: of.amount,
            reductions: of.reductions.iter().map(reduction).collect(),
            claimed_fen: of.claimed(),
            as_of_date: of.as_of.to_string(),
            known_at_position: position(of.known),
            policy: self.name(&Entity::Policy(of.policy.clone())),
            policy_position: position(of.policy_position),
            policy_sha256: hex::encode(of.policy_sha256),
            version_date: of.version.to_string(),
            rules_version: i32::try_from(of.rules_version).unwrap_or(i32::MAX),
            window_from_date: written(of.window.map(|(from, _)| from)),
            window_to_date: written(of.window.map(|(_, to)| to)),
            start_date: written(of.start),
            attribution: self.shares(&of.attribution),
            counted_receipts: i32::try_from(of.counted.len()).unwrap_or(i32::MAX),
            explanation_sha256: hex::encode(of.explanation_sha256),
            explanation_bytes: position(of.explanation_bytes),
            position: position(at),
        }
    }

    fn shares(&self, of: &[(IncubatorId, i64)]) -> Vec<v1::ClaimShare> {
        let share = |(carrier, fen): &(IncubatorId, i64)| v1::ClaimShare {
            incubator: self.name(&Entity::Incubator(carrier.clone())),
            amount_fen: *fen,
        };
        of.iter().map(share).collect()
    }

    /// What the facts say now.
    pub fn drift(&self, of: Drift) -> v1::ClaimDrift {
        v1::ClaimDrift {
            differs: of.differs,
            amount_fen: of.amount,
            claimed_fen: of.claimed,
            window_from_date: written(of.window.map(|(from, _)| from)),
            window_to_date: written(of.window.map(|(_, to)| to)),
            attribution: self.shares(&of.attribution),
            payee_code: of.payee.map(|code| code.to_string()).unwrap_or_default(),
            payer: of.payer.unwrap_or_default(),
        }
    }

    /// A budget as known.
    pub fn budget(&self, id: &BudgetId) -> Option<v1::Budget> {
        let budget = self.registry.finance().budget_known(id, self.as_of.known)?;
        let entity = Entity::Budget(id.clone());
        let (revision, etag) = self.stamp(&entity);
        Some(v1::Budget { name: self.name(&entity), revision, etag, ..budget_of(id, &budget) })
    }

    /// A payee's account as known.
    pub fn account(&self, holder: &Uscc) -> Option<v1::Account> {
        let account = self.registry.finance().account_known(holder, self.as_of.known)?;
        let Account { confirmed, waiting, position: at, .. } = &account;
        let entity = Entity::Account(*holder);
        let (revision, etag) = self.stamp(&entity);
        Some(v1::Account {
            name: self.name(&entity),
            confirmed: confirmed.as_ref().map(|known| self.version(known)),
            waiting: waiting.as_ref().map(|known| self.version(known)),
            position: position(*at),
            revision,
            etag,
        })
    }

    fn version(&self, known: &Known) -> v1::AccountVersion {
        let came = came_back_by(self.registry, &known.recorded, self.as_of.known);
        v1::AccountVersion {
            holder_name: known.recorded.holder_name.clone(),
            masked_number: format!("****{}", known.recorded.tail),
            bank_name: known.recorded.bank_name.clone(),
            bank_no: known.recorded.bank_no.to_string(),
            maker: known.recorded.by.clone(),
            checker: known.checker.clone(),
            position: position(known.position),
            returned_order_no: came.map(|came| came.order.to_string()).unwrap_or_default(),
        }
    }
}

fn budget_of(id: &BudgetId, budget: &Budget) -> v1::Budget {
    let rule = match budget.handing {
        Handing::FirstCome => v1::BudgetRule::FirstCome,
        Handing::ProRata => v1::BudgetRule::ProRata,
    };
    v1::Budget {
        payer: id.payer.to_string(),
        scheme: scheme(id.scheme.as_str()),
        year: i32::from(id.year),
        rule: rule.into(),
        appropriated_fen: budget.appropriated,
        committed_fen: budget.taking.committed,
        ordered_fen: budget.taking.ordered,
        paid_fen: budget.taking.paid,
        left_fen: budget.left(),
        programme: budget.programme.clone(),
        function_code: budget.function_code.clone(),
        round: budget.round.map_or(0, |round| i32::try_from(round.number).unwrap_or(i32::MAX)),
        round_closes_date: written(budget.round.map(|round| round.closes)),
        round_approved: budget.round.is_some_and(|round| round.approved),
        position: position(budget.position),
        ..Default::default()
    }
}

/// A year's calendar.
pub fn calendar(set: &CalendarSet) -> v1::Calendar {
    v1::Calendar {
        year: i32::from(set.year),
        days_off: set.off.iter().map(ToString::to_string).collect(),
        days_worked: set.worked.iter().map(ToString::to_string).collect(),
        publication_days: i32::try_from(set.publication_days).unwrap_or(i32::MAX),
        document_no: set.document_no.clone(),
    }
}
