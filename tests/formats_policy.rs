//! A policy file is read whole or refused with every fault by key and line; TOML and JSON say the same; what is odd about a
//! policy is found before it is in force.

mod common;

use common::world::day;
use incubator_registry::domain::Reason;
use incubator_registry::formats::policy::{BYTES_MAX, parse};
use incubator_registry::policy::{Base, Severity};

const DEMO: &str = include_str!("../deploy/demo/policy.toml");

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
