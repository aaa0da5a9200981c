//! Any message of the API as JSON, by its descriptor: the words of enums without their prefix, absent things as null,
//! digests in hex. One walk serves every command, stored payloads included, so that no field is forgotten.

use crate::wire;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, ReflectMessage as _, Value as Field};
use serde_json::{Map, Value};
use std::sync::OnceLock;

/// The descriptors of the API and the journal; none only if the build itself is broken.
fn pool() -> Option<&'static DescriptorPool> {
    static POOL: OnceLock<Option<DescriptorPool>> = OnceLock::new();
    POOL.get_or_init(|| DescriptorPool::decode(wire::DESCRIPTORS).ok()).as_ref()
}

/// `message`, whose type within `incubation.v1` is `name`, as JSON; null if it is not of that type.
pub fn json(name: &str, message: &impl prost::Message) -> Value {
    decoded(&format!("incubation.v1.{name}"), &message.encode_to_vec()).map_or(Value::Null, |m| object(&m))
}

fn decoded(full_name: &str, bytes: &[u8]) -> Option<DynamicMessage> {
    let descriptor = pool()?.get_message_by_name(full_name)?;
    DynamicMessage::decode(descriptor, bytes).ok()
}

fn object(message: &DynamicMessage) -> Value {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => timestamp(message),
        "google.protobuf.Any" => any(message),
        _ => {
            let fields = message.descriptor();
            let shown = fields.fields().filter(|f| f.containing_oneof().is_none() || message.has_field(f));
            shown.map(|f| (f.name().to_owned(), field(&f, message))).collect::<Map<_, _>>().into()
        }
    }
}

fn field(descriptor: &FieldDescriptor, message: &DynamicMessage) -> Value {
    if descriptor.supports_presence() && !message.has_field(descriptor) {
        return Value::Null;
    }
    let value = message.get_field(descriptor);
    match value.as_ref() {
        Field::List(items) => items.iter().map(|item| scalar(descriptor, item)).collect(),
        other => scalar(descriptor, other),
    }
}

fn scalar(descriptor: &FieldDescriptor, value: &Field) -> Value {
    let name = descriptor.name();
    match value {
        Field::Bool(v) => Value::from(*v),
        Field::I32(v) => Value::from(*v),
        Field::I64(0) if name.ends_with("_position") => Value::Null,
        Field::I64(v) => Value::from(*v),
        Field::U32(v) => Value::from(*v),
        Field::U64(v) => Value::from(*v),
        Field::F64(v) => Value::from(*v),
        Field::F32(v) => Value::from(*v),
        Field::String(v) if v.is_empty() && name.ends_with("_date") => Value::Null,
        Field::String(v) => Value::from(v.as_str()),
        Field::Bytes(v) => Value::from(hex::encode(v)),
        Field::EnumNumber(number) => word(descriptor, *number),
        Field::Message(inner) => object(inner),
        Field::List(_) | Field::Map(_) => Value::Null, // Lists are taken apart above; the API has no maps.
    }
}

/// `INCUBATOR_KIND_MAKERSPACE` as `MAKERSPACE`; unspecified as null; a value of a newer server as its number.
fn word(descriptor: &FieldDescriptor, number: i32) -> Value {
    let Kind::Enum(descriptor) = descriptor.kind() else { return Value::Null };
    if number == 0 {
        return Value::Null;
    }
    let prefix = descriptor.get_value(0).map(|zero| zero.name().trim_end_matches("UNSPECIFIED").to_owned());
    match (descriptor.get_value(number), prefix) {
        (Some(value), Some(prefix)) => Value::from(value.name().trim_start_matches(&prefix)),
        _ => Value::from(number),
    }
}

fn timestamp(message: &DynamicMessage) -> Value {
    let number = |name: &str| message.get_field_by_name(name).and_then(|v| v.as_i64().or(v.as_i32().map(i64::from)));
    let (seconds, nanos) = (number("seconds").unwrap_or_default(), number("nanos").unwrap_or_default());
    let instant = jiff::Timestamp::new(seconds, i32::try_from(nanos).unwrap_or_default());
    instant.map_or(Value::Null, |instant| Value::from(instant.to_string()))
}

/// A packed message with its type first; of a type that this program doesn't know, the bytes.
fn any(message: &DynamicMessage) -> Value {
    let text = message.get_field_by_name("type_url").and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let bytes = message.get_field_by_name("value").and_then(|v| v.as_bytes().cloned()).unwrap_or_default();
    let full_name = text.rsplit('/').next().unwrap_or_default();
    let mut out = Map::new();
    match decoded(full_name, &bytes).map(|inner| object(&inner)) {
        Some(Value::Object(fields)) => {
            out.insert("@type".to_owned(), Value::from(full_name));
            out.extend(fields);
        }
        _ => {
            out.insert("@type".to_owned(), Value::from(full_name));
            out.insert("value".to_owned(), Value::from(hex::encode(bytes)));
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::v1;
    use prost::Message as _;
    use serde_json::json;

    #[test]
    fn a_firm_is_shown_whole() {
        let stay = v1::Stay {
            incubator: "districts/440203/incubators/WJ03".into(),
            kind: v1::IncubatorKind::Incubator.into(),
            admitted_date: "2024-03-01".into(),
            position: 10,
            ..Default::default()
        };
        let firm = v1::Firm { code: "91".into(), stays: vec![stay], revision: 2, ..Default::default() };
        let shown = json("Firm", &firm);
        assert_eq!(shown["code"], "91");
        assert_eq!(shown["deregistered_date"], Value::Null);
        assert_eq!(shown["relocation"], Value::Null);
        assert_eq!(shown["stays"][0]["kind"], "INCUBATOR");
        assert_eq!(shown["stays"][0]["left_position"], Value::Null);
        assert_eq!(shown["stays"][0]["leave_kind"], Value::Null);
        assert_eq!(shown["revision"], 2);
    }

    #[test]
    fn a_stored_payload_is_shown_by_its_type() {
        let stored = wire::journal::LogCreated { district: "440203".into(), log_id: vec![1, 2], hash_algorithm: 1 };
        let payload = prost_types::Any {
            type_url: "type.googleapis.com/incubation.journal.v1.LogCreated".into(),
            value: stored.encode_to_vec(),
        };
        let time = prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 };
        let event = v1::Event { payload: Some(payload), recorded_time: Some(time), ..Default::default() };
        let shown = json("Event", &event);
        let expected = json!({"@type": "incubation.journal.v1.LogCreated", "district": "440203", "log_id": "0102",
            "hash_algorithm": 1});
        assert_eq!(shown["payload"], expected);
        assert_eq!(shown["recorded_time"], "2023-11-14T22:13:20Z");
    }

    #[test]
    fn words_lose_their_prefix_once() {
        let row = v1::RowResult { reason: v1::Reason::Duplicate.into(), ..Default::default() };
        assert_eq!(json("RowResult", &row)["reason"], "DUPLICATE");
    }
}
