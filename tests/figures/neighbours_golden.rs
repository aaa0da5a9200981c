//! The sample of the measures beside incubation under its policy gives the answers of tests/golden/neighbours.json, whose
//! working stands in neighbours.md beside it; and the policy of the incubators gives none of them.

use crate::common;
use common::explanation::follows;
use common::ledgers::neighbours;
use common::world::{World, day};
use incubator_registry::domain::AsOf;
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::flat::{differences, parameters};
use incubator_registry::policy::{Evaluation, Policy, Scheme, Subject};
use incubator_registry::projections::entitlements;
use incubator_registry::projections::entitlements::EntitlementJson;
use std::sync::LazyLock;

static SAMPLE: LazyLock<World> = LazyLock::new(|| neighbours().0);
static POLICY: LazyLock<Policy> =
    LazyLock::new(|| parse(include_str!("../../deploy/neighbours/policy.toml")).unwrap().policy);

#[test]
fn every_row_is_accepted() {
    for (file, outcome) in neighbours().1 {
        assert!(outcome.accepted > 0 && outcome.duplicate.is_empty() && outcome.rejected.is_empty(), "{file}");
    }
}

#[test]
fn entitlements_are_those_worked_out_by_hand() {
    let whole: serde_json::Value = serde_json::from_str(include_str!("../golden/neighbours.json")).unwrap();
    let as_of = AsOf::day(day(whole["entitlements_as_of"].as_str().unwrap()));
    let answer = entitlements(&SAMPLE.registry, &POLICY, as_of);
    let wanted = whole["entitlements"].as_array().unwrap();
    for (line, wanted) in answer.lines.iter().zip(wanted) {
        assert_eq!(serde_json::to_string(&EntitlementJson::from(line)).unwrap(), wanted.to_string());
    }
    assert_eq!(answer.lines.len(), wanted.len());
}

#[test]
fn every_amount_follows_from_its_own_tree() {
    for date in ["2021-06-30", "2023-12-31", "2024-12-31", "2025-10-31", "2026-11-24"] {
        follows(&SAMPLE.registry, &POLICY, AsOf::day(day(date)));
    }
}

#[test]
fn known_at_a_position_is_what_its_prefix_says() {
    for known in SAMPLE.boundaries() {
        let prefix = SAMPLE.prefix(known);
        let day = day("2025-10-31");
        let then = Evaluation::new(&SAMPLE.registry, &POLICY, AsOf { day, known }).all();
        assert_eq!(then, Evaluation::new(&prefix, &POLICY, AsOf::day(day)).all(), "{known}");
    }
}

#[test]
fn a_policy_without_these_measures_gives_no_such_line() {
    let policy = parse(include_str!("../../deploy/demo/policy.toml")).unwrap().policy;
    let lines = Evaluation::new(&SAMPLE.registry, &policy, AsOf::day(day("2025-10-31"))).all();
    // Only what the sample's carriers and settled firms come to under it: nothing, unrecognised and not in production.
    let others = lines.iter().filter(|line| {
        ![Scheme::IncubatorTaxRebate, Scheme::RelocationRebate].contains(&line.scheme) || line.amount_fen != 0
    });
    assert_eq!(others.map(|line| line.scheme.key()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_policy_is_in_order_and_every_parameter_is_shown() {
    let text = include_str!("../../deploy/neighbours/policy.toml");
    let findings = parse(text).unwrap().lint(day("2026-11-24"));
    assert_eq!(findings.iter().map(|(line, finding)| (*line, finding.code)).collect::<Vec<_>>(), []);
    let shown = parameters(&POLICY);
    for key in text.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
        let named = shown.iter().any(|parameter| {
            parameter.key.ends_with(&format!(".{key}")) || ["id", "from", "code", "year"].contains(&key)
        });
        assert!(named, "{key}");
    }
    let other = text.replace("waiting_months = 12", "waiting_months = 6");
    let changed = differences(&POLICY, &parse(&other).unwrap().policy);
    assert_eq!(changed.len(), 2, "{changed:?}");
    let of_platforms = differences(&POLICY, &parse(&text.replace("\"PILOT\"", "\"TESTING\"")).unwrap().policy);
    assert!(
        of_platforms.iter().all(|(key, ..)| key.ends_with(".kinds")) && of_platforms.len() == 2,
        "{of_platforms:?}"
    );
}

#[test]
fn what_is_odd_about_a_policy_is_said_by_key() {
    let text = include_str!("../../deploy/neighbours/policy.toml");
    for (from, to, key, code) in [
        ("payer = \"DISTRICT\"", "payer = \"PARK_TREASURY\"", "scheme[0].payer", "UNKNOWN_PAYER"),
        (
            "institution_rate_ppm = 30000",
            "institution_rate_ppm = 1000001",
            "scheme[0].institution_rate_ppm",
            "RATE_OUT_OF_RANGE",
        ),
        ("kinds = [\"RESEARCH\", \"TESTING\"]", "kinds = []", "scheme[2].kinds", "EMPTY_LIST"),
        ("minimum_open_ppm = 300000", "minimum_open_ppm = 0", "scheme[2].minimum_open_ppm", "RATE_ZERO"),
        ("running_rate_ppm = 200000", "running_rate_ppm = 0", "scheme[6].running_rate_ppm", "RATE_ZERO"),
        ("from = \"2025-01-01\"", "from = \"2022-01-01\"", "scheme[7].from", "DUPLICATE_FROM"),
    ] {
        assert!(text.contains(from), "{from}");
        let findings = parse(&text.replacen(from, to, 1)).unwrap().lint(day("2026-11-24"));
        assert!(findings.iter().any(|(_, finding)| finding.key == key && finding.code == code), "{to}: {findings:?}");
    }
    // What can't be read is a fault, with the keys that there are.
    let faults = parse(&text.replacen("waiting_months", "waiting_month", 1)).unwrap_err();
    let words: Vec<_> = faults.iter().map(|fault| (fault.fault.field.as_str(), fault.fault.reason.word())).collect();
    let scheme = |key: &str| format!("scheme[0].{key}");
    assert!(words.contains(&(scheme("waiting_month").as_str(), "UNKNOWN_WORD")), "{words:?}");
    assert!(words.contains(&(scheme("waiting_months").as_str(), "MISSING_VALUE")), "{words:?}");
}

#[test]
fn an_explanation_reads_as_a_clerk_would_write_it() {
    use incubator_registry::domain::IntermediaryId;
    let id = IntermediaryId::parse("91440203MA5NP10D4J").unwrap();
    let evaluation = Evaluation::new(&SAMPLE.registry, &POLICY, AsOf::day(day("2025-10-31")));
    let text: String =
        evaluation.explained(&Subject::Transfers(id)).iter().map(|e| common::explanation::told(&e.tree)).collect();
    expect_test::expect![[r#"
        技术转移补助 91440203MA5NP10D4J （技术合同JS2023-002）：0.00元（不符合条件，技术转移活动开始前未备案）
          适用示例〔2021〕9号第三条（自2022年1月1日起施行，至2024年1月1日前有效，2021年12月1日通过公平竞争审查）
          由区财政支付：武江区财政局（440203000）
          韶关技术转移有限公司（机构）于2023年3月1日首次备案（记录第29号）
          合同JS2023-002的技术转移活动始于2023年3月1日，2023年8月31日完成，2024年8月31日起可兑现（记录第32号）
        技术转移补助 91440203MA5NP10D4J （技术合同JS2023-001）：37,037.04元（期满）
          适用示例〔2021〕9号第三条（自2022年1月1日起施行，至2024年1月1日前有效，2021年12月1日通过公平竞争审查）
          由区财政支付：武江区财政局（440203000）
          韶关技术转移有限公司（机构）于2023年3月1日首次备案（记录第29号）
          合同JS2023-001的技术转移活动始于2023年3月2日，2023年9月30日完成，2024年9月30日起可兑现（记录第31号）
          不超过每项上限：37,037.04元
            四舍五入到分：37,037.04元
              实际支付×补助比例=37,037.0367元
                实际支付1,234,567.89元（记录第31号）
                机构补助比例3%
            每项上限200,000.00元
        技术转移补助 91440203MA5NP10D4J （技术合同JS2024-003）：100,000.00元（期满）
          适用示例〔2023〕20号第三条（自2024年1月1日起施行，2023年11月20日通过公平竞争审查）
          由区财政支付：武江区财政局（440203000）
          韶关技术转移有限公司（机构）于2023年3月1日首次备案（记录第29号）
          合同JS2024-003的技术转移活动始于2024年1月10日，2024年2月29日完成，2025年2月28日起可兑现（记录第33号）
          不超过每项上限：100,000.00元
            四舍五入到分：160,000.00元
              实际支付×补助比例=160,000.00元
                实际支付8,000,000.00元（记录第33号）
                机构补助比例2%
            每项上限100,000.00元
    "#]]
    .assert_eq(&text);
}
