//! `CriteriaService`: a carrier against a set that the server knows, or one that came with the question.

mod wire;

use super::convert::{Reader, position};
use super::read::{View, view};
use super::{Districts, status};
use crate::domain::{AsOf, Entity, IncubatorId, Kind, Reason, Refusal};
use crate::formats::criteria::{by_id, parse, shipped};
use crate::policy::criteria::{Checked, CriteriaSet, check};
use crate::wire::v1;
use sha2::{Digest as _, Sha256};
use tonic::{Request, Response, Status};
use v1::check_criteria_request::Set;

/// The service.
pub struct Criteria(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

/// What a question is about.
struct Asked {
    id: IncubatorId,
    set: CriteriaSet,
    /// SHA-256 of the set's file, in hex.
    digest: String,
    remote_area: Option<bool>,
}

#[tonic::async_trait]
impl v1::criteria_service_server::CriteriaService for Criteria {
    async fn check_criteria(&self, request: Request<v1::CheckCriteriaRequest>) -> Reply<v1::CheckCriteriaResponse> {
        let (view, asked) = view(&self.0, request, |reader, ask| reader.criteria(ask)).await?;
        let response = view.draw(&self.0, move |view| answer(view, &asked)).await?;
        response.map(Response::new).map_err(|refusal| status::refused(&refusal))
    }

    async fn list_criteria_sets(
        &self,
        request: Request<v1::ListCriteriaSetsRequest>,
    ) -> Reply<v1::ListCriteriaSetsResponse> {
        let ask = request.into_inner();
        let mut reader = Reader::new(&self.0);
        let parent = reader.parent("parent", &ask.parent);
        let day = reader.optional_day("in_force_date", &ask.in_force_date);
        let kind = reader.optional_word("kind", ask.kind, Kind::from_code);
        let (_, (day, kind)) = reader.finish(parent.and(day.zip(kind)))?;
        let found = shipped().iter().filter(|shipped| {
            let set = &shipped.set;
            day.is_none_or(|day| set.from.is_none_or(|from| from <= day) && set.until.is_none_or(|until| day < until))
                && kind.is_none_or(|kind| set.kinds.contains(&kind))
        });
        let sets = found.map(|shipped| wire::set(&shipped.set, digest(shipped.text))).collect();
        Ok(Response::new(v1::ListCriteriaSetsResponse { sets }))
    }
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

impl Reader<'_> {
    fn criteria(&mut self, ask: &v1::CheckCriteriaRequest) -> Option<Asked> {
        let id = self.incubator("name", &ask.name);
        let (set, digest) = match &ask.set {
            Some(Set::SetId(known)) if !known.is_empty() => {
                let Some(shipped) = by_id(known) else {
                    let message = format!("this server knows no set {known:?}");
                    self.faults.push(Reason::UnknownCriteriaSet, "set_id", message);
                    return None;
                };
                (shipped.set.clone(), digest(shipped.text))
            }
            Some(Set::Content(text)) if !text.is_empty() => match parse(text) {
                Ok(set) => (set, digest(text)),
                Err(faults) => {
                    self.faults_of_file("content", faults);
                    return None;
                }
            },
            _ => {
                self.faults.push(Reason::MissingValue, "set", "set_id or content is required");
                return None;
            }
        };
        Some(Asked { id: id?, set, digest, remote_area: ask.remote_area })
    }
}

fn answer(view: &View, asked: &Asked) -> Result<v1::CheckCriteriaResponse, Refusal> {
    let scene = view.scene();
    let as_of = AsOf { day: view.reading_day, known: view.position };
    let Some(checked) = check(&asked.set, scene.registry, as_of, &asked.id, asked.remote_area) else {
        let message = format!("carrier {} is not registered, as known at position {}", asked.id, view.position);
        return Err(Refusal::new(Reason::UnknownIncubator, message).with("incubator", &asked.id));
    };
    let Checked { not_applicable, relief_ppm, .. } = &checked;
    let status =
        if not_applicable.is_empty() { wire::status(checked.verdict) } else { v1::CriterionStatus::NotApplicable };
    let criteria = asked.set.criteria.iter().zip(&checked.criteria);
    Ok(v1::CheckCriteriaResponse {
        name: scene.name(&Entity::Incubator(asked.id.clone())),
        set: Some(wire::set(&asked.set, asked.digest.clone())),
        status: status.into(),
        not_applicable_zh: not_applicable.iter().map(|why| why.chinese()).collect(),
        not_applicable_en: not_applicable.iter().map(|why| why.english()).collect(),
        relief_ppm: *relief_ppm,
        criteria: criteria.map(|(of, checked)| wire::criterion(of, checked)).collect(),
        as_of_date: as_of.day.to_string(),
        position: position(view.position),
    })
}
