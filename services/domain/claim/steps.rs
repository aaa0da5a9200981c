//! The steps of a claim, decided.

use super::{Claim, ClaimEvent, Frozen, GrantState, PIECES_MAX, Piece, Stage, Taken, state};
use crate::domain::act::{ClaimStep, Deciding, Owed, Wanted};
use crate::domain::calendar::publication_end;
use crate::domain::decide::Decision;
use crate::domain::event::Event;
use crate::domain::reason::{Reason, Refusal};
use crate::domain::values::{ClaimId, Day, positive_fen};
use crate::domain::words::Purpose;
use std::sync::Arc;

/// The scheme whose money is earmarked (rules §5, S1).
const EARMARKED: &str = "incubator_tax_rebate";

/// There is no such claim, or none that whoever asks may know of.
pub fn unknown_claim(id: &ClaimId) -> Refusal {
    Refusal::new(Reason::UnknownClaim, format!("there is no claim {id}")).with("claim", id)
}

impl<'a> Deciding<'a> {
    /// The claim; UNKNOWN_CLAIM.
    pub fn known(&self, id: &ClaimId) -> Result<&'a Arc<Claim>, Refusal> {
        self.registry.finance().claim(id).ok_or_else(|| unknown_claim(id))
    }

    /// The claim at one of the stages; CLAIM_STAGE.
    pub fn at(&self, id: &ClaimId, stages: &[Stage]) -> Result<&'a Arc<Claim>, Refusal> {
        let claim = self.known(id)?;
        if stages.contains(&claim.stage) {
            return Ok(claim);
        }
        let wanted: Vec<&str> = stages.iter().map(|stage| stage.key()).collect();
        let message = format!("claim {id} is {}; this step begins at {}", claim.stage.key(), wanted.join(" or "));
        Err(Refusal::new(Reason::ClaimStage, message)
            .at(claim.position)
            .with("claim", id)
            .with("stage", claim.stage.key()))
    }

    /// Who took a step on a claim, and in which words.
    pub fn taken(&self, claim: &ClaimId, text: &str) -> Taken {
        Taken { claim: claim.clone(), by: self.by(), text: text.to_owned() }
    }

    /// What is owed, which the engine computed for this act.
    fn owed(&self) -> Result<&'a Owed, Refusal> {
        let owed = self
            .ground
            .owed
            .ok_or_else(|| Refusal::new(Reason::Internal, "an act that freezes came without what is owed"))?;
        if owed.pieces.len() > PIECES_MAX {
            let message = format!("the explanation of {} is larger than a claim can keep", owed.frozen.claim);
            return Err(Refusal::new(Reason::TooLarge, message).with("claim", &owed.frozen.claim));
        }
        positive_fen("amount_fen", owed.frozen.claimed())?;
        self.counted_once(&owed.frozen)?;
        Ok(owed)
    }

    /// No receipt counts in two windows of one scheme that are paid, or may be.
    fn counted_once(&self, frozen: &Frozen) -> Result<(), Refusal> {
        let finance = self.registry.finance();
        let others = frozen.sources.iter().flat_map(|source| finance.counted_of(&frozen.scheme, source));
        for other in others.filter(|other| **other != frozen.claim) {
            let Some(claim) = finance.claim(other).filter(|claim| !claim.stage.is_closed()) else { continue };
            // Parts of one award rest on the same receipts.
            if claim.frozen.promise() == frozen.promise() {
                continue;
            }
            let kept = [Some(&claim.frozen), claim.granted()];
            let twice = |kept: &Arc<Frozen>| kept.counts_with(frozen).or_else(|| self.stated_again(kept, frozen));
            if let Some(position) = kept.into_iter().flatten().find_map(twice) {
                let message = format!("the receipt at position {position} is counted by claim {other}");
                return Err(Refusal::new(Reason::ReceiptCountedTwice, message).at(position).with("claim", other));
            }
        }
        Ok(())
    }

    /// A receipt or payment that is counted there, was voided since, and is counted here as it was stated again: the same
    /// voucher and tax, or the same payment of interest, on whatever day. Live facts are never the same, so only what was
    /// voided is looked at.
    fn stated_again(&self, there: &Frozen, here: &Frozen) -> Option<u64> {
        let registry = self.registry;
        let voided = |at: &u64| registry.entry_at(*at).filter(|entry| entry.voided.is_some());
        let gone: Vec<_> = there.counted.iter().filter_map(voided).collect();
        if gone.is_empty() {
            return None;
        }
        here.counted.iter().copied().find(|at| {
            let new = registry.entry_at(*at);
            new.is_some_and(|new| gone.iter().any(|gone| is_same(&gone.event, &new.event)))
        })
    }

    /// A freeze, and the pieces of its explanation behind it.
    fn freeze(&self, owed: &Owed, event: impl FnOnce(Box<Frozen>) -> ClaimEvent) -> Result<Decision, Refusal> {
        let frozen = Frozen { by: self.by(), ..owed.frozen.clone() };
        let claim = frozen.claim.clone();
        let piece = |(index, bytes): (u32, &Arc<[u8]>)| {
            ClaimEvent::Explained(Piece { claim: claim.clone(), index, bytes: Arc::clone(bytes) })
        };
        let pieces: Vec<ClaimEvent> = (0..).zip(&owed.pieces).map(piece).collect();
        self.record(std::iter::once(event(Box::new(frozen))).chain(pieces).map(Event::Claim))
    }
}

/// Whether two facts state one receipt, or one payment of interest, whatever the day and the amount now said.
fn is_same(one: &Event, other: &Event) -> bool {
    match (one, other) {
        (Event::TaxReceiptRecorded(one), Event::TaxReceiptRecorded(other)) => {
            (&one.voucher, one.tax) == (&other.voucher, other.tax)
        }
        (Event::InterestPaid { .. }, Event::InterestPaid { .. }) => one == other,
        _ => false,
    }
}

impl Frozen {
    /// The promise: of an award that is split, that of the whole.
    pub fn promise(&self) -> &str {
        match self.scheme.as_str() {
            // `cultivation_award:{firm}:{carrier}`; a firm's code has 18 characters.
            "cultivation_award" => self.claim.as_str().get(..18 + 18).unwrap_or(self.claim.as_str()),
            _ => self.claim.as_str(),
        }
    }
}

/// CLAIM_EXISTS, told before anything is computed, where the same was claimed already.
pub(in crate::domain) fn may_claim(of: &Deciding<'_>, wanted: &Wanted) -> Result<(), Refusal> {
    // Which promise a loan is claimed under depends on the policy's text.
    if wanted.scheme.as_str() == "loan_interest_subsidy" {
        return Ok(());
    }
    let finance = of.registry.finance();
    let known = finance.claims_of(&wanted.beneficiary).filter_map(|id| finance.claim(id));
    let same = |claim: &&Arc<Claim>| claim.frozen.scheme == wanted.scheme && claim.frozen.is_listed(&wanted.period);
    match known.filter(same).find(|claim| !claim.stage.is_closed()) {
        Some(known) => Err(claimed(known)),
        None => Ok(()),
    }
}

fn claimed(known: &Claim) -> Refusal {
    let message = format!("{} is claimed already, and is {}", known.id(), known.stage.key());
    Refusal::new(Reason::ClaimExists, message).at(known.position).with("claim", known.id())
}

/// Claims what is owed, or opens a closed claim again.
pub(in crate::domain) fn claim(of: &Deciding<'_>) -> Result<Decision, Refusal> {
    let owed = of.owed()?;
    let id = &owed.frozen.claim;
    match of.registry.finance().claim(id) {
        None => of.freeze(owed, ClaimEvent::Claimed),
        Some(known) if known.stage.is_closed() => of.freeze(owed, ClaimEvent::Reopened),
        Some(known) => Err(claimed(known)),
    }
}

/// Whether a claim may be frozen anew: it was never ordered.
pub(in crate::domain) fn may_refreeze(of: &Deciding<'_>, id: &ClaimId) -> Result<(), Refusal> {
    let stages = [Stage::Claimed, Stage::Accepted, Stage::Reviewed, Stage::Published, Stage::Approved];
    let claim = of.at(id, &stages)?;
    if !claim.orders.is_empty() {
        let message = format!("claim {id} was ordered: what it lacks is supplemented, what is too much is recovered");
        return Err(Refusal::new(Reason::ClaimStage, message).with("claim", id).with("stage", claim.stage.key()));
    }
    Ok(())
}

/// Freezes a claim anew before it is ordered.
pub(in crate::domain) fn refreeze(of: &Deciding<'_>, id: &ClaimId) -> Result<Decision, Refusal> {
    may_refreeze(of, id)?;
    of.freeze(of.owed()?, ClaimEvent::Refrozen)
}

/// The claim, where it may be supplemented: all that was approved is paid.
pub(in crate::domain) fn may_supplement<'a>(of: &Deciding<'a>, id: &ClaimId) -> Result<&'a Arc<Claim>, Refusal> {
    of.at(id, &[Stage::Paid, Stage::Reported])
}

/// Claims the difference upwards after payment.
pub(in crate::domain) fn supplement(of: &Deciding<'_>, id: &ClaimId) -> Result<Decision, Refusal> {
    let claim = may_supplement(of, id)?;
    let owed = of.owed()?;
    // What was ordered back is owed again if the facts say so, once: what was asked for it since counts as held.
    let held = claim.asked().saturating_sub(claim.recovery_ordered());
    let due = owed.frozen.claimed().saturating_sub(held);
    if due <= 0 {
        let message = format!("{} fen are owed of {id}, and {held} were granted", owed.frozen.claimed());
        return Err(Refusal::new(Reason::NothingToSupplement, message).with("claim", id));
    }
    of.freeze(owed, |frozen| ClaimEvent::Supplemented { frozen, due })
}

/// A step with an opinion, a reason or grounds.
pub(in crate::domain) fn step(
    of: &Deciding<'_>,
    id: &ClaimId,
    step: ClaimStep,
    text: &str,
) -> Result<Decision, Refusal> {
    let taken = || of.taken(id, text);
    let before_money = [Stage::Claimed, Stage::Accepted, Stage::Reviewed, Stage::Published, Stage::Approved];
    let event = match step {
        ClaimStep::Accept => {
            of.at(id, &[Stage::Claimed])?;
            ClaimEvent::Accepted(taken())
        }
        ClaimStep::Review => {
            let claim = of.at(id, &[Stage::Accepted])?;
            of.another_than(&claim.claimants, "who claims does not review")?;
            ClaimEvent::Reviewed(taken())
        }
        ClaimStep::Publish => {
            of.at(id, &[Stage::Reviewed])?;
            let until = publication_end(of.ground.today, |year| of.registry.finance().calendar(year))?;
            ClaimEvent::Published { taken: taken(), until }
        }
        ClaimStep::Object => {
            let claim = of.at(id, &[Stage::Published])?;
            let objection = u32::try_from(claim.objections.len()).unwrap_or(u32::MAX).saturating_add(1);
            ClaimEvent::ObjectionRaised { taken: taken(), objection }
        }
        ClaimStep::Withdraw | ClaimStep::Reject => {
            let claim = of.at(id, &before_money)?;
            if claim.stage == Stage::Approved && !claim.orders.is_empty() {
                let message = format!("claim {id} was ordered, and is not given up any more");
                let refusal = Refusal::new(Reason::ClaimStage, message).with("claim", id);
                return Err(refusal.with("stage", claim.stage.key()));
            }
            match step {
                ClaimStep::Withdraw => ClaimEvent::Withdrawn(taken()),
                _ => ClaimEvent::Rejected(taken()),
            }
        }
        ClaimStep::Report => {
            of.at(id, &[Stage::Paid])?;
            ClaimEvent::PerformanceReported(taken())
        }
    };
    of.record([Event::Claim(event)])
}

/// Answers an objection.
pub(in crate::domain) fn resolve(
    of: &Deciding<'_>,
    id: &ClaimId,
    objection: u32,
    upheld: bool,
    text: &str,
) -> Result<Decision, Refusal> {
    let claim = of.at(id, &[Stage::Published])?;
    let at = usize::try_from(objection).unwrap_or(usize::MAX).checked_sub(1);
    let stands = at.and_then(|at| claim.objections.get(at)).is_some_and(|known| known.resolved.is_none());
    if !stands {
        let message = format!("claim {id} has no objection {objection} that stands");
        return Err(Refusal::new(Reason::UnknownObjection, message).with("claim", id).with("objection", objection));
    }
    of.record([Event::Claim(ClaimEvent::ObjectionResolved { taken: of.taken(id, text), objection, upheld })])
}

/// What is paid and neither ordered back, fen.
fn kept(claim: &Claim) -> i64 {
    claim.paid().saturating_sub(claim.recovery_ordered())
}

/// Orders money back, at any time after payment.
pub(in crate::domain) fn recover(
    of: &Deciding<'_>,
    id: &ClaimId,
    amount: i64,
    reason: &str,
) -> Result<Decision, Refusal> {
    let claim = of.known(id)?;
    positive_fen("amount_fen", amount)?;
    if !claim.grants.iter().any(|grant| grant.state == GrantState::Paid) {
        of.at(id, &[Stage::Paid, Stage::Reported])?;
    }
    let left = kept(claim);
    if amount > left {
        let message = format!("{amount} fen of claim {id} can't be ordered back: {left} are paid and kept");
        return Err(Refusal::new(Reason::RecoveryExceeded, message).with("claim", id).with("left_fen", left));
    }
    let recovery = u32::try_from(claim.recoveries.len()).unwrap_or(u32::MAX).saturating_add(1);
    of.record([Event::Claim(ClaimEvent::RecoveryOrdered { taken: of.taken(id, reason), recovery, amount })])
}

/// Nothing is spent, and nothing comes back, before the bank's day of the first payment; DATES_OUT_OF_ORDER.
fn not_before_payment(of: &Deciding<'_>, claim: &Claim, day: Day) -> Result<(), Refusal> {
    let paid = |no| of.registry.finance().order(no).and_then(|order| order.paid.as_ref().map(|paid| paid.day));
    match claim.orders.iter().filter_map(paid).min() {
        Some(first) if day < first => {
            let message = format!("{day} lies before {first}, when claim {} was paid", claim.id());
            Err(Refusal::new(Reason::DatesOutOfOrder, message).with("date", day).with("date_before", first))
        }
        _ => Ok(()),
    }
}

/// Money came back.
pub(in crate::domain) fn receive(
    of: &Deciding<'_>,
    id: &ClaimId,
    recovery: u32,
    amount: i64,
    (reference, day): (&str, Day),
) -> Result<Decision, Refusal> {
    let claim = of.known(id)?;
    positive_fen("amount_fen", amount)?;
    let at = usize::try_from(recovery).unwrap_or(usize::MAX).checked_sub(1);
    let known = at.and_then(|at| claim.recoveries.get(at)).ok_or_else(|| {
        let message = format!("claim {id} has no recovery {recovery}");
        Refusal::new(Reason::UnknownRecovery, message).with("claim", id).with("recovery", recovery)
    })?;
    let left = known.ordered.saturating_sub(known.received);
    if amount > left {
        let message = format!("{amount} fen came back of recovery {recovery} of claim {id}; {left} are missing");
        return Err(Refusal::new(Reason::RecoveryExceeded, message).with("claim", id).with("left_fen", left));
    }
    not_before_payment(of, claim, day)?;
    let taken = of.taken(id, reference);
    of.record_on(day, [Event::Claim(ClaimEvent::RecoveryReceived { taken, recovery, amount })])
}

/// Earmarked money was spent.
pub(in crate::domain) fn spend(
    of: &Deciding<'_>,
    id: &ClaimId,
    purpose: Purpose,
    amount: i64,
    (text, day): (&str, Day),
) -> Result<Decision, Refusal> {
    let claim = of.known(id)?;
    if claim.frozen.scheme.as_str() != EARMARKED {
        let message = format!("the money of {} may be spent on anything", claim.frozen.scheme);
        return Err(Refusal::new(Reason::NotEarmarked, message).with("claim", id));
    }
    positive_fen("amount_fen", amount)?;
    let left = kept(claim).saturating_sub(claim.spent());
    if amount > left {
        let message = format!("{amount} fen of claim {id} can't be spent: {} are left", left.max(0));
        return Err(Refusal::new(Reason::EarmarkExceeded, message).with("claim", id).with("left_fen", left.max(0)));
    }
    not_before_payment(of, claim, day)?;
    let taken = of.taken(id, text);
    of.record_on(day, [Event::Claim(ClaimEvent::EarmarkSpent { taken, purpose, amount })])
}

/// Whether a claim may be approved today: its publication is over and no objection stands.
pub(in crate::domain) fn publication_over(of: &Deciding<'_>, id: &ClaimId, claim: &Claim) -> Result<(), Refusal> {
    if let Some(objection) = claim.standing_objection() {
        let message = format!("objection {objection} to claim {id} is not answered");
        return Err(Refusal::new(Reason::ObjectionStanding, message).with("claim", id).with("objection", objection));
    }
    let until = claim.publication.map_or(Day::MAX, |state::Publication { until, .. }| until);
    if of.ground.today <= until {
        let message = format!("the publication of claim {id} runs until {until}");
        return Err(Refusal::new(Reason::PublicationRunning, message).with("claim", id).with("until", until));
    }
    Ok(())
}
