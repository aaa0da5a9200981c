//! Steps of claims, to and from stored messages.

use super::day;
use super::read::{Read, documents, entity, firm, id, message, word};
use crate::domain::budget::BudgetId;
use crate::domain::claim::{Approved, ClaimEvent, Frozen, Piece, Reduction, Taken};
use crate::domain::{ClaimId, Day, Event, IncubatorId, PolicyId, Purpose, ReductionKind, SchemeKey, TreasuryCode};
use crate::wire::journal as stored;
use prost::Message as _;

fn claim(text: &str) -> Result<ClaimId, String> {
    id(ClaimId::parse(text), text)
}

fn taken((claim_id, by, text): (String, String, String)) -> Result<Taken, String> {
    Ok(Taken { claim: claim(&claim_id)?, by, text })
}

fn digest(bytes: &[u8]) -> Result<[u8; 32], String> {
    bytes.try_into().map_err(|_| format!("a SHA-256 has 32 bytes, not {}", bytes.len()))
}

/// Reads types 110 to 126.
pub(super) fn read(event_type: u16, payload: &[u8]) -> Read {
    let frozen = |of: Option<stored::Frozen>| frozen(of.unwrap_or_default()).map(Box::new);
    let (event, attached) = match event_type {
        110 => {
            let m: stored::Claimed = message(payload)?;
            (ClaimEvent::Claimed(frozen(m.frozen)?), m.documents)
        }
        111 => {
            let m: stored::ClaimExplained = message(payload)?;
            let piece = Piece { claim: claim(&m.claim_id)?, index: m.index, bytes: m.bytes.into() };
            (ClaimEvent::Explained(piece), m.documents)
        }
        112 => {
            let m: stored::ClaimAccepted = message(payload)?;
            (ClaimEvent::Accepted(taken((m.claim_id, m.by, m.text))?), m.documents)
        }
        113 => {
            let m: stored::ClaimReviewed = message(payload)?;
            (ClaimEvent::Reviewed(taken((m.claim_id, m.by, m.text))?), m.documents)
        }
        114 => {
            let m: stored::ClaimPublished = message(payload)?;
            let until = day(m.until_day)?;
            (ClaimEvent::Published { taken: taken((m.claim_id, m.by, m.text))?, until }, m.documents)
        }
        115 => {
            let m: stored::ObjectionRaised = message(payload)?;
            let objection = m.objection;
            (ClaimEvent::ObjectionRaised { taken: taken((m.claim_id, m.by, m.text))?, objection }, m.documents)
        }
        116 => {
            let m: stored::ObjectionResolved = message(payload)?;
            let (objection, upheld) = (m.objection, m.upheld);
            let taken = taken((m.claim_id, m.by, m.text))?;
            (ClaimEvent::ObjectionResolved { taken, objection, upheld }, m.documents)
        }
        117 => {
            let m: stored::ClaimApproved = message(payload)?;
            let approved = Approved {
                taken: taken((m.claim_id, m.by, m.text))?,
                budget: id(BudgetId::parse(&m.budget_id), &m.budget_id)?,
                awarded: m.awarded_fen,
                round: m.round,
            };
            (ClaimEvent::Approved(approved), m.documents)
        }
        118 => {
            let m: stored::ClaimWithdrawn = message(payload)?;
            (ClaimEvent::Withdrawn(taken((m.claim_id, m.by, m.text))?), m.documents)
        }
        119 => {
            let m: stored::ClaimRejected = message(payload)?;
            (ClaimEvent::Rejected(taken((m.claim_id, m.by, m.text))?), m.documents)
        }
        120 => {
            let m: stored::ClaimReopened = message(payload)?;
            (ClaimEvent::Reopened(frozen(m.frozen)?), m.documents)
        }
        121 => {
            let m: stored::ClaimRefrozen = message(payload)?;
            (ClaimEvent::Refrozen(frozen(m.frozen)?), m.documents)
        }
        122 => {
            let m: stored::ClaimSupplemented = message(payload)?;
            (ClaimEvent::Supplemented { frozen: frozen(m.frozen)?, due: m.due_fen }, m.documents)
        }
        _ => return after_payment(event_type, payload),
    };
    Ok((Event::Claim(event), documents(attached)?))
}

fn after_payment(event_type: u16, payload: &[u8]) -> Read {
    let (event, attached) = match event_type {
        123 => {
            let m: stored::RecoveryOrdered = message(payload)?;
            let (recovery, amount) = (m.recovery, m.amount_fen);
            let taken = taken((m.claim_id, m.by, m.text))?;
            (ClaimEvent::RecoveryOrdered { taken, recovery, amount }, m.documents)
        }
        124 => {
            let m: stored::RecoveryReceived = message(payload)?;
            let (recovery, amount) = (m.recovery, m.amount_fen);
            let taken = taken((m.claim_id, m.by, m.text))?;
            (ClaimEvent::RecoveryReceived { taken, recovery, amount }, m.documents)
        }
        125 => {
            let m: stored::PerformanceReported = message(payload)?;
            (ClaimEvent::PerformanceReported(taken((m.claim_id, m.by, m.text))?), m.documents)
        }
        _ => {
            let m: stored::EarmarkSpent = message(payload)?;
            let purpose = word(Purpose::from_code(m.purpose), "purpose", m.purpose)?;
            let taken = taken((m.claim_id, m.by, m.text))?;
            (ClaimEvent::EarmarkSpent { taken, purpose, amount: m.amount_fen }, m.documents)
        }
    };
    Ok((Event::Claim(event), documents(attached)?))
}

fn frozen(m: stored::Frozen) -> Result<Frozen, String> {
    let mut at = 0u64;
    let counted = m.counted.iter().map(|step| {
        at = at.checked_add(*step).ok_or("the positions that are counted overflow")?;
        Ok(at)
    });
    let counted = counted.collect::<Result<Vec<u64>, &str>>()?;
    let reduction = |m: stored::FrozenReduction| {
        let kind = word(ReductionKind::from_code(m.kind), "reduction", m.kind)?;
        Ok::<_, String>(Reduction { kind, amount: m.amount_fen, of: m.of })
    };
    let share = |m: stored::FrozenShare| {
        Ok::<_, String>((id(IncubatorId::parse(&m.incubator_id), &m.incubator_id)?, m.amount_fen))
    };
    let window = match (m.window_from_day, m.window_to_day) {
        (Some(from), Some(to)) => Some((day(from)?, day(to)?)),
        _ => None,
    };
    Ok(Frozen {
        claim: claim(&m.claim_id)?,
        by: m.by,
        scheme: id(SchemeKey::parse(&m.scheme), &m.scheme)?,
        beneficiary: entity(&m.beneficiary)?,
        period: m.period,
        payee: firm(&m.payee_code)?,
        payer: id(TreasuryCode::parse(&m.payer_code), &m.payer_code)?,
        payer_name: m.payer_name,
        amount: m.amount_fen,
        reductions: m.reductions.into_iter().map(reduction).collect::<Result<_, _>>()?,
        as_of: day(m.as_of_day)?,
        known: m.known_position,
        policy: id(PolicyId::parse(&m.policy_id), &m.policy_id)?,
        policy_position: m.policy_position,
        policy_sha256: digest(&m.policy_sha256)?,
        version: day(m.version_day)?,
        rules_version: m.rules_version,
        window,
        start: m.start_day.map(day).transpose()?,
        attribution: m.attribution.into_iter().map(share).collect::<Result<_, _>>()?,
        counted: counted.into(),
        sources: m.sources.iter().map(|name| entity(name)).collect::<Result<_, _>>()?,
        explanation_sha256: digest(&m.explanation_sha256)?,
        explanation_bytes: m.explanation_bytes,
        pieces: m.pieces,
    })
}

fn stored(of: &Frozen) -> stored::Frozen {
    let mut before = 0;
    let step = |position: &u64| position - std::mem::replace(&mut before, *position);
    let counted = of.counted.iter().map(step).collect();
    let reduction =
        |of: &Reduction| stored::FrozenReduction { kind: of.kind.code(), amount_fen: of.amount, of: of.of.clone() };
    let share = |(incubator, fen): &(IncubatorId, i64)| stored::FrozenShare {
        incubator_id: incubator.to_string(),
        amount_fen: *fen,
    };
    stored::Frozen {
        claim_id: of.claim.to_string(),
        by: of.by.clone(),
        scheme: of.scheme.to_string(),
        beneficiary: of.beneficiary.to_string(),
        period: of.period.clone(),
        payee_code: of.payee.to_string(),
        payer_code: of.payer.to_string(),
        payer_name: of.payer_name.clone(),
        amount_fen: of.amount,
        reductions: of.reductions.iter().map(reduction).collect(),
        as_of_day: of.as_of.days(),
        known_position: of.known,
        policy_id: of.policy.to_string(),
        policy_position: of.policy_position,
        policy_sha256: of.policy_sha256.to_vec(),
        version_day: of.version.days(),
        rules_version: of.rules_version,
        window_from_day: of.window.map(|(from, _)| from.days()),
        window_to_day: of.window.map(|(_, to)| to.days()),
        start_day: of.start.map(Day::days),
        attribution: of.attribution.iter().map(share).collect(),
        counted,
        sources: of.sources.iter().map(ToString::to_string).collect(),
        explanation_sha256: of.explanation_sha256.to_vec(),
        explanation_bytes: of.explanation_bytes,
        pieces: of.pieces,
    }
}

/// The payload of a step of a claim.
pub(super) fn write(event: &ClaimEvent, documents: Vec<stored::Document>) -> Vec<u8> {
    let claim_id = event.claim().to_string();
    macro_rules! step {
        ($message:ident, $taken:expr $(, $field:ident: $value:expr)*) => {{
            let (by, text) = ($taken.by.clone(), $taken.text.clone());
            stored::$message { claim_id, by, text, $($field: $value,)* documents }.encode_to_vec()
        }};
    }
    match event {
        ClaimEvent::Claimed(of) => stored::Claimed { frozen: Some(stored(of)), documents }.encode_to_vec(),
        ClaimEvent::Reopened(of) => stored::ClaimReopened { frozen: Some(stored(of)), documents }.encode_to_vec(),
        ClaimEvent::Refrozen(of) => stored::ClaimRefrozen { frozen: Some(stored(of)), documents }.encode_to_vec(),
        ClaimEvent::Supplemented { frozen, due } => {
            stored::ClaimSupplemented { frozen: Some(stored(frozen)), due_fen: *due, documents }.encode_to_vec()
        }
        ClaimEvent::Explained(piece) => {
            let (index, bytes) = (piece.index, piece.bytes.to_vec());
            stored::ClaimExplained { claim_id, index, bytes, documents }.encode_to_vec()
        }
        ClaimEvent::Accepted(taken) => step!(ClaimAccepted, taken),
        ClaimEvent::Reviewed(taken) => step!(ClaimReviewed, taken),
        ClaimEvent::Published { taken, until } => step!(ClaimPublished, taken, until_day: until.days()),
        ClaimEvent::ObjectionRaised { taken, objection } => {
            step!(ObjectionRaised, taken, objection: *objection)
        }
        ClaimEvent::ObjectionResolved { taken, objection, upheld } => {
            step!(ObjectionResolved, taken, objection: *objection, upheld: *upheld)
        }
        ClaimEvent::Approved(Approved { taken, budget, awarded, round }) => {
            step!(ClaimApproved, taken, budget_id: budget.to_string(), awarded_fen: *awarded, round: *round)
        }
        ClaimEvent::Withdrawn(taken) => step!(ClaimWithdrawn, taken),
        ClaimEvent::Rejected(taken) => step!(ClaimRejected, taken),
        ClaimEvent::RecoveryOrdered { taken, recovery, amount } => {
            step!(RecoveryOrdered, taken, recovery: *recovery, amount_fen: *amount)
        }
        ClaimEvent::RecoveryReceived { taken, recovery, amount } => {
            step!(RecoveryReceived, taken, recovery: *recovery, amount_fen: *amount)
        }
        ClaimEvent::PerformanceReported(taken) => step!(PerformanceReported, taken),
        ClaimEvent::EarmarkSpent { taken, purpose, amount } => {
            step!(EarmarkSpent, taken, purpose: purpose.code(), amount_fen: *amount)
        }
    }
}
