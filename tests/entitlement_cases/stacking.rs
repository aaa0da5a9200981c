//! Stacking: a carrier's S1 and S3 and a firm's S2 and S4 of 2024 in one group, by hand. VAT: 15 % × 40 % for the carrier,
//! 25 % × 80 % for the firm and 20 % of that quarter for its carrier; 40 % of the interest.

use crate::common::explanation::redo;
use crate::common::world::{carrier, day, firm};
use crate::dsl::{Case, PARK, everything_stacked, under};
use incubator_registry::domain::{AsOf, Kind, Level, PlatformKind, Tax};
use incubator_registry::policy::{Award, Beneficiary, Exact, Period, Scheme, StackingRule, stack};
use incubator_registry::projections::standing::explain;
use incubator_registry::projections::{Standing, Standings};

/// The demo's policy with every scheme in one group under these rules, and more changes.
fn grouped(rules: &[(&str, &str)], more: &[(&str, &str)]) -> Case {
    let rules: String = rules
        .iter()
        .map(|(from, rule)| format!("[[stacking]]\ngroup = \"组\"\nrule = \"{rule}\"\nfrom = \"{from}\"\n"))
        .collect();
    let treasury = "[[treasury]]\ncode = \"440203900\"";
    let changes = [
        ("payer = \"DISTRICT\"", "payer = \"DISTRICT\"\nstacking_group = \"组\""),
        ("payer = \"PARK_TREASURY\"", "payer = \"PARK_TREASURY\"\nstacking_group = \"组\""),
        (treasury, &format!("{rules}\n{treasury}")),
    ];
    let mut case = under(&[more, &changes].concat());
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2023-01-01");
    case.firm(7).admitted(7, "WJ03", "2022-01-01").settled(7, PARK, "2024-01-10", "2024-02-01");
    case.paid(1, "2024-03-01", Tax::Vat, 100_000).paid(7, "2024-03-01", Tax::Vat, 1000);
    case.loan("J1", 7, 100_000_000, "2024-03-01", "2027-03-01").interest("J1", "2024-04-01", 1000);
    case
}

fn standings(case: &Case, date: &str) -> Standings {
    Standings::full(&case.world.registry, &case.policy, AsOf::day(day(date)))
}

/// Lines with an amount: `scheme amount after`, and what they yield to.
fn shown(case: &Case, date: &str) -> Vec<String> {
    let lines = standings(case, date);
    let one = |line: &Standing| {
        let of = &line.entitlement;
        let to = line.reduction.as_ref().map_or(String::new(), |to| format!(" {} {}", to.scheme.key(), to.period));
        format!("{} {} {}{to}", of.scheme.key(), of.amount_fen, line.after_stacking_fen())
    };
    lines.behind("").map(|(_, line)| line).filter(|line| line.entitlement.amount_fen > 0).map(|l| one(l)).collect()
}

const APART: [&str; 4] = [
    "incubator_tax_rebate 6000 6000",
    "relocation_rebate 200 200",
    "cultivation_award 50 50",
    "loan_interest_subsidy 400 400",
];

#[test]
fn only_the_greatest_is_paid() {
    let case = grouped(&[("2021-01-01", "HIGHEST")], &[]);
    let wanted = [
        APART[0],
        "relocation_rebate 200 0 loan_interest_subsidy J1",
        "cultivation_award 50 0 incubator_tax_rebate 2024",
        APART[3],
    ];
    assert_eq!(shown(&case, "2024-12-31"), wanted);
}

#[test]
fn of_two_equals_the_earlier_scheme_is_paid() {
    let mut case = grouped(&[("2021-01-01", "HIGHEST")], &[]);
    case.paid(7, "2024-03-01", Tax::Vat, 1000);
    let lines = shown(&case, "2024-12-31");
    let first = "year 1: 2024-03-01..2025-03-01";
    let wanted = ["relocation_rebate 400 400", &format!("loan_interest_subsidy 400 0 relocation_rebate {first}")];
    assert_eq!([lines[1].as_str(), lines[3].as_str()], wanted);
}

#[test]
fn a_difference_is_paid_beyond_the_greatest_before() {
    let case = grouped(&[("2021-01-01", "DIFFERENCE")], &[]);
    let loan = "loan_interest_subsidy 400 200 relocation_rebate year 1: 2024-03-01..2025-03-01";
    let wanted = [APART[0], APART[1], "cultivation_award 50 0 incubator_tax_rebate 2024", loan];
    assert_eq!(shown(&case, "2024-12-31"), wanted);
}

#[test]
fn a_year_follows_the_rule_of_its_last_day() {
    assert_eq!(shown(&grouped(&[], &[]), "2024-12-31"), APART);
    assert_eq!(shown(&grouped(&[("2021-01-01", "ADDITIVE")], &[]), "2024-12-31"), APART);
    assert_eq!(shown(&grouped(&[("2025-01-01", "HIGHEST")], &[]), "2025-06-30")[..4], APART);
    assert_ne!(shown(&grouped(&[("2024-12-31", "HIGHEST")], &[]), "2024-12-31"), APART);
    let later = grouped(&[("2021-01-01", "HIGHEST"), ("2024-12-31", "ADDITIVE")], &[]);
    assert_eq!(shown(&later, "2024-12-31"), APART);
}

#[test]
fn years_groups_and_beneficiaries_stand_apart() {
    // The loan is drawn in another year than the relief begins in; the carrier's second year has no award beside it.
    let mut case = grouped(&[("2021-01-01", "HIGHEST")], &[]);
    case.loan("J2", 7, 100_000_000, "2025-01-01", "2027-03-01").interest("J2", "2025-01-31", 100_000);
    case.paid(1, "2025-01-01", Tax::Vat, 100_000);
    let lines = shown(&case, "2025-01-31");
    assert!(lines.contains(&"loan_interest_subsidy 40000 40000".to_owned()), "{lines:?}");
    assert!(lines.contains(&"incubator_tax_rebate 7000 7000".to_owned()), "{lines:?}");
    assert!(lines.contains(&"relocation_rebate 200 0 loan_interest_subsidy J1".to_owned()), "{lines:?}");
}

#[test]
fn what_cannot_be_claimed_takes_nothing_from_what_can() {
    let review = "document_no = \"示例〔2023〕18号\"\nclause = \"第四条\"\nfair_competition_review = \"2023-11-20\"";
    let unreviewed = review.replace("\nfair_competition_review = \"2023-11-20\"", "");
    let case = grouped(&[("2021-01-01", "HIGHEST")], &[(review, &unreviewed)]);
    let lines = shown(&case, "2024-12-31");
    assert_eq!([lines[0].as_str(), lines[2].as_str()], [APART[0], APART[2]]);
    // Before the law's day it could be claimed.
    assert_eq!(shown(&case, "2024-07-31")[2], "cultivation_award 50 0 incubator_tax_rebate 2024");
}

#[test]
fn both_figures_are_in_the_totals_and_what_is_left_can_be_redone() {
    let case = grouped(&[("2021-01-01", "DIFFERENCE")], &[]);
    let totals = standings(&case, "2024-12-31").totals();
    let of = |scheme: Scheme| {
        let found = totals.iter().filter(|(key, _)| key.scheme == scheme && key.year == Some(2024));
        found.map(|(_, total)| (total.amount_fen, total.after_stacking_fen)).collect::<Vec<_>>()
    };
    assert_eq!(of(Scheme::LoanInterestSubsidy), [(400, 200)]);
    assert_eq!(of(Scheme::CultivationAward), [(50, 0)]);
    assert_eq!(of(Scheme::IncubatorTaxRebate), [(6000, 6000)]);
    let as_of = AsOf::day(day("2024-12-31"));
    let told = |scheme, beneficiary: Beneficiary, period: &str| {
        explain(&case.world.registry, &case.policy, as_of, (scheme, &beneficiary, period), None).unwrap()
    };
    let loan = told(Scheme::LoanInterestSubsidy, Beneficiary::Firm(firm(7)), "J1");
    assert_eq!(redo(&loan.tree), Some(Exact::whole(400)));
    let left = loan.stacking.unwrap();
    assert_eq!(redo(&left), Some(Exact::whole(200)));
    assert_eq!(left.sentence, "差额补足，扣减2.00元后应付2.00元");
    assert_eq!(left.children[0].sentence, "2024年度“组”组各项适用差额补足（自2021年1月1日起）");
    // The carrier's award is of a firm's subject, its rebate of its own.
    let award = told(Scheme::CultivationAward, Beneficiary::Incubator(carrier("WJ03")), &firm(7).to_string());
    assert_eq!(award.standing.after_stacking_fen(), 0);
    assert_eq!(redo(&award.stacking.unwrap()), Some(Exact::ZERO));
    let greatest = told(Scheme::IncubatorTaxRebate, Beneficiary::Incubator(carrier("WJ03")), "2024");
    assert!(greatest.stacking.is_none() && greatest.standing.reduction.is_none());
}

#[test]
fn an_upgrade_is_paid_its_difference_only() {
    // 20, 50, 30 and 60 of four years: 差额 pays 20, 30, nothing and 10.
    let periods: Vec<Period> = (2021..=2024).map(Period::Year).collect();
    let beneficiary = Beneficiary::Incubator(carrier("WJ03"));
    let beneficiary = &beneficiary;
    let award = |(period, fen)| Award { scheme: Scheme::IncubatorTaxRebate, period, beneficiary, fen };
    let awards: Vec<Award<'_>> = periods.iter().zip([20, 50, 30, 60]).map(award).collect();
    let left = |rule: StackingRule| {
        let yields = stack(&awards, rule);
        let left = awards.iter().zip(&yields).map(|(award, given)| award.fen - given.map_or(0, |given| given.fen));
        (left.collect::<Vec<i64>>(), yields.iter().map(|given| given.map(|given| given.to)).collect::<Vec<_>>())
    };
    assert_eq!(left(StackingRule::Difference), (vec![20, 30, 0, 10], vec![None, Some(0), Some(1), Some(1)]));
    assert_eq!(left(StackingRule::Highest), (vec![0, 0, 0, 60], vec![Some(3), Some(3), Some(3), None]));
    assert_eq!(left(StackingRule::Additive), (vec![20, 50, 30, 60], vec![None; 4]));
}

#[test]
fn a_transfer_that_is_not_due_yet_takes_nothing_from_one_that_is() {
    let mut case = everything_stacked(StackingRule::Highest);
    case.firm(1).individual("经纪", "2022-06-01");
    // 5 % each; due on 2024-01-15 and on 2024-12-31.
    case.transferred("T1", "经纪", 1, "2022-12-01", "2023-01-15", 100_000);
    case.transferred("T2", "经纪", 1, "2023-12-01", "2023-12-31", 200_000);
    let alone = ["technology_transfer 5000 5000", "technology_transfer 10000 10000"];
    assert_eq!(shown(&case, "2024-01-14"), alone);
    assert_eq!(shown(&case, "2024-12-30"), alone);
    assert_eq!(shown(&case, "2024-12-31"), ["technology_transfer 5000 0 technology_transfer T2", alone[1]]);
    // What other schemes accrue is there, and stacks: the relief year is not over.
    let case = grouped(&[("2021-01-01", "HIGHEST")], &[]);
    assert_eq!(shown(&case, "2024-12-31")[1], "relocation_rebate 200 0 loan_interest_subsidy J1");
    assert_eq!(standings(&case, "2024-12-31").behind("").filter(|(_, line)| line.reduction.is_some()).count(), 2);
}

/// Firm 7 runs two platforms, owns two instruments, is an intermediary, and has a loan subsidised, all of 2024.
fn owner(rule: StackingRule) -> Case {
    let mut case = everything_stacked(rule);
    case.carrier("WJ03", Kind::Incubator, 1, false).firm(1).firm(7).admitted(7, "WJ03", "2022-01-01");
    // 40 % of the interest; 2 % of the payment.
    case.loan("J1", 7, 100_000_000, "2024-03-01", "2027-03-01").interest("J1", "2024-04-01", 1000);
    case.institution(7, "2023-01-01").transferred("T1", &firm(7).to_string(), 1, "2023-12-01", "2024-01-31", 45_000);
    // 15 % of the cost of service, 8 % of the input.
    case.platform("PT1", PlatformKind::Testing, 7, "2023-01-01").reported("PT1", 2024, (10, 3), 2000, 5000);
    case.platform("PT2", PlatformKind::Testing, 7, "2023-01-01").reported("PT2", 2024, (10, 3), 2000, 0);
    // 10 % of the price, 20 % of the running cost.
    case.catalogued("YQ1", 7, 50_000_000, "2024-05-01").ran("YQ1", 2024, 4000);
    case.catalogued("YQ2", 7, 50_000_000, "2024-06-01");
    // Another's instrument stands apart.
    case.catalogued("YQ3", 1, 50_000_010, "2024-05-01");
    case
}

#[test]
fn what_a_firm_is_paid_for_its_things_stacks_with_what_it_is_paid_itself() {
    let highest = owner(StackingRule::Highest);
    let yields = |amount: i64, scheme: &str| format!("{scheme} {amount} 0 instrument_sharing purchase");
    let wanted = [
        yields(400, "loan_interest_subsidy"),
        yields(900, "technology_transfer"),
        yields(300, "open_platform"),
        yields(300, "open_platform"),
        yields(400, "platform_construction"),
        "instrument_sharing 5000000 5000000".into(),
        yields(800, "instrument_sharing"),
        yields(5_000_000, "instrument_sharing"),
        "instrument_sharing 5000001 5000001".into(),
    ];
    assert_eq!(shown(&highest, "2025-02-01"), wanted);
    // Before the transfer is due, only its line is another: it stands apart, whole.
    assert_eq!(shown(&highest, "2025-01-30")[1], "technology_transfer 900 900");
    // Beyond the greatest before it, in the order of the schemes: the loan's 400, 500 of the transfer, and the price.
    let difference = shown(&owner(StackingRule::Difference), "2025-02-01");
    let paid: Vec<&str> = difference.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_eq!(paid, ["400", "500", "0", "0", "0", "4999100", "0", "0", "5000001"]);
    // Of two equals the smaller name is paid, whichever was recorded first.
    let of_two = standings(&highest, "2025-02-01");
    let second = of_two.behind("").filter(|(_, line)| line.reduction.is_some()).last().unwrap().1;
    let to = second.reduction.as_ref().unwrap();
    assert_eq!((second.entitlement.beneficiary.to_string(), to.beneficiary.to_string()), ("YQ2".into(), "YQ1".into()));
}

#[test]
fn an_explanation_finds_the_same_party_alone() {
    for rule in [StackingRule::Highest, StackingRule::Difference] {
        let case = owner(rule);
        let listed = standings(&case, "2025-02-01");
        for (_, line) in listed.behind("") {
            let of = &line.entitlement;
            let period = of.period.to_string();
            let wanted = (of.scheme, &of.beneficiary, period.as_str());
            let told = explain(&case.world.registry, &case.policy, AsOf::day(day("2025-02-01")), wanted, None).unwrap();
            assert_eq!(told.standing, **line);
            let left = told.stacking.as_ref().and_then(redo);
            assert_eq!(left, line.reduction.as_ref().map(|_| Exact::whole(line.after_stacking_fen())));
        }
        let told = |scheme, of: &Beneficiary, period: &str| {
            let as_of = AsOf::day(day("2025-02-01"));
            let told = explain(&case.world.registry, &case.policy, as_of, (scheme, of, period), None);
            told.unwrap().stacking.unwrap().children[2].sentence.clone()
        };
        if rule == StackingRule::Highest {
            let loan = told(Scheme::LoanInterestSubsidy, &Beneficiary::Firm(firm(7)), "J1");
            assert_eq!(loan, "让位于科学仪器开放共享补助YQ1 purchase：50,000.00元");
        }
    }
}
