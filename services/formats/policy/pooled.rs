//! What lines have in common: stacking groups and budgets.
//!
//! ```toml
//! [[stacking]]                 # a group's rule from a day on; schemes name it as `stacking_group`
//! group = "落户"
//! rule = "HIGHEST"             # or DIFFERENCE, ADDITIVE
//! from = "2024-01-01"
//!
//! [[budget]]                   # what a treasury has for a scheme in a year
//! payer = "440203900"
//! scheme = "relocation_rebate"
//! year = 2025
//! amount_fen = 500000000
//! rule = "PRO_RATA"            # or FIRST_COME
//! ```

use super::dated;
use super::section::Section;
use crate::domain::values::FEN_MAX;
use crate::policy::parameters::{Dated, Series};
use crate::policy::{Budget, BudgetRule, Scheme, StackingRule};
use std::collections::BTreeMap;

/// Years that a budget may be of.
const YEARS: (i64, i64) = (1900, 9999);

/// The rules of stacking groups, by group.
pub(super) fn stacking(file: &mut Section<'_, '_>) -> BTreeMap<String, Series<StackingRule>> {
    let mut groups: BTreeMap<String, Vec<Dated<StackingRule>>> = BTreeMap::new();
    for (index, (path, item)) in file.tables("stacking").into_iter().enumerate() {
        let mut section = Section::new(path, item, file.faults);
        let group = section.text("group");
        let rule = section.word("rule", StackingRule::from_key);
        let dates = dated(index, &mut section, ());
        section.finish();
        if let Some(value) = rule {
            groups.entry(group).or_default().push(Dated { index, from: dates.from, until: dates.until, value });
        }
    }
    groups.into_iter().map(|(group, rules)| (group, Series::new(rules))).collect()
}

/// The budgets.
pub(super) fn budgets(file: &mut Section<'_, '_>) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for (index, (path, item)) in file.tables("budget").into_iter().enumerate() {
        let mut section = Section::new(path, item, file.faults);
        let payer = section.text("payer");
        let scheme = section.word("scheme", Scheme::from_key);
        let year = i16::try_from(section.number("year", YEARS.0, YEARS.1)).unwrap_or(i16::MAX);
        let amount_fen = section.number("amount_fen", 0, FEN_MAX);
        let rule = section.word("rule", BudgetRule::from_key);
        section.finish();
        if let Some((scheme, rule)) = scheme.zip(rule) {
            budgets.push(Budget { index, payer, scheme, year, amount_fen, rule });
        }
    }
    budgets
}
