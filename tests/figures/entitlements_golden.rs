//! The sample district under the demo's policy gives the expected entitlements to the last fen, and every amount follows
//! from its own explanation.

use crate::common::explanation::{follows, told};
use crate::common::ledgers::whole_district;
use crate::common::world::{TODAY, World, day};
use incubator_registry::domain::event::Operator;
use incubator_registry::domain::{AsOf, Event, IncubatorId, Level, ParkId, Reason, Recorded, Registry, Uscc};
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::{Entitlement, Evaluation, Policy, Subject, subjects, touched};
use incubator_registry::projections::entitlements;
use incubator_registry::projections::entitlements::EntitlementJson;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

static DISTRICT: LazyLock<World> = LazyLock::new(|| whole_district().0);
static POLICY: LazyLock<Policy> =
    LazyLock::new(|| parse(include_str!("../../deploy/demo/policy.toml")).unwrap().policy);

fn expected() -> serde_json::Value {
    serde_json::from_str(include_str!("../golden/expected.json")).unwrap()
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

#[test]
fn every_amount_follows_from_its_own_tree() {
    for date in ["2023-06-30", "2024-12-31", "2025-10-31", "2026-11-24"] {
        follows(&DISTRICT.registry, &POLICY, AsOf::day(day(date)));
    }
}

#[test]
fn an_explanation_reads_as_a_clerk_would_write_it() {
    let firm = Uscc::parse("91440203MA37GB743W").unwrap();
    let evaluation = Evaluation::new(&DISTRICT.registry, &POLICY, AsOf::day(day("2025-10-31")));
    let explained = &evaluation.explained(&Subject::Relocation(firm))[0];
    expect_test::expect![[r#"
        落户企业三年补贴 91440203MA37GB743W 第1年（2024年2月29日至2025年2月28日前）：6,666.67元（期满）
          2021年9月1日入驻WJ03（记录第272号）
          2024年1月15日离开（毕业）（记录第273号）
          2024年2月1日落户武江甘棠园区（记录第497号）
          2024年2月29日投产（记录第498号）
          投产后首笔正税于2024年2月29日入库，自2024年2月29日起算（记录第1891号）
          适用示例〔2023〕18号第六条（自2024年1月1日起施行，2023年11月20日通过公平竞争审查）
          由受益地财政支付：韶关新区财政（示例）（440203900）
          不超过年度上限：6,666.67元
            四舍五入到分：6,666.67元
              留成基数×补贴比例=6,666.666元
                留成基数8,333.3325元
                  各笔入库税款的留成部分合计8,333.3325元
                    11,111.11元×25%=2,777.7775元
                      2024年2月29日入库增值税（正税）11,111.11元，凭证440203020240001098，记录第1891号
                      增值税的市区两级留成比例25%
                    22,222.22元×25%=5,555.555元
                      2025年2月27日入库增值税（正税）22,222.22元，凭证440203020250001099，记录第2364号
                      增值税的市区两级留成比例25%
                第1年补贴比例80%
            年度上限800,000.00元
    "#]]
    .assert_eq(&told(&explained.tree));
}

/// Answers by subject.
fn answers(registry: &Registry, as_of: AsOf) -> BTreeMap<Subject, Vec<Entitlement>> {
    let evaluation = Evaluation::new(registry, &POLICY, as_of);
    subjects(registry, as_of)
        .into_iter()
        .map(|s| (s.clone(), evaluation.of(&s)))
        .filter(|(_, a)| !a.is_empty())
        .collect()
}

#[test]
fn subjects_together_say_what_all_say() {
    let as_of = AsOf::day(day("2025-10-31"));
    let mut all = Evaluation::new(&DISTRICT.registry, &POLICY, as_of).all();
    let mut single: Vec<_> = answers(&DISTRICT.registry, as_of).into_values().flatten().collect();
    let key = |e: &Entitlement| (e.scheme, e.beneficiary.clone(), e.period.clone());
    all.sort_by_key(key);
    single.sort_by_key(key);
    assert_eq!(all, single);
}

/// The district, then some of every kind of fact taken back, and facts that the ledgers have none of.
fn with_voids() -> World {
    let mut world = DISTRICT.clone();
    let id = |id: &str| IncubatorId::parse(id).unwrap();
    let code = Uscc::parse("91440203MAL8DHXT7W").unwrap();
    let operator = Operator { name: "科创园".into(), code, introduced: true };
    let park = ParkId::parse("武江甘棠园区").unwrap();
    let (treasury_code, treasury_name) = ("440200000".to_owned(), "市财政".to_owned());
    world.record(vec![
        (day("2023-05-01"), Event::OperatorChanged { incubator: id("WJ04"), operator: operator.clone() }),
        (day("2024-05-01"), Event::OperatorChanged { incubator: id("WJ05"), operator }),
    ]);
    world.record(vec![(day("2024-02-18"), Event::ParkTreasurySet { park, treasury_code, treasury_name })]);
    let level = Level::National;
    world.record(vec![(
        day("2024-03-01"),
        Event::IncubatorRecognised { incubator: id("WJ05"), level, document_no: "国".into() },
    )]);
    let mut taken: HashMap<std::mem::Discriminant<Event>, u32> = HashMap::new();
    for recorded in world.history.clone() {
        let count = taken.entry(std::mem::discriminant(&recorded.event)).or_default();
        *count += 1;
        let stays = matches!(recorded.event, Event::LogCreated { .. } | Event::FirmRegistered { .. });
        if (*count <= 3 || recorded.position.is_multiple_of(101)) && !stays {
            let (reason, decided_by) = ("录入有误".to_owned(), "科技局".to_owned());
            let positions = vec![recorded.position];
            world.record(vec![(day(TODAY), Event::FactsVoided { positions, reason, decided_by })]);
        }
    }
    world
}

#[test]
fn what_an_event_changes_it_touches() {
    let world = with_voids();
    let as_of = AsOf::day(day("2025-10-31"));
    let mut registry = Registry::default();
    let mut seen: HashMap<std::mem::Discriminant<Event>, u32> = HashMap::new();
    let mut changed = 0;
    for recorded in &world.history {
        let count = seen.entry(std::mem::discriminant(&recorded.event)).or_default();
        *count += 1;
        let looks = *count <= 3 || recorded.position.is_multiple_of(37);
        let before = looks.then(|| answers(&registry, as_of));
        registry.evolve(recorded.clone());
        let Some(before) = before else { continue };
        let after = answers(&registry, as_of);
        let touched = touched(&registry, &recorded.event);
        for subject in before.keys().chain(after.keys()) {
            if before.get(subject) != after.get(subject) {
                changed += 1;
                assert!(touched.contains(subject), "{:?} changes {subject:?}", recorded.event);
            }
        }
    }
    assert!(changed > 60, "{changed}");
}

#[test]
fn known_at_a_position_is_what_its_prefix_says() {
    let world = with_voids();
    for known in world.boundaries().into_iter().filter(|position| position.is_multiple_of(97)) {
        let prefix = world.prefix(known);
        for date in ["2024-02-29", "2025-10-31"] {
            let day = day(date);
            let then = Evaluation::new(&world.registry, &POLICY, AsOf { day, known }).all();
            assert_eq!(then, Evaluation::new(&prefix, &POLICY, AsOf::day(day)).all(), "{known}");
        }
    }
}

#[test]
fn what_happens_after_the_day_never_counts() {
    let as_of = AsOf::day(day("2024-06-15"));
    let mut registry = Registry::default();
    let ends = |event: &Event| matches!(event, Event::RecognitionEnded { .. } | Event::LogCreated { .. });
    let by_then = DISTRICT.history.iter().filter(|r| r.day <= as_of.day || ends(&r.event));
    for (position, recorded) in (1..).zip(by_then) {
        registry.evolve(Recorded { position, start: position, ..recorded.clone() });
    }
    let strip = |list: Vec<Entitlement>| -> Vec<EntitlementJson> { list.iter().map(EntitlementJson::from).collect() };
    let now = Evaluation::new(&DISTRICT.registry, &POLICY, as_of).all();
    assert_eq!(strip(now), strip(Evaluation::new(&registry, &POLICY, as_of).all()));
}
