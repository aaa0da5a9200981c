//! The working days that come with the program, published into the sample district: without them nothing can be published
//! for five working days.

use crate::domain::Command;
use crate::domain::act::Act;
use crate::domain::calendar::CalendarSet;
use crate::engine::{Engine, Principal, Request, RequestId};
use crate::formats::calendar::{SHIPPED, parse};

/// Sets them, but for those that are set already; says what became of them in one line.
pub(super) async fn publish(engine: &Engine, principal: &str) -> Result<String, String> {
    let mut years = Vec::new();
    for text in SHIPPED {
        let set = parse(text).map_err(|faults| format!("deploy/calendar: {faults:?}"))?;
        years.push(set.year.to_string());
        if !is_set(engine, &set) {
            let command = Command::act(Act::SetCalendar(set), Vec::new()).map_err(|refusal| refusal.message)?;
            let id = RequestId(*uuid::Uuid::new_v4().as_bytes());
            let principal = Principal { id: principal.to_owned(), on_behalf_of: String::new() };
            let request = Request { principal, id, expected_revision: None, validate_only: false, command };
            engine.submit(request).await.map_err(|error| error.to_string())?;
        }
    }
    Ok(format!("  working days of {}: published", years.join(", ")))
}

fn is_set(engine: &Engine, set: &CalendarSet) -> bool {
    let published = engine.published();
    let known = published.registry.finance().calendar(set.year);
    known.is_some_and(|known| CalendarSet { by: String::new(), ..known.clone() } == *set)
}
