//! What an act about money is decided on beside the state: computed by the writer at the decision's head, never taken from
//! whoever asks.

use super::request::{Bounds, decide_within};
use crate::domain::act::{Act, Ground, Owed, Wanted, admit_act, decide_act};
use crate::domain::budget::steps::in_round;
use crate::domain::claim::PIECE_BYTES_MAX;
use crate::domain::words::Handing;
use crate::domain::{AsOf, ClaimId, Command, Day, Decision, Fault, PolicyId, Reason, Refusal, Registry};
use crate::formats::policy::{PolicyFile, parse};
use crate::policy::{BudgetRule, Claim, rounds};
use crate::projections::claims::{Text, owed};
use flate2::Compression;
use flate2::write::ZlibEncoder;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Texts kept as read; past it all are dropped and read again when asked for.
const TEXTS_MAX: usize = 16;

/// Texts of policies as read, by their digests.
#[derive(Debug, Default)]
pub struct Texts(Mutex<HashMap<[u8; 32], Arc<PolicyFile>>>);

impl Texts {
    fn read(&self, sha256: [u8; 32], text: &str) -> Result<Arc<PolicyFile>, Refusal> {
        let mut texts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = texts.get(&sha256) {
            return Ok(Arc::clone(file));
        }
        // The door let it in, so another version of this program could read it.
        let unread = |_| Refusal::new(Reason::Internal, "this program can't read the text of a published policy");
        let file = Arc::new(parse(text).map_err(unread)?);
        if texts.len() >= TEXTS_MAX {
            texts.clear();
        }
        texts.insert(sha256, Arc::clone(&file));
        Ok(file)
    }
}

/// What was computed for an act.
#[derive(Debug, Default)]
pub struct Computed {
    /// What is owed, where the act freezes.
    pub owed: Option<Owed>,
    /// What each claim of a round gets.
    pub awards: Vec<(ClaimId, i64)>,
}

/// Decides a command within bounds: facts by themselves, an act on what is computed for it. Gives the state with what it
/// would record where there is one.
pub fn decided(
    bounds: Option<&dyn Bounds>,
    registry: &Registry,
    texts: &Texts,
    command: &Command,
    (principal, today): (&str, Day),
) -> Result<(Decision, Option<Registry>), Refusal> {
    let Some(act) = &command.act else { return decide_within(bounds, registry, command, today) };
    if let Some(bounds) = bounds {
        bounds.admit(registry, command)?;
    }
    let tell = |refusal| match bounds {
        Some(bounds) => bounds.tell(registry, refusal),
        None => refusal,
    };
    // What is refused whatever is owed is refused before that is computed.
    admit_act(registry, act, Ground { today, principal, owed: None, awards: &[] }).map_err(tell)?;
    let computed = computed(registry, texts, act, today)?;
    let ground = Ground { today, principal, owed: computed.owed.as_ref(), awards: &computed.awards };
    let decision = decide_act(registry, act, &command.documents, ground).map_err(tell)?;
    Ok((decision, None))
}

/// Computes what an act is decided on.
pub fn computed(registry: &Registry, texts: &Texts, act: &Act, today: Day) -> Result<Computed, Refusal> {
    let awards = Vec::new();
    match act {
        Act::Claim(wanted) => Ok(Computed { owed: Some(of_wanted(registry, texts, wanted, today)?), awards }),
        Act::Refreeze(claim) | Act::Supplement(claim) => {
            // Without the claim there is nothing to compute: the decision says so.
            let Some(known) = registry.finance().claim(claim) else { return Ok(Computed::default()) };
            let frozen = &known.frozen;
            let number = frozen.period.strip_prefix("year ").and_then(|rest| rest.split_once(':'));
            let wanted = Wanted {
                scheme: frozen.scheme.clone(),
                beneficiary: frozen.beneficiary.clone(),
                // A relief year by its number: its days may have moved.
                period: number.map_or_else(|| frozen.period.clone(), |(number, _)| number.to_owned()),
                policy: Some(frozen.policy.clone()),
                as_of: None,
            };
            let owed = of_wanted(registry, texts, &wanted, today)?;
            if owed.frozen.claim != *claim {
                let message = format!("what {claim} asked for is owed as {} now", owed.frozen.claim);
                return Err(Refusal::new(Reason::UnknownEntitlement, message).with("claim", claim));
            }
            Ok(Computed { owed: Some(owed), awards })
        }
        Act::ApproveRound(budget) => {
            let asked: Vec<(&ClaimId, i64)> = in_round(registry, budget, today).collect();
            let claims: Vec<Claim<'_>> = asked.iter().map(|(id, fen)| Claim { key: id.as_str(), fen: *fen }).collect();
            let known = registry.finance().budget(budget);
            let left = known.map_or(0, |budget| budget.left());
            let rule = known.map_or(BudgetRule::ProRata, |budget| rule_of(budget.handing));
            let awarded = rounds(&claims, left, rule).awarded;
            let awards = asked.into_iter().zip(awarded).map(|((id, _), fen)| (id.clone(), fen)).collect();
            Ok(Computed { owed: None, awards })
        }
        _ => Ok(Computed::default()),
    }
}

fn rule_of(handing: Handing) -> BudgetRule {
    match handing {
        Handing::FirstCome => BudgetRule::FirstCome,
        Handing::ProRata => BudgetRule::ProRata,
    }
}

fn of_wanted(registry: &Registry, texts: &Texts, wanted: &Wanted, today: Day) -> Result<Owed, Refusal> {
    let day = wanted.as_of.unwrap_or(today);
    if day > today {
        let message = format!("{day} lies after today, {today}");
        return Err(Refusal::new(Reason::DateInFuture, message).with("date", day).with("today", today));
    }
    let (id, file, sha256, position) = published(registry, texts, wanted.policy.as_ref())?;
    let text = Text { id: &id, position, sha256, policy: &file.policy };
    let owed = owed(registry, text, wanted, (day, today))?;
    packed(owed)
}

/// The policy to compute with: the one named, or the only one.
fn published(
    registry: &Registry,
    texts: &Texts,
    which: Option<&PolicyId>,
) -> Result<(PolicyId, Arc<PolicyFile>, [u8; 32], u64), Refusal> {
    let mut found = registry.policies(AsOf::NOW).filter(|(id, _)| which.is_none_or(|which| *id == which));
    let Some((id, publication)) = found.next() else {
        let what = which.map_or("no policy".to_owned(), |id| format!("no policy {id}"));
        return Err(Refusal::new(Reason::UnknownPolicy, format!("{what} is published")));
    };
    let others: Vec<&str> = found.map(|(id, _)| id.as_str()).collect();
    if !others.is_empty() {
        let ids = [&[id.as_str()][..], &others].concat().join(", ");
        let message = format!("several policies are published: {ids}; say which");
        return Err(Refusal::from(Fault::new(Reason::MissingValue, "policy", message)).with("policies", ids));
    }
    let sha256 = publication.published.sha256;
    let file = texts.read(sha256, &publication.published.text)?;
    Ok((id.clone(), file, sha256, publication.position))
}

/// The explanation as it is kept: JSON, packed, in pieces that each fit a record.
fn packed(of: crate::projections::claims::Owed) -> Result<Owed, Refusal> {
    let unkept = |_| Refusal::new(Reason::Internal, "the explanation can't be packed");
    let json = serde_json::to_vec(&of.explanation)
        .map_err(|_| Refusal::new(Reason::Internal, "the explanation can't be written"))?;
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(&json).map_err(unkept)?;
    let packed = zlib.finish().map_err(unkept)?;
    let pieces: Vec<Arc<[u8]>> = packed.chunks(PIECE_BYTES_MAX).map(Arc::from).collect();
    let mut frozen = of.frozen;
    frozen.explanation_sha256 = Sha256::digest(&json).into();
    frozen.explanation_bytes = json.len() as u64;
    frozen.pieces = u32::try_from(pieces.len()).unwrap_or(u32::MAX);
    Ok(Owed { frozen, pieces })
}
