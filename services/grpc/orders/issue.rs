//! Issuing orders for what is approved, claim by claim.

use super::super::convert::{Reader, Scene, position, reason};
use super::super::{Districts, bounds, status};
use crate::domain::act::Act;
use crate::domain::claim::Claim;
use crate::domain::{AsOf, ClaimId, Command, Day, Entity, Event, Reason, Refusal, SchemeKey, TreasuryCode};
use crate::engine::{Engine, Principal, RowOutcome};
use crate::wire::v1;
use std::ops::Bound;
use tonic::Status;

/// Claims at a time when nothing is said.
const PAGE_DEFAULT: i32 = 100;
/// Claims at a time at most: what shares one turn of the writer.
const PAGE_MAX: i32 = 500;

/// Which claims.
struct Asked {
    payer: Option<TreasuryCode>,
    scheme: Option<SchemeKey>,
    year: Option<i16>,
    claims: Vec<ClaimId>,
    after: Option<ClaimId>,
    size: usize,
    purpose: String,
}

impl Asked {
    fn read(reader: &mut Reader<'_>, ask: &v1::IssueOrdersRequest) -> Option<Self> {
        let payer = reader.optional_treasury("payer_code", &ask.payer_code);
        let scheme = reader.optional_scheme("scheme", &ask.scheme);
        let year = reader.optional_fiscal_year("fiscal_year", ask.fiscal_year);
        let purpose = reader.optional_text("purpose", &ask.purpose);
        let after = match ask.after_claim.as_str() {
            "" => Some(None),
            name => reader.ordered_claim("after_claim", name).map(Some),
        };
        let named = ask.claims.iter().enumerate();
        let claims: Vec<_> =
            named.map(|(index, name)| reader.ordered_claim(&format!("claims[{index}]"), name)).collect();
        if ask.claims.len() > PAGE_MAX.unsigned_abs() as usize {
            let message = format!("{} claims; at most {PAGE_MAX}", ask.claims.len());
            reader.faults.push(Reason::OutOfRange, "claims", message);
        }
        let size = if ask.page_size == 0 { PAGE_DEFAULT } else { ask.page_size.min(PAGE_MAX) };
        let size = usize::try_from(size).ok().or_else(|| {
            let message = format!("page_size is {}; it is not negative", ask.page_size);
            reader.faults.push(Reason::OutOfRange, "page_size", message);
            None
        });
        Some(Self {
            payer: payer?,
            scheme: scheme?,
            year: year?,
            claims: claims.into_iter().collect::<Option<_>>()?,
            after: after?,
            size: size?,
            purpose: purpose?,
        })
    }

    /// Whether something of the claim waits for an order that these words select.
    fn selects(&self, claim: &Claim) -> bool {
        let Some((_, grant)) = claim.open_grant() else { return false };
        let year = grant.budget.as_ref().map(|budget| budget.year);
        self.payer.is_none_or(|payer| grant.frozen.payer == payer)
            && self.scheme.as_ref().is_none_or(|scheme| claim.frozen.scheme == *scheme)
            && self.year.is_none_or(|wanted| year.is_none_or(|year| year == wanted))
    }
}

/// Issues them.
pub async fn run(
    districts: &Districts,
    principal: Principal,
    ask: &v1::IssueOrdersRequest,
) -> Result<v1::IssueOrdersResponse, Status> {
    let (engine, asked) = {
        let mut reader = Reader::new(districts);
        let parent = reader.parent("parent", &ask.parent);
        let asked = Asked::read(&mut reader, ask);
        reader.finish(parent.and(asked))?
    };
    let (claims, next) = chosen(engine, &asked);
    let act = |claim: &ClaimId| {
        Command::act(Act::IssueOrder { claim: claim.clone(), purpose: asked.purpose.clone() }, Vec::new())
    };
    let commands: Vec<_> = claims.iter().map(act).collect();
    let (outcomes, at) = if ask.validate_only {
        let mut rehearsal = engine.rehearse(&principal.id, bounds::of_rows());
        (rehearsal.rows(&commands), rehearsal.position())
    } else {
        engine.submit_rows_within(principal, commands, bounds::of_rows()).await.map_err(status::of)?
    };
    let published = engine.published();
    let scene = Scene {
        district: engine.district(),
        registry: &published.registry,
        as_of: AsOf::NOW,
        reading_day: Day::MAX,
        now: true,
    };
    let draws = !ask.validate_only;
    let results = claims.iter().zip(outcomes).map(|(claim, outcome)| result(&scene, claim, outcome, draws));
    Ok(v1::IssueOrdersResponse {
        results: results.collect(),
        next_claim: next.map(|claim| scene.name(&Entity::Claim(claim))).unwrap_or_default(),
        position: position(at),
    })
}

/// The claims of this call, and behind which the next goes on.
fn chosen(engine: &Engine, asked: &Asked) -> (Vec<ClaimId>, Option<ClaimId>) {
    if !asked.claims.is_empty() {
        return (asked.claims.clone(), None);
    }
    let published = engine.published();
    let from = asked.after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
    let all = published.registry.finance().claims_range(from);
    let mut found = all.filter(|(_, claim)| asked.selects(claim)).map(|(id, _)| id.clone());
    let claims: Vec<ClaimId> = found.by_ref().take(asked.size).collect();
    let next = found.next().and_then(|_| claims.last().cloned());
    (claims, next)
}

fn result(scene: &Scene<'_>, claim: &ClaimId, outcome: RowOutcome, draws: bool) -> v1::IssuedOrder {
    let blank = v1::IssuedOrder { claim: scene.name(&Entity::Claim(claim.clone())), ..Default::default() };
    match outcome {
        RowOutcome::Accepted { position, .. } => {
            let order = scene.registry.entry_at(position).filter(|_| draws).and_then(|entry| match &entry.event {
                Event::Order(of) => scene.payment_order(of.order()),
                _ => None,
            });
            v1::IssuedOrder { order, outcome: v1::RowOutcome::Accepted.into(), ..blank }
        }
        RowOutcome::Skipped { reason: why, .. } => refused(blank, &Refusal::new(why, "nothing new")),
        RowOutcome::Rejected(refusal) => refused(blank, &refusal),
    }
}

fn refused(blank: v1::IssuedOrder, refusal: &Refusal) -> v1::IssuedOrder {
    v1::IssuedOrder {
        outcome: v1::RowOutcome::Rejected.into(),
        reason: reason(refusal.reason).into(),
        message: refusal.message.clone(),
        metadata: status::metadata_of(refusal),
        ..blank
    }
}
