//! Policies and entitlements: what a finance clerk asks, as tables, as JSON in the contract's shape, and as pages to print.

pub mod args;
mod budget;
mod entitlements;
mod explain;
pub(in crate::ctl) mod page;
mod policy;
mod readings;

pub(in crate::ctl) use budget::rule_number;
pub use budget::run as budget;
pub use entitlements::run as entitlements;
pub(in crate::ctl) use explain::rows;
pub use explain::run as explain;
pub use policy::run as policy;
pub use readings::run as reading;

use super::connect::Session;
use super::lang::{Lang, Say};
use super::output::hundredths;
use super::trouble::Trouble;
use crate::policy::Scheme;
use crate::wire::v1;
use std::path::Path;

/// A file whole.
pub(in crate::ctl) fn read(path: &Path) -> Result<String, Trouble> {
    std::fs::read_to_string(path).map_err(|fault| {
        let path = path.display();
        Trouble::Said(Say::new(format!("无法读取 {path}：{fault}"), format!("{path} can't be read: {fault}")))
    })
}

/// Resource name of the policy that is meant; empty: the only one.
pub(in crate::ctl) fn policy_name(session: &Session, id: &str) -> String {
    session.name("policies", id)
}

/// Resource name of a beneficiary of a scheme.
pub(in crate::ctl) fn beneficiary(session: &Session, scheme: Scheme, id: &str) -> String {
    match scheme {
        Scheme::IncubatorTaxRebate | Scheme::CultivationAward => session.incubator(id),
        Scheme::RelocationRebate | Scheme::LoanInterestSubsidy => session.firm(id),
        Scheme::TechnologyTransfer => session.name("intermediaries", id),
        Scheme::OpenPlatform | Scheme::PlatformConstruction => session.name("platforms", id),
        Scheme::InstrumentSharing => session.name("instruments", id),
    }
}

/// The word of a scheme.
fn scheme(number: i32) -> Option<Scheme> {
    let name = v1::Scheme::try_from(number).ok()?.as_str_name();
    Scheme::from_key(&name.strip_prefix("SCHEME_")?.to_lowercase())
}

/// What a scheme is called.
fn scheme_name(number: i32, lang: Lang) -> String {
    scheme(number).map_or_else(|| format!("#{number}"), |scheme| lang.pick(scheme.chinese(), scheme.key()).to_owned())
}

/// The API's number of a scheme.
pub(in crate::ctl) fn scheme_number(scheme: Scheme) -> i32 {
    v1::Scheme::from_str_name(&format!("SCHEME_{}", scheme.key().to_uppercase())).map_or(0, i32::from)
}

/// Fen as yuan with two places.
pub(in crate::ctl) fn yuan(fen: i64) -> String {
    let text = hundredths(fen);
    if text.contains('.') { text } else { format!("{text}.00") }
}

/// On what an answer rests, in one line.
fn basis(basis: Option<&v1::AnswerBasis>, lang: Lang) -> String {
    let Some(v1::AnswerBasis { as_of_date, position, policy, policy_position, rules_version, .. }) = basis else {
        return String::new();
    };
    let policy = policy.rsplit('/').next().unwrap_or(policy);
    lang.pick(
        format!("截至 {as_of_date} · 日志位置 {position} · 政策 {policy}（公布于位置 {policy_position}） · 规则版本 {rules_version}"),
        format!(
            "as of {as_of_date} · at position {position} · policy {policy} as published at {policy_position} · rules \
             version {rules_version}"
        ),
    )
}
