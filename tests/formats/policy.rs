//! A policy file is read whole or refused with every fault by key and line; TOML and JSON say the same; what is odd about a
//! policy is found before it is in force.

use crate::common::world::day;
use incubator_registry::domain::Reason;
use incubator_registry::formats::policy::{BYTES_MAX, parse};
use incubator_registry::policy::{Base, Severity};

const DEMO: &str = include_str!("../../deploy/demo/policy.toml");

fn changed(changes: &[(&str, &str)]) -> String {
    let mut text = DEMO.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

/// Line of the text that begins so; the first of them.
fn line_of(text: &str, begins: &str) -> u32 {
    text.lines().position(|line| line.starts_with(begins)).unwrap() as u32 + 1
}

fn faults(text: &str) -> Vec<(u32, Reason, String)> {
    parse(text).unwrap_err().into_iter().map(|f| (f.line, f.fault.reason, f.fault.field)).collect()
}

fn findings(text: &str, today: &str) -> Vec<(u32, Severity, &'static str, String)> {
    let list = parse(text).unwrap().lint(day(today));
    list.into_iter().map(|(line, f)| (line, f.severity, f.code, f.key)).collect()
}

#[test]
fn the_demo_is_read_and_nothing_is_odd_about_it() {
    let file = parse(DEMO).unwrap();
    let policy = &file.policy;
    assert_eq!((policy.id.as_str(), policy.lpr.all().len()), ("wujiang-incubation-demo", 9));
    let shares = policy.shares.on(day("2024-07-01")).unwrap();
    let vat = shares.value.ppm(incubator_registry::domain::Tax::Vat, Base::District);
    assert_eq!(vat, Some(175_000));
    assert_eq!(policy.incubator_tax_rebate.all()[0].value.terms.cap_per_year_fen, None);
    assert_eq!(policy.treasuries.len(), 3);
    assert_eq!(findings(DEMO, "2025-10-31"), []);
    assert_eq!(file.line_of("lpr[0].one_year_ppm"), line_of(DEMO, "one_year_ppm = 38500"));
    assert_eq!(file.line_of("scheme[0].absent"), line_of(DEMO, "[[scheme]]"));
}

/// The demo as JSON, written by another library than the one that reads it.
fn as_json() -> String {
    let table: toml::Table = DEMO.parse().unwrap();
    serde_json::to_string_pretty(&table).unwrap()
}

#[test]
fn json_says_the_same() {
    let json = as_json();
    assert_eq!(parse(&json).unwrap().policy, parse(DEMO).unwrap().policy);
    assert_eq!(parse(&format!("\u{feff}  {json}")).unwrap().policy.lpr, parse(DEMO).unwrap().policy.lpr);
    let bad = json.replace("\"basis\": \"FLAT\"", "\"basis\": \"FL\\\"AT\"");
    let line = line_of(&bad, "      \"basis\": \"FL");
    assert!(faults(&bad).contains(&(line, Reason::UnknownWord, "scheme[4].basis".into())), "{:?}", faults(&bad));
    let twice = json.replacen("\"lpr\": [", "\"lpr\": [],\n  \"lpr\": [", 1);
    assert!(faults(&twice).iter().any(|(_, reason, key)| (*reason, key.as_str()) == (Reason::Conflict, "lpr")));
}

#[test]
fn days_of_toml_need_no_quotes_and_caps_may_be_left_out() {
    let text = changed(&[("from = \"2016-05-01\"", "from = 2016-05-01"), ("cap_per_year_fen = 0\n", "")]);
    assert_eq!(parse(&text).unwrap().policy, parse(DEMO).unwrap().policy);
    let text = changed(&[("from = \"2016-05-01\"", "from = 2016-05-01T00:00:00")]);
    assert_eq!(faults(&text)[0].1, Reason::MalformedDate);
}

#[test]
fn every_fault_is_told_with_key_and_line() {
    let text = changed(&[
        ("issuer = ", "issued_by = "),
        ("VAT  = { local_total_ppm = 500000,", "VTA  = { local_total_ppm = 500000,"),
        ("district_ppm = 120000 }", "district_ppm = 1.5 }"),
        ("from = \"2020-04-20\"", "from = \"2020-4-20\""),
        ("one_year_ppm = 38000", "one_year_ppm = -1"),
        ("kinds = [\"INCUBATOR\"]", "kinds = [\"INCUBATORS\"]"),
        ("require_seed_fund_if_introduced = true", "require_seed_fund_if_introduced = \"yes\""),
        ("taxes = [\"VAT\", \"CIT\"", "taxes = [\"VAT\", \"CTI\""),
        ("payer = \"DISTRICT\"", "payer = \"COUNTY\""),
        ("rate_ppm_by_year = [1000000,", "rate_ppm_by_year = [99000000,"),
        ("flat_fen = 5000000", "flat_fen = 5000000\nrate_ppm = 1"),
        ("day_count = 360", "day_count = 0"),
        ("id = \"loan_interest_subsidy\"\nfrom = \"2024-01-01\"", "id = \"loan_subsidy\"\nfrom = \"2024-01-01\""),
        ("parks = [\"武江甘棠园区\"]", "parks = [\"武江/甘棠\"]"),
    ]);
    let found = faults(&text);
    let at = |begins: &str| line_of(&text, begins);
    let expected = [
        (at("[policy]"), Reason::MissingValue, "policy.issuer"),
        (at("issued_by"), Reason::UnknownWord, "policy.issued_by"),
        (at("VTA"), Reason::UnknownTax, "local_share[0].tax.VTA"),
        (at("CIT"), Reason::MalformedAmount, "local_share[0].tax.CIT.district_ppm"),
        (at("from = \"2020-4-20\""), Reason::MalformedDate, "lpr[0].from"),
        (at("one_year_ppm = -1"), Reason::OutOfRange, "lpr[1].one_year_ppm"),
        (at("kinds = [\"INCUBATORS\"]"), Reason::UnknownWord, "scheme[0].kinds[0]"),
        (
            at("require_seed_fund_if_introduced = \"yes\""),
            Reason::MalformedMessage,
            "scheme[0].require_seed_fund_if_introduced",
        ),
        (at("taxes = [\"VAT\", \"CTI\""), Reason::UnknownTax, "scheme[0].taxes[1]"),
        (at("payer = \"COUNTY\""), Reason::UnknownWord, "scheme[0].payer"),
        (at("rate_ppm_by_year = [99"), Reason::OutOfRange, "scheme[2].rate_ppm_by_year[0]"),
        (at("rate_ppm = 1"), Reason::UnknownWord, "scheme[4].rate_ppm"),
        (at("day_count = 0"), Reason::OutOfRange, "scheme[6].day_count"),
        (at("id = \"loan_subsidy\""), Reason::UnknownWord, "scheme[7].id"),
        (at("parks = [\"武江/甘棠\"]"), Reason::MalformedName, "treasury[1].parks[0]"),
    ];
    let expected: Vec<_> = expected.into_iter().map(|(line, reason, key)| (line, reason, key.to_owned())).collect();
    // `rate_ppm = 1` also begins an earlier line's number: the place is what counts.
    assert_eq!(
        found.iter().map(|(_, r, k)| (*r, k.clone())).collect::<Vec<_>>(),
        expected.iter().map(|(_, r, k)| (*r, k.clone())).collect::<Vec<_>>()
    );
    for (found, expected) in found.iter().zip(&expected) {
        if expected.2 != "scheme[4].rate_ppm" {
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn what_is_no_policy_at_all() {
    assert_eq!(faults("[policy\n"), [(1, Reason::MalformedMessage, String::new())]);
    assert_eq!(faults("a = 1\nb = \n")[0].0, 2);
    assert_eq!(faults("{\"policy\": {},\n \"lpr\": [,]}")[0].0, 2);
    assert_eq!(faults("")[0].1, Reason::MissingValue);
    assert_eq!(faults(&" ".repeat(BYTES_MAX + 1))[0].1, Reason::TooLarge);
    let deep = format!("{{\"policy\": {}{}}}", "[".repeat(60), "]".repeat(60));
    assert_eq!(faults(&deep)[0].1, Reason::MalformedMessage);
    assert!(faults("lpr = 3\nscheme = [1]\n[policy]\nid = \"x\"\ntitle = \"x\"\nissuer = \"x\"\n").len() >= 2);
}

#[test]
fn gaps_overlaps_and_ends() {
    use Severity::{Error, Warning};
    let until = |date: &str| {
        let s1 = "id = \"incubator_tax_rebate\"\nfrom = \"2021-01-01\"";
        changed(&[(s1, &format!("{s1}\nuntil = \"{date}\""))])
    };
    assert_eq!(findings(&until("2024-01-01"), "2025-10-31"), []);
    let (gap, overlap, empty) = (until("2023-06-30"), until("2024-06-30"), until("2021-01-01"));
    let at = line_of(&gap, "until");
    assert_eq!(findings(&gap, "2025-10-31"), [(at, Warning, "GAP", "scheme[0].until".into())]);
    assert_eq!(findings(&overlap, "2025-10-31"), [(at, Error, "OVERLAP", "scheme[0].until".into())]);
    assert_eq!(findings(&empty, "2025-10-31")[1].2, "EMPTY_VERSION");
    let twice = changed(&[(
        "id = \"incubator_tax_rebate\"\nfrom = \"2024-01-01\"",
        "id = \"incubator_tax_rebate\"\nfrom = \"2021-01-01\"",
    )]);
    assert_eq!(findings(&twice, "2025-10-31")[0].2, "DUPLICATE_FROM");
    assert_eq!(findings(&twice, "2025-10-31")[0].3, "scheme[1].from");
    let over = changed(&[("from = \"2025-05-20\"", "from = \"2025-05-20\"\nuntil = \"2025-10-31\"")]);
    assert_eq!(findings(&over, "2025-10-30"), []);
    assert_eq!(findings(&over, "2025-10-31"), [(line_of(&over, "until"), Warning, "ENDED", "lpr[8].until".into())]);
}

#[test]
fn rates_shares_and_series_that_do_not_fit() {
    use Severity::{Error, Warning};
    let codes = |changes: &[(&str, &str)]| {
        findings(&changed(changes), "2025-10-31")
            .into_iter()
            .map(|(_, s, code, key)| (s, code, key))
            .collect::<Vec<_>>()
    };
    let one = |severity, code, key: &str| vec![(severity, code, key.to_owned())];
    let cases: [(&[(&str, &str)], _); 11] = [
        (
            &[("rate_ppm = 400000\ncap_per_year", "rate_ppm = 4000000\ncap_per_year")],
            one(Error, "RATE_OUT_OF_RANGE", "scheme[1].rate_ppm"),
        ),
        (
            &[("[800000, 600000, 400000]", "[800000, 6000000, 400000]")],
            one(Error, "RATE_OUT_OF_RANGE", "scheme[3].rate_ppm_by_year[1]"),
        ),
        (
            &[("district_ppm = 120000 }", "district_ppm = 220000 }")],
            one(Error, "SHARES_OUT_OF_ORDER", "local_share[0].tax.CIT"),
        ),
        (
            &[("lpr_multiple_ppm = 500000", "lpr_multiple_ppm = 5000000")],
            one(Error, "RATE_OUT_OF_RANGE", "scheme[6].lpr_multiple_ppm"),
        ),
        (&[("day_count = 360", "day_count = 300")], one(Warning, "DAY_COUNT", "scheme[6].day_count")),
        (&[("from = \"2020-04-20\"", "from = \"2021-06-20\"")], one(Error, "MISSING_LPR", "scheme[6].from")),
        (
            &[("fair_competition_review = \"2020-12-01\"\nkinds", "kinds")],
            one(Warning, "NOT_REVIEWED", "scheme[0].fair_competition_review"),
        ),
        (
            &[("fair_competition_review = \"2020-12-01\"\nkinds", "fair_competition_review = \"2021-12-01\"\nkinds")],
            one(Warning, "REVIEWED_LATE", "scheme[0].fair_competition_review"),
        ),
        (&[("code = \"440203900\"", "code = \"44020390\"")], one(Error, "TREASURY_CODE", "treasury[1].code")),
        (
            &[("parks = [\"武江区城乡融合产业园\"]", "parks = [\"武江甘棠园区\"]")],
            one(Error, "DUPLICATE_PAYER", "treasury[2].parks"),
        ),
        (
            &[("cap_per_year_fen = 0\npayer = \"DISTRICT\"", "payer = \"PARK_TREASURY\"")],
            one(Error, "UNKNOWN_PAYER", "scheme[0].payer"),
        ),
    ];
    for (changes, wanted) in cases {
        assert_eq!(codes(changes), wanted, "{changes:?}");
    }
    let lvat = codes(&[("taxes = [\"VAT\",", "taxes = [\"VAT\", \"LVAT\",")]);
    assert_eq!(lvat.iter().map(|(_, code, _)| *code).collect::<Vec<_>>(), ["MISSING_SHARE"]);
    let late = codes(&[("from = \"2016-05-01\"", "from = \"2022-05-01\"")]);
    assert_eq!(late.iter().filter(|(_, code, _)| *code == "MISSING_SHARE").count(), 2);
    let nobody = codes(&[("role = \"DISTRICT\"", "role = \"PARK\"\nparks = []")]);
    assert_eq!(nobody.iter().filter(|(_, code, _)| *code == "UNKNOWN_PAYER").count(), 4);
}

/// The demo with every scheme of the district in a group, and what is given behind it.
fn pooled(more: &str) -> String {
    let payer = "payer = \"DISTRICT\"";
    format!("{}\n{more}\n", DEMO.replace(payer, &format!("{payer}\nstacking_group = \"组\"")))
}

const GROUP: &str = "[[stacking]]\ngroup = \"组\"\nrule = \"HIGHEST\"\nfrom = \"2021-01-01\"\n";
const BUDGET: &str = "[[budget]]\npayer = \"440203000\"\nscheme = \"incubator_tax_rebate\"\nyear = 2025\namount_fen = 0\n\
                      rule = \"PRO_RATA\"\n";

#[test]
fn groups_and_budgets_are_read() {
    use incubator_registry::policy::{BudgetRule, Scheme, StackingRule};
    let later = "[[stacking]]\ngroup = \"组\"\nrule = \"DIFFERENCE\"\nfrom = \"2025-01-01\"\n";
    let text = pooled(&format!("{later}{GROUP}{BUDGET}"));
    assert_eq!(findings(&text, "2025-10-31"), []);
    let policy = parse(&text).unwrap().policy;
    let rule = |year| policy.stacking_rule("组", year).map(|rule| rule.value);
    assert_eq!((rule(2020), rule(2021)), (None, Some(StackingRule::Highest)));
    assert_eq!((rule(2024), rule(2025)), (Some(StackingRule::Highest), Some(StackingRule::Difference)));
    assert_eq!(policy.stacking_rule("另", 2025), None);
    let budget = &policy.budgets[0];
    assert_eq!((budget.scheme, budget.rule), (Scheme::IncubatorTaxRebate, BudgetRule::ProRata));
    assert_eq!((budget.payer.as_str(), budget.year, budget.amount_fen), ("440203000", 2025, 0));
    let flat = incubator_registry::policy::flat::parameters(&policy);
    let said = |key: &str| flat.iter().find(|parameter| parameter.key == key).map(|parameter| parameter.value.as_str());
    assert_eq!(said("stacking.组[2021-01-01].rule"), Some("HIGHEST"));
    assert_eq!(said("budget[440203000.incubator_tax_rebate.2025].amount_fen"), Some("0"));
    assert_eq!(said("incubator_tax_rebate[2024-01-01].stacking_group"), Some("组"));
}

#[test]
fn groups_and_budgets_that_do_not_fit() {
    use Severity::{Error, Warning};
    let codes = |more: &str| {
        let found = findings(&pooled(more), "2025-10-31");
        found.into_iter().map(|(_, severity, code, key)| (severity, code, key)).collect::<Vec<_>>()
    };
    let one = |severity, code, key: &str| vec![(severity, code, key.to_owned())];
    assert_eq!(codes(""), one(Warning, "UNKNOWN_GROUP", "scheme[0].stacking_group"));
    let other = format!("{GROUP}{}", GROUP.replace("组", "另"));
    assert_eq!(codes(&other), one(Warning, "UNUSED_GROUP", "stacking[1].group"));
    assert_eq!(codes(&format!("{GROUP}{GROUP}")), one(Error, "DUPLICATE_FROM", "stacking[1].from"));
    let budget = |from: &str, to: &str| format!("{GROUP}{}", BUDGET.replace(from, to));
    assert_eq!(codes(&format!("{GROUP}{BUDGET}{BUDGET}")), one(Error, "DUPLICATE_BUDGET", "budget[1].year"));
    assert_eq!(codes(&budget("440203000", "44020300")), one(Error, "TREASURY_CODE", "budget[0].payer"));
    assert_eq!(codes(&budget("440203000", "440203111")), one(Warning, "UNKNOWN_PAYER", "budget[0].payer"));
    assert_eq!(codes(&budget("2025", "2020")), one(Warning, "BUDGET_WITHOUT_SCHEME", "budget[0].year"));
    let bad = pooled(&format!("{GROUP}{BUDGET}"))
        .replace("rule = \"HIGHEST\"", "rule = \"BEST\"")
        .replace("rule = \"PRO_RATA\"", "rule = 1\nnote = 2")
        .replace("amount_fen = 0", "amount_fen = -1");
    let keys: Vec<_> = faults(&bad).into_iter().map(|(_, reason, key)| (reason, key)).collect();
    let wanted = [
        (Reason::UnknownWord, "stacking[0].rule"),
        (Reason::OutOfRange, "budget[0].amount_fen"),
        (Reason::UnknownWord, "budget[0].rule"),
        (Reason::UnknownWord, "budget[0].note"),
    ];
    assert_eq!(keys, wanted.map(|(reason, key)| (reason, key.to_owned())));
}

#[test]
fn every_fault_and_finding_is_told_in_chinese_too() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let bad = DEMO.replace("rate_ppm", "rat_ppm").replace("\"DISTRICT\"", "3").replace("2024-01-01", "2024-1-1");
    for text in [bad.as_str(), "[policy\n", "", "lpr = 3\nscheme = [1]\n", &" ".repeat(BYTES_MAX + 1)] {
        for fault in parse(text).unwrap_err() {
            assert!(chinese(&fault.zh), "{fault:?}");
            if !fault.fault.field.is_empty() {
                assert!(fault.zh.starts_with(&format!("第{}行：{}：", fault.line, fault.fault.field)), "{fault:?}");
            }
        }
    }
    let odd = pooled(&format!("{}{BUDGET}{BUDGET}", GROUP.replace("组", "另")))
        .replace("fair_competition_review = \"2020-12-01\"", "")
        .replace("day_count = 360", "day_count = 1")
        .replace("rate_ppm = 500000", "rate_ppm = 0")
        .replace("code = \"440203900\"", "code = \"4402\"")
        .replace("from = \"2016-05-01\"", "from = \"2016-05-01\"\nuntil = \"2017-05-01\"");
    let found = parse(&odd).unwrap().lint(day("2025-10-31"));
    let codes: std::collections::BTreeSet<_> = found.iter().map(|(_, finding)| finding.code).collect();
    assert!(codes.len() >= 8, "{codes:?}");
    for (_, finding) in found {
        assert!(
            chinese(&finding.message.zh) && !chinese(&finding.message.en.replace("区划", "").replace(['组', '另'], ""))
        );
    }
}
