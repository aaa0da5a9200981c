//! Entitlements (rules §5) as an answer, and as the JSON that the command line prints: keys are part of the contract.

use crate::domain::{AsOf, Day, Registry};
use crate::policy::{Entitlement, Evaluation, Exact, Explained, Node, Policy, Source, Step, Unit};
use serde::Serialize;
use std::collections::BTreeMap;

/// The entitlements of a district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    /// As of the end of this day.
    pub day: Day,
    /// The position it is true for.
    pub position: u64,
    /// Id of the policy.
    pub policy: String,
    /// In the order of rules §5.
    pub lines: Vec<Entitlement>,
}

/// Everything that the facts and the policy entitle to.
pub fn entitlements(registry: &Registry, policy: &Policy, as_of: AsOf) -> Entitlements {
    let lines = Evaluation::new(registry, policy, as_of).all();
    let position = super::position(registry, as_of);
    Entitlements { day: as_of.day, position, policy: policy.id.clone(), lines }
}

impl Entitlements {
    /// Fen by the key of the scheme; schemes without a line are left out.
    pub fn totals_fen(&self) -> BTreeMap<&'static str, i64> {
        let mut totals = BTreeMap::new();
        for line in &self.lines {
            let total: &mut i64 = totals.entry(line.scheme.key()).or_default();
            *total = total.saturating_add(line.amount_fen);
        }
        totals
    }
}

/// One of `entitlements`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntitlementJson {
    /// Key of the scheme.
    pub scheme: String,
    /// A carrier's id, or a firm's code.
    pub beneficiary: String,
    /// The year, the relief year, the firm or the contract.
    pub period: String,
    /// Fen.
    pub amount_fen: i64,
    /// INELIGIBLE, NOT_STARTED, ACCRUING or COMPLETE.
    pub status: String,
    /// 9-digit code of the treasury.
    pub payer: Option<String>,
    /// First day of the version, ISO 8601.
    pub version: Option<String>,
    /// Why it is 0, or can't be claimed; empty: nothing is amiss.
    pub reason: String,
    /// Nothing new of it can be claimed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// What is taken off for others of the beneficiary, group and year; left out where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacking: Option<StackingJson>,
}

/// What is taken off an entitlement for another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackingJson {
    /// The group.
    pub group: String,
    /// HIGHEST or DIFFERENCE.
    pub rule: String,
    /// What is taken off, fen.
    pub reduction_fen: i64,
    /// What is left, fen.
    pub after_stacking_fen: i64,
    /// Scheme of the entitlement that is yielded to.
    pub yields_to_scheme: String,
    /// Its period.
    pub yields_to_period: String,
    /// Whom it is listed under.
    pub yields_to_beneficiary: String,
}

impl From<&Entitlement> for EntitlementJson {
    fn from(line: &Entitlement) -> Self {
        Self {
            scheme: line.scheme.key().to_owned(),
            beneficiary: line.beneficiary.to_string(),
            period: line.period.to_string(),
            amount_fen: line.amount_fen,
            status: line.status.key().to_owned(),
            payer: line.payer.as_ref().map(|payer| payer.code.clone()),
            version: line.version.map(|from| from.to_string()),
            reason: line.reason.map_or("", |reason| reason.key()).to_owned(),
            suspended: line.suspended,
            stacking: None,
        }
    }
}

/// An entitlement with its explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExplainedJson {
    /// The entitlement.
    #[serde(flatten)]
    pub entitlement: EntitlementJson,
    /// Whom the money goes to.
    pub payee: Option<String>,
    /// Why it is what it is.
    pub tree: NodeJson,
}

impl From<&Explained> for ExplainedJson {
    fn from(explained: &Explained) -> Self {
        let payee = explained.entitlement.payee.map(|code| code.to_string());
        Self { entitlement: (&explained.entitlement).into(), payee, tree: (&explained.tree).into() }
    }
}

/// A step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeJson {
    /// How the value comes of the children's.
    pub step: &'static str,
    /// The exact value; none for grounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<ValueJson>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceJson>,
    /// One sentence in Chinese.
    pub sentence: String,
    /// What it rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
}

/// An exact value. Numerator and denominator are texts: they may be past what a JSON reader keeps of a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueJson {
    /// Numerator in lowest terms.
    pub numerator: String,
    /// Denominator, over 0.
    pub denominator: String,
    /// As a decimal, cut off after ten places.
    pub decimal: String,
    /// FEN, RATIO or DAYS.
    pub unit: &'static str,
}

/// Where a value or ground stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceJson {
    /// A recorded fact.
    Fact {
        /// Position in the log.
        position: u64,
        /// Business date.
        day: String,
    },
    /// A version of a scheme.
    Clause {
        /// 文号.
        document_no: String,
        /// Clause.
        clause: String,
        /// First day.
        from: String,
        /// First day on which it no longer holds.
        until: Option<String>,
    },
    /// A parameter of the policy.
    Parameter {
        /// Key in the file.
        key: String,
        /// Its first day.
        from: String,
    },
    /// The entitlement of another loan.
    Grant {
        /// Its contract.
        loan: String,
    },
    /// Another entitlement whose money goes to the same party.
    Award {
        /// Key of its scheme.
        scheme: String,
        /// Whom it is listed under.
        beneficiary: String,
        /// Its period as listed.
        period: String,
    },
}

impl From<&Node> for NodeJson {
    fn from(node: &Node) -> Self {
        let step = match node.step {
            Step::Given => "GIVEN",
            Step::Ground => "GROUND",
            Step::Sum => "SUM",
            Step::Product => "PRODUCT",
            Step::Quotient => "QUOTIENT",
            Step::AtLeastZero => "AT_LEAST_ZERO",
            Step::HalfUp => "HALF_UP",
            Step::Least => "LEAST",
            Step::Remainder => "REMAINDER",
            Step::Split { .. } => "SPLIT",
            Step::Outcome => "OUTCOME",
        };
        let value = node.value.map(|value| value_json(value, node.unit));
        let children = node.children.iter().map(Self::from).collect();
        Self { step, value, source: source_json(&node.source), sentence: node.sentence.clone(), children }
    }
}

fn value_json(value: Exact, unit: Unit) -> ValueJson {
    let unit = match unit {
        Unit::Fen => "FEN",
        Unit::Ratio => "RATIO",
        Unit::Days => "DAYS",
        Unit::Count => "COUNT",
        Unit::FenPerHectare => "FEN_PER_HECTARE",
    };
    let (numerator, denominator) = (value.numerator().to_string(), value.denominator().to_string());
    ValueJson { numerator, denominator, decimal: value.decimal(10).0, unit }
}

fn source_json(source: &Source) -> Option<SourceJson> {
    Some(match source {
        Source::Derived => return None,
        Source::Fact { position, day } => SourceJson::Fact { position: *position, day: day.to_string() },
        Source::Clause { document_no, clause, from, until } => SourceJson::Clause {
            document_no: document_no.clone(),
            clause: clause.clone(),
            from: from.to_string(),
            until: until.map(|until| until.to_string()),
        },
        Source::Parameter { key, from } => SourceJson::Parameter { key: key.clone(), from: from.to_string() },
        Source::Grant { loan } => SourceJson::Grant { loan: loan.to_string() },
        Source::Award { scheme, beneficiary, period } => {
            let (scheme, beneficiary) = (scheme.key().to_owned(), beneficiary.to_string());
            SourceJson::Award { scheme, beneficiary, period: period.clone() }
        }
    })
}
