//! Appropriations, approvals and rounds, decided. All run in the single writer, so that two approvers can't both take the
//! last of a budget.

use super::{Appropriated, Budget, BudgetEvent, BudgetId, ROUND_CLAIMS_MAX, Round};
use crate::domain::act::Deciding;
use crate::domain::claim::{Approved, ClaimEvent, Frozen, Stage, steps::publication_over};
use crate::domain::decide::Decision;
use crate::domain::event::Event;
use crate::domain::order::FUNCTION_CODE;
use crate::domain::reason::{Fault, Reason, Refusal};
use crate::domain::values::{ClaimId, Day, fen, nonzero_fen, positive_fen};
use crate::domain::words::Handing;
use std::sync::Arc;

impl<'a> Deciding<'a> {
    /// The budget; UNKNOWN_BUDGET.
    fn budget(&self, id: &BudgetId) -> Result<&'a Arc<Budget>, Refusal> {
        self.registry
            .finance()
            .budget(id)
            .ok_or_else(|| Refusal::new(Reason::UnknownBudget, format!("there is no budget {id}")).with("budget", id))
    }

    /// A budget with so much left; BUDGET_EXHAUSTED, also where there is none.
    pub fn with_left(&self, id: &BudgetId, amount: i64) -> Result<&'a Arc<Budget>, Refusal> {
        let budget = self.registry.finance().budget(id);
        let left = budget.map_or(0, |budget| budget.left()).max(0);
        budget.filter(|_| amount <= left).ok_or_else(|| {
            let message = format!("{amount} fen are asked of budget {id}, which has {left} left");
            Refusal::new(Reason::BudgetExhausted, message).with("budget", id).with("left_fen", left)
        })
    }
}

/// Appropriates, or adjusts.
pub(in crate::domain) fn appropriate(of: &Deciding<'_>, stated: &Appropriated) -> Result<Decision, Refusal> {
    let mut stated = Appropriated { by: of.by(), ..stated.clone() };
    nonzero_fen("amount_fen", stated.amount)?;
    // A payment of its last day may still be told and take again what the year's end freed: nothing is moved beneath it.
    if stated.budget.year < of.ground.today.year() {
        let message = format!("the fiscal year of budget {} is over", stated.budget);
        let refusal = Refusal::new(Reason::YearClosed, message).with("budget", &stated.budget);
        return Err(refusal.with("year", stated.budget.year));
    }
    let known = of.registry.finance().budget(&stated.budget);
    if let Some(known) = known {
        if known.handing != stated.handing {
            let message = format!("budget {} is handed out {}", stated.budget, known.handing.key());
            return Err(Fault::new(Reason::OutOfRange, "rule", message).into());
        }
        for (said, was) in
            [(&mut stated.programme, &known.programme), (&mut stated.function_code, &known.function_code)]
        {
            if said.is_empty() {
                said.clone_from(was);
            }
        }
    }
    if stated.function_code.is_empty() {
        FUNCTION_CODE.clone_into(&mut stated.function_code);
    }
    let (was, committed) = known.map_or((0, 0), |known| (known.appropriated, known.taking.committed));
    let next = was.saturating_add(stated.amount);
    if next < committed.max(0) {
        let message = format!("budget {} would be {next} fen, and {committed} of it are committed", stated.budget);
        let refusal = Refusal::new(Reason::BudgetCommitted, message).with("budget", &stated.budget);
        return Err(refusal.with("committed_fen", committed));
    }
    fen("amount_fen", next)?;
    of.record([Event::Budget(BudgetEvent::Appropriated(Box::new(stated)))])
}

/// The budget of a year that bears what is frozen.
pub(in crate::domain) fn budget_of(frozen: &Frozen, year: i16) -> BudgetId {
    BudgetId { payer: frozen.payer, scheme: frozen.scheme.clone(), year }
}

/// Approves a claim of a first-come budget.
pub(in crate::domain) fn approve(
    of: &Deciding<'_>,
    id: &ClaimId,
    awarded: Option<i64>,
    reason: &str,
) -> Result<Decision, Refusal> {
    let claim = of.at(id, &[Stage::Published])?;
    of.another_than(&claim.claimants, "who claims does not approve")?;
    of.another_than(std::slice::from_ref(&claim.reviewer), "who reviews does not approve")?;
    publication_over(of, id, claim)?;
    let awarded = positive_fen("awarded_fen", awarded.unwrap_or(claim.due))?;
    if awarded > claim.due {
        let message = format!("{awarded} fen are awarded to claim {id}, and {} are claimed", claim.due);
        return Err(Refusal::new(Reason::AwardOverClaim, message).with("claim", id).with("claimed_fen", claim.due));
    }
    if (awarded < claim.due) == reason.is_empty() {
        let message = "a reason goes with an award of less than what is claimed, and with no other";
        return Err(Fault::new(Reason::MissingValue, "reason", message).into());
    }
    let budget = budget_of(&claim.frozen, of.ground.today.year());
    if of.registry.finance().budget(&budget).is_some_and(|known| known.handing == Handing::ProRata) {
        let message = format!("budget {budget} is handed out in rounds");
        return Err(Refusal::new(Reason::RoundRequired, message).with("budget", budget));
    }
    of.with_left(&budget, awarded)?;
    let taken = of.taken(id, reason);
    of.record([Event::Claim(ClaimEvent::Approved(Approved { taken, budget, awarded, round: 0 }))])
}

/// Begins a round.
pub(in crate::domain) fn open_round(of: &Deciding<'_>, id: &BudgetId, closes: Day) -> Result<Decision, Refusal> {
    let budget = of.budget(id)?;
    if budget.handing != Handing::ProRata {
        return Err(round_state(id, "is handed out as approvals come"));
    }
    if budget.round.is_some_and(|round| !round.approved) {
        return Err(round_state(id, "has an open round"));
    }
    // A round is approved behind its last day and in its budget's year: one that ends with the year never could be.
    if closes < of.ground.today || closes.next().year() != id.year {
        let message = format!("{closes} is no day of {} from today to 30 December", id.year);
        return Err(Fault::new(Reason::OutOfRange, "closes_date", message).into());
    }
    let round = budget.round.map_or(0, |round| round.number).saturating_add(1);
    of.record([Event::Budget(BudgetEvent::RoundOpened { budget: id.clone(), by: of.by(), round, closes })])
}

fn round_state(id: &BudgetId, what: &str) -> Refusal {
    Refusal::new(Reason::RoundState, format!("budget {id} {what}")).with("budget", id)
}

/// The round of a budget that may be approved today.
fn round_over(of: &Deciding<'_>, id: &BudgetId, budget: &Budget) -> Result<Round, Refusal> {
    let round = budget.round.filter(|round| !round.approved).ok_or_else(|| round_state(id, "has no open round"))?;
    if of.ground.today <= round.closes {
        let message = format!("round {} of budget {id} runs until {}", round.number, round.closes);
        return Err(Refusal::new(Reason::RoundState, message).with("budget", id).with("closes", round.closes));
    }
    if of.ground.today.year() != id.year {
        return Err(round_state(id, "is of another fiscal year than today's"));
    }
    Ok(round)
}

/// The budget and its round, where that may be approved today; TOO_LARGE where more claims are in it than one act takes.
pub(in crate::domain) fn may_approve_round<'a>(
    of: &Deciding<'a>,
    id: &BudgetId,
) -> Result<(&'a Arc<Budget>, Round), Refusal> {
    let budget = of.budget(id)?;
    let round = round_over(of, id, budget)?;
    let claims = in_round(of.registry, id, of.ground.today).count();
    if claims > ROUND_CLAIMS_MAX {
        let message = format!("{claims} claims are in round {} of budget {id}", round.number);
        let refusal = Refusal::new(Reason::TooLarge, message).with("budget", id).with("count", claims);
        return Err(refusal.with("most", ROUND_CLAIMS_MAX));
    }
    Ok((budget, round))
}

/// Approves a round in one act. What each claim gets was computed at the decision's head; it is judged here all the same.
pub(in crate::domain) fn approve_round(of: &Deciding<'_>, id: &BudgetId) -> Result<Decision, Refusal> {
    let (budget, round) = may_approve_round(of, id)?;
    let mut events = Vec::new();
    let (mut sum, mut claimed) = (0i64, 0i64);
    for (claim_id, awarded) in of.ground.awards {
        let claim = of.at(claim_id, &[Stage::Published])?;
        of.another_than(&claim.claimants, "who claims does not approve")?;
        of.another_than(std::slice::from_ref(&claim.reviewer), "who reviews does not approve")?;
        publication_over(of, claim_id, claim)?;
        if budget_of(&claim.frozen, id.year) != *id || *awarded > claim.due || *awarded < 0 {
            let message = format!("{awarded} fen of claim {claim_id} are no part of this round");
            return Err(Refusal::new(Reason::Internal, message));
        }
        claimed = claimed.saturating_add(claim.due);
        if *awarded == 0 {
            continue; // Nothing is left for it: it waits for another round.
        }
        sum = sum.saturating_add(*awarded);
        let reason = match *awarded < claim.due {
            true => format!("按比例分配，第{}批：{awarded} / {}", round.number, claim.due),
            false => String::new(),
        };
        let taken = of.taken(claim_id, &reason);
        let approved = Approved { taken, budget: id.clone(), awarded: *awarded, round: round.number };
        events.push(Event::Claim(ClaimEvent::Approved(approved)));
    }
    of.with_left(id, sum)?;
    let claims = u32::try_from(events.len()).unwrap_or(u32::MAX);
    let (available, by) = (budget.left(), of.by());
    let act = BudgetEvent::RoundApproved { budget: id.clone(), by, round: round.number, available, claimed, claims };
    of.record(std::iter::once(Event::Budget(act)).chain(events))
}

/// Claims that a round takes, with what each asks: published no later than its last day, the publication over, and no
/// objection standing. In the order of their names.
pub fn in_round<'a>(
    registry: &'a crate::domain::Registry,
    id: &'a BudgetId,
    today: Day,
) -> impl Iterator<Item = (&'a ClaimId, i64)> {
    let closes = registry.finance().budget(id).and_then(|budget| budget.round).map(|round| round.closes);
    registry.finance().claims_from("").filter_map(move |(claim_id, claim)| {
        let publication = claim.publication?;
        let takes = claim.stage == Stage::Published
            && claim.frozen.payer == id.payer
            && claim.frozen.scheme == id.scheme
            && closes.is_some_and(|closes| publication.from <= closes)
            && publication.until < today
            && claim.standing_objection().is_none();
        takes.then_some((claim_id, claim.due))
    })
}
