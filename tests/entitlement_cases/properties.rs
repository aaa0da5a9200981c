//! What holds of every amount, whatever the facts: where a receipt lies outside of what counts, how it is cut, how awards
//! stack, how a budget is handed out, and that an explanation gives its amount.

use crate::common::explanation::follows;
use crate::common::world::{carrier, day};
use crate::dsl::{Case, PARK, case};
use crate::model::districts;
use incubator_registry::domain::{AsOf, Day, Kind, Level, Tax};
use incubator_registry::policy::{
    Award, Beneficiary, BudgetRule, Claim, Entitlement, Period, Rounds, Scheme, StackingRule, rounds, stack,
};
use proptest::prelude::*;
use proptest::sample::select;

/// A receipt: day of the days from 2022-01-01, tax, fen.
type Receipt = (i32, Tax, i64);

fn date(days: i32) -> String {
    Day::from_days(day("2022-01-01").days() + days).unwrap().to_string()
}

/// Firm 7, whose relief runs from 2022-03-01 to 2025-03-01, and its carrier, recognised in 2022 and 2023 alone.
fn relieved(receipts: &[Receipt]) -> Case {
    let mut case = case();
    case.carrier("WJ03", Kind::Incubator, 1, false).recognised("WJ03", Level::District, "2022-01-01");
    case.revoked("WJ03", Level::District, "2022-01-01", "2024-01-01");
    case.firm(7).admitted(7, "WJ03", "2021-01-01").settled(7, PARK, "2022-02-01", "2022-03-01");
    case.paid(7, "2022-03-01", Tax::Vat, 1);
    for (on, tax, fen) in receipts {
        case.paid(7, &date(*on), *tax, *fen).paid(1, &date(*on), *tax, *fen);
    }
    case
}

fn of(case: &Case, scheme: Scheme) -> Vec<Entitlement> {
    case.entitlements("2026-12-31").into_iter().filter(|line| line.scheme == scheme).collect()
}

fn receipts() -> impl Strategy<Value = Vec<Receipt>> {
    let fen = (-5_000_000..9_000_000_i64).prop_filter("not nothing", |fen| *fen != 0);
    proptest::collection::vec((60..1154, select(Tax::ALL), fen), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Before production and after the third year for the relief, after the recognition for the carrier.
    #[test]
    fn a_receipt_outside_the_window_may_lie_anywhere(
        inside in receipts(),
        (early, late) in (0..59, 1155..1800),
        tax in select(Tax::ALL),
        fen in 1..90_000_000_i64,
    ) {
        let with = |on: i32| relieved(&[&inside[..], &[(on, tax, fen)]].concat());
        let (without, early, late) = (relieved(&inside), with(early), with(late));
        for scheme in [Scheme::RelocationRebate, Scheme::CultivationAward] {
            prop_assert_eq!(of(&without, scheme), of(&early, scheme));
            prop_assert_eq!(of(&without, scheme), of(&late, scheme));
        }
        prop_assert_eq!(of(&without, Scheme::IncubatorTaxRebate), of(&late, Scheme::IncubatorTaxRebate));
    }

    /// R is exact, so that not even a fen of rounding depends on it.
    #[test]
    fn a_receipt_in_two_parts_is_the_receipt(
        others in receipts(),
        (on, tax) in (60..1154, select(Tax::ALL)),
        (first, second) in (1..9_000_000_i64, 1..9_000_000_i64),
        refund in any::<bool>(),
    ) {
        let sign = if refund { -1 } else { 1 };
        let whole = [&others[..], &[(on, tax, sign * (first + second))]].concat();
        let parts = [&others[..], &[(on, tax, sign * first), (on, tax, sign * second)]].concat();
        prop_assert_eq!(relieved(&whole).entitlements("2026-12-31"), relieved(&parts).entitlements("2026-12-31"));
    }

    #[test]
    fn every_amount_of_a_random_district_follows_from_its_explanation(case in districts(), asked in 0..1600) {
        follows(&case.world.registry, &case.policy, AsOf::day(day(&date(asked))));
    }

    #[test]
    fn stacking_pays_no_more_than_all_and_no_less_than_the_greatest(
        fens in proptest::collection::vec((select(Scheme::ALL), 2020..2026_i16, 0..1_000_i64), 1..8),
        rule in select(StackingRule::ALL),
        turned in 0..8_usize,
    ) {
        let mut seen = std::collections::BTreeSet::new();
        let lines = fens.into_iter().filter(|(scheme, year, _)| seen.insert((*scheme, *year)));
        let lines: Vec<(Scheme, Period, i64)> = lines.map(|(scheme, year, fen)| (scheme, Period::Year(year), fen)).collect();
        let award = |(scheme, period, fen): &'_ (Scheme, Period, i64)| (*scheme, period.clone(), *fen);
        let left = |lines: &[(Scheme, Period, i64)]| {
            let beneficiary = &Beneficiary::Incubator(carrier("WJ03"));
            let awards: Vec<Award<'_>> = lines
                .iter()
                .map(|(scheme, period, fen)| Award { scheme: *scheme, period, beneficiary, fen: *fen })
                .collect();
            let yields = stack(&awards, rule);
            let mut left: Vec<_> = lines.iter().map(award).zip(yields).map(|((scheme, period, fen), given)| {
                let given = given.map_or(0, |given| {
                    assert!(given.fen > 0 && given.fen <= fen && given.fen <= awards[given.to].fen);
                    given.fen
                });
                (scheme, period, fen - given)
            }).collect();
            left.sort();
            left
        };
        let paid: i64 = left(&lines).iter().map(|(.., fen)| fen).sum();
        let (sum, most) = (lines.iter().map(|(.., fen)| fen).sum(), lines.iter().map(|(.., fen)| *fen).max().unwrap());
        prop_assert!(paid <= sum && paid >= most);
        prop_assert_eq!(paid, if rule == StackingRule::Additive { sum } else { most });
        let mut other = lines.clone();
        other.rotate_left(turned % lines.len());
        prop_assert_eq!(left(&other), left(&lines), "the order given makes no difference");
    }

    #[test]
    fn a_budget_is_handed_out_to_the_fen(
        // Small ones tie, large ones carry.
        (claimed, budget) in prop_oneof![
            (proptest::collection::vec(0..4_i64, 0..40), 0..60_i64),
            (proptest::collection::vec(0..1_000_000_000_000_i64, 0..40), 0..20_000_000_000_000_i64),
        ],
        rule in select(BudgetRule::ALL),
    ) {
        let keys: Vec<String> = (0..claimed.len()).map(|at| format!("{:02}", (at * 17) % 41)).collect();
        let claim = |(key, fen): (&'_ String, &i64)| (key.clone(), *fen);
        let pairs: Vec<(String, i64)> = keys.iter().zip(&claimed).map(claim).collect();
        let of = |pairs: &[(String, i64)]| {
            let claims: Vec<Claim<'_>> = pairs.iter().map(|(key, fen)| Claim { key, fen: *fen }).collect();
            rounds(&claims, budget, rule)
        };
        let Rounds { awarded, remainder } = of(&pairs);
        let (sum, paid): (i64, i64) = (claimed.iter().sum(), awarded.iter().sum());
        prop_assert_eq!(paid, budget.min(sum));
        prop_assert_eq!(paid + remainder, budget);
        prop_assert!(awarded.iter().zip(&claimed).all(|(fen, claim)| (0..=*claim).contains(fen)));
        if rule == BudgetRule::ProRata && sum > 0 {
            // Nobody is a fen or more off the exact share, and the order given makes no difference.
            let whole = i128::from(budget.min(sum));
            let off = |(fen, claim): (&i64, &i64)| (i128::from(*fen) * i128::from(sum) - whole * i128::from(*claim)).abs();
            prop_assert!(awarded.iter().zip(&claimed).map(off).all(|off| off < i128::from(sum)));
            let mut turned = pairs.clone();
            turned.reverse();
            let mut again = of(&turned).awarded;
            again.reverse();
            prop_assert_eq!(again, awarded);
        }
    }
}
