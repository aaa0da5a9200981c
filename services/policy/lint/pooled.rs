//! What is odd about stacking groups and budgets.

use super::Findings;
use crate::policy::parameters::{Series, Version};
use std::collections::{BTreeMap, BTreeSet};

impl Findings<'_> {
    pub(super) fn pooled(&mut self) {
        self.stacking();
        self.budgets();
    }

    fn stacking(&mut self) {
        let policy = self.policy;
        let mut named: BTreeMap<&str, usize> = BTreeMap::new();
        note(&policy.incubator_tax_rebate, &mut named);
        note(&policy.relocation_rebate, &mut named);
        note(&policy.cultivation_award, &mut named);
        note(&policy.loan_interest_subsidy, &mut named);
        note(&policy.technology_transfer, &mut named);
        note(&policy.open_platform, &mut named);
        note(&policy.platform_construction, &mut named);
        note(&policy.instrument_sharing, &mut named);
        for (group, version) in &named {
            if !policy.stacking.contains_key(*group) {
                let en = format!("no [[stacking]] has the group `{group}`: its awards add up");
                let zh = format!("没有分组“{group}”的[[stacking]]：各项按可叠加计算");
                self.warn("UNKNOWN_GROUP", format!("scheme[{version}].stacking_group"), (en, zh));
            }
        }
        for (group, series) in &policy.stacking {
            self.series("stacking", series);
            if let Some(first) = series.all().first().filter(|_| !named.contains_key(group.as_str())) {
                let en = format!("no scheme names the group `{group}`");
                let zh = format!("没有条款指明分组“{group}”");
                self.warn("UNUSED_GROUP", format!("stacking[{}].group", first.index), (en, zh));
            }
        }
    }

    fn budgets(&mut self) {
        let policy = self.policy;
        let listed: BTreeSet<&str> = policy.treasuries.iter().map(|treasury| treasury.code.as_str()).collect();
        let mut seen = BTreeMap::new();
        for budget in &policy.budgets {
            let key = |name: &str| format!("budget[{}].{name}", budget.index);
            let payer = budget.payer.as_str();
            if self.treasury_code(payer, key("payer")) && !listed.contains(payer) {
                let en =
                    format!("no [[treasury]] has the code {payer}: only parks with a recorded treasury of it are paid");
                let zh = format!("没有代码为{payer}的[[treasury]]：仅登记了该财政的园区由其支付");
                self.warn("UNKNOWN_PAYER", key("payer"), (en, zh));
            }
            if let Some(first) = seen.insert((payer, budget.scheme, budget.year), budget.index) {
                let en = format!("budget[{first}] is of the same payer, scheme and year");
                let zh = format!("与budget[{first}]的支付财政、政策和年度相同");
                self.error("DUPLICATE_BUDGET", key("year"), (en, zh));
            }
            let first_day = policy.first_day_of(budget.scheme);
            if first_day.is_none_or(|first| first.year() > budget.year) {
                let (scheme, year) = (budget.scheme, budget.year);
                let en = format!("no version of {} holds in {year}", scheme.key());
                let zh = format!("{year}年度没有有效的{}条款", scheme.chinese());
                self.warn("BUDGET_WITHOUT_SCHEME", key("year"), (en, zh));
            }
        }
    }
}

/// The groups that versions name, each with the first place that does.
fn note<'a, T>(series: &'a Series<Version<T>>, named: &mut BTreeMap<&'a str, usize>) {
    for version in series.all() {
        if let Some(group) = &version.value.stacking_group {
            let first = named.entry(group).or_insert(version.index);
            *first = version.index.min(*first);
        }
    }
}
