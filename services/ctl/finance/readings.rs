//! `reading …`: what a policy's rules demand, what is there, and whether that is met.

use super::args::{Asked, ReadingCommand};
use super::explain::{first_cut, node, rows};
use super::{basis, policy_name};
use crate::ctl::connect::Session;
use crate::ctl::lang::Lang;
use crate::ctl::message;
use crate::ctl::output::{Grid, Report, last_segment};
use crate::ctl::pages::{Item, List, Shown};
use crate::ctl::parse::opt_day;
use crate::ctl::show::{PAGE_SIZE, clause, known_at};
use crate::ctl::trouble::Trouble;
use crate::policy::{Bound, Exact, Measure, ReadingReason, Standard, Unit, Verdict, figure_in};
use crate::wire::v1;

/// Runs it.
pub async fn run(session: &Session, command: ReadingCommand, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    match command {
        ReadingCommand::List { standard, verdict, subject, park, asked } => {
            let mut filter = Vec::new();
            clause(&mut filter, "standard", standard.map(|standard| standard.key()));
            clause(&mut filter, "verdict", verdict.map(|verdict| verdict.key()));
            clause(&mut filter, "subject", subject.as_deref());
            clause(&mut filter, "park", park.as_deref());
            list(session, filter.join(" AND "), asked, shown).await
        }
        ReadingCommand::Show { standard, subject, asked } => {
            let answer = ask(session, standard, &subject, asked).await?;
            Ok(told_whole(&answer, lang))
        }
    }
}

async fn list(session: &Session, filter: String, asked: Asked, shown: &mut Shown<'_, '_>) -> Result<Report, Trouble> {
    let lang = shown.lang;
    let Asked { as_of, known, policy } = asked;
    let mut request = v1::ListReadingsRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(list_readings_request, known),
        page_size: PAGE_SIZE,
        filter,
        policy: policy_name(session, &policy),
        ..Default::default()
    };
    let head = lang.pick(
        ["规定", "对象", "结论", "原因", "版本", "起始日期"],
        ["rule", "subject", "verdict", "reason", "version", "since"],
    );
    let columns = ["standard", "subject", "verdict", "reason", "version", "since"];
    let mut list = List::headed(shown, 0, &columns, head.map(str::to_owned).to_vec());
    loop {
        let page = session.readings().list_readings(request.clone()).await?.into_inner();
        request.page_token = page.next_page_token;
        list.title(basis(page.basis.as_ref(), lang));
        let items = page.readings.iter().map(|reading| item(reading, lang)).collect();
        if !list.page_of(items, request.page_token.is_empty())? {
            return list.finish();
        }
    }
}

fn item(reading: &v1::Reading, lang: Lang) -> Item {
    let id = last_segment(&reading.subject).to_owned();
    let said = [standard(reading, lang), id, verdict(reading.verdict(), lang), reason(reading, lang)];
    let cells: Vec<String> =
        said.into_iter().chain([reading.version_date.clone(), reading.since_date.clone()]).collect();
    Item { json: message::json("Reading", reading), plain: cells.clone(), cells }
}

/// The reading with its explanation whole, at one position.
async fn ask(
    session: &Session,
    standard: Standard,
    subject: &str,
    asked: Asked,
) -> Result<v1::GetReadingResponse, Trouble> {
    let Asked { as_of, known, policy } = asked;
    let number = v1::Standard::from_str_name(&format!("STANDARD_{}", standard.key().to_uppercase()));
    let subject = match standard {
        Standard::SeedFundDuty => session.incubator(subject),
        Standard::ParkAdmission if crate::domain::Uscc::parse(subject).is_ok() => session.firm(subject),
        Standard::ParkAdmission => session.name("projectAssessments", subject),
        // The whole district goes by no name, or by its code.
        Standard::GuidanceFund if subject.is_empty() || subject == last_segment(&session.parent()) => session.parent(),
        Standard::GuidanceFund => session.name("guidanceFunds", subject),
    };
    let mut request = v1::GetReadingRequest {
        parent: session.parent(),
        as_of_date: opt_day(as_of),
        min_position: known.min_position,
        known_at: known_at!(get_reading_request, known),
        standard: number.unwrap_or_default().into(),
        subject,
        policy: policy_name(session, &policy),
        ..Default::default()
    };
    let mut answer = session.readings().get_reading(request.clone()).await?.into_inner();
    while let Some(cut) = answer.explanation.as_mut().and_then(first_cut) {
        request.page_token = std::mem::take(&mut cut.next_children_token);
        let more = session.readings().get_reading(request.clone()).await?.into_inner().explanation.unwrap_or_default();
        cut.children.extend(more.children);
        cut.next_children_token = more.next_children_token;
    }
    Ok(answer)
}

fn told_whole(answer: &v1::GetReadingResponse, lang: Lang) -> Report {
    let reading = answer.reading.clone().unwrap_or_default();
    let tree = answer.explanation.clone().unwrap_or_default();
    let head = lang.pick(
        ["指标", "实际", "方向", "规定", "单位", "结论"],
        ["measure", "measured", "bound", "threshold", "unit", "verdict"],
    );
    let items = Grid {
        title: basis(answer.basis.as_ref(), lang),
        head: head.map(str::to_owned).to_vec(),
        rows: reading.items.iter().map(|of| figure(of, lang)).collect(),
    };
    let mut sentences = Vec::new();
    told(&tree, 0, &mut sentences);
    let why = Grid { title: String::new(), head: vec![lang.pick("说明", "why").to_owned()], rows: sentences };
    let mut json = message::json("Reading", &reading);
    json["basis"] = message::json("AnswerBasis", &answer.basis.clone().unwrap_or_default());
    json["tree"] = serde_json::json!(node(&tree));
    Report { json, grids: vec![items, why], csv: rows(&[&tree]), ..Report::default() }
}

/// A figure with what is demanded of it, in the units that a clerk writes.
fn figure(item: &v1::ReadingItem, lang: Lang) -> Vec<String> {
    let measure = Measure::from_key(&item.measure);
    let said = |value: &Option<v1::ExactValue>| match (value, measure) {
        (Some(value), Some(measure)) => written(measure, value),
        _ => (String::new(), ""),
    };
    let ((measured, unit), (threshold, other)) = (said(&item.measured), said(&item.threshold));
    let bound = item.bound().as_str_name().trim_start_matches("BOUND_").replace("UNSPECIFIED", "");
    let bound = Bound::from_key(&bound).map_or(String::new(), |of| lang.pick(of.chinese(), of.key()).to_owned());
    let name = measure.map_or(item.measure.clone(), |of| lang.pick(of.chinese(), of.key()).to_owned());
    let unit = unit_name(if unit.is_empty() { other } else { unit }, lang).to_owned();
    vec![name, measured, bound, threshold, unit, verdict(item.verdict(), lang)]
}

/// A value and in what it is.
fn written(measure: Measure, value: &v1::ExactValue) -> (String, &'static str) {
    let unit = match value.unit() {
        v1::ValueUnit::Fen => Unit::Fen,
        v1::ValueUnit::Days => Unit::Days,
        v1::ValueUnit::Count => Unit::Count,
        v1::ValueUnit::FenPerHectare => Unit::FenPerHectare,
        v1::ValueUnit::Ratio | v1::ValueUnit::Unspecified => Unit::Ratio,
    };
    match (value.numerator.parse(), value.denominator.parse()) {
        (Ok(numerator), Ok(denominator)) => figure_in(measure, Exact::new(numerator, denominator), unit),
        _ => (value.decimal.clone(), ""),
    }
}

/// A unit in a language.
fn unit_name(chinese: &'static str, lang: Lang) -> &'static str {
    let english = match chinese {
        "元" => "yuan",
        "万元/公顷" => "10 000 yuan/ha",
        "天" => "days",
        other => other,
    };
    lang.pick(chinese, english)
}

fn told(node: &v1::ExplanationNode, depth: usize, rows: &mut Vec<Vec<String>>) {
    rows.push(vec![format!("{}{}", "  ".repeat(depth), node.sentence)]);
    node.children.iter().for_each(|child| told(child, depth + 1, rows));
}

fn standard(reading: &v1::Reading, lang: Lang) -> String {
    let key = reading.standard().as_str_name().trim_start_matches("STANDARD_").to_lowercase();
    let chinese = Standard::from_key(&key).map_or(key.clone(), |standard| standard.chinese().to_owned());
    lang.pick(chinese, key)
}

fn verdict(verdict: v1::Verdict, lang: Lang) -> String {
    let key = verdict.as_str_name().trim_start_matches("VERDICT_");
    let chinese = Verdict::from_key(key).map_or("", Verdict::chinese);
    lang.pick(chinese, if chinese.is_empty() { "" } else { key }).to_owned()
}

fn reason(reading: &v1::Reading, lang: Lang) -> String {
    let key = reading.reason().as_str_name().trim_start_matches("READING_REASON_");
    let chinese = ReadingReason::from_key(key).map_or("", ReadingReason::chinese);
    lang.pick(chinese, if chinese.is_empty() { "" } else { key }).to_owned()
}
