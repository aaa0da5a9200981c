//! Entitlements and explanations as the API writes them.

use crate::domain::{Day, Entity};
use crate::grpc::convert::position;
use crate::policy::{
    Beneficiary, BudgetRule, Entitlement, Exact, Node, Reduction, Scheme, Source, StackingRule, Step, Unit,
};
use crate::projections::Standing;
use crate::projections::standing::{Total, TotalKey};
use crate::wire::v1;

/// The API's number of a scheme.
pub fn scheme_of(scheme: Scheme) -> v1::Scheme {
    v1::Scheme::from_str_name(&format!("SCHEME_{}", scheme.key().to_uppercase())).unwrap_or_default()
}

/// A scheme by the API's number.
pub fn scheme(number: u32) -> Option<Scheme> {
    let wire = i32::try_from(number).ok().and_then(|number| v1::Scheme::try_from(number).ok())?;
    Scheme::ALL.iter().copied().find(|scheme| scheme_of(*scheme) == wire)
}

/// The API's number of a stacking rule.
fn stacking_rule_of(rule: StackingRule) -> v1::StackingRule {
    v1::StackingRule::from_str_name(&format!("STACKING_RULE_{}", rule.key())).unwrap_or_default()
}

/// The API's number of a budget's rule.
pub fn budget_rule_of(rule: BudgetRule) -> v1::BudgetRule {
    v1::BudgetRule::from_str_name(&format!("BUDGET_RULE_{}", rule.key())).unwrap_or_default()
}

/// A budget's rule by the API's number.
pub fn budget_rule(number: u32) -> Option<BudgetRule> {
    let wire = i32::try_from(number).ok().and_then(|number| v1::BudgetRule::try_from(number).ok())?;
    BudgetRule::ALL.iter().copied().find(|rule| budget_rule_of(*rule) == wire)
}

/// The entity that a beneficiary is.
pub fn entity(beneficiary: &Beneficiary) -> Entity {
    match beneficiary {
        Beneficiary::Incubator(id) => Entity::Incubator(id.clone()),
        Beneficiary::Firm(code) => Entity::Firm(*code),
        Beneficiary::Intermediary(id) => Entity::Intermediary(id.clone()),
        Beneficiary::Platform(id) => Entity::Platform(id.clone()),
        Beneficiary::Instrument(id) => Entity::Instrument(id.clone()),
    }
}

/// Resource name of a beneficiary.
pub fn beneficiary(district: &str, beneficiary: &Beneficiary) -> String {
    format!("districts/{district}/{}", entity(beneficiary))
}

/// An entitlement with the year it is counted in, and what is taken off for others.
pub fn standing(district: &str, standing: &Standing) -> v1::Entitlement {
    v1::Entitlement {
        year: standing.year.map(i32::from).unwrap_or_default(),
        after_stacking_fen: standing.after_stacking_fen(),
        stacking: standing.reduction.as_ref().map(|of| reduction(district, of)),
        ..entitlement(district, &standing.entitlement)
    }
}

fn reduction(district: &str, of: &Reduction) -> v1::StackingReduction {
    v1::StackingReduction {
        group: of.group.clone(),
        rule: stacking_rule_of(of.rule).into(),
        reduction_fen: of.fen,
        yields_to_scheme: scheme_of(of.scheme).into(),
        yields_to_period: of.period.to_string(),
        yields_to_beneficiary: beneficiary(district, &of.beneficiary),
    }
}

fn entitlement(district: &str, line: &Entitlement) -> v1::Entitlement {
    let status = format!("ENTITLEMENT_STATUS_{}", line.status.key());
    let reason = line.reason.map(|reason| format!("ENTITLEMENT_REASON_{}", reason.key()));
    let (payer, payer_name) =
        line.payer.as_ref().map(|payer| (payer.code.clone(), payer.name.clone())).unwrap_or_default();
    v1::Entitlement {
        scheme: scheme_of(line.scheme).into(),
        beneficiary: beneficiary(district, &line.beneficiary),
        payee: line.payee.map(|code| code.to_string()).unwrap_or_default(),
        period: line.period.to_string(),
        amount_fen: line.amount_fen,
        status: v1::EntitlementStatus::from_str_name(&status).unwrap_or_default().into(),
        payer,
        payer_name,
        version_date: line.version.map(|day| day.to_string()).unwrap_or_default(),
        reason: reason.and_then(|name| v1::EntitlementReason::from_str_name(&name)).unwrap_or_default().into(),
        suspended: line.suspended,
        ..Default::default()
    }
}

/// A total.
pub fn total(key: &TotalKey, total: &Total) -> v1::EntitlementTotal {
    v1::EntitlementTotal {
        scheme: scheme_of(key.scheme).into(),
        payer: key.payer.clone().unwrap_or_default(),
        year: key.year.map(i32::from).unwrap_or_default(),
        count: i32::try_from(total.count).unwrap_or(i32::MAX),
        amount_fen: total.amount_fen,
        suspended_fen: total.suspended_fen,
        after_stacking_fen: total.after_stacking_fen,
    }
}

/// A node with all its children: for trees of a few nodes.
pub fn whole_node(district: &str, of: &Node) -> v1::ExplanationNode {
    let children = of.children.iter().map(|child| whole_node(district, child)).collect();
    v1::ExplanationNode { children, ..node(district, of) }
}

/// A node without its children.
pub fn node(district: &str, node: &Node) -> v1::ExplanationNode {
    use v1::ExplanationStep as S;
    let (step, split_place) = match node.step {
        Step::Given => (S::Given, 0),
        Step::Ground => (S::Ground, 0),
        Step::Sum => (S::Sum, 0),
        Step::Product => (S::Product, 0),
        Step::Quotient => (S::Quotient, 0),
        Step::AtLeastZero => (S::AtLeastZero, 0),
        Step::HalfUp => (S::HalfUp, 0),
        Step::Least => (S::Least, 0),
        Step::Remainder => (S::Remainder, 0),
        Step::Split { place } => (S::Split, i32::try_from(place).unwrap_or(i32::MAX)),
        Step::Outcome => (S::Outcome, 0),
    };
    v1::ExplanationNode {
        step: step.into(),
        value: node.value.map(|value| exact(value, node.unit)),
        sentence: node.sentence.clone(),
        children: Vec::new(),
        children_count: i32::try_from(node.children.len()).unwrap_or(i32::MAX),
        next_children_token: String::new(),
        split_place,
        source: source(district, &node.source),
    }
}

/// An exact value.
pub fn exact(value: Exact, unit: Unit) -> v1::ExactValue {
    let unit = match unit {
        Unit::Fen => v1::ValueUnit::Fen,
        Unit::Ratio => v1::ValueUnit::Ratio,
        Unit::Days => v1::ValueUnit::Days,
        Unit::Count => v1::ValueUnit::Count,
        Unit::FenPerHectare => v1::ValueUnit::FenPerHectare,
    };
    v1::ExactValue {
        numerator: value.numerator().to_string(),
        denominator: value.denominator().to_string(),
        decimal: value.decimal(10).0,
        unit: unit.into(),
    }
}

fn source(district: &str, source: &Source) -> Option<v1::explanation_node::Source> {
    use v1::explanation_node::Source as S;
    let text = |day: &Day| day.to_string();
    Some(match source {
        Source::Derived => return None,
        Source::Fact { position: at, day } => {
            S::Fact(v1::FactSource { position: position(*at), effective_date: text(day) })
        }
        Source::Clause { document_no, clause, from, until } => S::Clause(v1::ClauseSource {
            document_no: document_no.clone(),
            clause: clause.clone(),
            from_date: text(from),
            until_date: until.as_ref().map(text).unwrap_or_default(),
        }),
        Source::Parameter { key, from } => {
            S::Parameter(v1::ParameterSource { key: key.clone(), from_date: text(from) })
        }
        Source::Grant { loan } => S::Grant(v1::GrantSource { contract_no: loan.to_string() }),
        Source::Award { scheme, beneficiary: of, period } => S::Award(v1::AwardSource {
            scheme: scheme_of(*scheme).into(),
            period: period.clone(),
            beneficiary: beneficiary(district, of),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Ground, Status};

    #[test]
    fn every_word_has_its_number() {
        for word in Scheme::ALL {
            assert_ne!(scheme_of(*word), v1::Scheme::Unspecified, "{word:?}");
            assert_eq!(scheme(scheme_of(*word) as u32), Some(*word));
        }
        for word in StackingRule::ALL {
            assert_ne!(stacking_rule_of(*word), v1::StackingRule::Unspecified, "{word:?}");
        }
        for word in BudgetRule::ALL {
            assert_ne!(budget_rule_of(*word), v1::BudgetRule::Unspecified, "{word:?}");
            assert_eq!(budget_rule(budget_rule_of(*word) as u32), Some(*word));
        }
        for word in Status::ALL {
            let name = format!("ENTITLEMENT_STATUS_{}", word.key());
            assert!(v1::EntitlementStatus::from_str_name(&name).is_some(), "{name}");
        }
        for word in Ground::ALL {
            let name = format!("ENTITLEMENT_REASON_{}", word.key());
            assert!(v1::EntitlementReason::from_str_name(&name).is_some(), "{name}");
        }
    }
}
