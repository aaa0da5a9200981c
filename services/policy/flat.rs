//! A policy as a flat list of dated parameters: what is shown of a day, and what two texts are compared by.
//!
//! Keys name a version by its first day and not by its place in the file, so that a version put in front of others is one
//! difference and not all of them.

mod neighbours;
mod pooled;
mod standards;

use super::parameters::{Basis, Policy, RetainedTerms, Series, TreasuryRole, Version};
use super::words::Scheme;
use crate::domain::Day;
use std::fmt::Display;

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Which, e.g. `relocation_rebate[2024-01-01].cap_per_year_fen`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// First day; none: it is not dated.
    pub from: Option<Day>,
    /// First day on which it no longer holds; none: for ever.
    pub until: Option<Day>,
}

impl Parameter {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

/// All parameters, in the order of the file's sections.
pub fn parameters(policy: &Policy) -> Vec<Parameter> {
    let mut flat = Flat::default();
    flat.plain("policy.id", &policy.id);
    flat.plain("policy.title", &policy.title);
    flat.plain("policy.issuer", &policy.issuer);
    flat.series("local_share", &policy.shares, |flat, table| {
        for (tax, shares) in &table.0 {
            let of = |part: &str| format!("tax.{}.{part}", tax.key());
            flat.put(&of("local_total_ppm"), shares.local_total);
            flat.put(&of("city_and_district_ppm"), shares.city_and_district);
            flat.put(&of("district_ppm"), shares.district);
        }
    });
    flat.series("lpr", &policy.lpr, |flat, rate| flat.put("one_year_ppm", rate));
    flat.versions(Scheme::IncubatorTaxRebate, &policy.incubator_tax_rebate, |flat, terms| {
        flat.list("kinds", terms.kinds.iter().map(|kind| kind.key()));
        flat.put("minimum_level", terms.minimum_level.key());
        flat.put("require_seed_fund_if_introduced", terms.require_seed_fund_if_introduced);
        flat.retained(&terms.retained);
        flat.put("rate_ppm", terms.rate_ppm);
        flat.optional("cap_per_year_fen", terms.cap_per_year_fen);
    });
    flat.versions(Scheme::RelocationRebate, &policy.relocation_rebate, |flat, terms| {
        flat.put("start_rule", terms.start_rule.key());
        flat.retained(&terms.retained);
        flat.list("rate_ppm_by_year", terms.rate_ppm_by_year.iter());
        flat.optional("cap_per_year_fen", terms.cap_per_year_fen);
    });
    flat.versions(Scheme::CultivationAward, &policy.cultivation_award, |flat, terms| {
        match terms.basis {
            Basis::Flat(fen) => flat.put("flat_fen", fen),
            Basis::Year1Retained(ppm) => flat.put("rate_ppm", ppm),
        }
        flat.optional("cap_fen", terms.cap_fen);
        flat.put("attribution", terms.attribution.key());
    });
    flat.versions(Scheme::LoanInterestSubsidy, &policy.loan_interest_subsidy, |flat, terms| {
        flat.put("rate_ppm", terms.rate_ppm);
        flat.put("lpr_multiple_ppm", terms.lpr_multiple_ppm);
        flat.put("day_count", terms.day_count);
        flat.put("maximum_months", terms.maximum_months);
        flat.put("once_per", terms.once_per.key());
        flat.optional("cap_per_loan_fen", terms.cap_per_loan_fen);
        flat.optional("cap_per_firm_year_fen", terms.cap_per_firm_year_fen);
    });
    flat.neighbours(policy);
    flat.standards(policy);
    for treasury in &policy.treasuries {
        flat.plain(&format!("treasury[{}].name", treasury.code), &treasury.name);
        let role = match &treasury.role {
            TreasuryRole::District => "DISTRICT".to_owned(),
            TreasuryRole::Park(parks) => format!("PARK: {}", joined(parks.iter())),
        };
        flat.plain(&format!("treasury[{}].role", treasury.code), &role);
    }
    flat.pooled(policy);
    flat.list
}

/// What two policies say differently: key, what the first says, what the second says, by key.
pub fn differences(old: &Policy, new: &Policy) -> Vec<(String, String, String)> {
    let mut changes = std::collections::BTreeMap::<String, (String, String)>::new();
    for parameter in parameters(old) {
        changes.entry(parameter.key).or_default().0 = parameter.value;
    }
    for parameter in parameters(new) {
        changes.entry(parameter.key).or_default().1 = parameter.value;
    }
    changes.into_iter().filter(|(_, (a, b))| a != b).map(|(key, (a, b))| (key, a, b)).collect()
}

#[derive(Default)]
struct Flat {
    list: Vec<Parameter>,
    path: String,
    days: (Option<Day>, Option<Day>),
}

fn joined<T: Display>(items: impl Iterator<Item = T>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join(",")
}

impl Flat {
    fn plain(&mut self, key: &str, value: &str) {
        self.list.push(Parameter { key: key.to_owned(), value: value.to_owned(), from: None, until: None });
    }

    fn put(&mut self, key: &str, value: impl Display) {
        let (from, until) = self.days;
        self.list.push(Parameter { key: format!("{}.{key}", self.path), value: value.to_string(), from, until });
    }

    fn optional(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn list<T: Display>(&mut self, key: &str, items: impl Iterator<Item = T>) {
        self.put(key, joined(items));
    }

    fn retained(&mut self, terms: &RetainedTerms) {
        self.put("base", terms.base.key());
        self.list("taxes", terms.taxes.iter().map(|tax| tax.key()));
    }

    fn series<T>(&mut self, name: &str, series: &Series<T>, each: impl Fn(&mut Self, &T)) {
        for (at, item) in series.all().iter().enumerate() {
            self.path = format!("{name}[{}]", item.from);
            self.days = (Some(item.from), series.end_of(at));
            self.optional("until", item.until);
            each(self, &item.value);
        }
    }

    fn versions<T>(&mut self, scheme: Scheme, series: &Series<Version<T>>, each: impl Fn(&mut Self, &T)) {
        self.series(scheme.key(), series, |flat, version: &Version<T>| {
            flat.put("document_no", &version.document_no);
            flat.put("clause", &version.clause);
            flat.optional("fair_competition_review", version.review);
            flat.put("payer", version.payer.key());
            flat.optional("stacking_group", version.stacking_group.as_ref());
            each(flat, &version.terms);
        });
    }
}
