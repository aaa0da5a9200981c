//! `CalendarService`: working days, as data.

use super::Districts;
use super::acts::{Acting, run};
use super::command::answers;
use super::convert::finance::calendar;
use super::convert::{Reader, position};
use super::read::View;
use crate::domain::act::Act;
use crate::domain::calendar::{CalendarSet, PUBLICATION_DAYS};
use crate::domain::{Day, Refusal};
use crate::wire::v1;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};

/// The service.
pub struct Calendars(pub Districts);

type Reply<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl v1::calendar_service_server::CalendarService for Calendars {
    async fn set_calendar(&self, request: Request<v1::SetCalendarRequest>) -> Reply<v1::SetCalendarResponse> {
        run(&self.0, request).await
    }

    async fn list_calendars(&self, request: Request<v1::ListCalendarsRequest>) -> Reply<v1::ListCalendarsResponse> {
        let ask = request.into_inner();
        let (engine, ()) = {
            let mut reader = Reader::new(&self.0);
            let parent = reader.parent("parent", &ask.parent);
            reader.finish(parent)?
        };
        let view = View::now(engine, &self.0.sees());
        let calendars = view.published.registry.finance().calendars().map(calendar).collect();
        Ok(Response::new(v1::ListCalendarsResponse { calendars, position: position(view.position) }))
    }
}

answers! { calendar: SetCalendarRequest => SetCalendarResponse }

impl Acting for v1::SetCalendarRequest {
    fn act(&self, reader: &mut Reader<'_>) -> Option<Act> {
        let parent = reader.parent("parent", &self.parent);
        let off = days(reader, "days_off", &self.days_off);
        let worked = days(reader, "days_worked", &self.days_worked);
        let document_no = reader.optional_text("document_no", &self.document_no);
        let publication_days = match self.publication_days {
            0 => Some(PUBLICATION_DAYS),
            days => reader.count("publication_days", days),
        };
        parent?;
        let set = CalendarSet {
            year: i16::try_from(self.year).unwrap_or_default(),
            by: String::new(),
            off: off?,
            worked: worked?,
            publication_days: publication_days?,
            document_no: document_no?,
        };
        reader.refused(set.checked().map_err(Refusal::from)).map(Act::SetCalendar)
    }
}

fn days(reader: &mut Reader<'_>, field: &str, texts: &[String]) -> Option<BTreeSet<Day>> {
    let read = |(index, text): (usize, &String)| reader.day(&format!("{field}[{index}]"), text);
    texts.iter().enumerate().map(read).collect()
}
