//! Figures as they are issued: a document of JSON that says what it is of, as of which day, as known at which position, by which
//! policy and rules, under which checkpoint of the log. It is a function of the log and of what it says of itself, so that
//! whoever has an export makes it again and compares it byte for byte.

use super::chain;
use super::definitions::{CHAIN, METRICS};
use super::entitlements::{EntitlementJson, StackingJson};
use super::filter::Filter;
use super::json::{ChainJson, MetricsJson, definitions};
use super::metrics;
use super::orders;
use super::standing::{RULES_VERSION, Standing, Standings};
use crate::domain::{AsOf, Day, Registry};
use crate::policy::Policy;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// What every issued document says it is; a change of its shape is another one.
pub const TYPE: &str = "incubation.issued-figure/1";

/// What can be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Figure {
    /// The graduation metrics of the district.
    Metrics,
    /// The chain of the district.
    Chain,
    /// All entitlements by one policy.
    Entitlements,
    /// All payment orders.
    PaymentOrders,
}

impl Figure {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Metrics, Self::Chain, Self::Entitlements, Self::PaymentOrders];

    /// Its word.
    pub fn key(self) -> &'static str {
        match self {
            Self::Metrics => "METRICS",
            Self::Chain => "CHAIN",
            Self::Entitlements => "ENTITLEMENTS",
            Self::PaymentOrders => "PAYMENT_ORDERS",
        }
    }

    /// By its word.
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|figure| figure.key() == key)
    }

    /// Version of the projection that it is drawn by.
    fn version(self) -> u32 {
        match self {
            Self::Metrics => metrics::VERSION,
            Self::Chain => chain::VERSION,
            Self::Entitlements => RULES_VERSION,
            Self::PaymentOrders => orders::VERSION,
        }
    }
}

/// The checkpoint that a figure is issued under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Under {
    /// Records that it covers.
    pub size: u64,
    /// Root over them, hex.
    pub root: String,
    /// The note, whole.
    pub note: String,
}

/// By which policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// Its id.
    pub id: String,
    /// Where its publication is recorded.
    pub position: u64,
    /// SHA-256 of its text, hex.
    pub sha256: String,
}

/// What a document says of itself, the figure apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// `TYPE`.
    #[serde(rename = "type")]
    pub is: String,
    /// Which figure.
    pub kind: Figure,
    /// Origin of the log.
    pub origin: String,
    /// As of the end of this day, ISO 8601.
    pub as_of: String,
    /// As known at this position.
    pub known_at_position: u64,
    /// When it was issued, RFC 3339, by the server's clock.
    pub issued_at: String,
    /// Version of the projection.
    pub projection_version: u32,
    /// Version of the rules.
    pub rules_version: u32,
    /// By which policy; null where none has a part.
    pub policy: Option<By>,
    /// Under which checkpoint.
    pub checkpoint: Under,
}

/// Why a document can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueFault {
    /// Made by other definitions than this program has.
    #[error("it is made by version {found} of {what}; this program has version {have}")]
    Version {
        /// Of what.
        what: &'static str,
        /// What the document says.
        found: u32,
        /// What this program has.
        have: u32,
    },
    /// Entitlements without the policy that they follow from.
    #[error("entitlements follow from a policy, and none is named")]
    NoPolicy,
    /// It can't be written as JSON.
    #[error("it can't be written: {0}")]
    Json(String),
}

impl Heading {
    /// The heading of a figure by the versions of this program.
    pub fn new(kind: Figure, origin: String, (day, known): (Day, u64), issued_at: String, checkpoint: Under) -> Self {
        Self {
            is: TYPE.to_owned(),
            kind,
            origin,
            as_of: day.to_string(),
            known_at_position: known,
            issued_at,
            projection_version: kind.version(),
            rules_version: RULES_VERSION,
            policy: None,
            checkpoint,
        }
    }

    /// Reads the heading of a document.
    pub fn read(document: &str) -> Result<Self, IssueFault> {
        serde_json::from_str(document).map_err(|error| IssueFault::Json(error.to_string()))
    }

    /// The text of the document, a line's end behind it, from the log that it is of. `policy` is the one that the heading names.
    pub fn document(&self, registry: &Registry, day: Day, policy: Option<&Policy>) -> Result<String, IssueFault> {
        for (what, found, have) in [
            ("the projection", self.projection_version, self.kind.version()),
            ("the rules", self.rules_version, RULES_VERSION),
        ] {
            if found != have {
                return Err(IssueFault::Version { what, found, have });
            }
        }
        let as_of = AsOf { day, known: self.known_at_position };
        let json = |error: serde_json::Error| IssueFault::Json(error.to_string());
        let figure = match self.kind {
            Figure::Metrics => {
                let mut figure = MetricsJson::from(&metrics::metrics(registry, as_of, &Filter::default()));
                figure.definitions = definitions(METRICS);
                serde_json::to_value(&figure)
            }
            Figure::Chain => {
                let mut figure = ChainJson::from(&chain::chain(registry, as_of, &Filter::default()));
                figure.definitions = definitions(CHAIN);
                serde_json::to_value(&figure)
            }
            Figure::Entitlements => {
                let policy = policy.ok_or(IssueFault::NoPolicy)?;
                let standings = Standings::full(registry, policy, as_of);
                let lines: Vec<EntitlementJson> = standings.behind("").map(|(_, line)| entitlement(line)).collect();
                serde_json::to_value(&lines)
            }
            Figure::PaymentOrders => serde_json::to_value(orders::orders(registry, as_of)),
        };
        let figure = figure.map_err(json)?;
        let sha256 = hex::encode(Sha256::digest(figure.to_string().as_bytes()));
        let mut document = serde_json::to_value(self).map_err(json)?;
        if let Value::Object(fields) = &mut document {
            // Over the figure as compact JSON.
            fields.insert("figure_sha256".to_owned(), Value::from(sha256));
            fields.insert("figure".to_owned(), figure);
        }
        let mut text = serde_json::to_string_pretty(&document).map_err(json)?;
        text.push('\n');
        Ok(text)
    }
}

/// An entitlement with what is taken off it beside others.
fn entitlement(line: &Standing) -> EntitlementJson {
    let stacking = line.reduction.as_ref().map(|of| StackingJson {
        group: of.group.clone(),
        rule: of.rule.key().to_owned(),
        reduction_fen: of.fen,
        after_stacking_fen: line.after_stacking_fen(),
        yields_to_scheme: of.scheme.key().to_owned(),
        yields_to_period: of.period.to_string(),
        yields_to_beneficiary: of.beneficiary.to_string(),
    });
    EntitlementJson { stacking, ..(&line.entitlement).into() }
}
