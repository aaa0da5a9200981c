//! `criteria`: a carrier against a dated set of criteria, one line a criterion.

pub mod args;

use super::connect::Session;
use super::finance::read;
use super::lang::Lang;
use super::message;
use super::output::{Grid, Report};
use super::parse::opt_day;
use super::show::known_at;
use super::trouble::Trouble;
use crate::policy::Exact;
use crate::wire::v1;
use args::CriteriaArgs;
use std::path::Path;

/// Runs it.
pub async fn run(session: &Session, args: CriteriaArgs, lang: Lang) -> Result<Report, Trouble> {
    use v1::check_criteria_request::Set;
    let (Some(incubator), Some(set)) = (&args.incubator, args.set) else {
        return sets(session, args.as_of, lang).await;
    };
    let path = Path::new(&set);
    let set = if path.is_file() { Set::Content(read(path)?) } else { Set::SetId(set) };
    let request = v1::CheckCriteriaRequest {
        name: session.incubator(incubator),
        as_of_date: opt_day(args.as_of),
        min_position: args.known.min_position,
        known_at: known_at!(check_criteria_request, args.known),
        set: Some(set),
        remote_area: args.remote_area,
    };
    let answer = session.criteria().check_criteria(request).await?.into_inner();
    Ok(checked(&answer, lang))
}

async fn sets(session: &Session, as_of: Option<crate::domain::Day>, lang: Lang) -> Result<Report, Trouble> {
    let request =
        v1::ListCriteriaSetsRequest { parent: session.parent(), in_force_date: opt_day(as_of), ..Default::default() };
    let answer = session.criteria().list_criteria_sets(request).await?.into_inner();
    let items = answer.sets.iter().map(|set| message::json("CriteriaSet", set)).collect();
    let title = lang.pick("title", "title_en");
    Ok(Report::list(items, &["set_id", title, "document_no", "from_date", "until_date"], lang))
}

fn checked(answer: &v1::CheckCriteriaResponse, lang: Lang) -> Report {
    let said = |criterion: &v1::CheckedCriterion| lang.pick(&criterion.sentence_zh, &criterion.sentence_en).clone();
    let title_of = |criterion: &v1::CheckedCriterion| lang.pick(&criterion.title, &criterion.title_en).clone();
    let rows = answer.criteria.iter();
    let rows = rows.map(|of| vec![title_of(of), verdict(of.status, lang).to_owned(), said(of)]).collect();
    let head = lang.pick(["条件", "结论", "说明"], ["criterion", "verdict", "why"]).map(str::to_owned).to_vec();
    let csv = answer.criteria.iter().map(|of| vec![of.criterion_id.clone(), key(of.status), said(of)]).collect();
    let csv_head = ["criterion_id", "status", "sentence"].map(str::to_owned).to_vec();
    Report {
        json: message::json("CheckCriteriaResponse", answer),
        grids: vec![Grid { title: title(answer, lang), head, rows }],
        csv: Grid { title: String::new(), head: csv_head, rows: csv },
        ..Report::default()
    }
}

/// What was checked, on what it rests, and what came of it.
fn title(answer: &v1::CheckCriteriaResponse, lang: Lang) -> String {
    let set = answer.set.clone().unwrap_or_default();
    let carrier = super::payload::local_name(&answer.name);
    let (day, position, result) = (&answer.as_of_date, answer.position, verdict(answer.status, lang));
    let number = if set.document_no.is_empty() { String::new() } else { format!(" {}", set.document_no) };
    let mut lines = vec![lang.pick(
        format!("{carrier} · {}{number} · 截至 {day} · 日志位置 {position} · 结论：{result}", set.title),
        format!("{carrier} · {}{number} · as of {day} · at position {position} · {result}", set.title_en),
    )];
    lines.extend(lang.pick(&answer.not_applicable_zh, &answer.not_applicable_en).iter().cloned());
    if !set.unconfirmed.is_empty() {
        let what = set.unconfirmed.join(lang.pick("、", ", "));
        lines.push(lang.pick(format!("待核实：{what}"), format!("to be confirmed: {what}")));
    }
    if answer.relief_ppm > 0 {
        let (percent, _) = Exact::new(answer.relief_ppm.into(), 10_000).decimal(4);
        lines.push(
            lang.pick(format!("已按艰苦边远地区降低 {percent}%"), format!("relief for remote areas: {percent}%")),
        );
    }
    lines.join("\n")
}

fn verdict(status: i32, lang: Lang) -> &'static str {
    match v1::CriterionStatus::try_from(status) {
        Ok(v1::CriterionStatus::Met) => lang.pick("达标", "met"),
        Ok(v1::CriterionStatus::NotMet) => lang.pick("不达标", "not met"),
        Ok(v1::CriterionStatus::NotApplicable) => lang.pick("不适用", "not applicable"),
        _ => lang.pick("无法判断", "unknown"),
    }
}

fn key(status: i32) -> String {
    let name = v1::CriterionStatus::try_from(status).map(|status| status.as_str_name()).unwrap_or_default();
    name.trim_start_matches("CRITERION_STATUS_").to_owned()
}
