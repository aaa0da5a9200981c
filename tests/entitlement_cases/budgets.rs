//! Budgets by hand: what is enough, what is short by a fen, and who gets the fen that is left.

use incubator_registry::policy::BudgetRule::{FirstCome, ProRata};
use incubator_registry::policy::{BudgetRule, Claim, Rounds, rounds};

#[track_caller]
fn gives(claims: &[(&str, i64)], budget: i64, rule: BudgetRule, awarded: &[i64], remainder: i64) {
    let claims: Vec<Claim<'_>> = claims.iter().map(|(key, fen)| Claim { key, fen: *fen }).collect();
    assert_eq!(rounds(&claims, budget, rule), Rounds { awarded: awarded.to_vec(), remainder });
}

#[test]
fn a_budget_that_is_enough_pays_all() {
    for rule in [FirstCome, ProRata] {
        gives(&[("a", 100), ("b", 50)], 150, rule, &[100, 50], 0);
        gives(&[("a", 100), ("b", 50)], 151, rule, &[100, 50], 1);
        gives(&[], 7, rule, &[], 7);
    }
}

#[test]
fn a_budget_that_is_short_by_a_fen_is_short_to_somebody() {
    gives(&[("a", 100), ("b", 50)], 149, FirstCome, &[100, 49], 0);
    // 149 × 100 ÷ 150 = 99.33, 149 × 50 ÷ 150 = 49.67.
    gives(&[("a", 100), ("b", 50)], 149, ProRata, &[99, 50], 0);
}

#[test]
fn first_come_goes_by_the_order_given() {
    gives(&[("b", 60), ("a", 60), ("c", 1)], 100, FirstCome, &[60, 40, 0], 0);
    gives(&[("a", 60), ("b", 60)], 0, FirstCome, &[0, 0], 0);
}

#[test]
fn the_fen_that_is_left_goes_to_the_largest_remainder_then_to_the_smaller_key() {
    gives(&[("c", 10), ("b", 10), ("a", 10)], 10, ProRata, &[3, 3, 4], 0);
    gives(&[("c", 10), ("b", 10), ("a", 10)], 20, ProRata, &[6, 7, 7], 0);
    gives(&[("a", 1), ("b", 2)], 1, ProRata, &[0, 1], 0);
    gives(&[("a", 0), ("b", 3), ("c", 3)], 1, ProRata, &[0, 1, 0], 0);
    let large = 900_000_000_000_000_000;
    gives(&[("a", large), ("b", large)], large + 1, ProRata, &[large / 2 + 1, large / 2], 0);
}
