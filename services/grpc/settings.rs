//! `SettingsService`: the dated limits of a district.

use super::command::{Answer, Answering, Stating, run};
use super::convert::{Reader, position};
use super::read::view;
use super::{Districts, status};
use crate::domain::{Day, Entity, Event, Limits, Reason, Refusal, Stated};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Settings(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::settings_service_server::SettingsService for Settings {
    async fn set_limits(&self, request: Request<v1::SetLimitsRequest>) -> Reply<v1::SetLimitsResponse> {
        run(&self.0, request).await
    }

    async fn get_limits(&self, request: Request<v1::GetLimitsRequest>) -> Reply<v1::GetLimitsResponse> {
        let (view, ()) = view(&self.0, request, |reader, ask| reader.parent("parent", &ask.parent)).await?;
        let scene = view.scene();
        let day = scene.reading_day;
        let limits = scene.limits(day).ok_or_else(|| {
            let message = format!("no limits are in force on {day}, as known at position {}", view.position);
            status::refused(&Refusal::new(Reason::OutOfRange, message).with("as_of_date", day))
        })?;
        let (revision, etag) = scene.stamp(&Entity::Settings);
        Ok(Response::new(v1::GetLimitsResponse {
            limits: Some(limits),
            position: position(view.position),
            revision,
            etag,
        }))
    }
}

impl Answering for v1::SetLimitsRequest {
    type Response = v1::SetLimitsResponse;

    fn answer(&self, answer: &Answer<'_>) -> Self::Response {
        v1::SetLimitsResponse {
            limits: Day::parse_iso(&self.effective_date).ok().and_then(|day| answer.scene.limits(day)),
            position: answer.position(),
            duplicate: answer.duplicate(),
            warnings: answer.warnings(),
        }
    }
}

impl Stating for v1::SetLimitsRequest {
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>> {
        let parent = reader.parent("parent", &self.parent);
        let day = reader.day("effective_date", &self.effective_date);
        let Some(limits) = &self.limits else {
            reader.faults.push(Reason::MissingValue, "limits", "limits is required");
            return None;
        };
        let limits = reader.limits(limits);
        parent?;
        Some(vec![Stated::new(day?, Event::LimitsSet(limits?))])
    }
}

impl Reader<'_> {
    fn limits(&mut self, wire: &v1::Limits) -> Option<Limits> {
        let admission = self.months("limits.admission_age_months", wire.admission_age_months);
        let incubation = self.months("limits.incubation_months", wire.incubation_months);
        let extended = self.months("limits.extended_incubation_months", wire.extended_incubation_months);
        let limits = Limits {
            admission_age_months: admission?,
            incubation_months: incubation?,
            extended_incubation_months: extended?,
            extended_fields: wire.extended_fields.clone(),
            venture_funding_over_fen: wire.venture_funding_over_fen,
            revenue_over_fen: wire.revenue_over_fen,
        };
        self.faults.take(limits.checked())
    }

    fn months(&mut self, field: &str, value: i32) -> Option<u32> {
        let months = u32::try_from(value).ok();
        if months.is_none() {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is {value}; 1 to 1200 months"));
        }
        months
    }
}
