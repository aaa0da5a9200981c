//! `entitlements`: the list in the contract's shape, or totals.

use super::args::{Asked, EntitlementsArgs};
use super::{basis, policy_name, scheme, scheme_name, yuan};
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::message;
use crate::ctl::output::{Grid, Report, last_segment};
use crate::ctl::pages::{Item, List, Shown};
use crate::ctl::parse::opt_day;
use crate::ctl::show::{PAGE_SIZE, clause, known_at};
use crate::ctl::trouble::Trouble;
use crate::policy::{Ground, StackingRule, Status};
use crate::projections::entitlements::{EntitlementJson, StackingJson};
use crate::wire::v1;

/// Runs it.
pub async fn run(session: &Session, args: EntitlementsArgs, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    if args.totals {
        return totals(session, args.asked, lang).await;
    }
    let mut filter = Vec::new();
    clause(&mut filter, "scheme", args.scheme.map(|scheme| scheme.key()));
    clause(&mut filter, "payer", args.payer.as_deref());
    clause(&mut filter, "beneficiary", args.beneficiary.as_deref());
    clause(&mut filter, "status", args.status.map(|status| status.key()));
    clause(&mut filter, "period", args.period.as_deref());
    clause(&mut filter, "year", args.year.map(|year| year.to_string()).as_deref());
    let Asked { as_of, known, policy } = args.asked;
    let mut request = v1::ListEntitlementsRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(list_entitlements_request, known),
        page_size: PAGE_SIZE,
        filter: filter.join(" AND "),
        policy: policy_name(session, &policy),
        ..Default::default()
    };
    let head = lang.pick(
        ["政策", "对象", "期间", "金额（元）", "状态", "支付财政", "版本", "原因"],
        ["scheme", "beneficiary", "period", "yuan", "status", "payer", "version", "reason"],
    );
    let mut list = List::headed(shown, 0, &COLUMNS, head.map(str::to_owned).to_vec());
    loop {
        let page = session.entitlements().list_entitlements(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        list.title(basis(page.basis.as_ref(), lang));
        let items = page.entitlements.iter().map(|line| item(line, lang)).collect::<Result<_, _>>()?;
        if !list.page_of(items, request.page_token.is_empty())? {
            return list.finish();
        }
    }
}

/// A line in the contract's shape.
pub fn json(line: &v1::Entitlement) -> EntitlementJson {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let status = line.status().as_str_name().trim_start_matches("ENTITLEMENT_STATUS_").to_owned();
    let reason = match line.reason() {
        v1::EntitlementReason::Unspecified => String::new(),
        reason => reason.as_str_name().trim_start_matches("ENTITLEMENT_REASON_").to_owned(),
    };
    EntitlementJson {
        scheme: scheme_key(line.scheme),
        beneficiary: last_segment(&line.beneficiary).to_owned(),
        period: line.period.clone(),
        amount_fen: line.amount_fen,
        status,
        payer: some(&line.payer),
        version: some(&line.version_date),
        reason,
        suspended: line.suspended,
        stacking: line.stacking.as_ref().map(|of| stacking_json(of, line.after_stacking_fen)),
    }
}

fn stacking_json(of: &v1::StackingReduction, after_stacking_fen: i64) -> StackingJson {
    StackingJson {
        group: of.group.clone(),
        rule: of.rule().as_str_name().trim_start_matches("STACKING_RULE_").to_owned(),
        reduction_fen: of.reduction_fen,
        after_stacking_fen,
        yields_to_scheme: scheme_key(of.yields_to_scheme),
        yields_to_period: of.yields_to_period.clone(),
        yields_to_beneficiary: last_segment(&of.yields_to_beneficiary).to_owned(),
    }
}

/// The key of a scheme.
pub fn scheme_key(number: i32) -> String {
    scheme(number).map_or_else(|| format!("#{number}"), |scheme| scheme.key().to_owned())
}

/// Columns of the list as CSV.
const COLUMNS: [&str; 10] = [
    "scheme",
    "beneficiary",
    "period",
    "amount_fen",
    "status",
    "payer",
    "version",
    "reason",
    "suspended",
    "after_stacking_fen",
];

fn item(wire: &v1::Entitlement, lang: Lang) -> Result<Item, Trouble> {
    let line = json(wire);
    let optional = |text: &Option<String>| text.clone().unwrap_or_default();
    let plain = vec![
        line.scheme.clone(),
        line.beneficiary.clone(),
        line.period.clone(),
        line.amount_fen.to_string(),
        line.status.clone(),
        optional(&line.payer),
        optional(&line.version),
        line.reason.clone(),
        line.suspended.to_string(),
        line.stacking.as_ref().map_or(line.amount_fen, |of| of.after_stacking_fen).to_string(),
    ];
    let cells = row(&line, wire, lang);
    Ok(Item { json: serde_json::to_value(&line).map_err(std::io::Error::from)?, cells, plain })
}

fn row(line: &EntitlementJson, wire: &v1::Entitlement, lang: Lang) -> Vec<String> {
    let status = Status::from_key(&line.status).map(Status::chinese);
    let reason = Ground::from_key(&line.reason).map(Ground::chinese);
    let said = |word: &str, zh: Option<&str>| lang.pick(zh.unwrap_or(word), word).to_owned();
    let suspended = lang.pick("未经公平竞争审查，暂停受理", "suspended: no fair-competition review");
    let reasons = [
        said(&line.reason, reason),
        if line.suspended { suspended.to_owned() } else { String::new() },
        wire.stacking.as_ref().map_or(String::new(), |of| stacked(of, wire, lang)),
    ];
    let reasons: Vec<String> = reasons.into_iter().filter(|reason| !reason.is_empty()).collect();
    vec![
        scheme_name(wire.scheme, lang),
        line.beneficiary.clone(),
        line.period.clone(),
        yuan(line.amount_fen),
        said(&line.status, status),
        wire.payer_name.clone(),
        line.version.clone().unwrap_or_default(),
        reasons.join("; "),
    ]
}

/// What is left beside which other one, and by which rule.
fn stacked(of: &v1::StackingReduction, line: &v1::Entitlement, lang: Lang) -> String {
    let word = of.rule().as_str_name().trim_start_matches("STACKING_RULE_");
    let rule = StackingRule::from_key(word).map_or(word, |rule| lang.pick(rule.chinese(), word));
    let (other, left) = (scheme_name(of.yields_to_scheme, lang), yuan(line.after_stacking_fen));
    // Whom it is for is said where it is another than the line's own.
    let whom = if of.yields_to_beneficiary == line.beneficiary { "" } else { last_segment(&of.yields_to_beneficiary) };
    let which = [&other, whom, &of.yields_to_period].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let which = which.join(" ");
    lang.pick(
        format!("{rule}：让位于{which}，应付{left}元"),
        format!("{rule}: yields to {which}, {left} yuan are paid"),
    )
}

async fn totals(session: &Session, asked: Asked, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::GetTotalsRequest {
        parent: session.parent(),
        as_of_date: opt_day(asked.as_of),
        min_position: asked.known.min_position,
        known_at: known_at!(get_totals_request, asked.known),
        policy: policy_name(session, &asked.policy),
    };
    let answer = session.entitlements().get_totals(request).await?.into_inner();
    let row = |total: &v1::EntitlementTotal| {
        vec![
            scheme_name(total.scheme, lang),
            total.payer.clone(),
            if total.year == 0 { String::new() } else { total.year.to_string() },
            total.count.to_string(),
            yuan(total.amount_fen),
            yuan(total.suspended_fen),
            yuan(total.after_stacking_fen),
        ]
    };
    let rows: Vec<Vec<String>> = answer.totals.iter().map(row).collect();
    let head = lang.pick(
        ["政策", "支付财政", "年度", "笔数", "金额（元）", "其中暂停（元）", "叠加规则后（元）"],
        ["scheme", "payer", "year", "count", "yuan", "of it suspended, yuan", "after stacking, yuan"],
    );
    let grid =
        Grid { title: basis(answer.basis.as_ref(), lang), head: head.map(str::to_owned).to_vec(), rows: rows.clone() };
    let columns = ["scheme", "payer", "year", "count", "amount_yuan", "suspended_yuan", "after_stacking_yuan"];
    let csv = Grid { title: String::new(), head: columns.map(str::to_owned).to_vec(), rows };
    Ok(Report { json: message::json("GetTotalsResponse", &answer), grids: vec![grid], csv, ..Report::default() })
}
