//! `ReadingService`: what a policy's rules demand, and whether it is there.

use super::convert::Reader;
use super::entitlements::explain::{children, part};
use super::entitlements::wire::exact;
use super::page::Listing;
use super::read::wait_of;
use super::{Districts, status};
use crate::domain::{Entity, Reason, Refusal};
use crate::policy::{Bound, Evaluation, Item, Reading, ReadingReason, Standard, Verdict};
use crate::wire::v1;
use tonic::{Request, Response, Status};

/// The service.
pub struct Readings(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::reading_service_server::ReadingService for Readings {
    async fn list_readings(&self, request: Request<v1::ListReadingsRequest>) -> Reply<v1::ListReadingsResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, ((page, which), filter)) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let which = reader.optional_policy("policy", &ask.policy);
            let filter = Filter::read(&mut reader, &ask.filter);
            let page = reader.page("readings", "standard", ask.policy.as_bytes(), &ask);
            reader.finish(parent.and(page.zip(which).zip(filter)))?
        };
        let view = page.view(engine, wait).await?;
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| {
            let basis = districts.kept().basis(view, which.as_ref())?;
            let district = view.scene().district;
            let evaluation = Evaluation::new(&view.published.registry, &basis.file.policy, basis.as_of);
            // Subjects only: each is read when its turn comes, and those behind the page never.
            let found = filter.subjects(&evaluation, district, |key| page.is_after(key)).into_iter();
            let drawn = found.filter_map(|(key, standard, subject)| {
                let reading = evaluation.reading(standard, subject.as_ref())?;
                filter.passes(&reading).then(|| (key, wire(district, &reading)))
            });
            let (readings, next_page_token) = page.take(view, drawn);
            Ok::<_, Status>(v1::ListReadingsResponse { readings, next_page_token, basis: Some(basis.wire(district)) })
        });
        Ok(Response::new(drawn.await??))
    }

    async fn get_reading(&self, request: Request<v1::GetReadingRequest>) -> Reply<v1::GetReadingResponse> {
        let wait = wait_of(request.metadata());
        let ask = request.into_inner();
        let (engine, ((page, which), (standard, subject))) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            let which = reader.optional_policy("policy", &ask.policy);
            let standard = reader.word("standard", ask.standard, standard_of);
            let subject = match ask.subject == ask.parent {
                true => Some(None),
                false => reader.entity("subject", &ask.subject).map(Some),
            };
            let cut = format!("{}\0{}\0{}", ask.policy, ask.standard, ask.subject);
            let page = reader.page("reading", "", cut.as_bytes(), &ask);
            reader.finish(parent.and(page.zip(which).zip(standard.zip(subject))))?
        };
        let view = page.view(engine, wait).await?;
        let districts = self.0.clone();
        let drawn = view.draw(&self.0, move |view| {
            let basis = districts.kept().basis(view, which.as_ref())?;
            let district = view.scene().district;
            let evaluation = Evaluation::new(&view.published.registry, &basis.file.policy, basis.as_of);
            let found = evaluation.reading(standard, subject.as_ref());
            let reading = found.ok_or_else(|| unknown(standard, subject.as_ref(), basis.day()))?;
            Ok::<_, Status>(v1::GetReadingResponse {
                reading: Some(wire(district, &reading)),
                explanation: Some(part(&page, view, &reading.tree)?),
                basis: Some(basis.wire(district)),
            })
        });
        Ok(Response::new(drawn.await??))
    }
}

impl Listing for v1::GetReadingRequest {
    fn parent(&self) -> &str {
        &self.parent
    }

    fn page_size(&self) -> i32 {
        children(self.page_size)
    }

    fn page_token(&self) -> &str {
        &self.page_token
    }

    fn filter(&self) -> &str {
        ""
    }

    fn order_by(&self) -> &str {
        ""
    }
}

/// A cut through readings; none: any.
struct Filter {
    standard: Option<Standard>,
    verdict: Option<Verdict>,
    subject: Option<String>,
    park: Option<String>,
}

impl Filter {
    fn read(reader: &mut Reader<'_>, text: &str) -> Option<Self> {
        let names = ["standard", "verdict", "subject", "park"];
        let [standard, verdict, subject, park] = reader.filter(names, text)?;
        let standard = reader.filter_word(standard.as_deref(), Standard::from_key);
        let verdict = reader.filter_word(verdict.as_deref(), Verdict::from_key);
        Some(Self { standard: standard?, verdict: verdict?, subject, park })
    }

    /// Whom the rules that are asked for may be about, under their keys and in the order of these. The whole district is
    /// named by its code.
    fn subjects(
        &self,
        evaluation: &Evaluation<'_>,
        district: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Vec<(String, Standard, Option<Entity>)> {
        let named = |subject: &Option<Entity>| match (&self.subject, subject) {
            (None, _) => true,
            (Some(id), None) => id == district,
            (Some(id), Some(of)) => of.to_string().split_once('/').is_some_and(|(_, of)| of == id),
        };
        let standards = Standard::ALL.iter().filter(|of| self.standard.is_none_or(|wanted| wanted == **of));
        let all = standards.flat_map(|standard| {
            let subjects = evaluation.reading_subjects(*standard).into_iter().filter(named);
            subjects.map(|subject| (key(*standard, subject.as_ref()), *standard, subject))
        });
        let mut found: Vec<_> = all.filter(|(key, ..)| is_wanted(key)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    fn passes(&self, reading: &Reading) -> bool {
        let about = |id: &str| reading.about.iter().any(|of| matches!(of, Entity::Park(park) if park.as_str() == id));
        self.verdict.is_none_or(|verdict| reading.verdict == verdict) && self.park.as_deref().is_none_or(about)
    }
}

/// Sorts as rule and subject do: `\0` is in no name.
fn key(of: Standard, subject: Option<&Entity>) -> String {
    format!("{:02}\0{}", standard(of), subject.map(Entity::to_string).unwrap_or_default())
}

fn unknown(standard: Standard, subject: Option<&Entity>, day: crate::domain::Day) -> Status {
    let of = subject.map_or("the district".to_owned(), Entity::to_string);
    let message = format!("{} says nothing of {of} on {day}", standard.key());
    status::refused(&Refusal::new(Reason::UnknownReading, message))
}

fn standard(standard: Standard) -> i32 {
    v1::Standard::from_str_name(&format!("STANDARD_{}", standard.key().to_uppercase())).unwrap_or_default().into()
}

fn standard_of(number: u32) -> Option<Standard> {
    Standard::ALL.iter().copied().find(|word| u32::try_from(standard(*word)) == Ok(number))
}

fn verdict(verdict: Verdict) -> v1::Verdict {
    match verdict {
        Verdict::Met => v1::Verdict::Met,
        Verdict::NotMet => v1::Verdict::NotMet,
        Verdict::Unknown => v1::Verdict::Unknown,
    }
}

fn reason(reason: ReadingReason) -> v1::ReadingReason {
    v1::ReadingReason::from_str_name(&format!("READING_REASON_{}", reason.key())).unwrap_or_default()
}

/// A reading as the API writes it.
fn wire(district: &str, reading: &Reading) -> v1::Reading {
    let parent = format!("districts/{district}");
    let date = |day: Option<crate::domain::Day>| day.map(|day| day.to_string()).unwrap_or_default();
    v1::Reading {
        standard: standard(reading.standard),
        subject: reading.subject.as_ref().map_or(parent.clone(), |subject| format!("{parent}/{subject}")),
        about: reading.about.iter().map(|of| format!("{parent}/{of}")).collect(),
        verdict: verdict(reading.verdict).into(),
        reason: reading.reason.map(reason).unwrap_or_default().into(),
        version_date: date(reading.version),
        since_date: date(reading.since),
        items: reading.items.iter().map(item).collect(),
    }
}

fn item(item: &Item) -> v1::ReadingItem {
    let bound = item.threshold.map(|(bound, _)| match bound {
        Bound::Min => v1::Bound::Min,
        Bound::Max => v1::Bound::Max,
    });
    v1::ReadingItem {
        measure: item.measure.key().to_owned(),
        verdict: item.verdict.map(verdict).unwrap_or_default().into(),
        bound: bound.unwrap_or_default().into(),
        threshold: item.threshold.map(|(_, value)| exact(value, item.unit)),
        measured: item.measured.map(|value| exact(value, item.unit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_number() {
        for word in Standard::ALL {
            let number = u32::try_from(standard(*word)).unwrap();
            assert_eq!((number > 0, standard_of(number)), (true, Some(*word)), "{word:?}");
        }
        for word in ReadingReason::ALL {
            assert_ne!(reason(*word), v1::ReadingReason::Unspecified, "{word:?}");
        }
    }
}
