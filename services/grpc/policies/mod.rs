//! `PolicyService`: a policy is read and linted here, at the door, before it is a command; what is in force is read from the
//! facts.

pub mod kept;
mod simulate;
pub mod text;

use super::command::{Answer, Answering, Stating, run};
use super::convert::{Reader, Scene, position};
use super::page::Page;
use super::read::{View, view, wait_of};
use super::{Districts, status};
use crate::domain::policies::{Publication, publications};
use crate::domain::{AsOf, Day, Entity, Event, PolicyId, Reason, Refusal, Registry, Stated};
use crate::engine::clock::shanghai_day;
use crate::policy::flat::{Parameter, differences, parameters};
use crate::wire::v1;
use kept::Kept;
use tonic::{Request, Response, Status};

/// The service.
pub struct Policies(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::policy_service_server::PolicyService for Policies {
    async fn publish_policy(&self, request: Request<v1::PublishPolicyRequest>) -> Reply<v1::PublishPolicyResponse> {
        run(&self.0, request).await
    }

    async fn lint_policy(&self, request: Request<v1::LintPolicyRequest>) -> Reply<v1::LintPolicyResponse> {
        let ask = request.into_inner();
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &ask.parent);
        if ask.content.is_empty() {
            reader.faults.push(Reason::MissingValue, "content", "content is required");
        }
        let (engine, ()) = reader.finish(parent)?;
        let (findings, policy_id) = text::findings(&ask.content, shanghai_day(engine.clock().now_micros()));
        let publishable = findings.iter().all(|finding| finding.severity() != v1::FindingSeverity::Error);
        Ok(Response::new(v1::LintPolicyResponse { findings, publishable, policy_id }))
    }

    async fn get_policy(&self, request: Request<v1::GetPolicyRequest>) -> Reply<v1::GetPolicyResponse> {
        let (view, id) = view(&self.0, request, |reader, ask| reader.policy("name", &ask.name)).await?;
        let basis = self.0.kept().basis(&view, Some(&id))?;
        let scene = view.scene();
        let entry = scene.registry.entry_at(basis.published);
        let content = match entry.as_ref().map(|entry| &entry.event) {
            Some(Event::PolicyPublished(published)) => published.text.to_string(),
            _ => String::new(),
        };
        let day = view.reading_day;
        let in_force = parameters(&basis.file.policy).into_iter().filter(|parameter| parameter.holds_on(day));
        Ok(Response::new(v1::GetPolicyResponse {
            policy: policy(self.0.kept(), &scene, &id),
            content,
            parameters: in_force.map(parameter).collect(),
            position: position(view.position),
            as_of_date: day.to_string(),
        }))
    }

    async fn list_policies(&self, request: Request<v1::ListPoliciesRequest>) -> Reply<v1::ListPoliciesResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, page) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let filter = reader.filter([], &ask.filter);
            let page = reader.page("policies", "policy_id", &[], &ask);
            reader.finish(parent.and(filter).and(page))?
        };
        let view = page.view(engine, wait).await?;
        let (policies, next_page_token) = self.draw(&page, &view);
        Ok(Response::new(v1::ListPoliciesResponse { policies, next_page_token, position: position(view.position) }))
    }

    async fn diff_policies(&self, request: Request<v1::DiffPoliciesRequest>) -> Reply<v1::DiffPoliciesResponse> {
        use v1::diff_policies_request::New;
        let ask = request.into_inner();
        let mut reader = Reader::new(&self.0);
        let id = reader.policy("name", &ask.name);
        let old = reader.natural("old_position", ask.old_position);
        let new = match &ask.new {
            Some(New::NewPosition(at)) => reader.natural("new_position", *at).map(Ok),
            Some(New::Draft(draft)) => reader.policy_file("draft", draft).map(Err),
            None => {
                reader.faults.push(Reason::MissingValue, "new", "new_position or draft is required");
                None
            }
        };
        let (engine, ((id, old), new)) = reader.finish(id.zip(old).zip(new))?;
        let registry = &engine.published().registry;
        let (old_position, old) = self.published_at(registry, &id, old)?;
        let (new_position, changes) = match new {
            Ok(at) => {
                let (at, new) = self.published_at(registry, &id, at)?;
                (at, differences(&old.policy, &new.policy))
            }
            Err(draft) => (0, differences(&old.policy, &draft.policy)),
        };
        let change = |(key, old_value, new_value)| v1::PolicyChange { key, old_value, new_value };
        Ok(Response::new(v1::DiffPoliciesResponse {
            changes: changes.into_iter().map(change).collect(),
            old_position: position(old_position),
            new_position: position(new_position),
        }))
    }

    async fn simulate_policy(&self, request: Request<v1::SimulatePolicyRequest>) -> Reply<v1::SimulatePolicyResponse> {
        simulate::run(&self.0, request).await
    }
}

impl Policies {
    fn draw(&self, page: &Page, view: &View) -> (Vec<v1::Policy>, String) {
        let scene = view.scene();
        let known = scene.registry.policies(scene.as_of).filter(|(id, _)| page.is_after(id.as_str()));
        page.take(view, known.filter_map(|(id, _)| Some((id.to_string(), policy(self.0.kept(), &scene, id)?))))
    }

    /// The text of a policy as published at a position, taken back since or not; 0: the one in force.
    fn published_at(
        &self,
        registry: &Registry,
        id: &PolicyId,
        at: u64,
    ) -> Result<(u64, std::sync::Arc<crate::formats::policy::PolicyFile>), Status> {
        let in_force = registry.policies(AsOf::NOW).find(|(known, _)| *known == id).map(|(_, found)| found.position);
        let unknown = || {
            let (reason, message) = match at {
                0 => (Reason::UnknownPolicy, format!("no policy {id} is published")),
                at => (Reason::UnknownPosition, format!("position {at} does not publish policy {id}")),
            };
            status::refused(&Refusal::new(reason, message))
        };
        let at = if at == 0 { in_force.ok_or_else(unknown)? } else { at };
        let entry = registry.entry_at(at).ok_or_else(unknown)?;
        match &entry.event {
            Event::PolicyPublished(published) if published.policy == *id => {
                Ok((at, self.0.kept().text(published.sha256, &published.text)?))
            }
            _ => Err(unknown()),
        }
    }
}

fn parameter(parameter: Parameter) -> v1::PolicyParameter {
    let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
    let Parameter { key, value, from, until } = parameter;
    v1::PolicyParameter { key, value, from_date: day(from), until_date: day(until) }
}

/// A policy as known; none where none is.
fn policy(kept: &Kept, scene: &Scene<'_>, id: &PolicyId) -> Option<v1::Policy> {
    let entity = Entity::Policy(id.clone());
    let all: Vec<Publication<'_>> = publications(scene.registry.line(&entity)?, scene.as_of).collect();
    let last = all.last()?;
    let read = kept.text(last.published.sha256, &last.published.text);
    let (revision, etag) = scene.stamp(&entity);
    Some(v1::Policy {
        name: scene.name(&entity),
        policy_id: id.to_string(),
        title: last.published.title.clone(),
        issuer: read.map(|file| file.policy.issuer.clone()).unwrap_or_default(),
        sha256: hex::encode(last.published.sha256),
        published_date: last.day.to_string(),
        position: position(last.position),
        publication_positions: all.iter().map(|publication| position(publication.position)).collect(),
        revision,
        etag,
    })
}

impl Stating for v1::PublishPolicyRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let day = reader.day("effective_date", &self.effective_date);
        let published = reader.policy_to_publish("content", &self.content, day.unwrap_or(Day::MIN));
        parent?;
        Some(vec![Stated::new(day?, Event::PolicyPublished(published?))])
    }
}

impl Answering for v1::PublishPolicyRequest {
    type Response = v1::PublishPolicyResponse;

    fn answer(&self, answer: &Answer<'_>) -> Self::Response {
        v1::PublishPolicyResponse {
            policy: answer.policy(),
            position: answer.position(),
            duplicate: answer.duplicate(),
            warnings: answer.warnings(),
            findings: text::findings(&self.content, answer.scene.reading_day).0,
        }
    }
}

impl Answer<'_> {
    /// The policy that the command is about, as the command left it.
    fn policy(&self) -> Option<v1::Policy> {
        let Some(Entity::Policy(id)) = self.target else { return None };
        // Its text is read once more; a command that publishes comes seldom.
        let drawn = policy(&Kept::default(), &self.scene, id)?;
        let revision = self.outcome.revision;
        Some(v1::Policy { revision: position(revision), etag: super::convert::frame::etag_of(revision), ..drawn })
    }
}
