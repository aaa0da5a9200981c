//! What people at the desks see: commands about money, typed in yuan; tables in either language; events that can be read;
//! lists that say when there is more.

use crate::common::ctl::{Server, district, run, told};
use incubator_registry::ctl::Exit;
use serde_json::{Value, json};
use std::net::SocketAddr;

const FIRM: &str = "91440203MA20WQ9M3C";

async fn shown(at: SocketAddr, lang: &str, args: &[&str]) -> String {
    let done = told(at, lang, args).await;
    assert_eq!(done.exit, Exit::Clean, "{}", done.err);
    done.out
}

fn has_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_recorded_and_read_in_yuan() {
    let (server, _) = district().await;
    let at = server.address;
    let draw = ["loan", "draw", "JK-1", "--firm", FIRM, "--lender", "中国银行", "--amount", "1,000,000.50"];
    let draw = [&draw[..], &["--rate", "5.22", "--maturity", "2027-01-01", "--date", "2026-01-01"]].concat();
    let loan = run(at, &draw).await.json();
    assert_eq!((&loan["loan"]["principal_fen"], &loan["loan"]["rate_ppm"]), (&json!(100_000_050), &json!(52_200)));
    run(at, &["loan", "pay", "JK-1", "--amount", "12345.67", "--date", "2026-02-01"]).await.json();
    let loan = run(at, &["loan", "show", "JK-1"]).await.json();
    assert_eq!(loan["interest_payments"][0]["amount_fen"], 1_234_567);
    let table = shown(at, "zh", &["loan", "show", "JK-1"]).await;
    assert!(table.contains("12345.67") && table.contains("正常利息") && table.contains("5.22"), "{table}");
    assert_eq!(run(at, &["loan", "list"]).await.json().as_array().unwrap().len(), 98);
    assert_eq!(
        run(at, &["loan", "list", "--firm", FIRM]).await.json()[0]["firm"],
        json!(format!("districts/440203/firms/{FIRM}"))
    );

    let fund = ["fund", "establish", "WJ06", "--size", "5000000", "--date", "2026-01-01"];
    assert_eq!(run(at, &fund).await.json()["seed_fund"]["size_fen"], 500_000_000);
    assert_eq!(run(at, &fund).await.json()["duplicate"], true);
    assert_eq!(
        run(at, &["fund", "list", "--incubator", "WJ06"]).await.json().as_array().unwrap().last().unwrap()["size_fen"],
        500_000_000
    );
    let record = ["investment", "record", FIRM, "--incubator", "WJ06", "--amount", "6000000", "--form", "股权投资"];
    let made = run(at, &[&record[..], &["--date", "2026-01-02"]].concat()).await.json();
    assert_eq!(
        (&made["investment"]["form"], &made["investment"]["amount_fen"]),
        (&json!("EQUITY"), &json!(600_000_000))
    );
    let equity = run(at, &["investment", "list", "--firm", FIRM, "--form", "EQUITY"]).await.json();
    assert_eq!(equity.as_array().unwrap().last().unwrap()["amount_fen"], 600_000_000);

    let tax = ["tax", "record", "V-1", "--tax", "CIT", "--taxpayer", FIRM, "--amount", "-12345.67"];
    let refund = [&tax[..], &["--nature", "退税", "--date", "2026-03-01"]].concat();
    let name = json!("districts/440203/taxReceipts/V-1:CIT");
    let receipt = run(at, &refund).await.json();
    assert_eq!((&receipt["tax_receipt"]["name"], &receipt["tax_receipt"]["amount_fen"]), (&name, &json!(-1_234_567)));
    assert_eq!(run(at, &["tax", "show", "V-1", "--tax", "企业所得税"]).await.json()["name"], name);
    let listed = shown(at, "zh", &["tax", "list", "--taxpayer", FIRM]).await;
    assert!(listed.contains("-12345.67") && listed.contains("企业所得税") && listed.contains("退税"), "{listed}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firm_reports_is_certified_and_shows_its_evidence() {
    let (server, _) = district().await;
    let at = server.address;
    let report = ["firm", "report", FIRM, "--year", "2025", "--revenue", "20000000", "--research", "1.5"];
    let report = [&report[..], &["--employees", "12", "--ip-rights", "3", "--high-tech"]].concat();
    let firm = run(at, &report).await.json()["firm"].clone();
    let filed = firm["annual_reports"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&filed["revenue_fen"], &filed["research_fen"], &filed["year"]),
        (&json!(2_000_000_000), &json!(150), &json!(2025))
    );
    let certify = ["firm", "certify", FIRM, "--certificate", "GR1", "--date", "2026-01-01", "--expires", "2029-01-01"];
    assert_eq!(run(at, &certify).await.json()["firm"]["high_tech_certificates"][0]["certificate_no"], "GR1");
    let stays = run(at, &["firm", "list"]).await.json();
    let graduated = stays
        .as_array()
        .unwrap()
        .iter()
        .find(|firm| firm["stays"].as_array().unwrap().iter().any(|stay| stay["criterion"] == "REVENUE"));
    let code = graduated.unwrap()["code"].as_str().unwrap();
    let evidence = run(at, &["firm", "evidence", code]).await.json();
    assert_eq!(evidence["graduations"][0]["criterion"], "REVENUE");
    let table = shown(at, "zh", &["firm", "evidence", code]).await;
    assert!(table.contains("毕业佐证") && table.contains("应超过(元) 10000000"), "{table}");
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_told_in_either_language() {
    let (server, _) = district().await;
    for figures in ["metrics", "chain"] {
        let args = [figures, "--as-of", "2025-10-31"];
        let english = shown(server.address, "en", &args).await;
        // Keys of the JSON, Chinese words included, stand in the second column.
        let first: Vec<_> = english.lines().filter_map(|line| line.split('┆').next()).collect();
        assert!(first.iter().all(|name| !has_chinese(name)), "{english}");
        let chinese = shown(server.address, "zh", &args).await;
        assert!(chinese.contains("切分") && !chinese.contains("cut by"), "{chinese}");
    }
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_readable_and_say_where_they_were_taken_back() {
    let server = Server::empty().await;
    let at = server.address;
    let register = ["incubator", "register", "W1", "--name", "甲", "--kind", "INCUBATOR", "--build-mode", "PRIVATE"];
    let operator = ["--operator", "乙", "--operator-code", FIRM, "--date", "2020-01-01"];
    run(at, &[&register[..], &operator].concat()).await.json();
    let recognise =
        ["incubator", "recognise", "W1", "--level", "DISTRICT", "--document-no", "1号", "--date", "2021-01-01"];
    run(at, &recognise).await.json();
    let end =
        ["incubator", "end-recognition", "W1", "--level", "区级", "--recognised", "2021-01-01", "--date", "2022-01-01"];
    let position = run(at, &end).await.json()["position"].to_string();
    let show = ["events", "show", &position];
    let chinese = shown(at, "zh", &show).await;
    for word in ["区级", "2021-01-01", "incubators/W1", "认定日期", "操作人", "冲销位置"] {
        assert!(chinese.contains(word), "{word}: {chinese}");
    }
    let english = shown(at, "en", &show).await;
    assert!(english.contains("DISTRICT") && english.contains("2021-01-01"), "{english}");
    let event = run(at, &show).await.json();
    assert_eq!((&event["payload"]["level"], &event["voided_position"]), (&json!(1), &Value::Null));
    assert!(event["payload"]["recognition_day"].is_i64(), "{event}");
    // The name that is shown is the name that a tail takes.
    let tail = ["events", "tail", "--subject", "incubators/W1", "--no-follow"];
    assert!(shown(at, "en", &tail).await.lines().all(|line| line.ends_with("incubators/W1")));

    let void = ["void", &position, "--reason", "录错", "--decided-by", "王"];
    let by = run(at, &void).await.json()["position"].clone();
    assert_eq!(run(at, &show).await.json()["voided_position"], by);
    let all = run(at, &["events", "tail", "--no-follow"]).await;
    let told: Vec<Value> = all.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let voided: Vec<_> =
        told.iter().filter(|event| event["voided_position"] == by).map(|e| e["position"].to_string()).collect();
    assert_eq!(voided, [position]);
    server.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_cut_says_so() {
    let (server, _) = district().await;
    let cut = told(server.address, "en", &["firm", "list", "--limit", "5"]).await;
    assert!(cut.err.contains("the first 5 only, there are more"), "{}", cut.err);
    let cut = told(server.address, "zh", &["tax", "list", "--limit", "1001"]).await;
    assert!(cut.err.contains("只列出前 1001 项"), "{}", cut.err);
    for whole in [&["incubator", "list", "--limit", "6"][..], &["firm", "list"]] {
        assert_eq!(told(server.address, "en", whole).await.err, "");
    }
    server.end().await;
}
