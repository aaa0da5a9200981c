//! Reading what is registered: one thing with everything about it, or a list, page after page at one position.

use super::args::{FirmCommand, IncubatorCommand, Known, LimitsCommand, ParkCommand, Reading};
use super::connect::Session;
use super::lang::Lang;
use super::message;
use super::output::Report;
use super::pages::Shown;
use super::parse::{KnownAt, opt_day};
use super::trouble::Trouble;
use super::write;
use crate::wire::v1;

/// The largest page that a server gives.
pub const PAGE_SIZE: i32 = 1000;

/// `known_at` of one request's own type.
macro_rules! known_at {
    ($module:ident, $known:expr) => {
        $known.known_at.map(|at| match at {
            $crate::ctl::parse::KnownAt::Position(position) => v1::$module::KnownAt::KnownAtPosition(position),
            $crate::ctl::parse::KnownAt::Time(time) => v1::$module::KnownAt::KnownAtTime(time),
        })
    };
}
pub(super) use known_at;

/// Shows a list over its pages, at most `$limit` items, 0 being all.
macro_rules! pages {
    ($shown:expr, $columns:expr, $limit:expr, $session:expr, $service:ident.$method:ident, $request:expr,
     $items:ident: $type:literal) => {{
        let mut request = $request;
        let mut list = $crate::ctl::pages::List::new($shown, $limit, $columns);
        loop {
            let page = $session.$service().$method(request.clone()).await?.into_inner();
            request.page_token = page.next_page_token;
            let items = page.$items.iter().map(|item| message::json($type, item)).collect();
            if !list.page(items, request.page_token.is_empty())? {
                break;
            }
        }
        list.finish()
    }};
}

pub(super) use pages;

/// Reads one thing and shows all of it.
macro_rules! one {
    ($session:expr, $service:ident.$method:ident, $request:ident, $module:ident, $name:expr, $reading:expr,
     $resource:ident: $type:literal, $lang:expr) => {{
        let reading: Reading = $reading;
        let request = v1::$request {
            name: $name,
            as_of_date: opt_day(reading.as_of),
            min_position: reading.known.min_position,
            known_at: known_at!($module, reading.known),
        };
        let reply = $session.$service().$method(request).await?.into_inner();
        let resource = reply.$resource.map_or(serde_json::Value::Null, |it| message::json($type, &it));
        Ok(Report::of(resource, $lang))
    }};
}
pub(super) use one;

/// One clause of a list's filter; values with blanks in quotes.
pub fn clause(out: &mut Vec<String>, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    let quoted = value.chars().any(char::is_whitespace);
    out.push(if quoted { format!("{name} = \"{value}\"") } else { format!("{name} = {value}") });
}

/// `firm …`.
pub async fn firm(session: &Session, command: FirmCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        FirmCommand::Show { code, reading } => one!(
            session, firms.get_firm, GetFirmRequest, get_firm_request, session.firm(&code), reading, firm: "Firm", lang
        ),
        FirmCommand::List { incubator, kind, field, limit, reading } => {
            let mut filter = Vec::new();
            clause(&mut filter, "incubator", incubator.as_deref());
            clause(&mut filter, "kind", kind.map(|kind| kind.key()));
            clause(&mut filter, "field", field.as_deref());
            let Reading { as_of, known } = reading;
            let request = v1::ListFirmsRequest {
                parent: session.parent(),
                as_of_date: opt_day(as_of),
                min_position: known.min_position,
                page_size: page_size(limit),
                filter: filter.join(" AND "),
                known_at: known_at!(list_firms_request, known),
                ..Default::default()
            };
            let columns = ["code", "display_name", "registered_date", "field", "deregistered_date", "revision"];
            pages!(shown, &columns, limit, session, firms.list_firms, request, firms: "Firm")
        }
        FirmCommand::Evidence { code, reading } => super::money::evidence(session, &code, reading, lang).await,
        FirmCommand::Write(command) => write::firm(session, command, lang).await,
    }
}

/// `incubator …`.
pub async fn incubator(
    session: &Session,
    command: IncubatorCommand,
    shown: &mut Shown<'_, '_>,
) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        IncubatorCommand::Show { id, reading } => one!(
            session, incubators.get_incubator, GetIncubatorRequest, get_incubator_request, session.incubator(&id),
            reading, incubator: "Incubator", lang
        ),
        IncubatorCommand::List { kind, level, limit, reading } => {
            let mut filter = Vec::new();
            clause(&mut filter, "kind", kind.map(|kind| kind.key()));
            clause(&mut filter, "level", level.map(|level| level.key()));
            let Reading { as_of, known } = reading;
            let request = v1::ListIncubatorsRequest {
                parent: session.parent(),
                as_of_date: opt_day(as_of),
                min_position: known.min_position,
                page_size: page_size(limit),
                filter: filter.join(" AND "),
                known_at: known_at!(list_incubators_request, known),
                ..Default::default()
            };
            let columns = ["name", "display_name", "kind", "level", "open_stays", "established_date"];
            pages!(shown, &columns, limit, session, incubators.list_incubators, request, incubators: "Incubator")
        }
        IncubatorCommand::Write(command) => write::incubator(session, command, lang).await,
    }
}

/// `park …`.
pub async fn park(session: &Session, command: ParkCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        ParkCommand::Show { id, reading } => one!(
            session, parks.get_park, GetParkRequest, get_park_request, session.park(&id), reading, park: "Park", lang
        ),
        ParkCommand::List { limit, reading } => {
            let Reading { as_of, known } = reading;
            let request = v1::ListParksRequest {
                parent: session.parent(),
                as_of_date: opt_day(as_of),
                min_position: known.min_position,
                page_size: page_size(limit),
                known_at: known_at!(list_parks_request, known),
                ..Default::default()
            };
            let columns = ["name", "settled_firms", "revision"];
            pages!(shown, &columns, limit, session, parks.list_parks, request, parks: "Park")
        }
        ParkCommand::Write(command) => write::park(session, command, lang).await,
    }
}

/// `limits …`.
pub async fn limits(session: &Session, command: LimitsCommand, lang: Lang) -> Result<Report, Trouble> {
    match command {
        LimitsCommand::Show { reading: Reading { as_of, known } } => {
            let request = v1::GetLimitsRequest {
                parent: session.parent(),
                as_of_date: opt_day(as_of),
                known_at: known_at!(get_limits_request, known),
                ..Default::default()
            };
            let reply = session.settings().get_limits(request).await?.into_inner();
            let mut json = reply.limits.map_or(serde_json::Value::Null, |limits| message::json("Limits", &limits));
            if json.is_object() {
                json["etag"] = reply.etag.into();
            }
            Ok(Report::of(json, lang))
        }
        LimitsCommand::Set(args) => write::limits(session, args, lang).await,
    }
}

pub(super) fn page_size(limit: usize) -> i32 {
    i32::try_from(limit).ok().filter(|limit| (1..PAGE_SIZE).contains(limit)).unwrap_or(PAGE_SIZE)
}

/// The same reading pinned to a position, for the rest of an answer that was begun there.
pub fn pinned(position: i64) -> Known {
    Known { known_at: Some(KnownAt::Position(position)), min_position: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_quote_blanks() {
        let mut filter = Vec::new();
        clause(&mut filter, "field", Some("新 材料"));
        clause(&mut filter, "kind", Some("INCUBATOR"));
        clause(&mut filter, "incubator", None);
        assert_eq!(filter.join(" AND "), "field = \"新 材料\" AND kind = INCUBATOR");
    }

    #[test]
    fn pages_are_no_larger_than_asked_for() {
        assert_eq!((page_size(0), page_size(10), page_size(5000)), (1000, 10, 1000));
    }
}
