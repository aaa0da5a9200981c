//! Stacking: a carrier's S1 and S3 and a firm's S2 and S4 of 2024 in one group, by hand. VAT: 15 % × 40 % for the carrier,
//! 25 % × 80 % for the firm and 20 % of that quarter for its carrier; 40 % of the interest.

use crate::common::explanation::redo;
use crate::common::world::{carrier, day, firm};
use crate::dsl::{Case, PARK, under};
use incubator_registry::domain::{AsOf, Kind, Level, Tax};
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
        explain(&case.world.registry, &case.policy, as_of, (scheme, &beneficiary, period)).unwrap()
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
    let award = |(period, fen)| Award { scheme: Scheme::IncubatorTaxRebate, period, fen };
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
