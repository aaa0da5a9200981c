//! `policy …`: lint, publish, show, list, compare, simulate.

use super::args::{Asked, PolicyCommand};
use super::{basis, policy_name, read, scheme_name, yuan};
use crate::ctl::Exit;
use crate::ctl::args::Known;
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::message;
use crate::ctl::output::{Format, Grid, Io, Report};
use crate::ctl::pages::Shown;
use crate::ctl::parse::opt_day;
use crate::ctl::show::{PAGE_SIZE, known_at, pages};
use crate::ctl::trouble::Trouble;
use crate::ctl::write;
use crate::domain::Day;
use crate::wire::v1;
use serde_json::Value;

/// Runs it.
pub async fn run(
    session: &Session,
    command: PolicyCommand,
    format: Format,
    lang: Lang,
    io: &mut Io<'_>,
) -> Result<Exit, Trouble> {
    let report = match command {
        PolicyCommand::Lint { file } => {
            let (report, publishable) = lint(session, read(&file)?, lang).await?;
            report.print(format, io.out)?;
            return Ok(if publishable { Exit::Clean } else { Exit::Trouble });
        }
        PolicyCommand::Publish { file, frame } => {
            let content = read(&file)?;
            let (report, publishable) = lint(session, content.clone(), lang).await?;
            if !publishable {
                report.print(format, io.out)?;
                return Ok(Exit::Trouble);
            }
            write::policy(session, content, frame, lang).await?
        }
        PolicyCommand::Show { id, as_of, known, text } => {
            let answer = get(session, &id, as_of, known).await?;
            if text {
                io.out.write_all(answer.content.as_bytes())?;
                return Ok(Exit::Clean);
            }
            shown(&answer, lang)
        }
        PolicyCommand::List { known } => list(session, known, &mut Shown { format, lang, io: &mut *io }).await?,
        PolicyCommand::Diff { id, draft, old, new } => {
            use v1::diff_policies_request::New;
            let new = match (draft, new) {
                (Some(draft), _) => New::Draft(read(&draft)?),
                (None, new) => New::NewPosition(new.unwrap_or_default()),
            };
            let request =
                v1::DiffPoliciesRequest { name: policy_name(session, &id), old_position: old, new: Some(new) };
            let answer = session.policies().diff_policies(request).await?.into_inner();
            let items = answer.changes.iter().map(|change| message::json("PolicyChange", change)).collect();
            Report::list(items, &["key", "old_value", "new_value"], lang)
        }
        PolicyCommand::Simulate { file, asked } => simulate(session, read(&file)?, asked, lang).await?,
    };
    report.print(format, io.out)?;
    Ok(Exit::Clean)
}

/// The findings, and whether the file could be published.
async fn lint(session: &Session, content: String, lang: Lang) -> Result<(Report, bool), Trouble> {
    let request = v1::LintPolicyRequest { parent: session.parent(), content };
    let answer = session.policies().lint_policy(request).await?.into_inner();
    let items: Vec<Value> = answer.findings.iter().map(|finding| message::json("PolicyFinding", finding)).collect();
    let message = lang.pick("message_zh", "message");
    let mut report = Report::list(items, &["line", "severity", "code", "key", message], lang);
    // `code` is a firm's elsewhere.
    let head = lang.pick(["行", "程度", "类别", "键", "说明"], ["line", "severity", "code", "key", "message"]);
    for grid in &mut report.grids {
        grid.head = head.map(str::to_owned).to_vec();
    }
    Ok((report, answer.publishable))
}

async fn get(session: &Session, id: &str, as_of: Option<Day>, known: Known) -> Result<v1::GetPolicyResponse, Trouble> {
    let request = v1::GetPolicyRequest {
        name: policy_name(session, id),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(get_policy_request, known),
    };
    Ok(session.policies().get_policy(request).await?.into_inner())
}

/// The policy with its parameters; the file itself is for `--text` and programs.
fn shown(answer: &v1::GetPolicyResponse, lang: Lang) -> Report {
    let json = message::json("GetPolicyResponse", answer);
    let mut short = json.clone();
    if let Some(fields) = short.as_object_mut() {
        fields.remove("content");
    }
    Report { json, ..Report::of(short, lang) }
}

async fn list(session: &Session, known: Known, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let request = v1::ListPoliciesRequest {
        parent: session.parent(),
        min_position: known.min_position,
        known_at: known_at!(list_policies_request, known),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let columns = ["policy_id", "title", "issuer", "published_date", "position", "revision"];
    pages!(shown, &columns, 0, session, policies.list_policies, request, policies: "Policy")
}

async fn simulate(session: &Session, content: String, asked: Asked, lang: Lang) -> Result<Report, Trouble> {
    let request = v1::SimulatePolicyRequest {
        parent: session.parent(),
        as_of_date: opt_day(asked.as_of),
        min_position: asked.known.min_position,
        known_at: known_at!(simulate_policy_request, asked.known),
        content,
        policy: policy_name(session, &asked.policy),
    };
    let answer = session.policies().simulate_policy(request).await?.into_inner();
    let amount = |total: &Option<v1::EntitlementTotal>| total.as_ref().map_or(0, |total| total.amount_fen);
    let row = |total: &v1::SimulatedTotal| {
        let of = total.draft.clone().unwrap_or_default();
        vec![
            scheme_name(of.scheme, lang),
            of.payer,
            if of.year == 0 { String::new() } else { of.year.to_string() },
            yuan(amount(&total.in_force)),
            yuan(amount(&total.draft)),
            yuan(total.difference_fen),
            yuan(total.difference_after_stacking_fen),
        ]
    };
    let rows: Vec<Vec<String>> = answer.totals.iter().map(row).collect();
    let head = lang.pick(
        ["政策", "支付财政", "年度", "现行（元）", "草案（元）", "差额（元）", "叠加规则后差额（元）"],
        ["scheme", "payer", "year", "in force, yuan", "draft, yuan", "difference, yuan", "after stacking, yuan"],
    );
    let head: Vec<String> = head.map(str::to_owned).to_vec();
    let title = basis(answer.basis.as_ref(), lang);
    let csv_head =
        ["scheme", "payer", "year", "in_force_yuan", "draft_yuan", "difference_yuan", "difference_after_stacking_yuan"];
    let csv = Grid { title: String::new(), head: csv_head.map(str::to_owned).to_vec(), rows: rows.clone() };
    let json = message::json("SimulatePolicyResponse", &answer);
    Ok(Report { json, grids: vec![Grid { title, head, rows }], csv, ..Report::default() })
}
