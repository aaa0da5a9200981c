//! What the rules of the measures beside incubation say of their sample: the answers of tests/golden/readings.txt, whose working
//! stands in neighbours.md beside it, and each rule at its edges.

use crate::common::explanation::told;
use crate::common::ledgers::neighbours;
use crate::common::readings::{follows, line};
use crate::common::world::{World, day, firm};
use incubator_registry::domain::guidance_fund::{GuidanceFundEvent, GuidanceFundInvested};
use incubator_registry::domain::{AsOf, Entity, Event, GuidanceFundId, ParkId};
use incubator_registry::formats::policy::parse;
use incubator_registry::policy::{Evaluation, Policy, Reading, Standard};
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../deploy/neighbours/policy.toml");

static SAMPLE: LazyLock<World> = LazyLock::new(|| neighbours().0);
static POLICY: LazyLock<Policy> = LazyLock::new(|| parse(TEXT).unwrap().policy);

fn all(policy: &Policy, as_of: AsOf) -> Vec<Reading> {
    let evaluation = Evaluation::new(&SAMPLE.registry, policy, as_of);
    Standard::ALL.iter().flat_map(|standard| evaluation.readings(*standard)).collect()
}

fn lines(policy: &Policy, standard: Standard, date: &str) -> Vec<String> {
    all(policy, AsOf::day(day(date))).iter().filter(|of| of.standard == standard).map(line).collect()
}

#[test]
fn readings_are_those_worked_out_by_hand() {
    let wanted: Vec<&str> = include_str!("../golden/readings.txt").lines().collect();
    let found: Vec<String> = all(&POLICY, AsOf::day(day("2025-10-31"))).iter().map(line).collect();
    assert_eq!(found, wanted);
}

#[test]
fn every_figure_follows_from_its_own_tree() {
    for date in ["2021-06-30", "2023-12-31", "2024-06-01", "2025-10-31", "2026-11-24"] {
        all(&POLICY, AsOf::day(day(date))).iter().for_each(follows);
    }
}

#[test]
fn a_subject_is_read_alone_as_it_is_among_all() {
    for date in ["2022-12-31", "2025-10-31"] {
        let evaluation = Evaluation::new(&SAMPLE.registry, &POLICY, AsOf::day(day(date)));
        for standard in Standard::ALL {
            let all = evaluation.readings(*standard);
            for reading in &all {
                assert_eq!(evaluation.reading(*standard, reading.subject.as_ref()).as_ref(), Some(reading));
            }
            let subjects = evaluation.reading_subjects(*standard);
            assert!(all.iter().all(|reading| subjects.contains(&reading.subject)));
        }
        let elsewhere = Entity::Park(ParkId::parse("武江甘棠园区").unwrap());
        assert_eq!(evaluation.reading(Standard::ParkAdmission, Some(&elsewhere)), None);
        assert_eq!(evaluation.reading(Standard::SeedFundDuty, None), None);
    }
}

#[test]
fn known_at_a_position_is_what_its_prefix_says() {
    for known in SAMPLE.boundaries() {
        let (prefix, day) = (SAMPLE.prefix(known), day("2025-10-31"));
        for standard in Standard::ALL {
            let then = Evaluation::new(&SAMPLE.registry, &POLICY, AsOf { day, known }).readings(*standard);
            assert_eq!(then, Evaluation::new(&prefix, &POLICY, AsOf::day(day)).readings(*standard), "{known}");
        }
    }
}

#[test]
fn a_duty_is_read_day_by_day_under_the_version_of_the_day() {
    let duty = |date: &str| lines(&POLICY, Standard::SeedFundDuty, date);
    // Before any version nothing can be said; the carriers of that day are listed all the same.
    assert_eq!(duty("2021-12-31"), [""; 0]);
    let none = under(&[(
        "from = \"2022-01-01\"\ndocument_no = \"示例〔2021〕9号\"\nclause = \"第十条\"",
        "from = \"2023-01-01\"\ndocument_no = \"示例〔2021〕9号\"\nclause = \"第十条\"",
    )]);
    let unknown = |id: &str| format!("seed_fund_duty incubators/{id} UNKNOWN NO_STANDARD_IN_FORCE");
    assert_eq!(lines(&none, Standard::SeedFundDuty, "2022-12-31"), [unknown("ZT01"), unknown("ZT02")]);
    // Whose duty it will be, the first version says: makerspaces' alone, of which there is none yet;
    // so does the latest once it is over.
    let others = under(&[
        ("kinds = [\"INCUBATOR\"]", "kinds = [\"MAKERSPACE\"]"),
        ("from = \"2022-01-01\"", "from = \"2023-01-01\""),
    ]);
    assert_eq!(lines(&others, Standard::SeedFundDuty, "2022-12-31"), [""; 0]);
    let clause =
        "from = \"2024-01-01\"\ndocument_no = \"示例〔2023〕20号\"\nclause = \"第十条\"\nkinds = [\"INCUBATOR\"]";
    let ended = clause.replace("\ndocument", "\nuntil = \"2025-01-01\"\ndocument");
    assert_eq!(lines(&under(&[(clause, &ended)]), Standard::SeedFundDuty, "2025-10-31").len(), 3);
    let ended = ended.replace("INCUBATOR", "MAKERSPACE");
    assert_eq!(lines(&under(&[(clause, &ended)]), Standard::SeedFundDuty, "2025-10-31"), [unknown("ZT05")]);
    // Without any version there is no such duty to speak of.
    let none = parse(include_str!("../../deploy/demo/policy.toml")).unwrap().policy;
    assert_eq!(lines(&none, Standard::SeedFundDuty, "2025-10-31"), [""; 0]);
    // The day before the fund, and its day: exactly the minimum of that version, which demands nothing else.
    let missing = "size ?≥300000000 UNKNOWN, invested_ratio ?, cases 0";
    assert_eq!(
        duty("2023-02-28")[0],
        format!(
            "seed_fund_duty incubators/ZT01 NOT_MET SEED_FUND_MISSING 2022-01-01: seed_fund 0≥1 NOT_MET, {missing}"
        )
    );
    assert_eq!(
        duty("2023-03-01")[0],
        "seed_fund_duty incubators/ZT01 MET 2022-01-01 since 2023-03-01: seed_fund 1≥1 MET, size 300000000≥300000000 MET, \
         invested_ratio 0, cases 0"
    );
    // A day before the last case the ratio is a fifth short.
    assert!(
        duty("2025-02-27")[0].contains("NOT_MET 2024-01-01")
            && duty("2025-02-27")[0].contains("invested_ratio 9/50≥1/5")
    );
    // A minimum that isn't stated demands nothing.
    let bare = under(&[("minimum_size_fen = 500000000\nminimum_invested_ppm = 200000\nminimum_cases = 3\n", "")]);
    assert!(lines(&bare, Standard::SeedFundDuty, "2025-10-31")[1].starts_with("seed_fund_duty incubators/ZT02 MET"));
}

#[test]
fn funds_are_read_day_by_day_against_the_target_of_the_year() {
    let whole = |date: &str| lines(&POLICY, Standard::GuidanceFund, date)[0].clone();
    // A version without a fund: the size is 0, what there is nothing of is unknown.
    let empty = whole("2022-05-31");
    assert!(empty.contains("NOT_MET 2022-01-01: size 0≥2000000000 NOT_MET, paid_in 0"), "{empty}");
    assert!(empty.contains("government_share ?≥3/10 UNKNOWN, leverage ?, invested 0"), "{empty}");
    assert!(whole("2022-06-01").contains(" NOT_MET 2022") || whole("2022-06-01").contains(" UNKNOWN 2022"));
    assert!(whole("2022-12-31").starts_with("guidance_fund district MET"), "{}", whole("2022-12-31"));
    assert!(whole("2023-12-31").starts_with("guidance_fund district UNKNOWN NO_TARGET"));
    assert!(whole("2024-12-31").contains("government_share 3/8≥2/5 NOT_MET"));
    // Nothing before the version but what there is; nothing of a fund before its day.
    assert_eq!(lines(&POLICY, Standard::GuidanceFund, "2021-12-31"), [""; 0]);
    assert_eq!(lines(&POLICY, Standard::GuidanceFund, "2024-05-14").len(), 2);
    // A month less, and the day of the 60th month is too late.
    let shorter = under(&[("early_stage_months = 60", "early_stage_months = 59")]);
    assert!(lines(&shorter, Standard::GuidanceFund, "2025-10-31")[0].contains("early_stage 200000000"));
}

#[test]
fn an_investment_before_the_firms_registration_is_none_in_an_early_stage() {
    let mut world = SAMPLE.clone();
    let (code, fund) = (firm(77), GuidanceFundId::parse("TJ01").unwrap());
    let (name, field) = ("后来的企业".to_owned(), "软件".to_owned());
    world.record(vec![(day("2025-01-01"), Event::FirmRegistered { firm: code, name, field })]);
    let read = |world: &World| {
        let evaluation = Evaluation::new(&world.registry, &POLICY, AsOf::day(day("2025-10-31")));
        let whole = evaluation.reading(Standard::GuidanceFund, None).unwrap();
        let of = |key: &str| whole.items.iter().find(|item| item.measure.key() == key).unwrap().measured.unwrap();
        (of("invested").numerator(), of("early_stage").numerator())
    };
    let (invested, early) = read(&world);
    for (date, wanted) in [("2024-12-31", (invested + 5, early)), ("2025-01-01", (invested + 10, early + 5))] {
        let made = GuidanceFundInvested { fund: fund.clone(), firm: code, amount: 5 };
        world.record(vec![(day(date), Event::GuidanceFund(GuidanceFundEvent::Invested(made)))]);
        assert_eq!(read(&world), wanted, "{date}");
    }
}

#[test]
fn a_project_is_measured_by_the_standards_of_its_day_and_a_settled_firm_by_what_it_names() {
    let of = |date: &str| lines(&POLICY, Standard::ParkAdmission, date);
    assert_eq!((of("2021-12-30").len(), of("2021-12-31").len()), (0, 1));
    // Settled the day after: nothing is read of the firm before.
    assert!(!of("2023-08-31").iter().any(|line| line.contains("firms/")));
    assert!(of("2023-09-01").iter().any(|line| line.contains("firms/91440203MA5NB10A19 MET")));
    // A threshold that isn't stated leaves the whole unknown, however good the rest is.
    let without = under(&[("building_coefficient = { bound = \"MIN\", value = 400000, unit = \"PPM\" }\n", "")]);
    let first = lines(&without, Standard::ParkAdmission, "2025-10-31")[0].clone();
    assert!(first.contains("XM01 UNKNOWN 2022-01-01") && first.contains("building_coefficient 2/5 UNKNOWN"), "{first}");
    // A later version doesn't measure what was assessed before it.
    let about = |reading: &Reading| reading.about.iter().map(|of| of.to_string()).collect::<Vec<_>>();
    let readings = all(&POLICY, AsOf::day(day("2025-10-31")));
    let settled = readings.iter().find(|of| line(of).contains("firms/91440203MA5NB20B2L")).unwrap();
    assert_eq!(about(settled), ["parks/武江甘棠园区", "projectAssessments/XM02"]);
}

#[test]
fn an_odd_rule_is_said_by_key_and_a_wrong_one_is_a_fault() {
    let found = |from: &str, to: &str| {
        assert!(TEXT.contains(from), "{from}");
        let findings = parse(&TEXT.replacen(from, to, 1)).unwrap().lint(day("2026-11-24"));
        findings.into_iter().map(|(_, finding)| format!("{} {}", finding.key, finding.code)).collect::<Vec<_>>()
    };
    assert_eq!(found("kinds = [\"INCUBATOR\"]", "kinds = []"), ["standard[0].kinds EMPTY_LIST"]);
    assert_eq!(
        found("minimum_invested_ppm = 200000", "minimum_invested_ppm = 0"),
        ["standard[1].minimum_invested_ppm RATE_ZERO"]
    );
    let doubled = found("year = 2024", "year = 2022");
    assert_eq!(doubled, ["standard[2].target[1].year DUPLICATE_YEAR"]);
    assert_eq!(
        found("minimum_government_ppm = 375000", "minimum_government_ppm = 1000001"),
        ["standard[2].target[2].minimum_government_ppm RATE_OUT_OF_RANGE"]
    );
    let output = "land_output = { bound = \"MIN\", value = 6000, unit = \"WAN_YUAN_PER_HECTARE\" }";
    let place = "standard[3].industry.先进制造.land_output";
    assert_eq!(found(&format!("{output}\n"), ""), [format!("{place} MISSING_THRESHOLD")]);
    assert_eq!(found(output, &output.replace("MIN", "MAX")), [format!("{place} UNUSUAL_BOUND")]);
    let fault = |from: &str, to: &str| {
        assert!(TEXT.contains(from), "{from}");
        let faults = parse(&TEXT.replacen(from, to, 1)).unwrap_err();
        faults.iter().map(|at| format!("{} {}", at.fault.field, at.fault.reason.word())).collect::<Vec<_>>()
    };
    assert_eq!(fault("id = \"seed_fund_duty\"", "id = \"seed_fund\""), ["standard[0].id UNKNOWN_WORD"]);
    assert_eq!(fault("minimum_cases = 3", "minimum_cases = -1"), ["standard[1].minimum_cases OUT_OF_RANGE"]);
    assert_eq!(
        fault("year = 2025", "years = 2025"),
        ["standard[2].target[2].year MISSING_VALUE", "standard[2].target[2].years UNKNOWN_WORD"]
    );
    assert_eq!(fault(output, &output.replace("WAN_YUAN_PER_HECTARE", "PPM")), [format!("{place}.unit UNKNOWN_WORD")]);
    assert_eq!(
        fault("land_output = {", "land_outputs = {"),
        ["standard[3].industry.先进制造.land_outputs UNKNOWN_WORD"]
    );
    assert_eq!(fault("minimum_cases = 3", "payer = \"DISTRICT\""), ["standard[1].payer UNKNOWN_WORD"]);
}

#[test]
fn an_explanation_reads_as_a_clerk_would_write_it() {
    let readings = all(&POLICY, AsOf::day(day("2025-10-31")));
    let text: String = [0, 2, 3, 7, 12].iter().map(|at| told(&readings[*at].tree)).collect();
    expect_test::expect![[r#"
        引进运营主体种子基金义务 芙蓉孵化器（ZT01）：符合
          适用示例〔2023〕20号第十条（自2024年1月1日起施行）
          芙蓉孵化器由引进的深圳创孵运营有限公司（示例）运营（记录第3号）
          种子基金已设立：符合
            种子基金1
              2023年3月1日设立种子基金3,000,000.00元（记录第22号）
          基金规模5,000,000.00元，规定不低于5,000,000.00元：符合
            基金规模合计5,000,000.00元
              2023年3月1日设立种子基金3,000,000.00元（记录第22号）
              2024年6月1日设立种子基金2,000,000.00元（记录第23号）
            规定基金规模5,000,000.00元
          投资担保占基金规模比例20%，规定不低于20%：符合
            投资担保合计÷基金规模=20%
              投资担保合计1,000,000.00元
                2023年6月30日对91440203MA5NB10A19股权投资600,000.00元（记录第25号）
                2024年3月15日对91440203MA5NB20B2L融资担保300,000.00元（记录第26号）
                2025年2月28日对91440203MA5NB10A19股权投资100,000.00元（记录第27号）
              基金规模合计5,000,000.00元
                2023年3月1日设立种子基金3,000,000.00元（记录第22号）
                2024年6月1日设立种子基金2,000,000.00元（记录第23号）
            规定投资担保占基金规模比例20%
          投资担保笔数3，规定不低于3：符合
            投资担保笔数合计3
              2023年6月30日对91440203MA5NB10A19股权投资600,000.00元（记录第25号）
              2024年3月15日对91440203MA5NB20B2L融资担保300,000.00元（记录第26号）
              2025年2月28日对91440203MA5NB10A19股权投资100,000.00元（记录第27号）
            规定投资担保笔数3
        引进运营主体种子基金义务 沙洲孵化器（ZT03）：不符合（引进运营主体未设立种子基金）
          适用示例〔2023〕20号第十条（自2024年1月1日起施行）
          沙洲孵化器由引进的东莞众合孵化有限公司（示例）运营（记录第5号）
          种子基金未设立：不符合
            种子基金0
          基金规模不详，规定不低于5,000,000.00元：无法判断
            规定基金规模5,000,000.00元
          投资担保占基金规模比例不详，规定不低于20%：无法判断
            规定投资担保占基金规模比例20%
          投资担保笔数0，规定不低于3：不符合
            投资担保笔数合计0
            规定投资担保笔数3
        天使投资引导基金 全区合计：不符合
          适用示例〔2021〕9号第十一条（自2022年1月1日起施行）
          基金规模50,000,000.00元，规定不低于50,000,000.00元：符合
            基金规模合计50,000,000.00元
              2022年6月1日设立武江天使投资引导基金，规模20,000,000.00元（记录第63号）
              2024年5月15日设立武江科创天使子基金，规模30,000,000.00元（记录第64号）
            规定基金规模50,000,000.00元
          实缴资本40,000,000.00元
            实缴资本合计40,000,000.00元
              2022年6月10日政府出资6,000,000.00元（记录第65号）
              2022年7月1日社会出资9,000,000.00元（记录第66号）
              2024年6月1日政府出资9,000,000.00元（记录第67号）
              2024年6月20日社会出资16,000,000.00元（记录第68号）
          政府出资15,000,000.00元
            政府出资合计15,000,000.00元
              2022年6月10日政府出资6,000,000.00元（记录第65号）
              2024年6月1日政府出资9,000,000.00元（记录第67号）
          政府出资占实缴比例37.5%，规定不低于37.5%：符合
            政府出资÷实缴资本=37.5%
              政府出资合计15,000,000.00元
                2022年6月10日政府出资6,000,000.00元（记录第65号）
                2024年6月1日政府出资9,000,000.00元（记录第67号）
              实缴资本合计40,000,000.00元
                2022年6月10日政府出资6,000,000.00元（记录第65号）
                2022年7月1日社会出资9,000,000.00元（记录第66号）
                2024年6月1日政府出资9,000,000.00元（记录第67号）
                2024年6月20日社会出资16,000,000.00元（记录第68号）
            规定政府出资占实缴比例37.5%
          社会资本与政府出资之比1.666666…，规定不低于1.5：符合
            社会资本÷政府出资=1.666666…
              社会资本合计25,000,000.00元
                2022年7月1日社会出资9,000,000.00元（记录第66号）
                2024年6月20日社会出资16,000,000.00元（记录第68号）
              政府出资合计15,000,000.00元
                2022年6月10日政府出资6,000,000.00元（记录第65号）
                2024年6月1日政府出资9,000,000.00元（记录第67号）
            规定社会资本与政府出资之比1.5
          投资总额8,000,000.00元
            投资总额合计8,000,000.00元
              2023年2月1日投资91440203MA5NB20B2L：2,000,000.00元（记录第70号）
              2023年3月21日投资91440203MA5NB30C30：500,000.00元（记录第71号）
              2024年5月10日投资91440203MA5NB10A19：1,000,000.00元（记录第72号）
              2025年6月30日投资91440203MA5NB10A19：3,000,000.00元（记录第73号）
              2025年8月1日投资91440203MA5NB20B2L：1,500,000.00元（记录第74号）
          投向初创期企业4,500,000.00元
            投向初创期企业合计4,500,000.00元
              2023年2月1日投资91440203MA5NB20B2L：2,000,000.00元，企业2020年8月1日注册，不超过60个月（记录第70号）
              2024年5月10日投资91440203MA5NB10A19：1,000,000.00元，企业2019年5月10日注册，不超过60个月（记录第72号）
              2025年8月1日投资91440203MA5NB20B2L：1,500,000.00元，企业2020年8月1日注册，不超过60个月（记录第74号）
          投向初创期企业占投资比例56.25%，规定不低于60%：不符合
            投向初创期企业÷投资总额=56.25%
              投向初创期企业合计4,500,000.00元
                2023年2月1日投资91440203MA5NB20B2L：2,000,000.00元，企业2020年8月1日注册，不超过60个月（记录第70号）
                2024年5月10日投资91440203MA5NB10A19：1,000,000.00元，企业2019年5月10日注册，不超过60个月（记录第72号）
                2025年8月1日投资91440203MA5NB20B2L：1,500,000.00元，企业2020年8月1日注册，不超过60个月（记录第74号）
              投资总额合计8,000,000.00元
                2023年2月1日投资91440203MA5NB20B2L：2,000,000.00元（记录第70号）
                2023年3月21日投资91440203MA5NB30C30：500,000.00元（记录第71号）
                2024年5月10日投资91440203MA5NB10A19：1,000,000.00元（记录第72号）
                2025年6月30日投资91440203MA5NB10A19：3,000,000.00元（记录第73号）
                2025年8月1日投资91440203MA5NB20B2L：1,500,000.00元（记录第74号）
            规定投向初创期企业占投资比例60%
        入园项目准入 项目XM02：不符合
          适用示例〔2021〕9号第五章第五节（自2022年1月1日起施行）
          项目XM02（新材料）于2023年6月20日评估（记录第12号）
          投资强度4499.999985万元/公顷，规定不低于4500万元/公顷：不符合
            投资强度4499.999985万元/公顷（记录第12号）
            规定投资强度4500万元/公顷
          土地产出6750万元/公顷，规定不低于6750万元/公顷：符合
            土地产出6750万元/公顷（记录第12号）
            规定土地产出6750万元/公顷
          土地税收382.5万元/公顷，规定不低于375万元/公顷：符合
            土地税收382.5万元/公顷（记录第12号）
            规定土地税收375万元/公顷
          容积率1.35，规定不低于1：符合
            容积率1.35（记录第12号）
            规定容积率1
          行政办公及生活服务设施比例7.0001%，规定不高于7%：不符合
            行政办公及生活服务设施比例7.0001%（记录第12号）
            规定行政办公及生活服务设施比例7%
          建筑系数45.5%，规定不低于40%：符合
            建筑系数45.5%（记录第12号）
            规定建筑系数40%
          绿地率不详，规定不高于20%：无法判断
            规定绿地率20%
        入园项目准入 落户企业91440203MA5NB30C30：无法判断（未评估）
          企业于2024年6月1日落户武江甘棠园区（记录第20号）
    "#]]
    .assert_eq(&text);
}

fn under(changes: &[(&str, &str)]) -> Policy {
    let mut text = TEXT.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    parse(&text).unwrap().policy
}
