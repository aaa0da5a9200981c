//! The measures beside incubation over the wire and from the command line: facts one by one and by ledgers, what is shown of
//! them, and what they entitle to, to the last key.

use crate::common::server::Server;
use crate::common::world::TODAY;
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::wire::v1;
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/neighbours");

struct Run {
    exit: Exit,
    out: String,
    err: String,
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|fault| panic!("{fault}: {}{}", self.out, self.err))
    }
}

async fn run(server: &Server, line: &str) -> Run {
    let mut whole = vec!["incubatorctl", "--server", &server.address, "--principal", "clerk-7", "--lang", "zh"];
    whole.extend(line.split(' '));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = ctl::run(whole, &mut Io { out: &mut out, err: &mut err, watched: false }).await;
    Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// Done, and what it answered.
async fn done(server: &Server, line: &str) -> Value {
    let done = run(server, &format!("{line} -o json")).await;
    assert_eq!(done.exit, Exit::Clean, "{line}: {}", done.err);
    done.json()
}

/// Refused, with this word.
async fn refused(server: &Server, line: &str, reason: &str) {
    let done = run(server, line).await;
    assert_eq!(done.exit, Exit::Trouble, "{line}");
    assert!(done.err.contains(reason), "{line}: {}", done.err);
}

/// A server with the sample, imported as its files are, and with the policy.
async fn sample() -> Server {
    let server = Server::start().await;
    let imported = run(&server, &format!("import {FOLDER}")).await;
    assert_eq!(imported.exit, Exit::Clean, "{}", imported.err);
    done(&server, &format!("policy publish {FOLDER}/policy.toml --date {TODAY}")).await;
    server
}

#[tokio::test]
async fn the_sample_gives_its_answers_and_every_line_is_explained() {
    let server = sample().await;
    let whole: Value = serde_json::from_str(include_str!("../golden/neighbours.json")).unwrap();
    let listed = run(&server, "entitlements --as-of 2025-10-31 -o json").await;
    let lines: Vec<Value> = listed.json().as_array().unwrap().clone();
    assert_eq!(serde_json::to_string(&lines).unwrap(), whole["entitlements"].to_string());
    for line in &lines {
        let text = |key: &str| line[key].as_str().unwrap().to_owned();
        let ask = format!("explain {} {} {}", text("scheme"), text("beneficiary"), text("period"));
        let explained = done(&server, &format!("{ask} --as-of 2025-10-31")).await;
        assert_eq!(explained["amount_fen"], line["amount_fen"], "{ask}");
        let value = &explained["tree"]["value"]["numerator"];
        assert_eq!(value, &json!(line["amount_fen"].to_string()), "{ask}");
    }
    // Imported again, nothing is added; without the policy of these measures, nothing is due.
    let again = done(&server, &format!("import {FOLDER}")).await;
    assert!(again.as_object().unwrap().values().all(|file| file["accepted"] == 0), "{again}");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn transfers_are_recorded_one_by_one() {
    let server = sample().await;
    let register = "intermediary register 韶技经2024001 --name 经纪 --party individual --date 2024-01-02";
    assert_eq!(done(&server, register).await["intermediary"]["party"], "INDIVIDUAL");
    assert_eq!(done(&server, register).await["duplicate"], true);
    refused(
        &server,
        "intermediary register 11010519491231002X --name 甲 --party 个人 --date 2024-01-02",
        "MALFORMED_NAME",
    )
    .await;
    refused(&server, "intermediary register 甲 --name 甲 --party 机构 --date 2024-01-02", "MALFORMED_CODE").await;
    let record = "technology-transfer record JS9 --firm 91440203MA5NB10A19 --began 2024-02-01 --paid 100000.50";
    refused(&server, &format!("{record} --intermediary 无 --date 2024-03-01"), "UNKNOWN_INTERMEDIARY").await;
    let record = format!("{record} --intermediary 韶技经2024001 --date 2024-03-01");
    let recorded = done(&server, &record).await;
    assert_eq!(recorded["technology_transfer"]["paid_fen"], 10_000_050);
    let shown = done(&server, "technology-transfer show JS9").await;
    assert_eq!(shown["intermediary"], "districts/440203/intermediaries/韶技经2024001");
    assert_eq!((&shown["began_date"], &shown["completed_date"]), (&json!("2024-02-01"), &json!("2024-03-01")));
    refused(&server, "technology-transfer show JS9 --as-of 2024-02-29", "UNKNOWN_TRANSFER").await;
    refused(&server, "intermediary show 韶技经2024001 --as-of 2024-01-01", "UNKNOWN_INTERMEDIARY").await;
    let of = done(&server, "technology-transfer list --intermediary 韶技经2024001").await;
    assert_eq!(of.as_array().unwrap().len(), 1);
    assert_eq!(done(&server, "technology-transfer list").await.as_array().unwrap().len(), 6);
    assert_eq!(done(&server, "intermediary list --party 个人").await.as_array().unwrap().len(), 2);
    // The fact counts at once; replaced by a smaller payment, the line follows.
    let line = "entitlements --beneficiary 韶技经2024001 --as-of 2025-03-01";
    assert_eq!(done(&server, line).await[0]["amount_fen"], 100_001);
    let replaces = format!(" --replaces {} --void-reason 录错 --decided-by 科技局", recorded["position"]);
    done(&server, &format!("{}{replaces}", record.replace("100000.50", "5000"))).await;
    let lines = done(&server, line).await;
    assert_eq!((&lines[0]["amount_fen"], &lines[0]["status"]), (&json!(5_000), &json!("COMPLETE")));
    server.ended().await.unwrap();
}

#[tokio::test]
async fn platforms_are_entered_report_and_are_completed() {
    let server = sample().await;
    let operator = "--operator 甲 --operator-code 91440203MA5NB10A19";
    let register = format!("platform register PT9 --name 检测 --kind 检验检测平台 {operator} --date 2023-02-01");
    assert_eq!(done(&server, &register).await["platform"]["kind"], "TESTING");
    let report = "--capacity 10 --open 3 --cost 1000 --input 2000.50";
    refused(&server, &format!("platform report 无 --year 2023 {report}"), "UNKNOWN_PLATFORM").await;
    refused(&server, "platform report PT9 --year 2023 --capacity 10 --open 11 --cost 1 --input 0", "OUT_OF_RANGE")
        .await;
    refused(&server, &format!("platform report PT9 --year 2026 {report}"), "DATE_IN_FUTURE").await;
    let reported = done(&server, &format!("platform report PT9 --year 2023 {report}")).await;
    assert_eq!(reported["platform"]["years"][0]["input_fen"], 200_050);
    refused(&server, "platform complete PT9 --date 2023-01-31", "DATES_OUT_OF_ORDER").await;
    done(&server, "platform complete PT9 --date 2023-06-01").await;
    let shown = done(&server, "platform show PT9").await;
    assert_eq!((&shown["completed_date"], &shown["operator_name"]), (&json!("2023-06-01"), &json!("甲")));
    assert_eq!(done(&server, "platform show PT9 --as-of 2023-05-31").await["completed_date"], Value::Null);
    let run_by = done(&server, "platform list --kind testing --operator 91440203MA5NB10A19").await;
    assert_eq!(run_by.as_array().unwrap().len(), 1);
    assert_eq!(done(&server, "platform list").await.as_array().unwrap().len(), 4);
    let lines = done(&server, "entitlements --beneficiary PT9").await;
    let amounts: Vec<_> = lines.as_array().unwrap().iter().map(|line| line["amount_fen"].clone()).collect();
    assert_eq!(amounts, [json!(20_000), json!(20_005)]);
    let table = run(&server, "explain open_platform PT9 2023").await.out;
    assert!(table.contains("开放比例3÷10=30%，不低于规定的30%"), "{table}");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn instruments_enter_the_catalogue_report_and_leave_it() {
    let server = sample().await;
    let catalogue = "instrument catalogue YQ9 --name 质谱仪 --price 600000 --date 2023-02-01";
    refused(&server, &format!("{catalogue} --firm 91440203MA5NB99A19"), "UNKNOWN_FIRM").await;
    refused(&server, "instrument report YQ9 --year 2023 --cost 1", "UNKNOWN_INSTRUMENT").await;
    let entered = done(&server, &format!("{catalogue} --firm 91440203MA5NB10A19")).await;
    assert_eq!(entered["instrument"]["price_fen"], 60_000_000);
    refused(&server, "instrument report YQ9 --year 2026 --cost 1", "DATE_IN_FUTURE").await;
    done(&server, "instrument report YQ9 --year 2023 --cost 1000.02").await;
    refused(&server, "instrument remove YQ9 --date 2023-01-31", "DATES_OUT_OF_ORDER").await;
    done(&server, "instrument remove YQ9 --date 2023-06-30").await;
    let shown = done(&server, "instrument show YQ9").await;
    assert_eq!(
        (&shown["removed_date"], &shown["years"][0]["running_cost_fen"]),
        (&json!("2023-06-30"), &json!(100_002))
    );
    refused(&server, "instrument show YQ9 --as-of 2023-01-31", "UNKNOWN_INSTRUMENT").await;
    assert_eq!(done(&server, "instrument list --firm 91440203MA5NB10A19").await.as_array().unwrap().len(), 4);
    let lines = done(&server, "entitlements --scheme instrument_sharing --beneficiary YQ9").await;
    let amounts: Vec<_> = lines.as_array().unwrap().iter().map(|line| line["amount_fen"].clone()).collect();
    assert_eq!(amounts, [json!(6_000_000), json!(20_000)]);
    let totals = done(&server, "entitlements --totals --as-of 2025-10-31").await;
    let of = |scheme: &str, year: i64| {
        let all = totals["totals"].as_array().unwrap().iter();
        all.filter(|total| total["scheme"] == scheme && total["year"] == year)
            .map(|t| t["amount_fen"].as_i64().unwrap())
            .sum::<i64>()
    };
    // Purchases of 2023, the new one's too, and what ran in that year.
    assert_eq!(of("INSTRUMENT_SHARING", 2023), 5_000_000 + 246_913 + 8_000_001 + 20_001 + 6_000_000 + 20_000);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn readings_are_listed_and_explained() {
    let server = sample().await;
    let listed = done(&server, "reading list --as-of 2025-10-31 --standard seed_fund_duty").await;
    let verdicts: Vec<_> = listed.as_array().unwrap().iter().map(|reading| reading["verdict"].clone()).collect();
    assert_eq!(verdicts, [json!("MET"), json!("NOT_MET"), json!("NOT_MET")]);
    let missing = done(&server, "reading list --as-of 2025-10-31 --verdict not-met --subject ZT03").await;
    assert_eq!((missing.as_array().unwrap().len(), &missing[0]["reason"]), (1, &json!("SEED_FUND_MISSING")));
    let shown = done(&server, "reading show seed_fund_duty ZT01 --as-of 2025-10-31").await;
    let item = &shown["items"][2];
    assert_eq!(
        (&item["measure"], &item["measured"]["decimal"], &item["threshold"]["decimal"], &item["bound"]),
        (&json!("invested_ratio"), &json!("0.2"), &json!("0.2"), &json!("MIN"))
    );
    assert_eq!(shown["tree"]["children"].as_array().unwrap().len(), 6);
    let table = run(&server, "reading show 引进运营主体种子基金义务 ZT02 --as-of 2025-10-31").await.out;
    assert!(table.contains("规定不低于5,000,000.00元：不符合"), "{table}");
    // A new case counts at once: with what was recorded before, it doesn't.
    let made = done(
        &server,
        "investment record 91440203MA5NB10A19 --incubator ZT02 --amount 1 --form 股权投资 --date 2025-01-01",
    );
    let at = made.await["position"].as_i64().unwrap();
    for (known, cases) in [(at, "2"), (at - 1, "1")] {
        let then = format!("reading show seed_fund_duty ZT02 --as-of 2025-10-31 --known-at {known}");
        assert_eq!(done(&server, &then).await["items"][3]["measured"]["decimal"], cases);
    }
    // The whole district goes by its code too.
    let whole = done(&server, "reading show guidance_fund --as-of 2025-10-31").await;
    assert_eq!(done(&server, "reading show guidance_fund 440203 --as-of 2025-10-31").await, whole);
    let by_code = done(&server, "reading list --as-of 2025-10-31 --subject 440203").await;
    assert_eq!((by_code.as_array().unwrap().len(), &by_code[0]["subject"]), (1, &json!("districts/440203")));
    // As a clerk writes it: yuan, a plain ratio, per cent, and nothing in English.
    let table = run(&server, "reading show guidance_fund --as-of 2025-10-31").await.out;
    let row = |name: &str| table.lines().find(|line| line.contains(name)).unwrap().to_owned();
    for (name, cells) in [
        ("基金规模", "50,000,000.00 ┆ 不低于 ┆ 50,000,000.00 ┆ 元"),
        ("社会资本与政府出资之比", "1.666666… ┆ 不低于 ┆ 1.5"),
        ("投向初创期企业占投资比例", "56.25 ┆ 不低于 ┆ 60 ┆ %"),
    ] {
        let found = row(name).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(found.contains(cells), "{found}");
    }
    assert!(!table.contains("FEN") && !table.contains("RATIO") && !table.contains("MIN"), "{table}");
    // Its operator was not brought in: the rule says nothing of it.
    refused(&server, "reading show seed_fund_duty ZT04", "UNKNOWN_READING").await;
    server.ended().await.unwrap();
}

#[tokio::test]
async fn readings_come_page_by_page_in_the_order_of_their_names() {
    let server = sample().await;
    let ask = |page_size: i32, filter: &str, page_token: String| v1::ListReadingsRequest {
        parent: "districts/440203".into(),
        as_of_date: "2025-10-31".into(),
        page_size,
        filter: filter.into(),
        page_token,
        ..Default::default()
    };
    for filter in ["", "verdict = MET", "standard = park_admission AND park = 武江甘棠园区", "verdict = UNKNOWN"]
    {
        let whole = server.readings().list_readings(ask(1000, filter, String::new())).await.unwrap().into_inner();
        let names: Vec<_> = whole.readings.iter().map(|of| (of.standard, of.subject.clone())).collect();
        assert!(names.len() > 2 && names.is_sorted(), "{filter}: {names:?}");
        let (mut paged, mut token) = (Vec::new(), String::new());
        loop {
            let page = server.readings().list_readings(ask(2, filter, token)).await.unwrap().into_inner();
            assert!(page.readings.len() <= 2);
            paged.extend(page.readings);
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(paged, whole.readings, "{filter}");
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn what_is_not_due_yet_has_no_part_in_a_budget() {
    let server = sample().await;
    // JS2024-003 is completed on 2024-02-29, and due twelve months later.
    for (as_of, is_due) in [("2025-02-27", false), ("2025-02-28", true)] {
        let ask = format!("budget technology_transfer --payer 440203000 --year 2024 --amount 1000000 --as-of {as_of}");
        let shares = done(&server, &ask).await["shares"].clone();
        let named = |share: &Value| share["entitlement"]["period"] == "JS2024-003";
        assert_eq!(shares.as_array().is_some_and(|shares| shares.iter().any(named)), is_due, "{as_of}: {shares}");
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn beside_a_second_policy_a_question_names_its_own() {
    let server = sample().await;
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/demo/policy.toml");
    done(&server, &format!("policy publish {demo} --date {TODAY}")).await;
    let ids = "wujiang-incubation-demo, wujiang-innovation-demo";
    for asked in [
        "entitlements",
        "entitlements --totals",
        "reading list",
        "explain technology_transfer X T1",
        "budget technology_transfer --payer 440203000 --year 2024",
    ] {
        let zh = run(&server, asked).await;
        assert_eq!(zh.exit, Exit::Trouble, "{asked}");
        assert!(zh.err.contains(&format!("已公布的政策：{ids}，请用 --policy 指明一项")), "{}", zh.err);
        let en = run(&server, &format!("{asked} --lang en")).await;
        assert!(en.err.contains(&format!("several policies are published: {ids}; say which")), "{}", en.err);
        assert!(en.err.contains(&format!("--policy names one of {ids}")), "{}", en.err);
    }
    let listed = done(&server, "entitlements --policy wujiang-innovation-demo --as-of 2025-10-31").await;
    assert!(listed.as_array().unwrap().iter().any(|line| line["scheme"] == "technology_transfer"));
    assert_eq!(done(&server, "policy list").await.as_array().unwrap().len(), 2);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn guidance_funds_are_established_paid_in_to_and_invest() {
    let server = sample().await;
    refused(
        &server,
        "guidance-fund contribute TJ9 --amount 1 --source social --date 2024-02-01",
        "UNKNOWN_GUIDANCE_FUND",
    )
    .await;
    let establish = "guidance-fund establish TJ9 --name 种子 --size 1000000 --date 2024-01-02";
    assert_eq!(done(&server, establish).await["guidance_fund"]["size_fen"], 100_000_000);
    assert_eq!(done(&server, establish).await["duplicate"], true);
    let contribute = "guidance-fund contribute TJ9 --amount 250000.50 --source 政府 --date";
    refused(&server, &format!("{contribute} 2024-01-01"), "DATES_OUT_OF_ORDER").await;
    done(&server, &format!("{contribute} 2024-01-02")).await;
    let invest = "guidance-fund invest TJ9 --amount 100 --date 2024-03-01 --firm";
    refused(&server, &format!("{invest} 91440203MA5NB99A19"), "UNKNOWN_FIRM").await;
    done(&server, &format!("{invest} 91440203MA5NB20B2L")).await;
    let shown = done(&server, "guidance-fund show TJ9").await;
    assert_eq!(
        (&shown["contributions"][0]["source"], &shown["investments"][0]["amount_fen"]),
        (&json!("GOVERNMENT"), &json!(10_000))
    );
    refused(&server, "guidance-fund show TJ9 --as-of 2024-01-01", "UNKNOWN_GUIDANCE_FUND").await;
    assert_eq!(done(&server, "guidance-fund list").await.as_array().unwrap().len(), 3);
    let of = done(&server, "reading show guidance_fund TJ9 --as-of 2025-10-31").await;
    assert_eq!((&of["reason"], &of["items"][1]["measured"]["decimal"]), (&json!("NO_TARGET"), &json!("25000050")));
    let whole = done(&server, "reading show guidance_fund --as-of 2025-10-31").await;
    assert_eq!((&whole["subject"], &whole["verdict"]), (&json!("districts/440203"), &json!("NOT_MET")));
    assert_eq!(done(&server, "reading list --as-of 2025-10-31").await.as_array().unwrap().len(), 14);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn projects_are_assessed_and_settled_under() {
    let server = sample().await;
    let record =
        "assessment record XM9 --firm 91440203MA5NB10A19 --park 武江甘棠园区 --industry 先进制造 --date 2023-05-11";
    refused(&server, record, "MISSING_VALUE").await;
    refused(&server, &format!("{record} --green-ratio 100.0001"), "OUT_OF_RANGE").await;
    let assessed = done(&server, &format!("{record} --investment-intensity 4500.000001 --floor-area-ratio 1.2")).await;
    let indicators = &assessed["project_assessment"]["indicators"];
    assert_eq!(
        (&indicators["investment_intensity"], &indicators["floor_area_ratio"]),
        (&json!(4_500_000_001i64), &json!(1_200_000))
    );
    assert_eq!(done(&server, "assessment show XM9").await["assessed_date"], "2023-05-11");
    refused(&server, "assessment show XM9 --as-of 2023-05-10", "UNKNOWN_ASSESSMENT").await;
    assert_eq!(done(&server, "assessment list --park 武江甘棠园区").await.as_array().unwrap().len(), 4);
    let settled = done(&server, "firm show 91440203MA5NB10A19").await;
    assert_eq!(settled["relocation"]["assessment"], "districts/440203/projectAssessments/XM01");
    // The firm settled under another: named anew only by replacing.
    let settle = "relocation settle 91440203MA5NB10A19 --park 武江甘棠园区 --date 2023-09-01 --assessment";
    refused(&server, &format!("{settle} XM9"), "CONFLICT").await;
    refused(&server, &format!("{settle} XM0"), "UNKNOWN_ASSESSMENT").await;
    let read = "reading list --as-of 2025-10-31 --park 武江甘棠园区 --standard park_admission";
    assert_eq!(done(&server, read).await.as_array().unwrap().len(), 7);
    let unassessed = done(&server, "reading show park_admission 91440203MA5NB30C30 --as-of 2025-10-31").await;
    assert_eq!((&unassessed["verdict"], &unassessed["reason"]), (&json!("UNKNOWN"), &json!("UNASSESSED")));
    let table = run(&server, "reading show 入园项目准入 XM02 --as-of 2025-10-31").await.out;
    assert!(table.contains("投资强度4499.999985万元/公顷，规定不低于4500万元/公顷：不符合"), "{table}");
    server.ended().await.unwrap();
}
