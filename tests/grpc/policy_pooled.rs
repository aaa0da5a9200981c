//! What lines of a policy share, over the wire and on the command line: stacking takes off what the lists say it does, a
//! budget is handed out to the fen, and lint says what is wrong in Chinese as well.

use crate::common::finance::district;
use crate::common::server::{DISTRICT, Server, id, said};
use crate::common::world::TODAY;
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::wire::v1;
use serde_json::Value;
use std::collections::BTreeMap;
use tonic::Code;

const POLICY: &str = include_str!("../../deploy/demo/policy.toml");
const AS_OF: &str = "2025-10-31";
const PAYER: &str = "440203900";

/// The demo's policy with every scheme in one group, only the greatest of which is paid, and a budget.
fn grouped() -> String {
    let pooled = "[[stacking]]\ngroup = \"组\"\nrule = \"HIGHEST\"\nfrom = \"2021-01-01\"\n\n[[budget]]\npayer = \"440203900\"\n\
                  scheme = \"relocation_rebate\"\nyear = 2022\namount_fen = 12345\nrule = \"FIRST_COME\"\n";
    let text = POLICY.replace("fair_competition_review", "stacking_group = \"组\"\nfair_competition_review");
    format!("{text}\n{pooled}")
}

async fn publish(server: &Server, content: &str) {
    let request = v1::PublishPolicyRequest {
        parent: DISTRICT.into(),
        content: content.into(),
        effective_date: TODAY.into(),
        request_id: id(),
        ..Default::default()
    };
    server.policies().publish_policy(request).await.unwrap();
}

async fn lines(server: &Server) -> Vec<v1::Entitlement> {
    let (parent, as_of_date) = (DISTRICT.into(), AS_OF.into());
    let ask = v1::ListEntitlementsRequest { parent, as_of_date, page_size: 1000, ..Default::default() };
    let page = server.entitlements().list_entitlements(ask).await.unwrap().into_inner();
    assert_eq!(page.next_page_token, "");
    page.entitlements
}

struct Run {
    exit: Exit,
    out: String,
}

async fn run(server: &Server, lang: &str, args: &[&str]) -> Run {
    let mut whole = vec!["incubatorctl", "--server", &server.address, "--principal", "clerk-7", "--lang", lang];
    whole.extend(args);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = ctl::run(whole, &mut Io { out: &mut out, err: &mut err, watched: false }).await;
    assert!(err.is_empty(), "{}", String::from_utf8(err).unwrap());
    Run { exit, out: String::from_utf8(out).unwrap() }
}

#[tokio::test]
async fn of_a_beneficiarys_year_only_the_greatest_is_paid() {
    let server = district().await;
    publish(&server, &grouped()).await;
    let all = lines(&server).await;
    let expected: Value = serde_json::from_str(include_str!("../golden/expected.json")).unwrap();
    let amounts = |of: &Value| of.as_array().unwrap().iter().map(|line| line["amount_fen"].as_i64().unwrap()).collect();
    let amounts: Vec<i64> = amounts(&expected["entitlements"]);
    assert_eq!(all.iter().map(|line| line.amount_fen).collect::<Vec<_>>(), amounts, "stacking changes no amount");
    let mut groups: BTreeMap<(&str, i32), Vec<&v1::Entitlement>> = BTreeMap::new();
    for line in all.iter().filter(|line| line.amount_fen > 0 && !line.payer.is_empty()) {
        groups.entry((&line.beneficiary, line.year)).or_default().push(line);
    }
    assert!(groups.values().filter(|group| group.len() > 1).count() > 3, "the sample stacks too seldom");
    for group in groups.values() {
        let most = group.iter().map(|line| line.amount_fen).max().unwrap();
        assert_eq!(group.iter().map(|line| line.after_stacking_fen).sum::<i64>(), most);
        for line in group.iter().filter(|line| line.after_stacking_fen != line.amount_fen) {
            let off = line.stacking.as_ref().unwrap();
            assert_eq!((off.rule(), off.reduction_fen), (v1::StackingRule::Highest, line.amount_fen));
            let to = |other: &&&v1::Entitlement| {
                (other.scheme, &other.period) == (off.yields_to_scheme, &off.yields_to_period)
            };
            assert_eq!(group.iter().find(to).unwrap().after_stacking_fen, most);
        }
    }
    let ask = v1::GetTotalsRequest { parent: DISTRICT.into(), as_of_date: AS_OF.into(), ..Default::default() };
    let totals = server.entitlements().get_totals(ask).await.unwrap().into_inner().totals;
    let sum = |of: fn(&v1::EntitlementTotal) -> i64| totals.iter().map(of).sum::<i64>();
    assert_eq!(sum(|total| total.amount_fen), all.iter().map(|line| line.amount_fen).sum::<i64>());
    assert_eq!(sum(|total| total.after_stacking_fen), all.iter().map(|line| line.after_stacking_fen).sum::<i64>());
    // Every one that yields says why, also on another day than today.
    for line in all.iter().filter(|line| line.stacking.is_some()) {
        let ask = v1::ExplainEntitlementRequest {
            parent: DISTRICT.into(),
            as_of_date: AS_OF.into(),
            scheme: line.scheme,
            beneficiary: line.beneficiary.clone(),
            period: line.period.clone(),
            ..Default::default()
        };
        let told = server.entitlements().explain_entitlement(ask).await.unwrap().into_inner();
        assert_eq!(told.entitlement.as_ref(), Some(line));
        let node = told.stacking.unwrap();
        assert_eq!(node.value.as_ref().unwrap().numerator, line.after_stacking_fen.to_string());
        assert_eq!((node.step(), node.children.len()), (v1::ExplanationStep::Remainder, 3));
    }
    server.ended().await.unwrap();
}

#[tokio::test]
async fn the_command_line_says_what_is_left_and_why() {
    let server = district().await;
    publish(&server, &grouped()).await;
    let all = lines(&server).await;
    let line =
        all.iter().find(|line| line.scheme() == v1::Scheme::CultivationAward && line.stacking.is_some()).unwrap();
    let carrier = line.beneficiary.rsplit('/').next().unwrap();
    let listed = ["entitlements", "--as-of", AS_OF, "--scheme", "cultivation_award", "--beneficiary", carrier];
    let json: Value =
        serde_json::from_str(&run(&server, "zh", &[&listed[..], &["-o", "json"]].concat()).await.out).unwrap();
    let shown = json.as_array().unwrap().iter().find(|shown| shown["period"] == line.period.as_str()).unwrap();
    assert_eq!(shown["stacking"]["after_stacking_fen"], line.after_stacking_fen);
    assert_eq!(shown["stacking"]["rule"], "HIGHEST");
    let csv = run(&server, "zh", &[&listed[..], &["-o", "csv"]].concat()).await.out;
    assert!(csv.lines().next().unwrap().ends_with(",after_stacking_fen"), "{csv}");
    let explain = ["explain", "cultivation_award", carrier, &line.period, "--as-of", AS_OF];
    let text = run(&server, "zh", &explain).await.out;
    assert!(text.contains("“组”组各项适用就高不重复（自2021年1月1日起）"), "{text}");
    let page = run(&server, "zh", &[&explain[..], &["--page", "-"]].concat()).await.out;
    assert!(page.contains("<li>就高不重复，扣减"), "{page}");
    let json: Value =
        serde_json::from_str(&run(&server, "zh", &[&explain[..], &["-o", "json"]].concat()).await.out).unwrap();
    assert_eq!(json["stacking"]["tree"]["step"], "REMAINDER");
    assert_eq!(
        json["stacking"]["tree"]["children"][2]["source"]["award"]["scheme"],
        shown["stacking"]["yields_to_scheme"]
    );
    let totals = run(&server, "zh", &["entitlements", "--as-of", AS_OF, "--totals", "-o", "csv"]).await.out;
    assert!(totals.lines().next().unwrap().ends_with("after_stacking_yuan"), "{totals}");
    // Without the group the draft pays more, though every amount is the same.
    let folder = tempfile::tempdir().unwrap();
    let draft = folder.path().join("draft.toml");
    std::fs::write(&draft, POLICY).unwrap();
    let simulate = ["policy", "simulate", draft.to_str().unwrap(), "--as-of", AS_OF, "-o", "json"];
    let json: Value = serde_json::from_str(&run(&server, "zh", &simulate).await.out).unwrap();
    let sum = |key: &str| json["totals"].as_array().unwrap().iter().filter_map(|t| t[key].as_i64()).sum::<i64>();
    let off: i64 = all.iter().map(|line| line.amount_fen - line.after_stacking_fen).sum();
    assert_eq!((sum("difference_fen"), sum("difference_after_stacking_fen")), (0, off));
    server.ended().await.unwrap();
}

fn budget(year: i32, amount_fen: Option<i64>, rule: v1::BudgetRule) -> v1::SimulateBudgetRequest {
    v1::SimulateBudgetRequest {
        parent: DISTRICT.into(),
        as_of_date: AS_OF.into(),
        scheme: v1::Scheme::RelocationRebate.into(),
        payer: PAYER.into(),
        year,
        amount_fen,
        rule: rule.into(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_budget_is_handed_out_to_the_fen_on_all_its_pages() {
    let server = district().await;
    publish(&server, POLICY).await;
    let all = lines(&server).await;
    let is_in = |line: &&v1::Entitlement, year: i32| {
        line.scheme() == v1::Scheme::RelocationRebate && line.payer == PAYER && line.year == year && line.amount_fen > 0
    };
    let count = |year: i32| all.iter().filter(|line| is_in(line, year)).count();
    let year = (2021..=2025).max_by_key(|year| count(*year)).unwrap();
    assert!(count(year) > 2, "the sample has too few");
    let claims: Vec<&v1::Entitlement> = all.iter().filter(|line| is_in(line, year)).collect();
    let claimed: i64 = claims.iter().map(|line| line.amount_fen).sum();
    let ask = |ask: v1::SimulateBudgetRequest| {
        let mut client = server.entitlements();
        async move { client.simulate_budget(ask).await.map(tonic::Response::into_inner) }
    };
    for (amount, rule) in [
        (claimed / 3, v1::BudgetRule::ProRata),
        (claimed - 1, v1::BudgetRule::ProRata),
        (claimed - 1, v1::BudgetRule::FirstCome),
        (claimed + 5, v1::BudgetRule::FirstCome),
        (0, v1::BudgetRule::ProRata),
    ] {
        let whole = ask(budget(year, Some(amount), rule)).await.unwrap();
        let shares: Vec<_> = whole.shares.iter().filter_map(|share| share.entitlement.as_ref()).collect();
        assert_eq!(shares, claims);
        assert_eq!((whole.rule(), whole.budget_fen, whole.claimed_fen), (rule, amount, claimed));
        assert_eq!(whole.shares.iter().map(|share| share.awarded_fen).sum::<i64>(), amount.min(claimed));
        assert_eq!((whole.awarded_fen, whole.remaining_fen), (amount.min(claimed), (amount - claimed).max(0)));
        let mut paged = Vec::new();
        let mut next = v1::SimulateBudgetRequest { page_size: 1, ..budget(year, Some(amount), rule) };
        loop {
            let page = ask(next.clone()).await.unwrap();
            assert_eq!((page.shares.len(), page.awarded_fen), (1, whole.awarded_fen));
            paged.extend(page.shares);
            if page.next_page_token.is_empty() {
                break;
            }
            next.page_token = page.next_page_token;
        }
        assert_eq!(paged, whole.shares);
    }
    // Who is named comes first, and what is left goes to the first of the others.
    let last = claims[claims.len() - 1];
    let place = v1::BudgetPlace { beneficiary: last.beneficiary.clone(), period: last.period.clone() };
    let named = v1::SimulateBudgetRequest {
        order: vec![place.clone(), place],
        ..budget(year, Some(last.amount_fen + 1), v1::BudgetRule::FirstCome)
    };
    let awarded: Vec<i64> = ask(named).await.unwrap().shares.iter().map(|share| share.awarded_fen).collect();
    let mut wanted = vec![0; claims.len()];
    (wanted[0], wanted[claims.len() - 1]) = (1, last.amount_fen);
    assert_eq!(awarded, wanted);
    let stranger = v1::BudgetPlace { beneficiary: last.beneficiary.clone(), period: "9".into() };
    let stranger =
        v1::SimulateBudgetRequest { order: vec![stranger], ..budget(year, Some(1), v1::BudgetRule::FirstCome) };
    let status = ask(stranger).await.unwrap_err();
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::NotFound, "UNKNOWN_ENTITLEMENT"));
    let status = ask(budget(year, None, v1::BudgetRule::Unspecified)).await.unwrap_err();
    assert_eq!(said(&status).fields, [("amount_fen".to_owned(), "MISSING_VALUE".to_owned())]);
    let status = ask(budget(0, Some(-1), v1::BudgetRule::Unspecified)).await.unwrap_err();
    assert_eq!(said(&status).fields.len(), 2, "{status:?}");
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_policy_states_its_budget_and_the_command_line_asks() {
    let server = district().await;
    publish(&server, &grouped()).await;
    let stated = server.entitlements().simulate_budget(budget(2022, None, v1::BudgetRule::Unspecified)).await;
    let stated = stated.unwrap().into_inner();
    assert_eq!((stated.budget_fen, stated.rule()), (12_345, v1::BudgetRule::FirstCome));
    assert!(!stated.shares.is_empty() && stated.shares.iter().all(|share| share.claimed_fen > 0));
    let args = ["budget", "落户企业三年补贴", "--payer", PAYER, "--year", "2022", "--as-of", AS_OF];
    let table = run(&server, "zh", &args).await.out;
    assert!(table.contains("预算 123.45 元，先到先得 · 应享合计"), "{table}");
    let share = stated.shares.last().and_then(|share| share.entitlement.as_ref()).unwrap();
    let first = format!("{}={}", share.beneficiary.rsplit('/').next().unwrap(), share.period);
    let more = ["--amount", "0.01", "--rule", "first_come", "--first", &first, "-o", "json"];
    let json: Value = serde_json::from_str(&run(&server, "en", &[&args[..], &more].concat()).await.out).unwrap();
    assert_eq!(json["awarded_fen"], 1);
    let shares = json["shares"].as_array().unwrap();
    assert_eq!(shares.last().unwrap()["awarded_fen"], 1, "{json}");
    let csv = run(&server, "zh", &[&args[..], &["-o", "csv"]].concat()).await.out;
    assert_eq!(csv.lines().count(), stated.shares.len() + 1);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn lint_speaks_both_languages() {
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    // A fault of form, then a finding.
    for (from, to, zh, en) in [
        ("day_count = 360", "day_count = \"年\"", "不是整数", "not a whole number"),
        ("rate_ppm = 500000", "rate_ppm = 1500000", "应在0至100%之间", "between 0 and 100 %"),
    ] {
        let text = POLICY.replacen(from, to, 1);
        assert_ne!(text, POLICY);
        std::fs::write(&file, text).unwrap();
        let args = ["policy", "lint", file.to_str().unwrap(), "-o", "csv"];
        for (lang, sentence) in [("zh", zh), ("en", en)] {
            let linted = run(&server, lang, &args).await;
            assert_eq!(linted.exit, Exit::Trouble);
            assert!(linted.out.contains(sentence), "{lang}: {}", linted.out);
        }
    }
    server.ended().await.unwrap();
}
