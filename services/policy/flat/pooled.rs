//! What lines have in common: stacking groups and budgets.

use super::Flat;
use crate::policy::parameters::Policy;

impl Flat {
    pub(super) fn pooled(&mut self, policy: &Policy) {
        for (group, series) in &policy.stacking {
            self.series(&format!("stacking.{group}"), series, |flat, rule| flat.put("rule", rule.key()));
        }
        for budget in &policy.budgets {
            let path = format!("budget[{}.{}.{}]", budget.payer, budget.scheme.key(), budget.year);
            self.plain(&format!("{path}.amount_fen"), &budget.amount_fen.to_string());
            self.plain(&format!("{path}.rule"), budget.rule.key());
        }
    }
}
