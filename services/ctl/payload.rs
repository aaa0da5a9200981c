//! Stored events for people: a payload keeps words as numbers and days as counts, as the journal has them; here they become
//! words and dates, and the names of subjects those that `--subject` takes. What programs get stays as it is stored.

use crate::domain::{
    BuildMode, CarrierFigure, ContactRole, Criterion, Day, InterestNature, InvestmentForm, Kind, LeaveKind, Level, Tax,
    TaxNature,
};
use serde_json::{Map, Value};

/// `districts/440203/firms/91…` as `firms/91…`.
pub fn local_name(name: &str) -> &str {
    name.strip_prefix("districts/").and_then(|rest| rest.split_once('/')).map_or(name, |(_, local)| local)
}

/// An event, readable.
pub fn readable(mut event: Value) -> Value {
    for subject in event["subjects"].as_array_mut().into_iter().flatten() {
        if let Some(name) = subject["name"].as_str() {
            subject["name"] = local_name(name).to_owned().into();
        }
    }
    if let Some(payload) = event["payload"].as_object() {
        event["payload"] = payload_of(payload).into();
    }
    event
}

fn payload_of(payload: &Map<String, Value>) -> Map<String, Value> {
    let of_tax = payload.contains_key("tax");
    let one = |(key, value): (&String, &Value)| match (key.strip_suffix("_day"), value.as_i64()) {
        (Some(name), Some(days)) => (format!("{name}_date"), date(days).unwrap_or_else(|| value.clone())),
        (Some(name), None) => (format!("{name}_date"), value.clone()),
        (None, Some(code)) => (key.clone(), word(key, code, of_tax).map_or_else(|| value.clone(), Value::from)),
        (None, None) if key == "figures" => (key.clone(), figures(value)),
        (None, None) if key == "@type" => ("type".to_owned(), value.clone()),
        (None, None) => (key.clone(), value.clone()),
    };
    payload.iter().map(one).collect()
}

/// The figures of a carrier's report, by their words.
fn figures(value: &Value) -> Value {
    let mut value = value.clone();
    for item in value.as_array_mut().into_iter().flatten() {
        let code = item["figure"].as_u64().and_then(|code| u32::try_from(code).ok());
        if let Some(figure) = code.and_then(CarrierFigure::from_code) {
            item["figure"] = figure.key().into();
        }
    }
    value
}

fn date(days: i64) -> Option<Value> {
    let day = Day::from_days(i32::try_from(days).ok()?)?;
    Some(day.to_string().into())
}

/// The word of a number under a key; none for what is a number.
fn word(key: &str, code: i64, of_tax: bool) -> Option<&'static str> {
    let code = u32::try_from(code).ok()?;
    match key {
        "kind" => Kind::from_code(code).map(Kind::key),
        "build_mode" => BuildMode::from_code(code).map(BuildMode::key),
        "level" => Level::from_code(code).map(Level::key),
        "leave_kind" => LeaveKind::from_code(code).map(LeaveKind::key),
        "criterion" => Criterion::from_code(code).map(Criterion::key),
        "tax" => Tax::from_code(code).map(Tax::key),
        "nature" if of_tax => TaxNature::from_code(code).map(TaxNature::key),
        "nature" => InterestNature::from_code(code).map(InterestNature::key),
        "role" => ContactRole::from_code(code).map(ContactRole::key),
        "form" => InvestmentForm::from_code(code).map(InvestmentForm::key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::lang::is_labelled;
    use crate::wire;
    use prost_reflect::DescriptorPool;
    use serde_json::json;

    #[test]
    fn words_days_and_names_are_readable() {
        let event = json!({"position": 9, "subjects": [{"name": "districts/440203/incubators/WJ03", "revision": 2}],
            "payload": {"@type": "incubation.journal.v1.RecognitionEnded", "incubator_id": "WJ03", "level": 1,
                "recognition_day": 19_723}});
        let shown = readable(event);
        assert_eq!(shown["subjects"][0]["name"], "incubators/WJ03");
        let expected = json!({"type": "incubation.journal.v1.RecognitionEnded", "incubator_id": "WJ03",
            "level": "DISTRICT", "recognition_date": "2024-01-01"});
        assert_eq!(shown["payload"], expected);
        let tax = readable(json!({"payload": {"tax": 2, "nature": 2, "amount_fen": -5, "period_start_day": null}}));
        let expected = json!({"tax": "CIT", "nature": "REFUND", "amount_fen": -5, "period_start_date": null});
        assert_eq!(tax["payload"], expected);
        let filed = readable(json!({"payload": {"year": 2024, "figures": [{"figure": 5, "value": 0}]}}));
        assert_eq!(filed["payload"]["figures"], json!([{"figure": "STAFF", "value": 0}]));
        assert_eq!(readable(json!({"payload": {"nature": 2}}))["payload"]["nature"], "PENALTY");
    }

    #[test]
    fn every_field_that_is_shown_has_a_label_in_both_languages() {
        let pool = DescriptorPool::decode(wire::DESCRIPTORS).unwrap();
        let shown = [
            "Event",
            "EventSubject",
            "Firm",
            "Loan",
            "TaxReceipt",
            "SeedFund",
            "Investment",
            "InterestPayment",
            "AnnualReport",
            "HighTechCertificate",
            "GraduationEvidence",
            "EvidenceFigure",
            "Incubator",
            "IncubatorReport",
            "CarrierFigureValue",
            "Park",
            "Limits",
            "Claim",
            "FrozenEntitlement",
            "ClaimReduction",
            "ClaimShare",
            "ClaimObjection",
            "ClaimGrant",
            "ClaimRecovery",
            "EarmarkSpending",
            "ClaimDrift",
            "Budget",
            "Account",
            "AccountVersion",
            "Calendar",
        ];
        let api = shown.iter().map(|name| pool.get_message_by_name(&format!("incubation.v1.{name}")).unwrap());
        let payloads = pool.all_messages().filter(|message| message.package_name() == "incubation.journal.v1");
        for field in api.chain(payloads).flat_map(|message| message.fields().collect::<Vec<_>>()) {
            let name = field.name();
            let name = name.strip_suffix("_day").map_or_else(|| name.to_owned(), |day| format!("{day}_date"));
            assert!(is_labelled(&name), "{name}");
        }
    }
}
