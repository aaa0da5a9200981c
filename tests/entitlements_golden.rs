//! The sample district under the demo's policy gives the expected entitlements to the last fen, and every amount follows
//! from its own explanation.

mod common;

use common::money::whole_district;
use common::world::{World, day};
use incubator_registry::domain::{AsOf, Reason};
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::Policy;
use incubator_registry::projections::entitlements;
use incubator_registry::projections::entitlements::EntitlementJson;
use std::sync::LazyLock;

static DISTRICT: LazyLock<World> = LazyLock::new(|| whole_district().0);
static POLICY: LazyLock<Policy> = LazyLock::new(|| parse(include_str!("../deploy/demo/policy.toml")).unwrap().policy);

fn expected() -> serde_json::Value {
    serde_json::from_str(include_str!("golden/expected.json")).unwrap()
}

#[test]
fn files_become_what_is_expected() {
    let whole = expected();
    for (file, outcome) in whole_district().1 {
        let report = &whole["import_report"][&file];
        let listed = |list: &[(u64, Reason)]| {
            serde_json::Value::from_iter(list.iter().map(|(line, reason)| serde_json::json!([line, reason.word()])))
        };
        assert_eq!(report["accepted"], outcome.accepted, "{file}");
        assert_eq!(report["duplicate"], listed(&outcome.duplicate), "{file}");
        assert_eq!(report["rejected"], listed(&outcome.rejected), "{file}");
    }
}

#[test]
fn entitlements_are_the_expected_ones() {
    let whole = expected();
    let as_of = AsOf::day(day(whole["entitlements_as_of"].as_str().unwrap()));
    let answer = entitlements(&DISTRICT.registry, &POLICY, as_of);
    assert_eq!(answer.position, DISTRICT.registry.position());
    let wanted = whole["entitlements"].as_array().unwrap();
    for (line, wanted) in answer.lines.iter().zip(wanted) {
        let json = EntitlementJson::from(line);
        // As text, so that keys come in the same order too.
        assert_eq!(serde_json::to_string(&json).unwrap(), wanted.to_string());
    }
    assert_eq!(answer.lines.len(), wanted.len());
    assert_eq!(serde_json::to_value(answer.totals_fen()).unwrap(), whole["entitlement_totals_fen"]);
}
