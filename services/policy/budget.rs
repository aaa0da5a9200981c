//! Budgets (rules §5): what claims get of the money that a treasury has for a scheme in a year.
//!
//! | rule | awards |
//! |---|---|
//! | FIRST_COME 先到先得 | each claim in the order given, until nothing is left; the last one reached gets the rest |
//! | PRO_RATA 按比例 | each claim whole where there is enough, else its share, in whole fen by largest remainder, ties to the smaller key |
//!
//! Together the awards are the smaller of the budget and of what is claimed, to the fen.

use super::award::split;
use super::words::{BudgetRule, Scheme};

/// A budget as a policy states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Place in its list of the file, from 0.
    pub index: usize,
    /// 9-digit code of the treasury.
    pub payer: String,
    /// Of which scheme.
    pub scheme: Scheme,
    /// Of which year.
    pub year: i16,
    /// Fen, not negative.
    pub amount_fen: i64,
    /// How it is handed out.
    pub rule: BudgetRule,
}

/// A claim on a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// What it is told apart by.
    pub key: &'a str,
    /// Fen, not negative.
    pub fen: i64,
}

/// What became of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rounds {
    /// What each claim gets, fen, in the order of the claims.
    pub awarded: Vec<i64>,
    /// What is left of the budget, fen.
    pub remainder: i64,
}

/// Hands a budget out. A negative claim or budget counts as 0.
pub fn rounds(claims: &[Claim<'_>], budget: i64, rule: BudgetRule) -> Rounds {
    let claimed: Vec<i64> = claims.iter().map(|claim| claim.fen.max(0)).collect();
    let budget = budget.max(0);
    let awarded = match rule {
        BudgetRule::FirstCome => first_come(&claimed, budget),
        BudgetRule::ProRata => pro_rata(claims, claimed, budget),
    };
    let remainder = awarded.iter().fold(budget, |left, fen| left - fen);
    Rounds { awarded, remainder }
}

fn first_come(claimed: &[i64], budget: i64) -> Vec<i64> {
    let mut left = budget;
    let award = |fen: &i64| {
        let fen = left.min(*fen);
        left -= fen;
        fen
    };
    claimed.iter().map(award).collect()
}

fn pro_rata(claims: &[Claim<'_>], claimed: Vec<i64>, budget: i64) -> Vec<i64> {
    let whole: i128 = claimed.iter().copied().map(i128::from).sum();
    if whole <= i128::from(budget) {
        return claimed;
    }
    let mut by_key: Vec<usize> = (0..claims.len()).collect();
    by_key.sort_by_key(|at| claims[*at].key);
    let weights: Vec<i64> = by_key.iter().map(|at| claimed[*at]).collect();
    let mut awarded = vec![0; claims.len()];
    for (at, fen) in by_key.into_iter().zip(split(budget.into(), &weights)) {
        // A share is under its claim, which is an i64.
        awarded[at] = i64::try_from(fen).unwrap_or(i64::MAX);
    }
    awarded
}
