//! What is owed of an entitlement when it is claimed, and how a claim compares with what the facts say later.
//!
//! Only the subject of the entitlement is computed. Where an earlier claim on the same relief pinned the day since which its
//! years run, the window is that one's; where one pinned how an award is split, its parts are split in those proportions,
//! whatever the award has become: they sum to it to the fen.

use super::entitlements::{EntitlementJson, NodeJson};
use super::standing::{RULES_VERSION, Standing, Told, explain_by};
use crate::domain::act::Wanted;
use crate::domain::claim::{Claim, Frozen, Reduction};
use crate::domain::{
    AsOf, ClaimId, Day, Entity, Event, IncubatorId, PolicyId, Reason, ReductionKind, Refusal, Registry, SchemeKey,
    TreasuryCode, Uscc,
};
use crate::policy::words::OncePer;
use crate::policy::{
    Beneficiary, Entitlement, Evaluation, Node, Period, Pinned, Policy, Scheme, Source, Status, Step, split,
};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

/// A policy as published, its text read.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// Its id.
    pub id: &'a PolicyId,
    /// Where its publication is recorded.
    pub position: u64,
    /// SHA-256 of the text.
    pub sha256: [u8; 32],
    /// What it says.
    pub policy: &'a Policy,
}

/// The explanation that a claim keeps: keys are part of the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplanationJson {
    /// The claim.
    pub claim: String,
    /// ISO 8601.
    pub as_of: String,
    /// As known at this position.
    pub known_at: u64,
    /// Id of the policy.
    pub policy: String,
    /// SHA-256 of its text, hex.
    pub policy_sha256: String,
    /// Version of the program's rules.
    pub rules_version: u32,
    /// The entitlement.
    pub entitlement: EntitlementJson,
    /// Code of whoever gets the money.
    pub payee: String,
    /// What is claimed of it, fen.
    pub claimed_fen: i64,
    /// Why it is what it is.
    pub tree: NodeJson,
    /// What is taken off for another award; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacking: Option<NodeJson>,
}

/// What a claim would keep. Who claims, and the explanation's digest and pieces, are its caller's to fill in.
#[derive(Clone, Debug)]
pub struct Owed {
    /// What it keeps.
    pub frozen: Frozen,
    /// The explanation.
    pub explanation: ExplanationJson,
}

/// The beneficiary that an entity is; none: it can't be one.
pub fn beneficiary(entity: &Entity) -> Option<Beneficiary> {
    Some(match entity {
        Entity::Incubator(id) => Beneficiary::Incubator(id.clone()),
        Entity::Firm(code) => Beneficiary::Firm(*code),
        Entity::Intermediary(id) => Beneficiary::Intermediary(id.clone()),
        Entity::Platform(id) => Beneficiary::Platform(id.clone()),
        Entity::Instrument(id) => Beneficiary::Instrument(id.clone()),
        _ => return None,
    })
}

/// The entity that a beneficiary is.
pub fn entity(beneficiary: &Beneficiary) -> Entity {
    match beneficiary {
        Beneficiary::Incubator(id) => Entity::Incubator(id.clone()),
        Beneficiary::Firm(code) => Entity::Firm(*code),
        Beneficiary::Intermediary(id) => Entity::Intermediary(id.clone()),
        Beneficiary::Platform(id) => Entity::Platform(id.clone()),
        Beneficiary::Instrument(id) => Entity::Instrument(id.clone()),
    }
}

/// The claim of an entitlement: its promise (rules §6), of an award that is split with the carrier.
pub fn claim_of(policy: &Policy, line: &Entitlement) -> Result<ClaimId, Refusal> {
    let (scheme, to) = (line.scheme.key(), &line.beneficiary);
    let promise = match (&line.scheme, &line.period) {
        (Scheme::RelocationRebate, Period::Relief { number, .. }) => format!("{to}:{number}"),
        (Scheme::CultivationAward, Period::Firm(code)) => format!("{code}:{to}"),
        (Scheme::LoanInterestSubsidy, Period::Loan(loan)) => match once_per(policy, line) {
            OncePer::Firm => format!("firm:{to}"),
            OncePer::Loan => format!("loan:{loan}"),
        },
        // A contract's number is one of its own.
        (Scheme::TechnologyTransfer, Period::Transfer(contract)) => contract.to_string(),
        (_, period) => format!("{to}:{period}"),
    };
    let name = format!("{scheme}:{promise}");
    ClaimId::parse(&name).map_err(|reason| Refusal::new(reason, format!("{name:?} can't name a claim")))
}

fn once_per(policy: &Policy, line: &Entitlement) -> OncePer {
    let versions = policy.loan_interest_subsidy.all();
    let version = versions.iter().rev().find(|version| Some(version.from) == line.version);
    version.map_or(OncePer::Loan, |version| version.value.terms.once_per)
}

/// What is owed of an entitlement on a day, to be claimed on another (`today`), which is that or a later one.
pub fn owed(registry: &Registry, text: Text<'_>, wanted: &Wanted, (day, today): (Day, Day)) -> Result<Owed, Refusal> {
    let as_of = AsOf { day, known: registry.position() };
    let evaluation = Evaluation::new(registry, text.policy, as_of);
    let unknown = || {
        let Wanted { scheme, beneficiary, period, .. } = wanted;
        let message = format!("there is no {scheme} of {beneficiary} for {period:?} on {day}");
        Refusal::new(Reason::UnknownEntitlement, message)
    };
    let scheme = Scheme::from_key(wanted.scheme.as_str()).ok_or_else(unknown)?;
    let to = beneficiary(&wanted.beneficiary).ok_or_else(unknown)?;
    let asked = (scheme, &to, wanted.period.as_str());
    let firm = relieved(&wanted.beneficiary, &wanted.period, scheme);
    let shares = firm.filter(|_| scheme == Scheme::CultivationAward);
    let shares = shares.and_then(|firm| shares_of(registry, firm, &wanted.beneficiary));
    has_share(shares, &to)?;
    let shares = shares.map_or(&[][..], |(_, shares)| shares);
    let pinned = firm.map(|firm| {
        let start = start_of(registry, firm, (scheme, &to, &wanted.period));
        Pinned { firm, start, shares }
    });
    let (told, lines) = explain_by(registry, as_of, evaluation.pinned(pinned), asked).ok_or_else(unknown)?;
    claimable(&told.standing)?;
    if day != today {
        // Whether anything new may be claimed is a question of today.
        let now = Evaluation::new(registry, text.policy, AsOf { day: today, ..as_of }).pinned(pinned);
        let still = explain_by(registry, AsOf { day: today, ..as_of }, now, asked).ok_or_else(unknown)?;
        not_suspended(&still.0.standing.entitlement)?;
    }
    let id = claim_of(text.policy, &told.standing.entitlement)?;
    let frozen = freeze(registry, text, &id, as_of, &told, (&lines, shares))?;
    let explanation = explanation(text, &frozen, &told);
    Ok(Owed { frozen, explanation })
}

/// ATTRIBUTION_PINNED where another claim pinned that nothing of the award goes to this carrier.
fn has_share(shares: Option<(&ClaimId, &[(IncubatorId, i64)])>, to: &Beneficiary) -> Result<(), Refusal> {
    let Some((pin, shares)) = shares else { return Ok(()) };
    if shares.iter().any(|(carrier, fen)| *fen > 0 && Beneficiary::Incubator(carrier.clone()) == *to) {
        return Ok(());
    }
    let message = format!("nothing of the award goes to {to}, as claim {pin} pinned it");
    Err(Refusal::new(Reason::AttributionPinned, message).with("claim", pin))
}

/// The firm whose relief years an entitlement is of.
fn relieved(beneficiary: &Entity, period: &str, scheme: Scheme) -> Option<Uscc> {
    match (scheme, beneficiary) {
        (Scheme::RelocationRebate, Entity::Firm(code)) => Some(*code),
        (Scheme::CultivationAward, _) => Uscc::parse(period).ok(),
        _ => None,
    }
}

/// Claims whose names begin so, and that are not closed.
fn open_claims<'a>(registry: &'a Registry, prefix: &'a str) -> impl Iterator<Item = (&'a ClaimId, &'a Arc<Claim>)> {
    let all = registry.finance().claims_range(Bound::Included(prefix));
    let of = all.take_while(move |(id, _)| id.as_str().starts_with(prefix));
    of.filter(|(_, claim)| !claim.stage.is_closed())
}

/// Since when the relief years of a firm run, as its first claim pinned; the one asked for pins nothing for itself.
fn start_of(registry: &Registry, firm: Uscc, asked: (Scheme, &Beneficiary, &str)) -> Option<Day> {
    let mut found: Option<(u64, Day)> = None;
    for scheme in [Scheme::RelocationRebate, Scheme::CultivationAward] {
        let prefix = format!("{}:{firm}:", scheme.key());
        for (_, claim) in open_claims(registry, &prefix) {
            let frozen = &claim.frozen;
            let is_asked = frozen.scheme.as_str() == asked.0.key()
                && frozen.beneficiary == entity(asked.1)
                && frozen.is_listed(asked.2);
            if let Some(start) = frozen.start.filter(|_| !is_asked || !claim.grants.is_empty()) {
                found = found.filter(|(at, _)| *at < claim.frozen_position).or(Some((claim.frozen_position, start)));
            }
        }
    }
    found.map(|(_, start)| start)
}

fn claimable(standing: &Standing) -> Result<(), Refusal> {
    let line = &standing.entitlement;
    if line.status != Status::Complete {
        let reason = line.reason.map_or("", |reason| reason.key());
        let message = format!("the entitlement is {} {reason}", line.status.key());
        return Err(Refusal::new(Reason::NotComplete, message.trim()).with("status", line.status.key()));
    }
    not_suspended(line)?;
    if line.payer.is_none() {
        return Err(Refusal::new(Reason::PayerUnknown, "nobody is known to pay it"));
    }
    if line.payee.is_none() {
        return Err(Refusal::new(Reason::PayeeUnknown, "nobody with a code is to be paid"));
    }
    if standing.after_stacking_fen() <= 0 {
        let reason = line.reason.map_or("", |reason| reason.key());
        let message = format!("{} fen are owed, and nothing is left of them {reason}", line.amount_fen);
        return Err(Refusal::new(Reason::NothingToClaim, message.trim()));
    }
    Ok(())
}

fn not_suspended(line: &Entitlement) -> Result<(), Refusal> {
    if !line.suspended {
        return Ok(());
    }
    let message = format!("{} is suspended: its version names no fair-competition review", line.scheme.key());
    Err(Refusal::new(Reason::SchemeSuspended, message).with("scheme", line.scheme.key()))
}

fn freeze(
    registry: &Registry,
    text: Text<'_>,
    id: &ClaimId,
    as_of: AsOf,
    told: &Told,
    (lines, shares): (&[Entitlement], &[(IncubatorId, i64)]),
) -> Result<Frozen, Refusal> {
    let line = &told.standing.entitlement;
    let (Some(payer), Some(payee), Some(version)) = (&line.payer, line.payee, line.version) else {
        return Err(Refusal::new(Reason::PayerUnknown, "nobody is known to pay it"));
    };
    let payer_code = TreasuryCode::parse(&payer.code).map_err(|_| {
        Refusal::new(Reason::PayerUnknown, format!("{:?} is no treasury's code of nine digits", payer.code))
    })?;
    let attribution = if shares.is_empty() { attribution(line, lines) } else { shares.to_vec() };
    let reductions = reductions(told);
    let (counted, sources) = counted(registry, &told.tree);
    let key = line.scheme.key();
    Ok(Frozen {
        claim: id.clone(),
        by: String::new(),
        scheme: SchemeKey::parse(key).map_err(|reason| Refusal::new(reason, key))?,
        beneficiary: entity(&line.beneficiary),
        period: line.period.to_string(),
        payee,
        payer: payer_code,
        payer_name: payer.name.clone(),
        amount: line.amount_fen,
        reductions,
        as_of: as_of.day,
        known: as_of.known,
        policy: text.id.clone(),
        policy_position: text.position,
        policy_sha256: text.sha256,
        version,
        rules_version: RULES_VERSION,
        window: window(&line.period),
        start: start(line.scheme, lines),
        attribution,
        counted: counted.into(),
        sources,
        explanation_sha256: [0; 32],
        explanation_bytes: 0,
        pieces: 0,
    })
}

fn window(period: &Period) -> Option<(Day, Day)> {
    match period {
        Period::Relief { from, to, .. } => Some((*from, *to)),
        Period::Year(year) => Day::from_ymd(*year, 1, 1).zip(Day::from_ymd(year.saturating_add(1), 1, 1)),
        _ => None,
    }
}

/// The first day of the first relief year.
fn start(scheme: Scheme, lines: &[Entitlement]) -> Option<Day> {
    let of_relief = matches!(scheme, Scheme::RelocationRebate | Scheme::CultivationAward);
    lines.iter().filter(|_| of_relief).find_map(|line| match line.period {
        Period::Relief { number: 1, from, .. } => Some(from),
        _ => None,
    })
}

/// How the award of a firm is split, in the proportions that the first freeze pinned, and whose that is: of those that stand
/// the oldest. The claim asked for pins nothing for itself before something of it is approved.
fn shares_of<'a>(
    registry: &'a Registry,
    firm: Uscc,
    asked: &Entity,
) -> Option<(&'a ClaimId, &'a [(IncubatorId, i64)])> {
    let prefix = format!("{}:{firm}:", Scheme::CultivationAward.key());
    let all = registry.finance().claims_range(Bound::Included(&prefix));
    let of_firm = all.take_while(|(id, _)| id.as_str().starts_with(&prefix));
    let others = of_firm.filter(|(_, claim)| !claim.stage.is_closed());
    let pinning = others.filter(|(_, claim)| claim.frozen.beneficiary != *asked || !claim.grants.is_empty());
    let (id, claim) = pinning.min_by_key(|(_, claim)| claim.frozen_position)?;
    Some((id, &claim.frozen.attribution))
}

/// How an award is split as the facts say; empty for other schemes.
fn attribution(line: &Entitlement, lines: &[Entitlement]) -> Vec<(IncubatorId, i64)> {
    let of_award = |other: &&Entitlement| {
        line.scheme == Scheme::CultivationAward && other.scheme == line.scheme && other.period == line.period
    };
    let shares = lines.iter().filter(of_award).filter_map(|other| match &other.beneficiary {
        Beneficiary::Incubator(id) => Some((id.clone(), other.amount_fen)),
        _ => None,
    });
    shares.collect()
}

fn reductions(told: &Told) -> Vec<Reduction> {
    let reduction = told.standing.reduction.iter().map(|of| {
        let other = format!("{} {} {}", of.scheme.key(), of.beneficiary, of.period);
        Reduction { kind: ReductionKind::Stacking, amount: of.fen, of: other }
    });
    reduction.collect()
}

/// Positions of the receipts and payments that an amount counts, and whose lines they stand on.
fn counted(registry: &Registry, tree: &Node) -> (Vec<u64>, Vec<Entity>) {
    let mut positions = BTreeSet::new();
    collect(tree, &mut positions);
    let mut sources = BTreeSet::new();
    positions.retain(|position| {
        let entry = registry.entry_at(*position);
        let counts = entry
            .as_ref()
            .is_some_and(|entry| matches!(entry.event, Event::TaxReceiptRecorded(_) | Event::InterestPaid { .. }));
        sources.extend(entry.filter(|_| counts).and_then(|entry| entry.event.owner()));
        counts
    });
    (positions.into_iter().collect(), sources.into_iter().collect())
}

fn collect(node: &Node, positions: &mut BTreeSet<u64>) {
    if let (Step::Given, Source::Fact { position, .. }) = (node.step, &node.source) {
        positions.insert(*position);
    }
    for child in &node.children {
        collect(child, positions);
    }
}

fn explanation(text: Text<'_>, frozen: &Frozen, told: &Told) -> ExplanationJson {
    ExplanationJson {
        claim: frozen.claim.to_string(),
        as_of: frozen.as_of.to_string(),
        known_at: frozen.known,
        policy: text.id.to_string(),
        policy_sha256: hex::encode(text.sha256),
        rules_version: RULES_VERSION,
        entitlement: (&told.standing.entitlement).into(),
        payee: frozen.payee.to_string(),
        claimed_fen: frozen.claimed(),
        tree: (&told.tree).into(),
        stacking: told.stacking.as_ref().map(Into::into),
    }
}

/// What the facts say now of what a claim keeps, nothing pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The amount of the entitlement, fen; 0 where there is none any more.
    pub amount: i64,
    /// What would be claimed of it, fen.
    pub claimed: i64,
    /// Its window.
    pub window: Option<(Day, Day)>,
    /// How the award is split.
    pub attribution: Vec<(IncubatorId, i64)>,
    /// Whom the money would go to.
    pub payee: Option<Uscc>,
    /// Who would pay.
    pub payer: Option<String>,
    /// Whether any of it differs from what the claim keeps.
    pub differs: bool,
}

/// An award split in the proportions that are pinned.
fn split_as(pinned: &[(IncubatorId, i64)], award: &[(IncubatorId, i64)]) -> Vec<(IncubatorId, i64)> {
    let weights: Vec<i64> = pinned.iter().map(|(_, fen)| *fen).collect();
    let whole: i128 = award.iter().map(|(_, fen)| i128::from(*fen)).sum();
    let fens = split(whole, &weights).into_iter().map(|fen| i64::try_from(fen).unwrap_or(i64::MAX));
    pinned.iter().map(|(carrier, _)| carrier.clone()).zip(fens).collect()
}

/// Compares a claim with the facts, by the day that it was frozen as of.
pub fn drift(registry: &Registry, policy: &Policy, frozen: &Frozen, as_of: AsOf) -> Drift {
    let told =
        Scheme::from_key(frozen.scheme.as_str()).zip(beneficiary(&frozen.beneficiary)).and_then(|(scheme, to)| {
            let number = frozen.period.strip_prefix("year ").and_then(|rest| rest.split_once(':'));
            let period = number.map_or(frozen.period.as_str(), |(number, _)| number);
            explain_by(registry, as_of, Evaluation::new(registry, policy, as_of), (scheme, &to, period))
        });
    let Some((told, lines)) = told else {
        let attribution = Vec::new();
        return Drift { amount: 0, claimed: 0, window: None, attribution, payee: None, payer: None, differs: true };
    };
    let line = &told.standing.entitlement;
    let attribution = attribution(line, &lines);
    let (window, payer) = (window(&line.period), line.payer.as_ref().map(|payer| payer.code.clone()));
    let claimed = told.standing.after_stacking_fen();
    let differs = line.amount_fen != frozen.amount
        || claimed != frozen.claimed()
        || window != frozen.window
        || attribution != split_as(&frozen.attribution, &attribution)
        || line.payee != Some(frozen.payee)
        || payer.as_deref() != Some(frozen.payer.as_str());
    Drift { amount: line.amount_fen, claimed, window, attribution, payee: line.payee, payer, differs }
}
