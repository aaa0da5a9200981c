//! Stored events as the API shows them: the envelope in fields, the payload as stored, and what is not in the record
//! itself, since it came later: where the fact was taken back.

use super::{position, scene::number};
use crate::domain::{Day, Event, Registry};
use crate::engine::StoredEvent;
use crate::journal::codec;
use crate::wire::v1;
use prost_types::{Any, Timestamp};

/// Where the payloads' messages live.
const PAYLOAD_TYPE: &str = "type.googleapis.com/incubation.journal.v1.";

/// An event as an operator sees it; none where it is not its to see. Of what others recorded it learns what happened, not who
/// said so, nor anything by which that could be found out: a hash can be tried against guesses.
pub fn seen(district: &str, seen: &Registry, caller: &str, stored: &StoredEvent) -> Option<v1::Event> {
    let record = &stored.record;
    let sees = |position: u64| seen.entry_at(position).is_some();
    let voids = codec::type_name(record.event_type) == Some("FactsVoided");
    let voided = || match codec::decode(record.event_type, record.schema_version, &record.payload) {
        Ok((Event::FactsVoided { positions, .. }, _)) => positions,
        // Never: the log was read whole at the start.
        _ => Vec::new(),
    };
    let visible = match voids {
        true => Some(voided()).is_some_and(|voided| !voided.is_empty() && voided.into_iter().all(sees)),
        false => sees(record.position),
    };
    visible.then(|| cut(event(district, seen, stored, false), caller, stored))
}

/// A step of a claim that an operator sees: that it was taken, and when. What came of it, the claim tells.
pub fn step(district: &str, whole: &Registry, caller: &str, stored: &StoredEvent) -> v1::Event {
    let mut step = cut(event(district, whole, stored, false), caller, stored);
    let is_claim = |subject: &v1::EventSubject| subject.name.starts_with(&format!("districts/{district}/claims/"));
    step.subjects.retain(is_claim);
    step.payload = None;
    step
}

/// An event without what tells of others.
fn cut(mut event: v1::Event, caller: &str, stored: &StoredEvent) -> v1::Event {
    let record = &stored.record;
    // Counts of the events about a firm, and of those of a command, count what is not seen too.
    for subject in &mut event.subjects {
        (subject.revision, subject.previous_hash) = (0, String::new());
    }
    (event.index, event.count) = (0, 0);
    (event.previous_hash, event.hash) = (String::new(), String::new());
    if record.principal != caller {
        (event.principal, event.on_behalf_of) = (String::new(), String::new());
        (event.request_id, event.request_hash) = (String::new(), String::new());
    }
    event
}

/// An event of a district, as the registry knows it; with its stored record when asked for.
pub fn event(district: &str, registry: &Registry, stored: &StoredEvent, include_record: bool) -> v1::Event {
    let record = &stored.record;
    let voided = registry.entry_at(record.position).and_then(|entry| entry.voided);
    let name = codec::type_name(record.event_type).unwrap_or("Unknown");
    let subjects = record.subjects.iter().map(|subject| v1::EventSubject {
        name: format!("districts/{district}/{}", subject.name),
        revision: position(subject.revision),
        previous_hash: hex::encode(subject.previous),
    });
    v1::Event {
        position: position(record.position),
        commit: position(record.commit),
        index: i32::from(record.index),
        count: i32::from(record.count),
        r#type: name.to_owned(),
        schema_version: i32::from(record.schema_version),
        effective_date: Day::from_days(record.effective_days).map(|day| day.to_string()).unwrap_or_default(),
        recorded_time: Some(timestamp(record.recorded_at_micros)),
        principal: record.principal.clone(),
        on_behalf_of: record.on_behalf_of.clone(),
        request_id: record.request.map(|key| uuid::Uuid::from_bytes(key.id).to_string()).unwrap_or_default(),
        request_hash: record.request.map(|key| hex::encode(key.hash)).unwrap_or_default(),
        previous_hash: hex::encode(record.previous),
        hash: hex::encode(stored.hash),
        subjects: subjects.collect(),
        payload: Some(Any { type_url: format!("{PAYLOAD_TYPE}{name}"), value: record.payload.clone() }),
        record: if include_record { stored.bytes.to_vec() } else { Vec::new() },
        voided_position: voided.map_or(0, position),
    }
}

fn timestamp(micros: i64) -> Timestamp {
    let nanos = micros.rem_euclid(1_000_000) * 1000;
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos: number(u32::try_from(nanos).unwrap_or_default()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_before_the_epoch_count_up_within_the_second() {
        assert_eq!(timestamp(-1), Timestamp { seconds: -1, nanos: 999_999_000 });
        assert_eq!(timestamp(1_500_000), Timestamp { seconds: 1, nanos: 500_000_000 });
    }
}
