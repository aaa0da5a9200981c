//! The sample policy, published into the sample district: without one nothing is owed.

use crate::domain::event::PolicyPublished;
use crate::domain::{AsOf, Command, Event, PolicyId, Stated};
use crate::engine::clock::shanghai_day;
use crate::engine::{Engine, Principal, RowOutcome};
use crate::formats::policy::parse;
use sha2::{Digest as _, Sha256};

const POLICY: &str = include_str!("../../deploy/demo/policy.toml");

/// Publishes it today, unless it is in force already; says what became of it in one line.
pub(super) async fn publish(engine: &Engine, principal: &str) -> Result<String, String> {
    let file = parse(POLICY).map_err(|faults| format!("policy.toml: {faults:?}"))?;
    let policy = PolicyId::parse(&file.policy.id).map_err(|reason| format!("policy.toml: {}", reason.word()))?;
    let sha256: [u8; 32] = Sha256::digest(POLICY.as_bytes()).into();
    let line = |what: &str| format!("  policy {}: {what}", file.policy.id);
    let published = engine.published();
    let in_force = published.registry.policies(AsOf::NOW).find(|(id, _)| **id == policy);
    if in_force.is_some_and(|(_, publication)| publication.published.sha256 == sha256) {
        return Ok(line("in force already"));
    }
    let today = shanghai_day(engine.clock().now_micros());
    let title = file.policy.title.clone();
    let event = Event::PolicyPublished(PolicyPublished { policy, title, text: POLICY.into(), sha256 });
    let command = Command::new(vec![Stated::new(today, event)], Vec::new(), None).map_err(|refusal| refusal.message)?;
    let principal = Principal { id: principal.to_owned(), on_behalf_of: String::new() };
    let (outcomes, _) = engine.submit_rows(principal, vec![Ok(command)]).await.map_err(|error| error.to_string())?;
    match outcomes.into_iter().next() {
        Some(RowOutcome::Rejected(refusal)) => Err(format!("policy.toml: {}", refusal.message)),
        _ => Ok(line("published")),
    }
}
