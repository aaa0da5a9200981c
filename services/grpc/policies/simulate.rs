//! What a draft would change of the totals.

use super::kept::Basis;
use super::text;
use crate::domain::{AsOf, PolicyId, Reason};
use crate::grpc::Districts;
use crate::grpc::convert::Reader;
use crate::grpc::entitlements::wire::total;
use crate::grpc::read::{View, view};
use crate::projections::Standings;
use crate::projections::standing::{Total, TotalKey};
use crate::wire::v1;
use std::collections::BTreeMap;
use tonic::{Request, Response, Status};

/// Answers it.
pub async fn run(
    districts: &Districts,
    request: Request<v1::SimulatePolicyRequest>,
) -> Result<Response<v1::SimulatePolicyResponse>, Status> {
    let (view, (which, draft)) = view(districts, request, |reader: &mut Reader<'_>, ask| {
        let parent = reader.parent("parent", &ask.parent);
        let which = reader.optional_policy("policy", &ask.policy);
        let draft = reader.policy_file("content", &ask.content);
        parent.and(which.zip(draft))
    })
    .await?;
    let kept = districts.clone();
    let answer = view.draw(districts, move |view| {
        let basis = in_force(&kept, view, which.as_ref(), &draft.policy.id)?;
        let as_of = AsOf { day: view.reading_day, known: view.position };
        let then = Standings::full(&view.published.registry, &draft.policy, as_of).totals();
        let now = basis.as_ref().map(|basis| kept.kept().standings(view, basis).totals()).unwrap_or_default();
        Ok::<_, Status>(v1::SimulatePolicyResponse {
            totals: compared(&now, &then),
            findings: text::lint(&draft, view.today()),
            basis: basis.map(|basis| basis.wire(view.scene().district)),
        })
    });
    Ok(Response::new(answer.await??))
}

/// The policy to compare with; none where none is published.
fn in_force(
    districts: &Districts,
    view: &View,
    which: Option<&PolicyId>,
    draft: &str,
) -> Result<Option<Basis>, Status> {
    let as_of = AsOf { day: view.reading_day, known: view.position };
    let ids: Vec<PolicyId> = view.published.registry.policies(as_of).map(|(id, _)| id.clone()).collect();
    let same = which.cloned().or_else(|| ids.iter().find(|id| id.as_str() == draft).cloned());
    if same.is_none() && ids.is_empty() {
        return Ok(None);
    }
    districts.kept().basis(view, same.as_ref()).map(Some)
}

fn compared(now: &BTreeMap<TotalKey, Total>, then: &BTreeMap<TotalKey, Total>) -> Vec<v1::SimulatedTotal> {
    let mut all: BTreeMap<&TotalKey, (Total, Total)> = BTreeMap::new();
    for (key, of) in now {
        all.entry(key).or_default().0 = *of;
    }
    for (key, of) in then {
        all.entry(key).or_default().1 = *of;
    }
    let one = |(key, (now, then)): (&TotalKey, (Total, Total))| v1::SimulatedTotal {
        in_force: Some(total(key, &now)),
        draft: Some(total(key, &then)),
        difference_fen: then.amount_fen.saturating_sub(now.amount_fen),
        difference_after_stacking_fen: then.after_stacking_fen.saturating_sub(now.after_stacking_fen),
    };
    all.into_iter().map(one).collect()
}

impl Reader<'_> {
    /// A policy by its resource name; empty: none.
    pub fn optional_policy(&mut self, field: &str, value: &str) -> Option<Option<PolicyId>> {
        if value.is_empty() { Some(None) } else { self.policy(field, value).map(Some) }
    }

    /// A policy by its resource name.
    pub fn policy(&mut self, field: &str, value: &str) -> Option<PolicyId> {
        let id = self.id(field, value, "policies", crate::grpc::convert::names::POLICY)?;
        let read = PolicyId::parse(id);
        read.map_err(|_| self.faults.push(Reason::MalformedName, field, format!("{id:?} is no policy's id"))).ok()
    }
}
