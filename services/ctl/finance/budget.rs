//! `budget`: what each entitlement would get of a budget.

use super::args::{Asked, BudgetArgs};
use super::{basis, beneficiary, policy_name, scheme_number, yuan};
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::message;
use crate::ctl::output::{Grid, Report, last_segment};
use crate::ctl::parse::opt_day;
use crate::ctl::show::{PAGE_SIZE, known_at};
use crate::ctl::trouble::Trouble;
use crate::policy::BudgetRule;
use crate::wire::v1;

/// Runs it.
pub async fn run(session: &Session, args: BudgetArgs, lang: Lang) -> Result<Report, Trouble> {
    let BudgetArgs { scheme, payer, year, amount, rule, first, asked: Asked { as_of, known, policy } } = args;
    let place =
        |(id, period): (String, String)| v1::BudgetPlace { beneficiary: beneficiary(session, scheme, &id), period };
    let mut request = v1::SimulateBudgetRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(simulate_budget_request, known),
        page_size: PAGE_SIZE,
        policy: policy_name(session, &policy),
        scheme: scheme_number(scheme),
        payer,
        year,
        amount_fen: amount,
        rule: rule.map_or(0, rule_number),
        order: first.into_iter().map(place).collect(),
        ..Default::default()
    };
    let mut answer = session.entitlements().simulate_budget(request.clone()).await?.into_inner();
    while !answer.next_page_token.is_empty() {
        request.page_token = std::mem::take(&mut answer.next_page_token);
        let page = session.entitlements().simulate_budget(request.clone()).await?.into_inner();
        answer.shares.extend(page.shares);
        answer.next_page_token = page.next_page_token;
    }
    Ok(report(&answer, lang))
}

/// The API's number of a budget's rule.
pub(in crate::ctl) fn rule_number(rule: BudgetRule) -> i32 {
    v1::BudgetRule::from_str_name(&format!("BUDGET_RULE_{}", rule.key())).map_or(0, i32::from)
}

fn report(answer: &v1::SimulateBudgetResponse, lang: Lang) -> Report {
    let row = |share: &v1::BudgetShare| {
        let of = share.entitlement.clone().unwrap_or_default();
        vec![last_segment(&of.beneficiary).to_owned(), of.period, yuan(share.claimed_fen), yuan(share.awarded_fen)]
    };
    let rows: Vec<Vec<String>> = answer.shares.iter().map(row).collect();
    let head = lang.pick(
        ["对象", "期间", "应享（元）", "可得（元）"],
        ["beneficiary", "period", "claimed, yuan", "awarded, yuan"],
    );
    let title = format!("{}\n{}", basis(answer.basis.as_ref(), lang), whole(answer, lang));
    let csv_head = ["beneficiary", "period", "claimed_yuan", "awarded_yuan"];
    let csv = Grid { title: String::new(), head: csv_head.map(str::to_owned).to_vec(), rows: rows.clone() };
    let grid = Grid { title, head: head.map(str::to_owned).to_vec(), rows };
    Report {
        json: message::json("SimulateBudgetResponse", answer),
        grids: vec![grid],
        csv,
        note: None,
        is_printed: false,
    }
}

/// The budget in one line.
fn whole(answer: &v1::SimulateBudgetResponse, lang: Lang) -> String {
    let word = answer.rule().as_str_name().trim_start_matches("BUDGET_RULE_");
    let rule = BudgetRule::from_key(word).map_or(word, |rule| lang.pick(rule.chinese(), word));
    let [budget, claimed, awarded, left] =
        [answer.budget_fen, answer.claimed_fen, answer.awarded_fen, answer.remaining_fen].map(yuan);
    lang.pick(
        format!("预算 {budget} 元，{rule} · 应享合计 {claimed} 元，可得合计 {awarded} 元，结余 {left} 元"),
        format!("budget {budget} yuan, {rule} · claimed {claimed}, awarded {awarded}, left {left}"),
    )
}
